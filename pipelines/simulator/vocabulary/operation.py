"""What a site declares: operations (API endpoints and other resources) and the answers they give.

One form for both classes, so that nothing but the declaration itself can tell them apart downstream.
"""

from __future__ import annotations

import re
from bisect import bisect
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import accumulate
from random import Random

from pipelines.simulator.vocabulary.values import Values

# How a browser requests it; decides `Accept` and `Sec-Fetch-*` (Fetch Metadata, W3C): see `clients.py`.
MODES = (
    "navigate",
    "iframe",
    "image",
    "script",
    "style",
    "font",
    "media",
    "manifest",
    "worker",
    "fetch",
    "xhr",
    "beacon",
)
_VARIABLE = re.compile(r"\{([^{}]+)\}")


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter: where it stands (path, query, body) and in which share of requests."""

    location: str
    name: str
    values: Values
    presence: float = 1.0


@dataclass(frozen=True, slots=True)
class Response:
    """One way of answering. `media`: content type as sent, "" = none; `size`: median bytes of the body."""

    status: int
    media: str
    size: int


@dataclass(frozen=True, slots=True)
class Responses:
    """Outcomes with cumulative weights."""

    choices: tuple[Response, ...]
    cumulative: tuple[float, ...]

    def draw(self, rng: Random) -> Response:
        """One outcome."""
        return self.choices[bisect(self.cumulative, rng.random() * self.cumulative[-1])]


def make_responses(weighted: Iterable[tuple[float, int, str, int]]) -> Responses:
    """`Answers` from (weight, status, media, size); weights need not sum to 1."""
    rows = [row for row in weighted if row[0] > 0]
    return Responses(tuple(Response(*row[1:]) for row in rows), tuple(accumulate(row[0] for row in rows)))


@dataclass(frozen=True, slots=True)
class Operation:
    """A declared method and path.

    Invariants: every `{name}` of `template` is one path parameter, in order. `audience` maps a class of
    clients to its share of the requests. `modes` are drawn from with equal weight by browsers.
    """

    kind: str
    is_api: bool
    method: str
    template: str
    parameters: tuple[Parameter, ...]
    responses: Responses
    modes: tuple[str, ...]
    audience: tuple[tuple[str, float], ...]
    weight: float
    request_media: str = ""
    cache_control: str = ""
    public: bool = False
    """Public API operations never carry a session header; cookies ride along all the same."""

    def variables(self) -> list[str]:
        """Names of the path variables in order."""
        return _VARIABLE.findall(self.template)

    def literals(self) -> list[str]:
        """The text between the variables: one more than there are variables."""
        return _VARIABLE.split(self.template)[::2]


def compile_path_pattern(template: str) -> re.Pattern[str]:
    """Matches the paths that a template renders to (RFC 6570 simple expansion: no "/" in a value)."""
    return re.compile("[^/]+".join(re.escape(part) for part in _VARIABLE.split(template)[::2]))
