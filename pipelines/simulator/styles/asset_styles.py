"""Files of pages: scripts, styles, pictures, fonts, media, well-known files."""

from __future__ import annotations

from random import Random

from pipelines.simulator.vocabulary.operation import Operation, Parameter, make_responses
from pipelines.simulator.vocabulary.values import (
    IDENTIFIER_WEIGHTS,
    IDENTIFIERS,
    draw_entities,
    draw_slug,
    draw_uuid,
)
from pipelines.simulator.vocabulary.web_conventions import (
    ASSET_AUDIENCE,
    PAGE_AUDIENCE,
    SCRIPT_AUDIENCE,
    Audience,
    WebConventions,
    declare_resource,
    make_path_variable,
    make_query_parameters,
)
from pipelines.simulator.vocabulary.words import NOUNS, draw_text

# Extension, media types, request mode, weight and median bytes. Weights as counted by response type on the
# shared page loads: pictures 52 %, scripts 26 %, HTML 12 %, styles 5 %, fonts 2 %.
_ASSETS: tuple[tuple[str, tuple[str, ...], str, float, int], ...] = (
    (
        "js",
        ("application/javascript", "text/javascript; charset=utf-8", "application/x-javascript"),
        "script",
        26,
        40000,
    ),
    ("mjs", ("text/javascript",), "script", 1, 12000),
    ("css", ("text/css", "text/css; charset=utf-8"), "style", 6, 20000),
    ("png", ("image/png",), "image", 16, 9000),
    ("jpg", ("image/jpeg",), "image", 16, 45000),
    ("gif", ("image/gif",), "image", 5, 300),
    ("svg", ("image/svg+xml",), "image", 4, 2000),
    ("webp", ("image/webp",), "image", 5, 20000),
    ("avif", ("image/avif",), "image", 1, 15000),
    ("woff2", ("font/woff2", "application/font-woff2", "application/octet-stream"), "font", 2.5, 30000),
    ("woff", ("font/woff", "application/font-woff", "application/x-font-woff"), "font", 0.8, 40000),
    ("ttf", ("font/ttf", "application/octet-stream", "application/x-font-ttf", ""), "font", 0.5, 60000),
    ("mp4", ("video/mp4",), "media", 0.5, 900000),
    ("mp3", ("audio/mpeg",), "media", 0.3, 400000),
    ("wasm", ("application/wasm",), "fetch", 0.3, 300000),
    ("pdf", ("application/pdf",), "navigate", 0.6, 200000),
    ("swf", ("application/x-shockwave-flash",), "image", 0.1, 40000),
    ("html", ("text/html",), "iframe", 0.6, 4000),
    ("txt", ("text/plain", "text/plain; charset=utf-8"), "navigate", 0.4, 2000),
)


def declare_assets(rng: Random, conventions: WebConventions) -> list[Operation]:
    """Declares files with an extension, some with a content hash in name or query."""
    operations, hashed = [], rng.random() < 0.5
    for extension, media, mode, weight, size in _ASSETS:
        if weight < 3 and rng.random() < 0.5:
            continue
        folder = f"{conventions.folder}/{draw_text(rng, extension + ' {s} img v{d} chunks {n}/{n}')}"
        names = [draw_asset_name(rng, hashed) for _ in range(rng.choice((3, 15, 60)))]
        pool = make_path_variable([f"{folder}/{name}.{extension}" for name in names])
        stamp = draw_text(rng, "v:hex24 ver:hex24" if hashed else "v:small _:unix t:int")
        stamps = make_query_parameters(stamp, 0.9) if rng.random() < 0.25 else ()
        operations.append(
            declare_resource(
                "asset-hashed" if hashed or stamps else "asset",
                "/{path}",
                conventions.responses(rng.choice(media), size, revalidated=True, missing=0.008),
                pool,
                *stamps,
                modes=(mode,),
                audience=ASSET_AUDIENCE,
                weight=weight * (rng.random() + 0.3),
                cache_control=conventions.asset_cache,
            )
        )
    return operations


