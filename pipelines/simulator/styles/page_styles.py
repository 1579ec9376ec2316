"""Documents: pages, documentation of APIs, application shells, file trees."""

from __future__ import annotations

from random import Random

from pipelines.simulator.vocabulary.api_conventions import make_values
from pipelines.simulator.vocabulary.operation import Operation, Parameter, make_responses
from pipelines.simulator.vocabulary.values import (
    IDENTIFIER_WEIGHTS,
    IDENTIFIERS,
    draw_entities,
    draw_slug,
    draw_token,
)
from pipelines.simulator.vocabulary.web_conventions import (
    WebConventions,
    declare_resource,
    make_path_variable,
    make_query_parameters,
)
from pipelines.simulator.vocabulary.words import NOUNS, SECTIONS, draw_text, join_words, pluralise


def draw_article_path(rng: Random, section: str) -> str:
    """Draws the path of an article in a format of content systems and forums."""
    year, number, words = rng.randrange(2012, 2027), rng.randrange(1, 99999), draw_slug(rng)
    forms = (
        f"{section}/{words}",
        f"{section}/{year}/{number % 12 + 1:02}/{words}",
        f"{section}/{number}-{words}",
        f"{section}/{rng.choice(SECTIONS)}/{words}",
        words,
        f"{section}/{join_words(words, 'pascal')}",
        f"node/{number}",
        f"{section}/{words}-{number}",
        f"{section}/thread-{number}-{number % 9}",
        f"p/{draw_token(rng, 8)}",
    )
    return rng.choice(forms)


def declare_pages(rng: Random, conventions: WebConventions) -> list[Operation]:
    """Declares articles, listings, searches and the home page of a content site."""
    operations, html, cache = [], conventions.html, conventions.page_cache
    common = make_query_parameters("utm_source:word ref:word page:small", 0.04)
    for section in rng.sample(SECTIONS, rng.randrange(2, 7)):
        pool = make_path_variable(
            [draw_article_path(rng, section) + conventions.extension for _ in range(rng.choice((5, 30, 120)))]
        )
        responses, weight = conventions.responses(html, 24000, missing=0.015), rng.random() * 4 + 0.3
        operations.append(
            declare_resource("page", "/{path}", responses, pool, *common, weight=weight, cache_control=cache)
        )
        operations.append(
            declare_resource(
                "page", f"/{section}", conventions.responses(html, 18000), *common, cache_control=cache
            )
        )
    parameters = make_query_parameters(draw_text(rng, "q:words s:words search:words query:words"))
    more = make_query_parameters("page:small", 0.2)
    operations.append(
        declare_resource(
            "page", f"/search{conventions.extension}", conventions.responses(html, 16000), *parameters, *more
        )
    )
    home = conventions.responses(html, 30000, revalidated=True)
    operations.append(declare_resource("page", "/", home, *common, weight=5, cache_control=cache))
    if rng.random() < 0.3:
        script = draw_text(
            rng, "/index.php /view.asp /show.jsp /default.aspx /cgi-bin/page.cgi /viewtopic.php"
        )
        chosen = (
            *make_query_parameters(draw_text(rng, "id:int article:int item:int t:int")),
            *make_query_parameters("lang:locale", 0.3),
        )
        operations.append(
            declare_resource("page", script, conventions.responses(html, 22000), *chosen, weight=3)
        )
    return operations


def declare_entity_pages(rng: Random, conventions: WebConventions) -> list[Operation]:
    """Declares pages whose path names an entity, in a shop, a forum or an application.

    They are hard to distinguish from API calls with the same path.
    """
    operations, html, cache = [], conventions.html, conventions.page_cache
    for noun in rng.sample(NOUNS, rng.randrange(1, 6)):
        kind = rng.choices(IDENTIFIERS, IDENTIFIER_WEIGHTS)[0]
        key = Parameter("path", "id", draw_entities(rng, kind, rng.choice((10, 60, 200))))
        root = (
            rng.choice(("", "", "", "/en", "/app", "/account", "/admin", "/v2"))
            + f"/{rng.choice((pluralise(noun), noun))}"
        )
        responses = conventions.responses(html, 15000)
        operations.append(
            declare_resource("page-entity", f"{root}/{{id}}", responses, key, weight=3, cache_control=cache)
        )
        if rng.random() < 0.5:
            tail = draw_text(rng, "edit details {w} {w} {s} {s} print history")
            responses = conventions.responses(html, 12000)
            operations.append(
                declare_resource("page-entity", f"{root}/{{id}}/{tail}", responses, key, cache_control=cache)
            )
        if rng.random() < 0.3:
            sort = Parameter("query", "sort", make_values(rng, "enum"), 0.3)
            responses = conventions.responses(html, 20000)
            operations.append(
                declare_resource(
                    "page-entity", root, responses, sort, *make_query_parameters("page:small", 0.4), weight=2
                )
            )
    return operations


