"""Documents: pages of content sites, shops and forums, documentation of APIs, application shells."""

from __future__ import annotations

from random import Random

from pipelines.simulator.vocabulary.conventions import Habits, paths, queries, resource
from pipelines.simulator.vocabulary.dialect import kind_values
from pipelines.simulator.vocabulary.operation import Operation, Parameter, answers
from pipelines.simulator.vocabulary.values import IDENTIFIER_WEIGHTS, IDENTIFIERS, entities, slug, token
from pipelines.simulator.vocabulary.words import NOUNS, SECTIONS, joined, one, plural


def article(rng: Random, section: str) -> str:
    """The path of one article in one of the forms of content systems and forums."""
    year, number, words = rng.randrange(2012, 2027), rng.randrange(1, 99999), slug(rng)
    forms = (
        f"{section}/{words}",
        f"{section}/{year}/{number % 12 + 1:02}/{words}",
        f"{section}/{number}-{words}",
        f"{section}/{rng.choice(SECTIONS)}/{words}",
        words,
        f"{section}/{joined(words, 'pascal')}",
        f"node/{number}",
        f"{section}/{words}-{number}",
        f"{section}/thread-{number}-{number % 9}",
        f"p/{token(rng, 8)}",
    )
    return rng.choice(forms)


def pages(rng: Random, habits: Habits) -> list[Operation]:
    """Articles, listings, searches and the home page of a content site."""
    made, html, cache = [], habits.html, habits.page_cache
    common = queries("utm_source:word ref:word page:small", 0.04)
    for section in rng.sample(SECTIONS, rng.randrange(2, 7)):
        pool = paths([article(rng, section) + habits.extension for _ in range(rng.choice((5, 30, 120)))])
        replies, weight = habits.replies(html, 24000, missing=0.015), rng.random() * 4 + 0.3
        made.append(resource("page", "/{path}", replies, pool, *common, weight=weight, cache_control=cache))
        made.append(
            resource("page", f"/{section}", habits.replies(html, 18000), *common, cache_control=cache)
        )
    asked = queries(one(rng, "q:words s:words search:words query:words"))
    more = queries("page:small", 0.2)
    made.append(resource("page", f"/search{habits.extension}", habits.replies(html, 16000), *asked, *more))
    home = habits.replies(html, 30000, revalidated=True)
    made.append(resource("page", "/", home, *common, weight=5, cache_control=cache))
    if rng.random() < 0.3:
        script = one(rng, "/index.php /view.asp /show.jsp /default.aspx /cgi-bin/page.cgi /viewtopic.php")
        chosen = (*queries(one(rng, "id:int article:int item:int t:int")), *queries("lang:locale", 0.3))
        made.append(resource("page", script, habits.replies(html, 22000), *chosen, weight=3))
    return made


def entity_pages(rng: Random, habits: Habits) -> list[Operation]:
    """Pages of a shop, a forum or an application whose path names an entity: the hard pair of row D4."""
    made, html, cache = [], habits.html, habits.page_cache
    for noun in rng.sample(NOUNS, rng.randrange(1, 6)):
        kind = rng.choices(IDENTIFIERS, IDENTIFIER_WEIGHTS)[0]
        key = Parameter("path", "id", entities(rng, kind, rng.choice((10, 60, 200))))
        root = (
            rng.choice(("", "", "", "/en", "/app", "/account", "/admin", "/v2"))
            + f"/{rng.choice((plural(noun), noun))}"
        )
        replies = habits.replies(html, 15000)
        made.append(resource("page-entity", f"{root}/{{id}}", replies, key, weight=3, cache_control=cache))
        if rng.random() < 0.5:
            tail = one(rng, "edit details {w} {w} {s} {s} print history")
            replies = habits.replies(html, 12000)
            made.append(resource("page-entity", f"{root}/{{id}}/{tail}", replies, key, cache_control=cache))
        if rng.random() < 0.3:
            sort = Parameter("query", "sort", kind_values(rng, "enum"), 0.3)
            replies = habits.replies(html, 20000)
            made.append(resource("page-entity", root, replies, sort, *queries("page:small", 0.4), weight=2))
    return made