def draw_asset_name(rng: Random, hashed: bool) -> str:
    """Draws a file name without extension, optionally with a content hash."""
    number = rng.randrange(9999)
    drawn = (
        rng.choice(NOUNS),
        draw_slug(rng),
        "main",
        "app",
        "vendor",
        str(number),
        draw_uuid(rng),
        f"IMG_{number:04}",
    )
    name = rng.choice(drawn)
    if hashed:
        return f"{name}{rng.choice('.-_')}{rng.getrandbits(40):010x}"
    return name + draw_text(rng, "~ .min @2x -150x150")


_PICTURES = ("image/jpeg", "image/png", "image/webp", "image/svg+xml", "image/gif")
_LOADED = (
    ("script", "text/javascript; charset=utf-8"),
    ("style", "text/css; charset=utf-8"),
    ("font", "font/woff2"),
)


def declare_bare_assets(rng: Random, conventions: WebConventions) -> list[Operation]:
    """Declares assets without an extension.

    Pictures by identifier, resizers, font services and script loaders.
    Counted: 24 % of the pages and assets of the shared page loads have no extension.
    """
    operations, cache = [], conventions.asset_cache
    for _ in range(rng.randrange(1, 5)):
        kind = rng.choices(IDENTIFIERS, IDENTIFIER_WEIGHTS)[0]
        key = Parameter("path", "id", draw_entities(rng, kind, rng.choice((10, 80, 200))))
        root = draw_text(
            rng, "/{s} /images /avatars /api/{s} /media /img /{v}/{s} /cdn/image /thumb /{n}/photo /users /i"
        )
        tail = draw_text(rng, "~ ~ /thumb /200/200 /image /large /preview /avatar")
        sizes = make_query_parameters("w:small h:small q:small", 0.8) if rng.random() < 0.4 else ()
        responses = conventions.responses(rng.choice(_PICTURES), 20000, revalidated=True)
        operations.append(
            declare_resource(
                "image-id",
                f"{root}/{{id}}{tail}",
                responses,
                key,
                *sizes,
                modes=("image",),
                audience=ASSET_AUDIENCE,
                weight=6 * rng.random() + 1,
                cache_control=cache,
            )
        )
    loader = make_query_parameters(draw_text(rng, "family:word-list id:int modules:word-list cb:unix"))
    for mode, media in _LOADED:
        if rng.random() < 0.4:
            path = draw_text(
                rng, "/{n}/loader /css /{v}/sdk /api/{n}/embed /{h}/bundle /tag /gtm /ajax/libs/{n}"
            )
            responses = conventions.responses(media, 15000, revalidated=True)
            operations.append(
                declare_resource(
                    "asset-bare",
                    path,
                    responses,
                    *loader,
                    modes=(mode,),
                    audience=ASSET_AUDIENCE,
                    weight=2.5,
                    cache_control=cache,
                )
            )
    return operations


_SEGMENTS = (
    (".ts", "video/mp2t"),
    (".m4s", "video/iso.segment"),
    ("", "application/octet-stream"),
    (".aac", "audio/aac"),
)
_PLAYLISTS = ("application/vnd.apple.mpegurl", "application/x-mpegURL", "application/dash+xml")


def declare_media_streams(rng: Random, conventions: WebConventions) -> list[Operation]:
    """Declares HLS and DASH: playlists and numbered segments, also without extension."""
    key, part = (
        Parameter("path", "id", draw_entities(rng, "uuid", 12)),
        Parameter("path", "part", draw_entities(rng, "int", 150)),
    )
    suffix, media = rng.choice(_SEGMENTS)
    root = draw_text(rng, "/vod /live /hls /{n}/stream /api/{v}/video")
    audience = (("browser", 0.7), ("app", 0.3))
    partial = make_responses(
        [(0.8, 200, media, 400000), (0.18, 206, media, 200000), (0.02, 404, conventions.html, 100)]
    )
    listed, name = (
        conventions.responses(rng.choice(_PLAYLISTS), 900),
        draw_text(rng, "index.m3u8 master.m3u8 manifest.mpd"),
    )
    segment = f"{root}/{{id}}/{draw_text(rng, 'seg- chunk_ ~')}{{part}}{suffix}"
    modes = ("media", "fetch", "xhr")
    return [
        declare_resource(
            "media-segment", segment, partial, key, part, modes=modes, audience=audience, weight=8
        ),
        declare_resource(
            "media-segment",
            f"{root}/{{id}}/{name}",
            listed,
            key,
            modes=modes[1:],
            audience=audience,
            weight=2,
        ),
    ]


