"""Calls of scripts to partners of a page: bids, audiences, settings.

They look like counters (short paths, long queries, identifiers, consent), but a script reads the answer.
"""

from __future__ import annotations

from dataclasses import replace
from random import Random

from pipelines.simulator.styles.api_styles import declare_operation
from pipelines.simulator.styles.partner_styles import draw_partner_query
from pipelines.simulator.vocabulary.api_conventions import ApiConventions
from pipelines.simulator.vocabulary.operation import Operation, Parameter, make_responses
from pipelines.simulator.vocabulary.web_conventions import make_query_parameters
from pipelines.simulator.vocabulary.words import draw_text

_PATHS = """/bid /bids /auction /hb /{n}/bid /{v}/bid /prebid /{v}/prebid /adreq /ads /ad /{v}/ad /openrtb2/auction
    /{d}/{n} /id /{v}/id /{n}/id /segments /audience /{n}/audience /geo /config /{n}/config /settings /rules
    /{w}/{n} /t/{n} /s /a /j /px/{n} /tag/{n} /{n}.json /{n} /ping /sync/config /{n}/{d}{d}{d}{d}/{w}"""
_READ = """format:format alt:format output:format callback:word size:word sz:word sizes:word-list url:url
    page:url ref:url d:object data:object placement:int tag_id:int zone:int"""
_MEDIA = (
    "application/json",
    "application/json",
    "application/json; charset=utf-8",
    "text/json",
    "text/plain",
)


def declare_partner_calls(rng: Random, conventions: ApiConventions, size: int) -> list[Operation]:
    """Declares calls by GET or POST, mostly answered in JSON.

    An empty response (204) means that there is no offer.
    """
    operations = []
    for _ in range(size):
        media = rng.choice((conventions.media, *_MEDIA))
        responses = make_responses(
            [
                (0.8, 200, media, rng.choice((2, 200, 300, 900, 6000))),
                (rng.choice((0.05, 0.18)), 204, "", 0),
                (0.02, 400, "", 0),
            ]
        )
        options = make_query_parameters(
            f"{draw_text(rng, _READ)} {draw_text(rng, 't:unix rnd:bigint cb:int z:small')}", 0.9
        )
        query = _unique((*options, *draw_partner_query(rng), *conventions.query(rng, 2)))
        posts = rng.random() < 0.4
        # Scripts send JSON as text, because other origins need no permission for it (WHATWG Fetch, section 4.9).
        sends = rng.choice(("text/plain", "text/plain;charset=UTF-8", "application/json")) if posts else ""
        given = (*(query[:3] if posts else query), *(conventions.body(rng) if posts else ()))
        call = declare_operation(
            conventions, "partner-call", "POST" if posts else "GET", draw_text(rng, _PATHS), given, responses,
            request_media=sends, weight=rng.random() + 0.2, public=True,
        )  # fmt: skip
        operations.append(
            replace(call, modes=(rng.choice(("fetch", "xhr")),), audience=(("browser", 0.97), ("app", 0.03)))
        )
    return operations


def _unique(parameters: tuple[Parameter, ...]) -> tuple[Parameter, ...]:
    return tuple({parameter.name: parameter for parameter in parameters}.values())
