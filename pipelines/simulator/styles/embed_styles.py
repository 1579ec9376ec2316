"""Content that pages embed from other sites: drawn pictures, counters, tags.

Its paths look like those of services.
"""

from __future__ import annotations

from random import Random

from pipelines.simulator.vocabulary.operation import Operation, Parameter, make_responses
from pipelines.simulator.vocabulary.values import Values, draw_entities, draw_token, draw_uuid
from pipelines.simulator.vocabulary.web_conventions import (
    ASSET_AUDIENCE,
    SCRIPT_AUDIENCE,
    WebConventions,
    declare_resource,
    make_query_parameters,
)
from pipelines.simulator.vocabulary.words import draw_text

_PICTURES = ("image/webp", "image/png", "image/jpeg", "image/svg+xml", "image/gif", "image/avif")
_DRAWN = """/chart /captcha /qr /barcode /staticmap /{n}-service/{w} /{n}/{w} /image/resize
    /api/{v}/thumbnail /api/charts/{n} /is/image/{n} /badge/{n} /screenshot /render /{v}/render/{n}
    /api/image /api/{v}/{s}/image /{n}/{w}Image /ImageServer/{w} /{n}.ashx /image.php /thumb.php
    /api/{v}/avatar /{v}/og /wms /{n}/api/preview"""


def _draw_parameters(rng: Random, *options: str) -> tuple[Parameter, ...]:
    """Draws one query parameter of each group of options."""
    return make_query_parameters(" ".join(draw_text(rng, group) for group in options), 0.85)


def declare_drawn_pictures(rng: Random, conventions: WebConventions) -> list[Operation]:
    """Declares pictures that a service draws or crops for an `<img>`.

    Charts, badges, codes and product views, with long queries.
    """
    operations = []
    for _ in range(rng.randrange(1, 5)):
        parameters = _draw_parameters(
            rng,
            "width:small size:choice w:choice item:int id:uuid sku:sku src:words",
            "height:small kind:word type:word format:word quality:choice fit:word",
            "bbox:int-list text:words token:base62 v:small layers:word-list data:object",
        )
        bytes_ = rng.choice((1500, 9000, 40000))
        responses = conventions.responses(rng.choice(_PICTURES), bytes_, revalidated=True)
        operations.append(
            declare_resource(
                "image-drawn", draw_text(rng, _DRAWN), responses, *parameters, modes=("image",), audience=ASSET_AUDIENCE,
                weight=rng.random() * 4 + 0.5, cache_control=conventions.asset_cache,
            )
        )  # fmt: skip
    return operations + (_tiles(rng, conventions) if rng.random() < 0.25 else [])


_TILES = (
    ("image/png", ".png", "image"), ("image/png", "", "image"), ("image/webp", "", "image"),
    ("application/x-protobuf", ".pbf", "fetch"), ("application/vnd.mapbox-vector-tile", "", "fetch"),
)  # fmt: skip


def _tiles(rng: Random, conventions: WebConventions) -> list[Operation]:
    """Declares map tiles: zoom, column and row in the path.

    They are pictures, or vectors that a script draws.
    """
    place = tuple(Parameter("path", name, Values("small")) for name in ("z", "x", "y"))
    (media, ending, mode), root = (
        rng.choice(_TILES),
        draw_text(rng, "/tiles /{n}/tiles /{v}/{n} /maps/vt /api/tiles /wmts/{n}"),
    )
    responses = conventions.responses(media, 15000, revalidated=True)
    path = f"{root}/{{z}}/{{x}}/{{y}}{ending}"
    return [
        declare_resource(
            "map-tile", path, responses, *place, modes=(mode,), audience=ASSET_AUDIENCE, weight=5
        )
    ]


_COUNTED = (
    (200, "image/gif", 43), (200, "image/gif", 43), (200, "text/plain", 0),
    (200, "text/plain; charset=utf-8", 120), (200, "text/html", 90), (204, "", 0), (204, "image/gif", 0),
    (200, "image/png", 70), (302, "", 0), (302, "text/html", 0), (200, "", 0),
)  # fmt: skip
_SYNC = """/usersync /getuid /match /setuid /idsync /{v}/match/{n} /bounce /cm /sync/{n} /{n}/{d}/match
    /api/sync /event /log/{n} /l"""
