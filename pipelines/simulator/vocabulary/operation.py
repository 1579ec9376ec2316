"""Declared operations of a site (API or other resources), and their responses.

Both have the same type, so that only `is_api` distinguishes them downstream.
"""

from __future__ import annotations

import re
from bisect import bisect
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import accumulate
from random import Random

from pipelines.simulator.vocabulary.values import Values

# Request modes of a browser; they decide `Accept` and `Sec-Fetch-*` (Fetch Metadata, W3C): see `clients.py`.
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
    """One parameter.

    `location`: path, query or body · `presence`: share of requests that have it.
    """

    location: str
    name: str
    values: Values
    presence: float = 1.0


@dataclass(frozen=True, slots=True)
class Response:
    """A possible response.

    `media`: content type as sent, "" = none · `size`: median bytes of the body.
    """

    status: int
    media: str
    size: int


@dataclass(frozen=True, slots=True)
class Responses:
    """Possible responses with cumulative weights."""

    choices: tuple[Response, ...]
    cumulative: tuple[float, ...]

    def draw(self, rng: Random) -> Response:
        """Draws one response."""
        return self.choices[bisect(self.cumulative, rng.random() * self.cumulative[-1])]


def make_responses(weighted: Iterable[tuple[float, int, str, int]]) -> Responses:
    """Returns `Responses` of (weight, status, media, size); weights need not sum to 1."""
    rows = [row for row in weighted if row[0] > 0]
    return Responses(tuple(Response(*row[1:]) for row in rows), tuple(accumulate(row[0] for row in rows)))


@dataclass(frozen=True, slots=True)
class Operation:
    """A declared method and path.

    Invariants: every `{name}` of `template` is one path parameter, in order. `audience` maps a class of
    clients to its share of the requests. Browsers draw from `modes` with equal weights.
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
    """Public API operations never have a session header, but cookies are sent with them as usual."""

    def variables(self) -> list[str]:
        """Returns the names of the path variables in order."""
        return _VARIABLE.findall(self.template)

    def literals(self) -> list[str]:
        """Returns the texts between the variables: one more than there are variables."""
        return _VARIABLE.split(self.template)[::2]


def compile_path_pattern(template: str) -> re.Pattern[str]:
    """Compiles a pattern for the paths that a template renders to.

    RFC 6570 simple expansion: no "/" in a value.
    """
    return re.compile("[^/]+".join(re.escape(part) for part in _VARIABLE.split(template)[::2]))
