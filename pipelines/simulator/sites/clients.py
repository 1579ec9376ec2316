"""Clients: browsers, SDKs, apps, crawlers, readers, monitors, scanners."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from random import Random

from pipelines.simulator.vocabulary.values import LOCALES, draw_token
from pipelines.simulator.vocabulary.words import ADJECTIVES, NOUNS

_SYSTEMS = (
    "Windows NT 10.0; Win64; x64", "Windows NT 10.0; Win64; x64", "Macintosh; Intel Mac OS X 10_15_7",
    "X11; Linux x86_64",
    "Windows NT 6.1; WOW64", "Linux; Android 14; Pixel 8", "Linux; Android 10; K",
    "X11; CrOS x86_64 14541.0.0",
)  # fmt: skip
_HTML_ACCEPT = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8"
_OLD_HTML_ACCEPT = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
# Per mode: Accept, Sec-Fetch-Dest, Sec-Fetch-Mode (Fetch standard and Fetch Metadata).
_MODES: dict[str, tuple[str, str, str]] = {
    "navigate": (_HTML_ACCEPT, "document", "navigate"),
    "iframe": (_HTML_ACCEPT, "iframe", "navigate"),
    "image": ("image/avif,image/webp,image/apng,image/svg+xml,image/*,*/*;q=0.8", "image", "no-cors"),
    "script": ("*/*", "script", "no-cors"),
    "style": ("text/css,*/*;q=0.1", "style", "no-cors"),
    "font": ("*/*", "font", "cors"),
    "media": ("*/*", "video", "no-cors"),
    "manifest": ("*/*", "manifest", "cors"),
    "worker": ("*/*", "serviceworker", "same-origin"),
    "fetch": ("*/*", "empty", "cors"),
    "xhr": ("*/*", "empty", "cors"),
    "beacon": ("*/*", "empty", "no-cors"),
}
# Accept of scripts. Counted on the shared browser calls: "*/*" 56 %, none 21 %, a JSON type 19 %, an HTML
# type 4 %.
_SCRIPT_ACCEPTS = (
    "*/*",
    "*/*",
    "*/*",
    "application/json",
    "application/json, text/plain, */*",
    "application/json, text/javascript, */*; q=0.01",
    _OLD_HTML_ACCEPT,
)
_LIBRARIES = (
    "python-requests/2.{a}.0", "axios/1.{a}.{b}", "node-fetch/1.0 (+https://github.com/bitinn/node-fetch)",
    "okhttp/4.{b}.0",
    "Go-http-client/2.0", "Go-http-client/1.1", "Java/17.0.{b}",
    "Apache-HttpClient/4.5.{b} (Java/11.0.{a})", "curl/8.{b}.0",
    "PostmanRuntime/7.{a}.0", "Faraday v2.{b}.0", "GuzzleHttp/7", "python-httpx/0.{a}.0",
    "Python/3.11 aiohttp/3.{b}.1", "undici",
    "RestSharp/110.{b}.0", "Ruby", "Wget/1.21.{b}", "insomnia/2023.{b}.0", "{n}-sdk-node/{b}.{a}.0",
    "{n}-ruby {b}.{a}.0",
    "{n}-{m}/{b}.{a}", "", "", "Mozilla/5.0", "node", "reactor-netty/1.1.{a}", "PHP/8.{b}",
    "libwww-perl/6.{a}", "grpc-go/1.{a}.0",
)  # fmt: skip
_APPS = (
    "{N}/{b}.{a} (iPhone; iOS 17.{b}; Scale/3.00)", "{N}/{b}{a} CFNetwork/1474 Darwin/23.{b}.0",
    "okhttp/4.1{b}.0", "okhttp/3.14.9",
    "Dalvik/2.1.0 (Linux; U; Android 13; SM-G99{b}B)", "Dart/3.{b} (dart:io)",
    "{N}Android/{b}.{a}.0 (Android 14)", "ExoPlayerLib/2.19.1",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_{b} like Mac OS X) AppleWebKit/605.1.15 Mobile/15E148",
    "Mozilla/5.0 (Linux; Android 13; wv) AppleWebKit/537.36 Chrome/1{a}.0.0.0 Mobile Safari/537.36",
)  # fmt: skip
_BOTS = (
    "Mozilla/5.0 (compatible; {N}Bot/{b}.1; +http://{n}.example/bot.html)", "{N}bot/1.{b}",
    "{n}-crawler/0.{a}", "{N}Spider",
    "facebookexternalhit/1.1",
    "Mozilla/5.0 AppleWebKit/537.36 (compatible; {N}bot/2.1) Chrome/12{b}.0.0.0 Safari/537.36",
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 HeadlessChrome/11{b}.0 Safari/537.36",
    "{N}LinkPreview/1.0",
)  # fmt: skip
_READERS = (
    "{N}Reader/{b}.0 (+https://{n}.example)",
    "{N} RSS/{b}.{a}",
    "UniversalFeedParser/5.2.{b}",
    "{N}Podcasts/{b}",
    "Mozilla/5.0 ({N} Feeds)",
)
_MONITORS = (
    "{N}Uptime/1.{b}",
    "kube-probe/1.2{b}",
    "ELB-HealthChecker/2.0",
    "{N}Ping/{b}",
    "curl/7.68.0",
    "",
    "Mozilla/5.0 ({N} monitor)",
)
_SCANNERS = (
    "Mozilla/5.0 zgrab/0.x",
    "{n}scan/{b}.{a}",
    "python-requests/2.{a}.0",
    "Go-http-client/1.1",
    "",
    "masscan/1.3",
    "Mozilla/5.0 (Windows NT 6.1; rv:60.0) Gecko/20100101 Firefox/60.0",
    "curl/7.{a}.0",
    "Nikto/2.1.{b}",
)
_FAMILIES: dict[str, tuple[str, ...]] = {
    "server": _LIBRARIES,
    "app": _APPS,
    "bot": _BOTS,
    "reader": _READERS,
    "monitor": _MONITORS,
    "scanner": _SCANNERS,
}
_PLAIN_ACCEPTS = (
    "*/*",
    "*/*",
    "*/*",
    "application/json",
    "application/json",
    "",
    "",
    "text/html,*/*;q=0.5",
    "application/json, text/plain, */*",
)


@dataclass(frozen=True, slots=True)
class Client:
    """One client of one site.

    `headers` has the headers of each request mode; the mode is "plain" if the client is not a browser.
    """

    role: str
    address: str
    user_agent: str
    headers: Mapping[str, Mapping[str, str]]
    cookies: Mapping[str, str]
    session: str
    """Value of the session identifier; "" = not signed in."""
    referers: tuple[str, ...] = field(default=())


def draw_browser_agent(rng: Random) -> tuple[str, bool]:
    """Draws a browser's user agent, and whether it sends Fetch Metadata.

    Browsers do since Chrome 76, Firefox 90, Safari 16.4.
    """
    system, modern = rng.choice(_SYSTEMS), rng.random() < 0.75
    vendor = rng.random()
    if vendor < 0.62:
        number = rng.randrange(100, 132) if modern else rng.randrange(30, 76)
        edge = f" Edg/{number}.0.0.0" if rng.random() < 0.12 and modern else ""
        mobile = "Mobile " if "Android" in system else ""
        engine = "AppleWebKit/537.36 (KHTML, like Gecko)"
        tail = f"Chrome/{number}.0.0.0 {mobile}Safari/537.36{edge}"
        return f"Mozilla/5.0 ({system}) {engine} {tail}", modern
    if vendor < 0.8:
        number = rng.randrange(100, 130) if modern else rng.randrange(20, 90)
        return f"Mozilla/5.0 ({system}; rv:{number}.0) Gecko/20100101 Firefox/{number}.0", modern
    if vendor < 0.97:
        version = f"{rng.randrange(17, 19)}.{rng.randrange(1, 6)}" if modern else f"{rng.randrange(9, 16)}.1"
        device = rng.choice(("iPhone; CPU iPhone OS 17_4 like Mac OS X", "Macintosh; Intel Mac OS X 10_15_7"))
        return (
            f"Mozilla/5.0 ({device}) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/{version} Safari/604.1",
            modern,
        )
    return "Mozilla/5.0 (Windows NT 6.1; Trident/7.0; rv:11.0) like Gecko", False


def _browser_headers(rng: Random, host: str, modern: bool, referer: str) -> dict[str, dict[str, str]]:
    """Draws the headers that a browser sends in each mode."""
    language = f"{rng.choice(LOCALES)};q=0.9"
    script_accept, site = rng.choice(_SCRIPT_ACCEPTS), "same-origin" if host in referer else "cross-site"
    names_xhr, keeps_accept = rng.random() < 0.6, rng.random() > 0.2
    headers_of = {}
    for mode, (accept, dest, fetch_mode) in _MODES.items():
        scripted = mode in ("fetch", "xhr")
        headers = {
            "accept": script_accept
            if scripted
            else (_OLD_HTML_ACCEPT if not modern and dest in ("document", "iframe") else accept)
        }
        # Some recorders omit Accept: counted, 29 % of page loads and 21 % of calls lack it.
        if not keeps_accept:
            headers.clear()
        headers |= {"accept-encoding": "gzip, deflate, br", "accept-language": language}
        if modern:
            headers |= {
                "sec-fetch-dest": dest,
                "sec-fetch-mode": fetch_mode,
                "sec-fetch-site": site if mode != "navigate" else "none",
            }
        if mode == "navigate":
            headers["upgrade-insecure-requests"] = "1"
        if mode == "xhr" and names_xhr:
            headers["x-requested-with"] = "XMLHttpRequest"
        if (scripted or mode in ("font", "beacon")) and site == "cross-site":
            headers["origin"] = referer.rstrip("/")
        headers_of[mode] = headers
    return headers_of


def draw_user_agent(rng: Random, role: str) -> str:
    """Draws the user agent of a role other than "browser"."""
    noun, text = rng.choice(NOUNS), rng.choice(_FAMILIES[role])
    return text.format(
        a=rng.randrange(10, 32), b=rng.randrange(1, 10), n=noun, m=rng.choice(ADJECTIVES), N=noun.capitalize()
    )


def draw_client(rng: Random, role: str, host: str, signed_in: bool, referers: tuple[str, ...]) -> Client:
    """Draws a client of `role` at `host`.

    `referers` are pages of the site or of the front end that calls it.
    """
    modern, referer = True, referers[0] if referers else f"https://{host}/"
    if role == "browser":
        user_agent, modern = draw_browser_agent(rng)
        headers = _browser_headers(rng, host, modern, referer)
    else:
        user_agent, accept = draw_user_agent(rng, role), rng.choice(_PLAIN_ACCEPTS)
        plain = {"accept": accept} if accept else {}
        if rng.random() < 0.7:
            plain["accept-encoding"] = rng.choice(("gzip", "gzip, deflate", "identity", "gzip, deflate, br"))
        if role == "app" and rng.random() < 0.2:
            plain["x-requested-with"] = f"example.{rng.choice(NOUNS)}.{rng.choice(NOUNS)}"
        headers = {"plain": plain}
    kept = ("_vid", "consent", "lang", "csrf_token", "_ab")[: rng.randrange(6)] if role == "browser" else ()
    return Client(
        role=role,
        # 198.18.0.0/15 is reserved for tests (RFC 2544), 2001:db8::/32 for documentation (RFC 3849).
        address=f"198.1{8 + rng.getrandbits(1)}.{rng.getrandbits(8)}.{rng.getrandbits(8)}"
        if rng.random() < 0.8
        else f"2001:db8::{rng.getrandbits(32):x}",
        user_agent=user_agent,
        headers=headers,
        cookies={name: draw_token(rng, 16) for name in kept},
        session=draw_token(rng, 32) if signed_in else "",
        referers=referers if role == "browser" else (),
    )
