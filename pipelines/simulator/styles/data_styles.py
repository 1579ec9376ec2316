"""Data that scripts load without an API.

JSON files, source maps, pixels, beacons, JSONP and advertising.
"""

from __future__ import annotations

from random import Random

from pipelines.simulator.styles.asset_styles import draw_asset_name
from pipelines.simulator.vocabulary.operation import Operation, make_responses
from pipelines.simulator.vocabulary.values import LOCALES
from pipelines.simulator.vocabulary.web_conventions import (
    ASSET_AUDIENCE,
    SCRIPT_AUDIENCE,
    WebConventions,
    declare_resource,
    make_path_variable,
    make_query_parameters,
)
from pipelines.simulator.vocabulary.words import draw_text

_STATIC = """/locales/{l}/{n}.json /i18n/{l}.json /_next/data/{h}{h}/{n}.json
    {f}/data/{n}.json /page-data/app-data.json
    /page-data/{n}/page-data.json /{n}/__data.json {f}/lottie/{n}-{n}.json /config.json /asset-manifest.json
    /build/{h}/manifest.json /version.json /maps/{n}.geojson /api/static/{n}.json /data/v{d}/{n}.json
    /.well-known/assetlinks.json /search-index.json {f}/{n}.{h}.json /content/{n}-{n}.xml
    /etc/designs/{n}/{n}.json /translations/{l} {f}/i18n/{n}-{l}.json /{v}/config/{n}.json"""
_STATIC_MEDIA = (
    "application/json",
    "application/json",
    "application/json; charset=utf-8",
    "application/octet-stream",
    "text/plain",
)


def declare_static_data(rng: Random, conventions: WebConventions) -> list[Operation]:
    """Declares JSON files and source maps.

    Translations, manifests, page data, animations and settings.
    """
    operations, options = [], _STATIC.replace("{f}", conventions.folder).replace("{l}", rng.choice(LOCALES))
    for path in dict.fromkeys(draw_text(rng, options) for _ in range(rng.randrange(1, 6))):
        media = "text/xml" if path.endswith(".xml") else rng.choice(_STATIC_MEDIA)
        stamps = make_query_parameters("v:int", 0.5) if rng.random() < 0.2 else ()
        operations.append(
            declare_resource(
                "static-json",
                path,
                conventions.responses(media, 8000, revalidated=True),
                *stamps,
                modes=(rng.choice(("fetch", "fetch", "xhr")),),
                audience=ASSET_AUDIENCE,
                weight=1.5,
                cache_control=conventions.asset_cache,
            )
        )
    if rng.random() < 0.3:
        pool = make_path_variable(
            [f"{conventions.folder}/js/{draw_asset_name(rng, True)}.js.map" for _ in range(10)]
        )
        media = rng.choice(("application/json", "application/octet-stream", "text/plain"))
        responses = conventions.responses(media, 200000)
        operations.append(
            declare_resource(
                "source-map",
                "/{path}",
                responses,
                pool,
                modes=("fetch",),
                audience=SCRIPT_AUDIENCE,
                weight=0.3,
            )
        )
    return operations


_IDENTITY = make_query_parameters("cid:uuid e:word t:unix u:words sz:small z:int", 0.9)
_BEACON_MEDIA = (
    "text/plain;charset=UTF-8",
    "text/plain;charset=UTF-8",
    "application/json",
    "application/x-www-form-urlencoded",
    "application/csp-report",
)
_BEACON_RESPONSES = (
    (204, "", 0),
    (204, "", 0),
    (204, "text/plain", 0),
    (200, "text/plain", 2),
    (200, "image/gif", 43),
    (202, "", 0),
    (200, "", 0),
    (200, "text/html", 0),
    (200, "text/html; charset=utf-8", 20),
)


def declare_trackers(rng: Random, conventions: WebConventions) -> list[Operation]:
    """Declares pixels, and on most sites beacons, JSONP or advertising."""
    path = draw_text(
        rng, "/pixel.gif /b /px /collect /c.gif /track/open /i /{v}/{n}.gif /sync /api/pixel /p /{n}/px"
    )
    responses = make_responses(
        [(0.8, 200, "image/gif", 43), (0.12, 204, rng.choice(("", "image/gif")), 0), (0.08, 302, "", 0)]
    )
    operations = [
        declare_resource(
            "pixel",
            path,
            responses,
            *_IDENTITY,
            modes=("image",),
            audience=SCRIPT_AUDIENCE,
            weight=3,
            cache_control="no-cache, no-store",
        )
    ]
    if rng.random() < 0.6:
        path = draw_text(
            rng,
            "/beacon /rum /collect /g/collect /log /csp-report /api/beacon /cdn-cgi/rum /_vitals /{v}/b /e",
        )
        operations.append(
            declare_resource(
                "beacon",
                path,
                make_responses([(1, *rng.choice(_BEACON_RESPONSES))]),
                *_IDENTITY[:2],
                method="POST",
                modes=("beacon",),
                audience=SCRIPT_AUDIENCE,
                request_media=rng.choice(_BEACON_MEDIA),
                weight=2,
            )
        )
    return operations + _scripts(rng, conventions)


_SCRIPT_MEDIA = ("application/javascript", "text/javascript; charset=utf-8", "text/javascript")
_FRAMES = (
    ("text/html; charset=UTF-8", "iframe"),
    ("text/javascript", "script"),
    ("application/javascript", "script"),
)


def _scripts(rng: Random, conventions: WebConventions) -> list[Operation]:
    """Declares JSONP and advertising, whose responses are executed."""
    operations = []
    if rng.random() < 0.4:
        called = make_query_parameters(draw_text(rng, "callback:word jsonp:word cb:word"))
        path = draw_text(
            rng, "/{n}/jsonp /api/{n}.js /{v}/{n}.jsonp /ads /widgets/{n} /svc/{n}/{v}/{n}.jsonp"
        )
        responses = conventions.responses(rng.choice(_SCRIPT_MEDIA), 1500)
        operations.append(
            declare_resource(
                "jsonp",
                path,
                responses,
                *called,
                *_IDENTITY[:3],
                modes=("script",),
                audience=SCRIPT_AUDIENCE,
                weight=1.5,
            )
        )
    if rng.random() < 0.4:
        media, mode = rng.choice(_FRAMES)
        path = draw_text(
            rng, "/gampad/ads /adserver/show.php /impression /addyn/3.0/{d} /delivery /rtb/view /{v}/ad"
        )
        responses = conventions.responses(media, 3000)
        operations.append(
            declare_resource(
                "ad", path, responses, *_IDENTITY, modes=(mode,), audience=SCRIPT_AUDIENCE, weight=2
            )
        )
    return operations
