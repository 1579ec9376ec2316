"""Conventions of a site's pages and files, and declaration of their resources."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from pipelines.simulator.vocabulary.operation import Operation, Parameter, Responses, make_responses
from pipelines.simulator.vocabulary.values import Values
from pipelines.simulator.vocabulary.words import draw_text

HTML = ("text/html; charset=utf-8", "text/html; charset=UTF-8", "text/html;charset=utf-8", "text/html")
Audience = tuple[tuple[str, float], ...]
# Clients. Crawlers, libraries and apps fetch pages and assets as well: the user agent alone decides nothing.
PAGE_AUDIENCE: Audience = (
    ("browser", 0.8),
    ("bot", 0.12),
    ("server", 0.04),
    ("app", 0.03),
    ("monitor", 0.01),
)
ASSET_AUDIENCE: Audience = (("browser", 0.88), ("bot", 0.05), ("app", 0.05), ("server", 0.02))
SCRIPT_AUDIENCE: Audience = (("browser", 0.96), ("app", 0.02), ("bot", 0.02))
_FOLDERS = """/static /assets /dist /build /public /themes/{n} /media /_next/static /files ~ /{n}/static
    /api/static /content /{v} /wp-content/uploads /{n}/v{d} /rest/img /sites/default/files
    /bundles/{n} /js/api"""
_PAGE_CACHE = (
    "",
    "",
    "private, max-age=0",
    "no-cache",
    "max-age=600",
    "no-store, no-cache, must-revalidate",
    "public, max-age=300",
)
_ASSET_CACHE = (
    "public, max-age=31536000, immutable",
    "max-age=86400",
    "public, max-age=3600",
    "max-age=31536000",
    "no-cache",
    "",
)


@dataclass(frozen=True, slots=True)
class WebConventions:
    """Conventions of one site's pages and files.

    `extension` ends the paths of pages ("" or ".html"); `types_304` and `types_redirect` say whether those
    responses have a content type; `not_modified` is the share of 304 among assets.
    """

    html: str
    extension: str
    folder: str
    types_304: bool
    types_redirect: bool
    not_modified: float
    page_cache: str
    asset_cache: str

    def responses(
        self, media: str, size: int, *, revalidated: bool = False, missing: float = 0.01
    ) -> Responses:
        """Returns responses of a resource.

        Counted on the shared web traffic: 200 91 %, 302 3 %, 304 1.5-4.5 %, 404 0.2-2 %, 206 0.2-0.5 %.
        """
        share = self.not_modified if revalidated else self.not_modified / 4
        redirect = self.html if self.types_redirect else ""
        return make_responses(
            [
                (1 - share - missing, 200, media, size),
                (share, 304, media if self.types_304 else "", 0),
                (missing, 404, self.html, 1200),
                (0.008, 301, redirect, 160),
                (0.008, 302, redirect, 0),
                (0.002, 403, self.html, 300),
                (0.002, 503, self.html, 500),
            ]
        )


def draw_web_conventions(rng: Random) -> WebConventions:
    """Draws the conventions of a site's pages and files."""
    return WebConventions(
        html=rng.choice(HTML) if rng.random() < 0.97 else "application/xhtml+xml",
        extension=draw_text(rng, "~ ~ ~ .html .php .aspx .htm /"),
        folder=draw_text(rng, _FOLDERS),
        types_304=rng.random() < 0.35,
        types_redirect=rng.random() < 0.45,
        not_modified=rng.choice((0.0, 0.02, 0.05, 0.12)),
        page_cache=rng.choice(_PAGE_CACHE),
        asset_cache=rng.choice(_ASSET_CACHE),
    )


def declare_resource(
    kind: str,
    template: str,
    responses: Responses,
    *parameters: Parameter,
    method: str = "GET",
    modes: tuple[str, ...] = ("navigate",),
    audience: Audience = PAGE_AUDIENCE,
    weight: float = 1.0,
    request_media: str = "",
    cache_control: str = "",
) -> Operation:
    """Declares an operation that is not an API."""
    return Operation(
        kind=kind,
        is_api=False,
        method=method,
        template=template,
        parameters=parameters,
        responses=responses,
        modes=modes,
        audience=audience,
        weight=weight,
        request_media=request_media,
        cache_control=cache_control,
    )


def make_path_variable(paths: list[str]) -> Parameter:
    """Returns a path variable over complete paths (encoded, may contain "/")."""
    return Parameter("path", "path", Values("path", tuple(path.lstrip("/") for path in paths)))


def make_query_parameters(kinds: str, presence: float = 1.0) -> tuple[Parameter, ...]:
    """Returns query parameters from "name:kind name:kind ..."."""
    pairs = (text.split(":") for text in kinds.split())
    return tuple(Parameter("query", name, Values(kind), presence) for name, kind in pairs)