def declare_api_like_pages(rng: Random, conventions: WebConventions) -> list[Operation]:
    """Declares documentation and consoles whose path looks like an API's.

    Counted on the shared page loads: 86 of 5,542 pages and assets have a segment `api`, `rest`
    or a version.
    """
    operations, html, cache = [], conventions.html, conventions.page_cache
    for _ in range(rng.randrange(1, 4)):
        root = draw_text(
            rng,
            """docs/api api/docs api-docs {v}/guide developers/rest reference/{v} api help/api/{v} {v}
            graphql/docs apis api/console rest/reference docs/{v}/{n} developer/apis/{n} api/{v}/docs
            swagger redoc api-reference/{n}""",
        )
        forms = "{s} {n}-{n} {w}-{n} {w}{n} {s}/{w} {w} {n}/{v}"
        pool = make_path_variable(
            [f"{root}/{draw_text(rng, forms)}{conventions.extension}" for _ in range(25)]
        )
        responses = conventions.responses(html, 20000)
        operations.append(
            declare_resource("page-api-like", "/{path}", responses, pool, weight=1.2, cache_control=cache)
        )
        operations.append(
            declare_resource("page-api-like", f"/{root}", conventions.responses(html, 14000), weight=0.5)
        )
    if rng.random() < 0.5:
        path = draw_text(
            rng,
            """/openapi.json /swagger.json /v3/api-docs /api/swagger.json /api/schema /swagger/v1/swagger.json
            /api/openapi.yaml /{v}/openapi.json /docs/spec.json""",
        )
        readers = (("browser", 0.7), ("server", 0.2), ("bot", 0.1))
        media = "application/yaml" if path.endswith("yaml") else "application/json"
        responses = conventions.responses(media, 90000)
        operations.append(
            declare_resource("static-json", path, responses, modes=("fetch",), audience=readers, weight=0.5)
        )
    return operations


def declare_application_shells(rng: Random, conventions: WebConventions) -> list[Operation]:
    """Declares a single-page application: one HTML shell for every client-side route."""
    heads = "{s} app/{s} dashboard/{s} admin/{s} {s}/new {s}/{d}{d}{d} app/{s}/{h} {s}/{d}/edit settings/{n}"
    html, share = conventions.html, conventions.not_modified
    responses = make_responses(
        [(0.99 - share, 200, html, 2200), (share, 304, "", 0), (0.01, 404, html, 2200)]
    )
    pool = make_path_variable([draw_text(rng, heads) for _ in range(24)])
    return [declare_resource("spa-shell", "/{path}", responses, pool, weight=6, cache_control="no-cache")]


_TREE_FILES = (
    (".py", "text/x-python"),
    (".conf", "text/plain"),
    (".c", "text/x-csrc"),
    (".log", "text/plain"),
    (".tar.gz", "application/x-gzip"),
    (".jar", "application/java-archive"),
    (".patch", "text/plain"),
    (".sh", "application/x-sh"),
    ("", "application/octet-stream"),
    (".md", "text/markdown"),
    (".java", ""),
    (".h", "text/plain"),
    (".rb", "text/plain"),
    (".sql", ""),
    (".yml", "text/yaml"),
    (".rpm", "application/x-rpm"),
    (".iso", "application/octet-stream"),
)


def declare_file_tree(rng: Random, conventions: WebConventions) -> list[Operation]:
    """Declares a directory tree as mirrors and personal sites have it.

    It has listings and files of any kind.
    """
    operations, top = (
        [],
        draw_text(rng, "files pub scripts src projects ~{n} download mirror/{n} archive presentations"),
    )
    folders = [
        f"{top}/{draw_text(rng, '{n} {n}/{n} {n}-{d}.{d} {n}/docs/{n} {d}{d}/{n} {n}/v{d}')}"
        for _ in range(30)
    ]
    listing = conventions.responses(conventions.html, rng.choice((900, 3000)))
    operations.append(
        declare_resource(
            "file-tree",
            "/{path}",
            listing,
            make_path_variable([f"{folder}/" for folder in folders]),
            weight=4,
        )
    )
    sort = make_query_parameters("C:word O:word", 0.5)
    operations.append(declare_resource("file-tree", f"/{top}/", listing, *sort, weight=0.5))
    for extension, media in rng.sample(_TREE_FILES, 7):
        names = [draw_text(rng, "{n} {n}-{d}.{d} {n}{d} README") + extension for _ in range(20)]
        pool = make_path_variable([f"{rng.choice(folders)}/{name}" for name in names])
        operations.append(
            declare_resource(
                "file-tree",
                "/{path}",
                conventions.responses(media, rng.choice((400, 1500, 9000, 90000)), revalidated=True),
                pool,
            )
        )
    return operations
