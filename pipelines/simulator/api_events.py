"""API calls that push, wait or carry parts: web hooks, long polling, resumable uploads, rendered documents."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from random import Random

from pipelines.simulator.api_protocols import FORM
from pipelines.simulator.api_query import page_calls, query_calls, suggestions
from pipelines.simulator.api_styles import api_operation
from pipelines.simulator.dialect import Dialect
from pipelines.simulator.habits import Audience
from pipelines.simulator.operation import Operation, Parameter, answers
from pipelines.simulator.values import Values
from pipelines.simulator.words import NOUNS, one

_PUSHERS: Audience = (("server", 0.98), ("scanner", 0.01), ("bot", 0.01))
_HOOKS = "/hooks/{n} /webhooks/{n} /webhook /callback/{n} /notify/{n} /events/{n} /inbound/{n}"
_TAKEN = (
    (200, "", 0), (204, "", 0), (202, "", 0), (200, "text/plain", 2), (200, "application/json", 15),
    (200, "text/html; charset=UTF-8", 2),
)  # fmt: skip
_PUSHED = ("application/json", "application/json", "application/cloudevents+json", FORM)


def web_hooks(rng: Random, dialect: Dialect, size: int) -> list[Operation]:
    """Events that other services push in: JSON or a form from a server, answered with nothing or one word."""
    made = []
    for noun in rng.sample(NOUNS, max(1, size // 2)):
        path, given = dialect.base + one(rng, _HOOKS), dialect.body(rng)
        if rng.random() < 0.4:
            key = dialect.variable(rng, noun)
            path, given = f"{path}/{{{key.name}}}", (key, *given)
        bad = ((0.02, 401, dialect.error_media, 60), (0.01, 500, dialect.error_media, 60))
        replies, sends = answers([(0.97, *rng.choice(_TAKEN)), *bad]), rng.choice(_PUSHED)
        public = rng.random() < 0.7  # signed in the body or in a header that is no session
        hook = api_operation(
            dialect, "web-hook", "POST", path, given, replies, request_media=sends, weight=3, public=public
        )
        made.append(replace(hook, audience=_PUSHERS))
    return made


_POLLED = """/poll /updates /socket.io/ /{n}/longpoll /lp /signalr/poll /{s}/changes
    /sockjs/{d}{d}{d}/{h}/xhr /bind"""
_POLL_MEDIA = ("text/plain; charset=UTF-8", "application/octet-stream")


def long_polls(rng: Random, dialect: Dialect, size: int) -> list[Operation]:
    """Requests that wait for news and often end with none; the polling transport of socket libraries."""
    media = rng.choice((dialect.media, dialect.media, *_POLL_MEDIA))
    path = dialect.base + one(rng, _POLLED)
    since = Parameter("query", one(rng, "since cursor t lastEventId sid offset"), Values("base62"))
    limit = Parameter("query", one(rng, "timeout wait EIO transport"), Values("small"), 0.8)
    nothing, failed = rng.choice((204, 304)), (0.03, 502, dialect.error_media, 150)
    waited = answers([(0.55, 200, media, 120), (0.3, nothing, "", 0), (0.12, 200, media, 2), failed])
    made = [api_operation(dialect, "long-poll", "GET", path, (since, limit), waited, weight=2 * size)]
    if rng.random() < 0.5:
        said = rng.choice((media, "text/html", "text/plain"))
        replies = answers([(0.98, 200, said, 2), (0.02, 400, dialect.error_media, 40)])
        sends = rng.choice(("text/plain;charset=UTF-8", "application/json"))
        made.append(
            api_operation(
                dialect, "long-poll", "POST", path, (since,), replies, request_media=sends, weight=size
            )
        )
    return made


_PARTS = ("application/offset+octet-stream", "application/octet-stream")


def uploads_in_parts(rng: Random, dialect: Dialect, _size: int) -> list[Operation]:
    """Resumable uploads (tus 1.0): parts by PATCH or PUT, empty answers, the state asked for with HEAD."""
    root, media = (
        dialect.base + one(rng, "/files /uploads /{n}/upload /resumable /multipart"),
        rng.choice(_PARTS),
    )
    key, begun = dialect.variable(rng, "upload"), rng.choice(("", "application/json"))
    steps = (
        ("POST", 201, begun, 1), ("PATCH", 204, media, 5), ("PUT", 308, media, 2), ("HEAD", 200, "", 1),
        ("DELETE", 204, "", 0.3),
    )  # fmt: skip
    made = []
    for method, status, sends, weight in steps:
        path, given = (root, ()) if method == "POST" else (f"{root}/{{{key.name}}}", (key,))
        replies = answers([(0.96, status, "", 0), (0.04, 409, dialect.error_media, 70)])
        made.append(
            api_operation(
                dialect, "upload-part", method, path, given, replies, request_media=sends, weight=weight
            )
        )
    return made


_RENDERED = ("text/html", "text/html; charset=utf-8", "text/plain", "image/png", "application/pdf")


def rendered(rng: Random, dialect: Dialect, size: int) -> list[Operation]:
    """Programs that have a document made: Markdown or templates turned into HTML, labels and charts into pictures."""
    made = []
    for noun in rng.sample(NOUNS, max(1, size // 3)):
        path = (
            f"{dialect.base}/{dialect.collection(noun)}/{one(rng, 'render preview convert html label print')}"
        )
        replies = dialect.outcomes(rng, "GET", 5000, rng.choice(_RENDERED))
        body, sends = dialect.body(rng, 4), "application/json"
        made.append(api_operation(dialect, "rendered", "POST", path, body, replies, request_media=sends))
    return made


def described(rng: Random, dialect: Dialect, size: int) -> list[Operation]:
    """OPTIONS that programs send to learn what a resource takes, answered with a description; no preflight."""
    key = dialect.variable(rng, rng.choice(NOUNS))
    path = f"{dialect.base}/{dialect.collection(rng.choice(NOUNS))}"
    told = answers([(0.95, 200, dialect.media, 700), (0.05, 405, dialect.error_media, 70)])
    asked = api_operation(dialect, "described", "OPTIONS", path, (), told, weight=size)
    of_one = api_operation(
        dialect, "described", "OPTIONS", f"{path}/{{{key.name}}}", (key,), told, weight=size
    )
    audience = (("server", 0.7), ("browser", 0.3))
    return [replace(asked, audience=audience), replace(of_one, audience=audience)]


EVENT_EXTRAS: tuple[tuple[Callable[[Random, Dialect, int], list[Operation]], float], ...] = (
    (query_calls, 0.15),
    (page_calls, 0.15),
    (suggestions, 0.15),
    (web_hooks, 0.2),
    (long_polls, 0.12),
    (uploads_in_parts, 0.06),
    (rendered, 0.06),
    (described, 0.08),
)
"""What many APIs have besides their main style, with the share of sites."""
