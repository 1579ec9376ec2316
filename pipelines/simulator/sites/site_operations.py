"""Host, shape (API, mixed, web, assets), front end and operations of a site."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from random import Random

from pipelines.simulator.styles import action_styles as action
from pipelines.simulator.styles import asset_styles as asset
from pipelines.simulator.styles import data_styles as data
from pipelines.simulator.styles import embed_styles as embed
from pipelines.simulator.styles import page_styles as page
from pipelines.simulator.styles import partner_styles as partner
from pipelines.simulator.styles.api_events import EVENT_EXTRAS
from pipelines.simulator.styles.api_intake import EXTRA_STYLES, MAIN_STYLES
from pipelines.simulator.styles.path_spelling import draw_spelling, respell_operations
from pipelines.simulator.styles.scans import declare_scans
from pipelines.simulator.vocabulary.api_conventions import ApiConventions, draw_api_conventions
from pipelines.simulator.vocabulary.operation import Operation, make_responses
from pipelines.simulator.vocabulary.web_conventions import (
    Audience,
    WebConventions,
    declare_resource,
    draw_web_conventions,
)
from pipelines.simulator.vocabulary.words import ADJECTIVES, NOUNS, SECTIONS, TOP_DOMAINS

# Shape of a site and its share of the fleet.
SHAPES = (("api", 28), ("mixed", 38), ("web", 20), ("assets", 14))
# First labels by shape; "" = none, "{n}" = a noun. Labels typical of an API also occur on web sites, and the
# reverse.
_LABELS = {
    "api": ("api", "api", "api", "api2", "gateway", "gw", "{n}", "{n}-api", "{n}-service", "services",
    "ws", "rpc", "graphql", "data", "backend", "www", "", "m", "edge", "eu1", "app", "cdn", "hooks",
    "auth", "id", "events", "www", "ads", "px", "bid", "collect", "static", "shop", "docs", "status", "files"),
    "mixed": ("www", "www", "www", "app", "", "", "", "my", "portal", "admin", "shop", "account", "{n}",
    "dashboard", "console", "m", "api", "cdn", "web", "beta", "store", "news", "login", "www"),
    "web": ("www", "www", "www", "", "", "blog", "docs", "shop", "help", "forum", "developers", "api-docs",
    "api", "news", "{n}", "wiki", "status", "support"),
    "assets": ("cdn", "static", "assets", "media", "img", "images", "fonts", "s3", "files", "px", "t",
    "ads", "{n}", "video", "js", "api-cdn", "api", "apis", "service", "services", "data", "rest", "{n}-service", "ws",
    "{n}-api", "gateway", "www", "", "sync", "tags", "app", "match", "pixel", "id", "rtb", "x", "dsp", "{n}-sync"),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class SiteProfile:
    """A host, its shape, and the origin whose scripts call it ("" = its own pages)."""

    host: str
    shape: str
    origin: str

    def referers(self, rng: Random) -> tuple[str, ...]:
        """Draws the referers of one visitor; other origins send only their origin."""
        if self.origin:
            return (f"{self.origin}/",)
        root = f"https://{self.host}/"
        return (
            root,
            root + rng.choice(SECTIONS),
            f"{root}{rng.choice(SECTIONS)}/{rng.choice(ADJECTIVES)}-{rng.choice(NOUNS)}",
        )


def draw_profile(rng: Random, index: int) -> SiteProfile:
    """Draws the profile of a site.

    The host is unique in a fleet because it contains the number of the site.
    """
    shape = rng.choices([name for name, _ in SHAPES], [weight for _, weight in SHAPES])[0]
    if index < 6:  # small fleets have every shape
        shape = ("mixed", "api", "web", "mixed", "assets", "api")[index]
    domain = f"{rng.choice(ADJECTIVES)}-{rng.choice(NOUNS)}{index}.{rng.choice(TOP_DOMAINS)}"
    label = rng.choice(_LABELS[shape]).replace("{n}", rng.choice(NOUNS))
    # A front end on another host calls most API hosts and loads from all asset hosts; a mixed site calls itself.
    elsewhere = rng.random() < {"api": 0.85, "mixed": 0.08, "web": 0.0, "assets": 1.0}[shape]
    origin = f"https://{rng.choice(('www', 'app', 'my', 'portal'))}.{domain}" if elsewhere else ""
    return SiteProfile(f"{label}.{domain}" if label else domain, shape, origin)


# Who calls the API of each shape; one of them per site.
_CALLERS: dict[str, tuple[Audience, ...]] = {
    "api": (
        (("server", 0.9), ("browser", 0.06), ("app", 0.03), ("scanner", 0.005)),
        (("app", 0.85), ("server", 0.06), ("browser", 0.08), ("scanner", 0.005)),
        (("browser", 0.8), ("app", 0.1), ("server", 0.09), ("bot", 0.01), ("scanner", 0.005)),
        (("browser", 0.35), ("app", 0.35), ("server", 0.29), ("scanner", 0.005)),
    ),
    "mixed": (
        (("browser", 0.92), ("app", 0.03), ("server", 0.03), ("bot", 0.02), ("scanner", 0.004)),
        (("browser", 0.6), ("app", 0.3), ("server", 0.09), ("bot", 0.01), ("scanner", 0.004)),
        (("browser", 0.4), ("server", 0.57), ("bot", 0.02), ("scanner", 0.004)),
    ),
}
Builder = Callable[[Random, WebConventions], list[Operation]]
_WEB: tuple[tuple[Builder, float], ...] = (
    (page.declare_pages, 0.75),
    (page.declare_entity_pages, 0.65),
    (page.declare_api_like_pages, 0.4),
    (page.declare_application_shells, 0.35),
    (page.declare_file_tree, 0.2),
    (action.declare_feeds, 0.35),
    (action.declare_forms, 0.55),
    (action.declare_fragments, 0.4),
    (action.declare_redirects, 0.7),
    (asset.declare_assets, 0.9),
    (asset.declare_bare_assets, 0.6),
    (asset.declare_media_streams, 0.06),
    (asset.declare_known_files, 1.0),
    (asset.declare_moved_assets, 0.4),
    (data.declare_static_data, 0.6),
    (data.declare_trackers, 0.45),
    (embed.declare_drawn_pictures, 0.3),
    (embed.declare_counters, 0.25),
    (embed.declare_script_tags, 0.25),
    (action.declare_broken_links, 0.6),
    (action.declare_posted_documents, 0.2),
    (partner.declare_identifier_sync, 0.1),
    (partner.declare_tracking_calls, 0.12),
    (partner.declare_answered_beacons, 0.15),
    (partner.declare_bare_scripts, 0.15),
)
_ASSETS: tuple[tuple[Builder, float], ...] = (
    (asset.declare_assets, 0.85),
    (asset.declare_bare_assets, 0.6),
    (data.declare_static_data, 0.6),
    (data.declare_trackers, 0.5),
    (asset.declare_known_files, 1.0),
    (asset.declare_media_streams, 0.2),
    (asset.declare_moved_assets, 0.5),
    (embed.declare_drawn_pictures, 0.5),
    (embed.declare_counters, 0.6),
    (embed.declare_script_tags, 0.5),
    (partner.declare_identifier_sync, 0.45),
    (partner.declare_tracking_calls, 0.4),
    (partner.declare_answered_beacons, 0.35),
    (partner.declare_bare_scripts, 0.35),
)
# An API host has some web content as well: a console, documentation, favicons that browsers request.
_API_HOST_WEB: tuple[tuple[Builder, float], ...] = (
    (asset.declare_known_files, 0.8),
    (page.declare_api_like_pages, 0.5),
    (action.declare_redirects, 0.4),
    (asset.declare_bare_assets, 0.2),
    (page.declare_pages, 0.15),
    (action.declare_forms, 0.12),
    (asset.declare_assets, 0.3),
    (embed.declare_drawn_pictures, 0.4),
    (embed.declare_counters, 0.25),
    (embed.declare_script_tags, 0.25),
    (action.declare_broken_links, 0.25),
    (action.declare_posted_documents, 0.25),
    (partner.declare_identifier_sync, 0.12),
    (partner.declare_tracking_calls, 0.12),
    (partner.declare_answered_beacons, 0.12),
    (partner.declare_bare_scripts, 0.12),
)


def declare_operations(rng: Random, profile: SiteProfile) -> tuple[Operation, ...]:
    """Declares all operations of a site; their weights add up to 1."""
    web = draw_web_conventions(rng)
    calls, api = _declare_calls(rng, profile)
    parts = {"api": _API_HOST_WEB, "mixed": _WEB, "web": _WEB, "assets": _ASSETS}[profile.shape]
    built = (operations for build, share in parts if rng.random() < share for operations in build(rng, web))
    rest = respell_operations(built, draw_spelling(rng))
    if profile.shape == "mixed" and api is not None and rng.random() < 0.5:
        rest += _declare_matching_pages(rng, calls, api, web)
    if profile.origin and calls:
        rest += _declare_preflights(rng, calls)
    error_media = api.error_media if profile.shape == "api" and api is not None else web.html
    attacks = declare_scans(rng, error_media)
    share = {
        "api": rng.uniform(0.88, 0.99),
        "mixed": rng.choice((0.05, 0.12, 0.25, 0.4, 0.6)),
        "web": 0.0,
        "assets": 0.0,
    }[profile.shape]
    attacked = rng.choice((0.002, 0.01, 0.03))
    if not rest:
        share = 1 - attacked
    return (*_scaled(calls, share), *_scaled(rest, 1 - share - attacked), *_scaled(attacks, attacked))


def _declare_calls(rng: Random, profile: SiteProfile) -> tuple[list[Operation], ApiConventions | None]:
    """Declares the site's API operations; none on web-only sites.

    There is one per method and path shape. The site's conventions are returned as well.
    """
    if profile.shape not in _CALLERS:
        return [], None
    api = draw_api_conventions(rng, rng.choice(_CALLERS[profile.shape]))
    builders = [build for build, _ in MAIN_STYLES.values()]
    weights = [weight for _, weight in MAIN_STYLES.values()]
    operations = _scaled(rng.choices(builders, weights)[0](rng, api, rng.choice((1, 2, 4, 7, 12))), 1.0)
    for build, share in (*EXTRA_STYLES, *EVENT_EXTRAS):
        if rng.random() < share:
            operations += _scaled(build(rng, api, rng.randrange(1, 5)), rng.choice((0.02, 0.06, 0.15)))
    unique: dict[tuple[str, tuple[str, ...]], Operation] = {}
    for operation in operations:
        unique.setdefault((operation.method, tuple(operation.literals())), operation)
    return list(unique.values()), api


def _declare_matching_pages(
    rng: Random, calls: list[Operation], api: ApiConventions, web: WebConventions
) -> list[Operation]:
    """Declares pages that show the API's entities.

    `/orders/{id}` for `/api/orders/{id}`: the same path in a page and in an API, which only other features can tell
    apart.
    """
    readable = [
        call for call in calls if call.method == "GET" and call.kind == "rest-json" and call.variables()
    ]
    operations = []
    for call in rng.sample(readable, min(3, len(readable))):
        responses = web.responses(web.html, 15000)
        parameters = tuple(parameter for parameter in call.parameters if parameter.location == "path")
        template = call.template.removeprefix(api.base)
        operations.append(
            declare_resource(
                "page-entity",
                template,
                responses,
                *parameters,
                weight=2,
                cache_control=web.page_cache,
            )
        )
    return operations


def _declare_preflights(rng: Random, calls: list[Operation]) -> list[Operation]:
    """Declares CORS preflights of other origins' scripts.

    They are not API operations: the browser sends them, and nothing is done.
    """
    media = rng.choice(("", "", "", "text/plain", "text/html", "application/json"))
    responses = make_responses([(1, rng.choice((204, 204, 200)), media, 0)])
    return [
        replace(
            call,
            kind="preflight",
            is_api=False,
            method="OPTIONS",
            parameters=tuple(item for item in call.parameters if item.location in ("path", "query")),
            responses=responses,
            modes=("fetch",),
            audience=(("browser", 1.0),),
            weight=0.6,
            request_media="",
            public=True,
        )
        for call in rng.sample(calls, min(4, len(calls)))
    ]


def _scaled(operations: Iterable[Operation], share: float) -> list[Operation]:
    """Scales the weights of operations so that they add up to `share`."""
    found = list(operations)
    total = sum(operation.weight for operation in found)
    return [replace(operation, weight=share * operation.weight / total) for operation in found]