# Files that browsers, crawlers and readers request on their own: kind, path, media, mode, audience, share
# of sites, weight.
_READERS: Audience = (("reader", 0.75), ("bot", 0.15), ("browser", 0.1))
_CRAWLED: Audience = (("bot", 0.8), ("server", 0.1), ("browser", 0.1))
_KNOWN: tuple[tuple[str, str, str, str, Audience, float, float], ...] = (
    ("favicon", "/favicon.ico", "image/x-icon", "image", ASSET_AUDIENCE, 0.9, 1.5),
    ("favicon", "/apple-touch-icon.png", "image/png", "image", ASSET_AUDIENCE, 0.4, 0.4),
    ("robots", "/robots.txt", "text/plain", "navigate", _CRAWLED, 0.9, 1.0),
    ("robots", "/ads.txt", "text/plain; charset=utf-8", "navigate", _CRAWLED, 0.2, 0.3),
    ("sitemap", "/sitemap.xml", "application/xml", "navigate", _CRAWLED, 0.6, 0.5),
    ("feed", "/feed", "application/rss+xml; charset=UTF-8", "navigate", _READERS, 0.3, 2.0),
    ("feed", "/atom.xml", "application/atom+xml", "navigate", _READERS, 0.2, 1.5),
    ("feed", "/rss", "text/xml; charset=utf-8", "navigate", _READERS, 0.2, 1.5),
    ("feed", "/feed.json", "application/feed+json", "navigate", _READERS, 0.1, 0.8),
    ("manifest", "/manifest.json", "application/json", "manifest", SCRIPT_AUDIENCE, 0.25, 0.8),
    ("manifest", "/site.webmanifest", "application/manifest+json", "manifest", SCRIPT_AUDIENCE, 0.25, 0.6),
    ("service-worker", "/sw.js", "text/javascript", "worker", SCRIPT_AUDIENCE, 0.3, 1.0),
    (
        "file-download",
        "/downloads/setup.exe",
        "application/octet-stream",
        "navigate",
        PAGE_AUDIENCE,
        0.2,
        0.5,
    ),
    ("file-download", "/files/archive.zip", "application/zip", "navigate", PAGE_AUDIENCE, 0.2, 0.5),
    ("file-download", "/export/list.csv", "text/csv", "navigate", PAGE_AUDIENCE, 0.06, 0.3),
)


def declare_known_files(rng: Random, conventions: WebConventions) -> list[Operation]:
    """Declares files at well-known paths; a missing one has the status 404."""
    operations, cache = [], conventions.asset_cache
    for kind, path, media, mode, audience, share, weight in _KNOWN:
        if rng.random() < share:
            responses = conventions.responses(
                media, 3000, revalidated=True, missing=rng.choice((0.01, 0.01, 0.9))
            )
            operations.append(
                declare_resource(
                    kind,
                    path,
                    responses,
                    modes=(mode,),
                    audience=audience,
                    weight=weight,
                    cache_control=cache,
                )
            )
    return operations


def declare_moved_assets(rng: Random, conventions: WebConventions) -> list[Operation]:
    """Declares assets that redirect to another host or to https.

    The responses have no content type.
    """
    names = [draw_asset_name(rng, False) + draw_text(rng, ".js .png .css ~ .jpg .gif") for _ in range(15)]
    pool = make_path_variable([f"{conventions.folder}/{name}" for name in names])
    moved = make_responses([(0.6, 301, "", 0), (0.35, 302, "", 0), (0.05, 307, conventions.html, 0)])
    mode = rng.choice(("image", "script", "style"))
    return [
        declare_resource(
            "asset-redirect", "/{path}", moved, pool, modes=(mode,), audience=ASSET_AUDIENCE, weight=1.2
        )
    ]
