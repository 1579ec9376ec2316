"""API calls whose operation is not in the path: chosen by a query or a form field, or asked for while typing."""

from __future__ import annotations

from dataclasses import replace
from random import Random

from pipelines.simulator.api_protocols import FORM
from pipelines.simulator.api_styles import api_operation
from pipelines.simulator.dialect import Dialect
from pipelines.simulator.operation import Operation, Parameter, answers
from pipelines.simulator.values import Values
from pipelines.simulator.words import joined, one

_PATHS = """/ / / /index.php /api.php /service /gateway.do /router /handler.ashx /select /{n}/query /{n}
    /w/api.php"""
# Names of the parameter that chooses the operation.
_CHOOSERS = """Action action method cmd op do function service request module operation task type call
    resource query_type"""
# What else such a call often carries: name, kind of its values.
_OPTIONS = (
    ("version", "date"), ("timeout", "choice"), ("format", "word"), ("prefix", "word"), ("marker", "base62"),
)  # fmt: skip
_XML = ("application/xml", "text/xml", "text/xml; charset=utf-8", "application/xml; charset=utf-8")


def operation_names(rng: Random, size: int) -> tuple[str, ...]:
    """Names of remote operations in one style of writing."""
    case = rng.choice(("pascal", "camel", "snake", "kebab", "flat"))
    return tuple(joined(one(rng, "{w}-{n} {w} {n} {n}-{w} {n}-{n}"), case) for _ in range(size))


def query_calls(rng: Random, dialect: Dialect, size: int) -> list[Operation]:
    """One path, the operation in the query or in a form: storage and queue services, older web services, search."""
    path = dialect.base + one(rng, _PATHS)
    media = rng.choice((rng.choice(_XML), rng.choice(_XML), dialect.media, dialect.media, "text/plain"))
    names, bytes_ = Values("enum", operation_names(rng, 3 * size)), rng.choice((200, 700, 4000))
    chosen = _chosen(rng, dialect, names)
    query = tuple({item.name: item for item in (*dialect.query(rng, 3), *chosen)}.values())
    replies = dialect.outcomes(rng, "GET", bytes_, media)
    made = [api_operation(dialect, "query-call", "GET", path, query, replies, weight=6)]
    if rng.random() < 0.6:
        body = (Parameter("body", chosen[0].name, names), *dialect.body(rng, 5))
        replies = answers([(0.97, 200, media, bytes_), (0.03, 400, dialect.error_media, 300)])
        made.append(
            api_operation(dialect, "query-call", "POST", path, body, replies, request_media=FORM, weight=4)
        )
    if rng.random() < 0.4:
        for method, status in (("PUT", 201), ("DELETE", 202), ("HEAD", 200)):
            replies = answers([(0.95, status, "", 0), (0.05, 404, dialect.error_media, 250)])
            made.append(api_operation(dialect, "query-call", method, path, chosen, replies))
    return made


def _chosen(rng: Random, dialect: Dialect, names: Values) -> tuple[Parameter, ...]:
    """The parameter that chooses the operation, first, and what goes with it; each name once."""
    found = [Parameter("query", one(rng, _CHOOSERS), names)]
    if rng.random() < 0.4:
        scope = Values("enum", operation_names(rng, 3))
        found.append(Parameter("query", one(rng, f"{_CHOOSERS} scope kind"), scope, 0.8))
    found += [
        Parameter("query", dialect.field(name), Values(kind), 0.7)
        for name, kind in _OPTIONS
        if rng.random() < 0.3
    ]
    return tuple({parameter.name: parameter for parameter in reversed(found)}.values())[::-1]


_PAGE_PATHS = """/wp-admin/admin-ajax.php /ajax.php /{n}/ajax.php /index.php /{n}/ajax_handler.ashx
    /{n}.aspx/{w}{n} /cart.js /cart/{w}.js /{n}/{w}Ajax /component/{n} /ajax/{w} /{n}/callback
    /{n}/{w}/json /system/ajax"""
_LABELS = ("application/json", "application/json; charset=UTF-8", "text/html; charset=UTF-8", "text/plain")
_SENT = (FORM, FORM, "application/json", "multipart/form-data; boundary=z")


def page_calls(rng: Random, dialect: Dialect, size: int) -> list[Operation]:
    """What scripts of content and shop systems call at a path of their framework; JSON labelled as HTML or text too."""
    made = []
    for _ in range(max(1, size // 3)):
        path, media = one(rng, _PAGE_PATHS), rng.choice((dialect.media, *_LABELS))
        body = (Parameter("body", "action", Values("enum", operation_names(rng, 5))), *dialect.body(rng, 5))
        replies, sends = dialect.outcomes(rng, "GET", 900, media), rng.choice(_SENT)
        call = api_operation(dialect, "page-call", "POST", path, body, replies, request_media=sends, weight=3)
        made.append(replace(call, modes=("xhr",)))
    return made


_SUGGEST = """/suggest /complete/search /autocomplete /search/suggest /typeahead /{n}/suggestions /recommend
    /search/suggest.json /{s}/recommendations.json /ac /{n}/lookup"""


def suggestions(rng: Random, dialect: Dialect, size: int) -> list[Operation]:
    """Completion while typing and recommendations: small JSON for a script, often at a path of the page."""
    path = rng.choice(("", dialect.base)) + one(rng, _SUGGEST)
    asked = Parameter("query", one(rng, "q term query s prefix keyword"), Values("word"))
    query = tuple({item.name: item for item in (*dialect.query(rng, 3), asked)}.values())
    replies = dialect.outcomes(rng, "GET", 600, rng.choice((dialect.media, "application/json", "text/json")))
    return [api_operation(dialect, "suggest", "GET", path, query, replies, weight=size, public=True)]
