"""Identifiers, events and scripts of partners: advertisers and counters.

Browsers load it as pictures, frames and scripts, or send it as beacons, and ignore what the response says it is. So the
media type is of no use here: an empty `text/plain` and a pixel mean the same.
"""

from __future__ import annotations

from random import Random

from pipelines.simulator.vocabulary.operation import Operation, Parameter, make_responses
from pipelines.simulator.vocabulary.values import draw_entities, draw_token
from pipelines.simulator.vocabulary.web_conventions import (
    SCRIPT_AUDIENCE,
    WebConventions,
    declare_resource,
    make_query_parameters,
)
from pipelines.simulator.vocabulary.words import draw_text

_NO_STORE = "no-cache, no-store, must-revalidate"
Answer = tuple[int, str, int]

# A pixel of every media type, with the bytes of the smallest valid file of that type.
_PIXELS: tuple[Answer, ...] = (
    (200, "image/gif", 43), (200, "image/gif", 42), (200, "image/png", 68), (200, "image/png", 95),
    (200, "image/jpeg", 125), (200, "image/webp", 34), (200, "image/svg+xml", 60), (200, "image/x-icon", 70),
    (200, "image/bmp", 58), (200, "image/avif", 310), (200, "application/octet-stream", 43),
)  # fmt: skip
# Nothing, or a word, in place of a pixel.
_WORDS: tuple[Answer, ...] = (
    (200, "text/plain", 0), (200, "text/plain", 2), (200, "text/plain; charset=utf-8", 0),
    (200, "text/plain;charset=UTF-8", 15), (200, "text/plain; charset=utf-8", 90), (200, "text/plain", 43),
)  # fmt: skip
_EMPTY: tuple[Answer, ...] = ((204, "", 0), (200, "", 0), (204, "text/plain", 0), (204, "image/gif", 0))
# What a frame shows: empty documents, and documents that hold further pixels.
_FRAMES: tuple[Answer, ...] = (
    (200, "text/html", 0), (200, "text/html; charset=utf-8", 70), (200, "text/html;charset=UTF-8", 900),
    (200, "text/html", 4000),
)  # fmt: skip
_CODE: tuple[Answer, ...] = ((200, "application/javascript", 30), (200, "text/javascript", 0))
_ANSWERS = ((_PIXELS, 35), (_WORDS, 30), (_EMPTY, 15), (_FRAMES, 15), (_CODE, 5))
"""Kinds of the last answer of a chain, with weights. No count of them is published; half of them says neither picture
nor document, because that half is what a classifier has to learn. None is JSON: what answers JSON is called by a script
(`api_partners`), and one in twenty here made the model take every short path with a long query for a pixel."""


def draw_answer(rng: Random) -> Answer:
    """Draws status, media type and bytes of an answer that a page does not read."""
    kind = rng.choices([kind for kind, _ in _ANSWERS], [weight for _, weight in _ANSWERS])[0]
    return rng.choice(kind)


_SYNC = """/sync /usersync /user-sync /cookie-sync /cookiesync /getuid /setuid /match /cm /cm/{n} /idsync
    /{v}/sync /{v}/match/{n} /sync/{n} /{n}/sync /{n}/match /pixel/{n} /usr/{n}/{d}{d}{d} /bounce /redir
    /merge /partner/{n} /id/{n} /{d}{d}{d}/{n}/cm /dsp/{n} /rtb/sync /api/sync /api/{v}/usersync
    /ul_cb/sync /w/{d}.{d}/cm /{n}.ashx /sync.php /match.aspx /{w}/{n}/{d}{d}{d}{d}"""
_PARTNERS = """pid:int partner:word partner_id:int p:int dsp:word ssp:word bidder:word source:word
    nid:word network:int exchange:int v:small"""
_USERS = """uid:uuid uid:base62 id:bigint user_id:hex24 buid:base62 ext_id:md5 cid:uuid pxid:sha1
    partner_uid:base62 dsp_id:bigint cookie:md5 puid:uuid"""
# Consent of the user, as the frameworks of the IAB pass it from partner to partner.
_CONSENT = "gdpr:small gdpr_consent:consent us_privacy:word gpp:consent gdpr_pd:small ccpa:word"
_ONWARD = "redir:url redirect:url r:url rurl:url callback:url redirectUri:url url:url u:url dest:url"


