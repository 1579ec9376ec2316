"""API calls whose operation is not in the path, and calls that carry events.

A query parameter or a form field chooses the operation; other calls complete what is typed, deliver events or wait
for them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from random import Random

from pipelines.simulator.styles.api_protocols import FORM
from pipelines.simulator.styles.api_styles import declare_operation
from pipelines.simulator.vocabulary.api_conventions import ApiConventions
from pipelines.simulator.vocabulary.operation import Operation, Parameter, make_responses
from pipelines.simulator.vocabulary.values import Values
from pipelines.simulator.vocabulary.web_conventions import Audience
from pipelines.simulator.vocabulary.words import NOUNS, draw_text, join_words

_PATHS = """/ / / /index.php /api.php /service /gateway.do /router /handler.ashx /select /{n}/query /{n}
    /w/api.php"""
# Names of the parameter that chooses the operation.
_CHOOSERS = """Action action method cmd op do function service request module operation task type call
    resource query_type"""
# Other frequent parameters of such a call: name, kind of values.
_OPTIONS = (
    ("version", "date"), ("timeout", "choice"), ("format", "word"), ("prefix", "word"), ("marker", "base62"),
)  # fmt: skip
_XML = ("application/xml", "text/xml", "text/xml; charset=utf-8", "application/xml; charset=utf-8")


def draw_operation_names(rng: Random, size: int) -> tuple[str, ...]:
    """Draws names of remote operations in one case style."""
    case = rng.choice(("pascal", "camel", "snake", "kebab", "flat"))
    return tuple(join_words(draw_text(rng, "{w}-{n} {w} {n} {n}-{w} {n}-{n}"), case) for _ in range(size))


def declare_query_calls(rng: Random, conventions: ApiConventions, size: int) -> list[Operation]:
    """Declares one path whose operation is in the query or in a form.

    Storage and queue services, older web services and search work like this.
    """
    path = conventions.base + draw_text(rng, _PATHS)
    media = rng.choice(
        (rng.choice(_XML), rng.choice(_XML), conventions.media, conventions.media, "text/plain")
    )
    names, bytes_ = Values("enum", draw_operation_names(rng, 3 * size)), rng.choice((200, 700, 4000))
    chosen = _chosen(rng, conventions, names)
    query = tuple({item.name: item for item in (*conventions.query(rng, 3), *chosen)}.values())
    responses = conventions.responses(rng, "GET", bytes_, media)
    operations = [declare_operation(conventions, "query-call", "GET", path, query, responses, weight=6)]
    if rng.random() < 0.6:
        body = (Parameter("body", chosen[0].name, names), *conventions.body(rng, 5))
        responses = make_responses([(0.97, 200, media, bytes_), (0.03, 400, conventions.error_media, 300)])
        operations.append(
            declare_operation(
                conventions, "query-call", "POST", path, body, responses, request_media=FORM, weight=4
            )
        )
    if rng.random() < 0.4:
        for method, status in (("PUT", 201), ("DELETE", 202), ("HEAD", 200)):
            responses = make_responses([(0.95, status, "", 0), (0.05, 404, conventions.error_media, 250)])
            operations.append(declare_operation(conventions, "query-call", method, path, chosen, responses))
    return operations


def _chosen(rng: Random, conventions: ApiConventions, names: Values) -> tuple[Parameter, ...]:
    """Draws the parameter that chooses the operation, then its options.

    Each name occurs once.
    """
    parameters = [Parameter("query", draw_text(rng, _CHOOSERS), names)]
    if rng.random() < 0.4:
        scope = Values("enum", draw_operation_names(rng, 3))
        parameters.append(Parameter("query", draw_text(rng, f"{_CHOOSERS} scope kind"), scope, 0.8))
    parameters += [
        Parameter("query", conventions.field(name), Values(kind), 0.7)
        for name, kind in _OPTIONS
        if rng.random() < 0.3
    ]
    return tuple({parameter.name: parameter for parameter in reversed(parameters)}.values())[::-1]


_PAGE_PATHS = """/wp-admin/admin-ajax.php /ajax.php /{n}/ajax.php /index.php /{n}/ajax_handler.ashx
    /{n}.aspx/{w}{n} /cart.js /cart/{w}.js /{n}/{w}Ajax /component/{n} /ajax/{w} /{n}/callback
    /{n}/{w}/json /system/ajax"""
_LABELS = ("application/json", "application/json; charset=UTF-8", "text/html; charset=UTF-8", "text/plain")
_SENT = (FORM, FORM, "application/json", "multipart/form-data; boundary=z")


def declare_page_calls(rng: Random, conventions: ApiConventions, size: int) -> list[Operation]:
    """Declares calls by scripts of content and shop systems at framework paths.

    Their JSON is also labelled as HTML or text.
    """
    operations = []
    for _ in range(max(1, size // 3)):
        path, media = draw_text(rng, _PAGE_PATHS), rng.choice((conventions.media, *_LABELS))
        body = (
            Parameter("body", "action", Values("enum", draw_operation_names(rng, 5))),
            *conventions.body(rng, 5),
        )
        responses, sends = conventions.responses(rng, "GET", 900, media), rng.choice(_SENT)
        call = declare_operation(
            conventions, "page-call", "POST", path, body, responses, request_media=sends, weight=3
        )
        operations.append(replace(call, modes=("xhr",)))
    return operations


_SUGGEST = """/suggest /complete/search /autocomplete /search/suggest /typeahead /{n}/suggestions /recommend
    /search/suggest.json /{s}/recommendations.json /ac /{n}/lookup"""


def declare_suggestions(rng: Random, conventions: ApiConventions, size: int) -> list[Operation]:
    """Declares completion while typing and recommendations.

    Small JSON responses for scripts, often at a path of the page.
    """
    path = rng.choice(("", conventions.base)) + draw_text(rng, _SUGGEST)
    typed_text = Parameter("query", draw_text(rng, "q term query s prefix keyword"), Values("word"))
    query = tuple({item.name: item for item in (*conventions.query(rng, 3), typed_text)}.values())
    responses = conventions.responses(
        rng, "GET", 600, rng.choice((conventions.media, "application/json", "text/json"))
    )
    return [
        declare_operation(conventions, "suggest", "GET", path, query, responses, weight=size, public=True)
    ]


_WEBHOOK_AUDIENCE: Audience = (("server", 0.98), ("scanner", 0.01), ("bot", 0.01))
_HOOKS = "/hooks/{n} /webhooks/{n} /webhook /callback/{n} /notify/{n} /events/{n} /inbound/{n}"
_WEBHOOK_RESPONSES = (
    (200, "", 0), (204, "", 0), (202, "", 0), (200, "text/plain", 2), (200, "application/json", 15),
    (200, "text/html; charset=UTF-8", 2),
)  # fmt: skip
_WEBHOOK_MEDIA = ("application/json", "application/json", "application/cloudevents+json", FORM)


def declare_web_hooks(rng: Random, conventions: ApiConventions, size: int) -> list[Operation]:
    """Declares webhooks: events that other services push.

    A server sends JSON or a form; the response is empty or a single word.
    """
    operations = []
    for noun in rng.sample(NOUNS, max(1, size // 2)):
        path, given = conventions.base + draw_text(rng, _HOOKS), conventions.body(rng)
        if rng.random() < 0.4:
            key = conventions.variable(rng, noun)
            path, given = f"{path}/{{{key.name}}}", (key, *given)
        bad = ((0.02, 401, conventions.error_media, 60), (0.01, 500, conventions.error_media, 60))
        responses, sends = (
            make_responses([(0.97, *rng.choice(_WEBHOOK_RESPONSES)), *bad]),
            rng.choice(_WEBHOOK_MEDIA),
        )
        public = rng.random() < 0.7  # signed in the body or in a header that is not a session
        hook = declare_operation(
            conventions,
            "web-hook",
            "POST",
            path,
            given,
            responses,
            request_media=sends,
            weight=3,
            public=public,
        )
        operations.append(replace(hook, audience=_WEBHOOK_AUDIENCE))
    return operations


_POLLED = """/poll /updates /socket.io/ /{n}/longpoll /lp /signalr/poll /{s}/changes
    /sockjs/{d}{d}{d}/{h}/xhr /bind"""
_POLL_MEDIA = ("text/plain; charset=UTF-8", "application/octet-stream")


def declare_long_polls(rng: Random, conventions: ApiConventions, size: int) -> list[Operation]:
    """Declares long polling, as in the polling transport of socket libraries.

    Requests wait for events and often end without any.
    """
    media = rng.choice((conventions.media, conventions.media, *_POLL_MEDIA))
    path = conventions.base + draw_text(rng, _POLLED)
    since = Parameter("query", draw_text(rng, "since cursor t lastEventId sid offset"), Values("base62"))
    limit = Parameter("query", draw_text(rng, "timeout wait EIO transport"), Values("small"), 0.8)
    nothing, failed = rng.choice((204, 304)), (0.03, 502, conventions.error_media, 150)
    waited = make_responses([(0.55, 200, media, 120), (0.3, nothing, "", 0), (0.12, 200, media, 2), failed])
    operations = [
        declare_operation(conventions, "long-poll", "GET", path, (since, limit), waited, weight=2 * size)
    ]
    if rng.random() < 0.5:
        media_of_response = rng.choice((media, "text/html", "text/plain"))
        responses = make_responses(
            [(0.98, 200, media_of_response, 2), (0.02, 400, conventions.error_media, 40)]
        )
        sends = rng.choice(("text/plain;charset=UTF-8", "application/json"))
        operations.append(
            declare_operation(
                conventions, "long-poll", "POST", path, (since,), responses, request_media=sends, weight=size
            )
        )
    return operations


_PARTS = ("application/offset+octet-stream", "application/octet-stream")


def declare_uploads_in_parts(rng: Random, conventions: ApiConventions, _size: int) -> list[Operation]:
    """Declares resumable uploads (tus 1.0).

    Parts are sent by PATCH or PUT, responses are empty, and HEAD asks for the state.
    """
    root, media = (
        conventions.base + draw_text(rng, "/files /uploads /{n}/upload /resumable /multipart"),
        rng.choice(_PARTS),
    )
    key, begun = conventions.variable(rng, "upload"), rng.choice(("", "application/json"))
    steps = (
        ("POST", 201, begun, 1), ("PATCH", 204, media, 5), ("PUT", 308, media, 2), ("HEAD", 200, "", 1),
        ("DELETE", 204, "", 0.3),
    )  # fmt: skip
    operations = []
    for method, status, sends, weight in steps:
        path, given = (root, ()) if method == "POST" else (f"{root}/{{{key.name}}}", (key,))
        responses = make_responses([(0.96, status, "", 0), (0.04, 409, conventions.error_media, 70)])
        operations.append(
            declare_operation(
                conventions, "upload-part", method, path, given, responses, request_media=sends, weight=weight
            )
        )
    return operations


_RENDERED = ("text/html", "text/html; charset=utf-8", "text/plain", "image/png", "application/pdf")


def declare_rendering_calls(rng: Random, conventions: ApiConventions, size: int) -> list[Operation]:
    """Declares calls by programs that render a document.

    Markdown or templates become HTML, labels and charts become pictures.
    """
    operations = []
    for noun in rng.sample(NOUNS, max(1, size // 3)):
        path = f"{conventions.base}/{conventions.collection(noun)}/{draw_text(rng, 'render preview convert html label print')}"
        responses = conventions.responses(rng, "GET", 5000, rng.choice(_RENDERED))
        body, sends = conventions.body(rng, 4), "application/json"
        operations.append(
            declare_operation(conventions, "rendered", "POST", path, body, responses, request_media=sends)
        )
    return operations


def declare_options_calls(rng: Random, conventions: ApiConventions, size: int) -> list[Operation]:
    """Declares OPTIONS calls by programs, whose response describes the resource.

    They are not CORS preflights.
    """
    key = conventions.variable(rng, rng.choice(NOUNS))
    path = f"{conventions.base}/{conventions.collection(rng.choice(NOUNS))}"
    description = make_responses(
        [(0.95, 200, conventions.media, 700), (0.05, 405, conventions.error_media, 70)]
    )
    root_call = declare_operation(conventions, "described", "OPTIONS", path, (), description, weight=size)
    of_one = declare_operation(
        conventions, "described", "OPTIONS", f"{path}/{{{key.name}}}", (key,), description, weight=size
    )
    audience = (("server", 0.7), ("browser", 0.3))
    return [replace(root_call, audience=audience), replace(of_one, audience=audience)]


EVENT_EXTRAS: tuple[tuple[Callable[[Random, ApiConventions, int], list[Operation]], float], ...] = (
    (declare_query_calls, 0.15),
    (declare_page_calls, 0.15),
    (declare_suggestions, 0.15),
    (declare_web_hooks, 0.2),
    (declare_long_polls, 0.12),
    (declare_uploads_in_parts, 0.06),
    (declare_rendering_calls, 0.06),
    (declare_options_calls, 0.08),
)
"""Styles that many APIs have in addition to their main style, with the share of sites."""