def api_like_pages(rng: Random, habits: Habits) -> list[Operation]:
    """Documentation and consoles whose path looks like an API's.

    Counted on the shared page loads: 86 of 5,542 pages and assets have a segment `api`, `rest`
    or a version.
    """
    made, html, cache = [], habits.html, habits.page_cache
    for _ in range(rng.randrange(1, 4)):
        root = one(
            rng,
            """docs/api api/docs api-docs {v}/guide developers/rest reference/{v} api help/api/{v} {v}
            graphql/docs apis api/console rest/reference docs/{v}/{n} developer/apis/{n} api/{v}/docs
            swagger redoc api-reference/{n}""",
        )
        forms = "{s} {n}-{n} {w}-{n} {w}{n} {s}/{w} {w} {n}/{v}"
        pool = paths([f"{root}/{one(rng, forms)}{habits.extension}" for _ in range(25)])
        replies = habits.replies(html, 20000)
        made.append(resource("page-api-like", "/{path}", replies, pool, weight=1.2, cache_control=cache))
        made.append(resource("page-api-like", f"/{root}", habits.replies(html, 14000), weight=0.5))
    if rng.random() < 0.5:
        path = one(
            rng,
            """/openapi.json /swagger.json /v3/api-docs /api/swagger.json /api/schema /swagger/v1/swagger.json
            /api/openapi.yaml /{v}/openapi.json /docs/spec.json""",
        )
        readers = (("browser", 0.7), ("server", 0.2), ("bot", 0.1))
        media = "application/yaml" if path.endswith("yaml") else "application/json"
        replies = habits.replies(media, 90000)
        made.append(resource("static-json", path, replies, modes=("fetch",), audience=readers, weight=0.5))
    return made


def shells(rng: Random, habits: Habits) -> list[Operation]:
    """A single-page application answers every client-side route with one HTML shell."""
    heads = "{s} app/{s} dashboard/{s} admin/{s} {s}/new {s}/{d}{d}{d} app/{s}/{h} {s}/{d}/edit settings/{n}"
    html, share = habits.html, habits.not_modified
    replies = answers([(0.99 - share, 200, html, 2200), (share, 304, "", 0), (0.01, 404, html, 2200)])
    pool = paths([one(rng, heads) for _ in range(24)])
    return [resource("spa-shell", "/{path}", replies, pool, weight=6, cache_control="no-cache")]


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


def file_tree(rng: Random, habits: Habits) -> list[Operation]:
    """A directory tree as mirrors and personal sites serve it: listings and files of any kind."""
    made, top = [], one(rng, "files pub scripts src projects ~{n} download mirror/{n} archive presentations")
    folders = [
        f"{top}/{one(rng, '{n} {n}/{n} {n}-{d}.{d} {n}/docs/{n} {d}{d}/{n} {n}/v{d}')}" for _ in range(30)
    ]
    listing = habits.replies(habits.html, rng.choice((900, 3000)))
    made.append(
        resource("file-tree", "/{path}", listing, paths([f"{folder}/" for folder in folders]), weight=4)
    )
    sort = queries("C:word O:word", 0.5)
    made.append(resource("file-tree", f"/{top}/", listing, *sort, weight=0.5))
    for extension, media in rng.sample(_TREE_FILES, 7):
        names = [one(rng, "{n} {n}-{d}.{d} {n}{d} README") + extension for _ in range(20)]
        pool = paths([f"{rng.choice(folders)}/{name}" for name in names])
        made.append(
            resource(
                "file-tree",
                "/{path}",
                habits.replies(media, rng.choice((400, 1500, 9000, 90000)), revalidated=True),
                pool,
            )
        )
    return made
