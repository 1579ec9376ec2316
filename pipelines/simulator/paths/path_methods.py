"""Methods of simulated API paths, in the shares of public API descriptions.

Measured on 271 public documents (5,799 paths with their methods; counts only): 31 % of them have GET alone and 4 % POST
alone; the shares of the sets of methods in the others are below.
"""

from __future__ import annotations

import re
from random import Random

Methods = tuple[str, ...]

_ITEM: tuple[tuple[Methods, float], ...] = (
    (("GET",), 40), (("DELETE", "GET", "PUT"), 14), (("DELETE", "GET"), 8), (("POST",), 5), (("DELETE",), 5),
    (("GET", "POST"), 5), (("DELETE", "GET", "PATCH", "PUT"), 4), (("DELETE", "GET", "PATCH"), 4), (("GET", "PUT"), 3),
    (("PUT",), 2), (("GET", "PATCH"), 2), (("DELETE", "PUT"), 2), (("PATCH",), 1), (("DELETE", "GET", "POST"), 2),
)  # fmt: skip
_BELOW: tuple[tuple[Methods, float], ...] = (
    (("GET",), 45), (("POST",), 26), (("GET", "POST"), 13), (("PUT",), 4), (("DELETE", "GET", "PUT"), 3), (("GET", "PUT"), 2),
    (("DELETE", "GET", "PATCH", "PUT"), 2), (("GET", "PATCH"), 1), (("DELETE", "GET", "POST"), 1), (("DELETE",), 2),
)  # fmt: skip
_LITERAL: tuple[tuple[Methods, float], ...] = (
    (("GET",), 48), (("POST",), 33), (("GET", "POST"), 14), (("GET", "PUT"), 1), (("DELETE", "GET", "POST"), 1), (("PUT",), 1),
    (("DELETE",), 1),
)  # fmt: skip
VERBS = {
    "get": "GET", "list": "GET", "find": "GET", "search": "GET", "create": "POST", "add": "POST", "apply": "POST",
    "cancel": "POST", "update": "PUT", "set": "PUT", "delete": "DELETE", "remove": "DELETE",
}  # fmt: skip
_VERB = re.compile(f"({'|'.join(VERBS)})(?![a-z])", re.IGNORECASE)
STYLES = (("mixed", 65), ("GET", 31), ("POST", 4))


def draw_style(rng: Random) -> str:
    """Draws whether an API has one method for everything, or several."""
    return rng.choices([style for style, _ in STYLES], [weight for _, weight in STYLES])[0]


def draw_methods(rng: Random, style: str, last: str, is_variable: bool, is_below_variable: bool) -> Methods:
    """Draws the methods of a template from its last segment.

    A verb has the method that it says.
    """
    if style != "mixed":
        return (style,)
    verb = _VERB.match(last)
    if verb is not None and not is_variable:
        return (VERBS[verb[1].lower()] if rng.random() < 0.8 else "POST",)
    table = _ITEM if is_variable else _BELOW if is_below_variable else _LITERAL
    return rng.choices([methods for methods, _ in table], [weight for _, weight in table])[0]
