"""Conventions of a site's API: prefixes, case, identifiers, media types, errors."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from pipelines.simulator.vocabulary.operation import Parameter, Responses, make_responses
from pipelines.simulator.vocabulary.values import IDENTIFIER_WEIGHTS, IDENTIFIERS, Values, draw_entities
from pipelines.simulator.vocabulary.words import FIELDS, NOUNS, PAGING, VERBS, VERSIONS, join_words, pluralise

# Base paths and their weight; "{v}" is a version, "{n}" a noun. A third names neither `api`, `rest` nor a
# version: counted on the shared browser captures, 66 of 154 calls have no such segment, while 86 of 5,542
# pages and assets have one.
BASES = (
    ("/api/{v}", 18), ("/api", 16), ("/{v}", 14), ("", 16), ("/rest/{v}", 5), ("/rest", 4),
    ("/api/{n}/{v}", 5),
    ("/{n}/api/{v}", 4), ("/{n}/{v}", 4), ("/services", 3), ("/svc/{n}", 3), ("/internal", 2),
    ("/ajax", 2), ("/backend", 2),
    ("/gateway/{n}", 3), ("/app/data", 2), ("/_/{n}", 2), ("/public/{v}", 2), ("/data", 3),
    ("/wp-json/{n}/{v}", 2),
    ("/{n}-service", 3), ("/web/{n}", 3), ("/x/{n}", 1), ("/i/api/{v}", 1), ("/{n}", 4), ("/async", 1),
    ("/en/{n}", 1),
)  # fmt: skip
# Media types of JSON responses as servers write them.
JSON_MEDIA = (
    ("application/json", 45), ("application/json; charset=utf-8", 35), ("application/json;charset=UTF-8", 10),
    ("application/vnd.{n}.v1+json", 4), ("text/json; charset=utf-8", 2), ("text/plain; charset=utf-8", 2),
    ("text/html; charset=UTF-8", 2),
)  # fmt: skip
CACHE_CONTROL = (
    "",
    "",
    "no-cache",
    "no-store",
    "private, max-age=0",
    "no-cache, no-store, must-revalidate",
    "public, max-age=60",
)


def draw_weighted(rng: Random, weighted: tuple[tuple[str, int], ...]) -> str:
    """Draws one of the texts by weight."""
    return rng.choices([text for text, _ in weighted], [weight for _, weight in weighted])[0]


@dataclass(frozen=True, slots=True)
class ApiConventions:
    """Conventions of one site's API.

    `audience`: classes of clients that call it, with shares as in `Operation.audience`.
    """

    base: str
    case: str
    field_case: str
    is_plural: bool
    identifier: str
    media: str
    error_media: str
    error_share: float
    deletes_empty: bool
    revalidates: bool
    cache_control: str
    modes: tuple[str, ...]
    audience: tuple[tuple[str, float], ...]

    def path_word(self, words: str) -> str:
        """Returns a literal segment in the site's case style."""
        return join_words(words, self.case)

    def collection(self, noun: str) -> str:
        """Returns the segment of a collection: plural or singular by convention."""
        return self.path_word(pluralise(noun) if self.is_plural else noun)

    def field(self, words: str) -> str:
        """Returns a field or query parameter in the site's case style."""
        return join_words(words, self.field_case)

    def responses(self, rng: Random, method: str, size: int, media: str | None = None) -> Responses:
        """Returns responses of one operation: successes by method, then the site's errors.

        Shares of errors as counted on the shared API captures: GitHub 2.8 %, Linode 7.3 %, Azure 1.4 %.
        """
        good, bad, media = 1 - self.error_share, self.error_share, self.media if media is None else media
        rows: list[tuple[float, int, str, int]] = []
        if method == "DELETE":
            rows.append((good, 204, "", 0) if self.deletes_empty else (good, 200, media, 60))
        elif method == "POST" and rng.random() < 0.55:
            rows.append((good, 202, "", 0) if rng.random() < 0.08 else (good, 201, media, size))
        elif method in ("PUT", "PATCH", "POST") and rng.random() < 0.25:
            rows.append((good, 204, "", 0))
        elif method == "GET" and self.revalidates:
            rows += [
                (0.9 * good, 200, media, size),
                (0.1 * good, 304, "" if rng.random() < 0.7 else media, 0),
            ]
        else:
            rows.append((good, 200, media, size))
        for status, weight in (
            (400, 0.22),
            (401, 0.2),
            (403, 0.1),
            (404, 0.25),
            (422, 0.08),
            (429, 0.06),
            (500, 0.06),
            (503, 0.03),
        ):
            rows.append((bad * weight, status, self.error_media, 120))
        return make_responses(rows)

    def query(self, rng: Random, most: int) -> tuple[Parameter, ...]:
        """Draws up to `most` query parameters, often none.

        Counted: 23-92 % of calls have no query.
        """
        chosen = rng.sample(PAGING, min(most, int(rng.random() ** 2 * (most + 1))))
        return tuple(
            Parameter("query", self.field(name), make_values(rng, kind), rng.choice((0.1, 0.3, 0.6, 1.0)))
            for name, kind in chosen
        )

    def body(self, rng: Random, most: int = 9) -> tuple[Parameter, ...]:
        """Draws one to `most` body fields; kinds have the weights `_FIELD_WEIGHTS`."""
        names = rng.sample(FIELDS, rng.randrange(1, most + 1))
        return tuple(
            Parameter(
                "body",
                self.field(name),
                make_values(rng, draw_field_kind(rng)),
                rng.choice((0.2, 0.7, 1.0, 1.0)),
            )
            for name in names
        )

    def variable(self, rng: Random, noun: str, kind: str = "") -> Parameter:
        """Draws the path variable that identifies one entity of `noun`.

        Its kind is mostly the site's own kind of identifier.
        """
        own = kind or (
            self.identifier if rng.random() < 0.85 else rng.choices(IDENTIFIERS, IDENTIFIER_WEIGHTS)[0]
        )
        name = (
            join_words(f"{noun}-id", "camel") if rng.random() < 0.7 else rng.choice(("id", f"{noun}", "key"))
        )
        return Parameter("path", name, draw_entities(rng, own, rng.choice((3, 12, 60, 200))))