_REPORTS = "/log/{n} /reports /_/log /{v}/t /jserr /web/{v}/collect /api/{v}/rum /csp /{n}/log /ingest/{n}"
_REPORTED = (
    "text/plain;charset=UTF-8", "application/json", "application/x-www-form-urlencoded",
    "application/csp-report", "application/reports+json", "",
)  # fmt: skip


def _terse(rng: Random) -> str:
    """Draws a path of short segments, as counters and advertising partners use."""
    letters = "abcdefghijklmnoprstuvwxy"
    words = (draw_text(rng, "{n} {w} {v} {d} {d}{d}{d}"), draw_token(rng, rng.randrange(1, 4), letters))
    return "/" + "/".join(rng.choice(words) for _ in range(rng.randrange(1, 4)))


def declare_counters(rng: Random, _conventions: WebConventions) -> list[Operation]:
    """Declares pixels and synchronisation of partner identifiers.

    They are loaded as pictures and frames, regardless of the content type of the response.
    """
    operations = []
    for _ in range(rng.randrange(1, 4)):
        path = _terse(rng) if rng.random() < 0.5 else draw_text(rng, _SYNC)
        parameters = _draw_parameters(
            rng,
            "uid:base62 id:uuid partner:word h:hex24 pid:int",
            "r:words gdpr:bool t:unix cid:hex24 ev:word",
            "url:words rnd:unix type:word v:small d:object",
        )
        responses = make_responses([(0.9, *rng.choice(_COUNTED)), (0.07, 302, "", 0), (0.03, 204, "", 0)])
        modes = (rng.choice(("image", "image", "image", "iframe", "script")),)
        if rng.random() < 0.3:
            known = draw_entities(rng, rng.choice(("uuid", "base62", "hex24", "bigint")), 60)
            path, parameters = f"{path}/{{id}}", (Parameter("path", "id", known), *parameters[:1])
        operations.append(
            declare_resource(
                "pixel", path, responses, *parameters, modes=modes, audience=SCRIPT_AUDIENCE, weight=2.5,
                cache_control="no-cache, no-store",
            )
        )  # fmt: skip
    if rng.random() < 0.5:
        responses, session = (
            make_responses([(1, *rng.choice(_COUNTED))]),
            make_query_parameters("s:hex24", 0.6),
        )
        operations.append(
            declare_resource(
                "beacon", draw_text(rng, _REPORTS), responses, *session, method="POST", modes=("beacon",),
                audience=SCRIPT_AUDIENCE, request_media=rng.choice(_REPORTED), weight=2,
            )
        )  # fmt: skip
    return operations


_SCRIPTS = (
    "application/javascript", "text/javascript; charset=utf-8", "text/javascript", "application/x-javascript",
)  # fmt: skip
_LOADERS = """/gtag/{w} /tag/{n}/js /{n}/{v}/sdk /{v}/{n}/init /api/{v}/{n}.js /{n}/{v} /{n}/{w}/{d}/json
    /svc/{n} /{w}/{d}{d}{d}/loader"""


def declare_script_tags(rng: Random, conventions: WebConventions) -> list[Operation]:
    """Declares scripts and styles at a path without extension.

    State is packed into the path or the query.
    """
    operations = []
    for _ in range(rng.randrange(1, 4)):
        packed = [
            f"{draw_text(rng, '{n}')}={draw_token(rng, rng.randrange(1, 20))}"
            for _ in range(rng.randrange(1, 5))
        ]
        path = rng.choice(
            (
                draw_text(rng, _LOADERS),
                "/".join((draw_text(rng, "/{n} /_ /js /{n}-static"), *packed)),
                f"/{draw_text(rng, '{n}')}/{draw_token(rng, 5)}-{draw_token(rng, 5)}-{draw_token(rng, 5)}",
                f"/{draw_uuid(rng)}/{draw_text(rng, 'script loader config banner')}",
            )
        )
        parameters = _draw_parameters(
            rng, "fv:object id:uuid cb:word data:object pid:int", "l:word t:unix d:object url:words"
        )
        is_style = rng.random() < 0.12
        media = "text/css; charset=utf-8" if is_style else rng.choice(_SCRIPTS)
        operations.append(
            declare_resource(
                "script-tag", path, conventions.responses(media, rng.choice((60, 700, 5000, 60000))),
                *(parameters if rng.random() < 0.7 else ()), modes=("style" if is_style else "script",),
                audience=SCRIPT_AUDIENCE, weight=2, cache_control=conventions.asset_cache,
            )
        )  # fmt: skip
    return operations