def draw_partner_query(rng: Random) -> tuple[Parameter, ...]:
    """Draws the query of one hop.

    It says who asks, for whom, with which consent, and where to go then.
    """
    named = (
        (_PARTNERS, 0.8),
        (_USERS, 0.75),
        (_CONSENT, 0.5),
        (_CONSENT, 0.4),
        (_ONWARD, 0.5),
        ("rnd:unix cb:int ts:unix ord:bigint _:unix", 0.25),
    )
    drawn = [draw_text(rng, options) for options, share in named if rng.random() < share]
    unique = {text.partition(":")[0]: text for text in drawn}
    return make_query_parameters(" ".join(unique.values()), 0.9)


def declare_identifier_sync(rng: Random, _conventions: WebConventions) -> list[Operation]:
    """Declares synchronisation of identifiers between advertisers, hop by hop.

    A page loads the first address as a picture, frame or script; each partner adds its identifier to the query and redirects
    to the next, and the last one answers anything. Acar et al. (CCS 2014, section 5) describe the protocol, Papadopoulos,
    Kourtellis and Markatos (WWW 2019) count it: 97 % of users met it within a week.
    """
    operations = []
    for _ in range(rng.randrange(2, 6)):
        path, parameters = draw_text(rng, _SYNC), draw_partner_query(rng)
        if rng.random() < 0.15:  # identifiers in the path
            known = draw_entities(rng, rng.choice(("uuid", "base62", "md5", "bigint")), 60)
            path, parameters = f"{path}/{{id}}", (Parameter("path", "id", known), *parameters)
        # A first or middle hop redirects, a last one answers; many do either, by what the cookie says.
        onward = rng.choice((0.0, 0.0, 0.1, 0.4, 0.8, 0.97))
        moved = (
            rng.choice((302, 302, 302, 303, 307)),
            rng.choice(("", "", "text/html", "text/plain", "image/gif")),
        )
        last = draw_answer(rng)
        responses = make_responses([(onward, *moved, 0), (0.98 - onward, *last), (0.02, 204, "", 0)])
        operations.append(
            declare_resource(
                "cookie-sync", path, responses, *parameters, audience=SCRIPT_AUDIENCE, weight=3,
                modes=(rng.choice(("image", "image", "image", "iframe", "iframe", "script")),),
                cache_control=rng.choice((_NO_STORE, _NO_STORE, "private, max-age=0", "")),
            )
        )  # fmt: skip
    return operations


_EVENTS = """/event /events /imp /impression /view /viewability /click /hit /track /t /e /c /log /l /v
    /{v}/track /{v}/event /{n}/event /api/event /api/{v}/track /activity /stats /count /r/collect /j/collect
    /{n}/ping /ping /heartbeat /watch/{d}{d}{d}{d}{d} /{n}/{w} /x/{n} /rp /jpix /ev /batch/{n}"""
_EVENT_QUERY = "e:word ev:word event:word en:word type:word action:word evt:small"
_EVENT_DATA = "d:object data:object dl:url url:url page:url ref:url title:words payload:base62"


def declare_tracking_calls(rng: Random, _conventions: WebConventions) -> list[Operation]:
    """Declares events that a page reports by loading a picture, script or frame.

    The answer is as good as none, and mostly says `text/plain`.
    """
    operations = []
    for _ in range(rng.randrange(1, 5)):
        query = draw_partner_query(rng)[:2] + make_query_parameters(
            f"{draw_text(rng, _EVENT_QUERY)} {draw_text(rng, _EVENT_DATA)} {draw_text(rng, 't:unix z:int sid:uuid')}",
            0.85,
        )
        last = rng.choice(_WORDS) if rng.random() < 0.5 else draw_answer(rng)
        responses = make_responses([(0.95, *last), (0.03, 302, "", 0), (0.02, 204, "", 0)])
        operations.append(
            declare_resource(
                "tracking", draw_text(rng, _EVENTS), responses, *query, audience=SCRIPT_AUDIENCE, weight=3,
                modes=(rng.choice(("image", "image", "image", "script", "iframe")),),
                cache_control=rng.choice((_NO_STORE, "")),
            )
        )  # fmt: skip
    return operations