_FIELD_KINDS = (
    "words",
    "word",
    "text",
    "enum",
    "email",
    "date",
    "datetime",
    "uuid",
    "int",
    "small",
    "unix",
    "float",
    "bool",
    "word-list",
    "object",
)
_FIELD_WEIGHTS = (14, 8, 8, 10, 4, 4, 4, 4, 20, 8, 2, 6, 8, 3, 1)


def draw_field_kind(rng: Random) -> str:
    """Draws the kind of a body field."""
    return rng.choices(_FIELD_KINDS, _FIELD_WEIGHTS)[0]


def make_values(rng: Random, kind: str) -> Values:
    """Returns values of a kind; an enum gets two to six words with skewed frequencies."""
    if kind == "enum":
        return Values(kind, tuple(rng.sample(NOUNS + VERBS, rng.randrange(2, 7))))
    if kind == "enum-list":
        words = rng.sample(FIELDS, 6)
        return Values(kind, tuple(",".join(words[: 1 + index]) for index in range(4)))
    return Values(kind)


def draw_base_path(rng: Random) -> str:
    """Draws a base path such as `/api/v1`, or an empty one."""
    return draw_weighted(rng, BASES).replace("{v}", rng.choice(VERSIONS)).replace("{n}", rng.choice(NOUNS))


def draw_api_conventions(rng: Random, audience: tuple[tuple[str, float], ...]) -> ApiConventions:
    """Draws the conventions of a site's API."""
    media = draw_weighted(rng, JSON_MEDIA).replace("{n}", rng.choice(NOUNS))
    return ApiConventions(
        base=draw_base_path(rng),
        case=rng.choice(("kebab", "kebab", "snake", "camel", "pascal", "flat")),
        field_case=rng.choice(("camel", "camel", "snake", "snake", "kebab", "pascal")),
        is_plural=rng.random() < 0.75,
        identifier=rng.choices(IDENTIFIERS, IDENTIFIER_WEIGHTS)[0],
        media=media if rng.random() > 0.02 else "",
        error_media=rng.choices(
            (media, "application/problem+json", "text/html", "text/plain", ""), (70, 10, 9, 5, 6)
        )[0],
        error_share=rng.choice((0.01, 0.015, 0.03, 0.05, 0.07, 0.15)),
        deletes_empty=rng.random() < 0.6,
        revalidates=rng.random() < 0.2,
        cache_control=rng.choice(CACHE_CONTROL),
        modes=rng.choice((("fetch",), ("fetch",), ("xhr",), ("fetch", "xhr"))),
        audience=audience,
    )