_SENT = (
    "text/plain;charset=UTF-8", "text/plain;charset=UTF-8", "text/plain", "", "application/json",
    "application/x-www-form-urlencoded", "application/x-www-form-urlencoded", "application/octet-stream",
    "multipart/form-data; boundary=b",
)  # fmt: skip
_BEACON_ANSWERS: tuple[Answer, ...] = (
    *_PIXELS[:4], *_PIXELS[:2], *_EMPTY, (204, "", 0), *_WORDS[:4], (200, "text/html", 0),
    (200, "text/html; charset=utf-8", 20), (202, "", 0), (200, "application/javascript", 0),
)  # fmt: skip


def declare_answered_beacons(rng: Random, _conventions: WebConventions) -> list[Operation]:
    """Declares beacons (`navigator.sendBeacon`), which are always sent by POST.

    Many are answered by the handler of the pixel of the same name, so with a GIF.
    """
    operations = []
    for _ in range(rng.randrange(1, 4)):
        query = draw_partner_query(rng)[:3] if rng.random() < 0.6 else ()
        responses = make_responses([(0.97, *rng.choice(_BEACON_ANSWERS)), (0.03, 204, "", 0)])
        operations.append(
            declare_resource(
                "beacon-answered", draw_text(rng, _EVENTS), responses, *query, method="POST", modes=("beacon",),
                audience=SCRIPT_AUDIENCE, request_media=rng.choice(_SENT), weight=3, cache_control=rng.choice((_NO_STORE, "")),
            )
        )  # fmt: skip
    return operations


_BARE = """/js /tag /loader /embed /{n}/js /{n}/api/js /api/js /{v}/js /{n}/loader /tags/{n} /sdk /{v}/sdk
    /widget /widgets/{n} /{v} /{n} /client/{n} /init /bootstrap /uc /consent /ads/{n} /fpc/{n} /c/{h}
    /{h}{h} /{h}/{n} /{d}{d}{d}{d}{d}/{n} /recaptcha/{v}/{n} /config/{n} /{n}.cgi /{n}.php /player/{n}"""
_CALLBACKS = "callback:word callback:base62 jsonp:word cb:word jsonpCallback:word json:word"
_PADDED = """/api/{n} /api/{v}/{n} /services/{n} /{n}/data /data/{n} /svc/{n} /ajax/{n} /{v}/{n}/{w} /{n}Service
    /{n}Service/{w} /{v}/{s}/{d}{d}{d} /api/{s}/ /rest/{n} /{n}-data-service /service/data /{v}/public/{n} /graph/{n} /{n}/json"""
_BARE_MEDIA: tuple[str, ...] = (
    "application/javascript", "text/javascript", "text/javascript; charset=UTF-8", "application/x-javascript",
    "application/javascript; charset=utf-8", "text/plain", "text/html; charset=utf-8", "",
)  # fmt: skip


def declare_bare_scripts(rng: Random, conventions: WebConventions) -> list[Operation]:
    """Declares scripts whose path has no extension, some with a wrong media type.

    Browsers run a classic script whatever media type but a picture's it has, unless the server sends `nosniff` (WHATWG
    Fetch, section 3.6), so wrong ones stay. A quarter are padded JSON (JSONP): data of a service, run as a script.
    """
    operations = []
    for _ in range(rng.randrange(1, 4)):
        padded = rng.random() < 0.25
        names = (
            draw_text(rng, "id:int key:base62 site:word k:md5 tag:word"),
            draw_text(rng, "v:small l:word cb:int _:unix"),
            draw_text(
                rng, _CALLBACKS if padded else "render:word callback:word onload:word ref:url hl:locale"
            ),
            draw_text(rng, "url:url d:object q:words page:url fields:word-list") if padded else "",
        )
        query = make_query_parameters(" ".join(names), 0.95 if padded else rng.choice((0.0, 0.5, 0.9)))
        media = rng.choice(_BARE_MEDIA[:5] if padded else _BARE_MEDIA)
        path = draw_text(rng, _PADDED if padded and rng.random() < 0.7 else _BARE)
        if rng.random() < 0.15:
            path += f"/{draw_token(rng, rng.randrange(5, 24))}"
        responses = conventions.responses(media, rng.choice((300, 3000, 20000, 120000)), revalidated=True)
        operations.append(
            declare_resource(
                "script-bare", path, responses, *query, modes=("script",), audience=SCRIPT_AUDIENCE, weight=2,
                cache_control=rng.choice((conventions.asset_cache, "private, max-age=900")),
            )
        )  # fmt: skip
    return operations
