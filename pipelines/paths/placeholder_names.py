"""Names of placeholders, from the literal before each.

`/users/{}/orders/{}` → `/users/{userId}/orders/{orderId}`.
"""

from __future__ import annotations

import re
from itertools import count

from pipelines.http.segment_formats import LITERAL, PLACEHOLDER

NAME_CHARACTERS = 40
IRREGULAR = {
    "people": "person",
    "children": "child",
    "data": "data",
    "series": "series",
    "status": "status",
    "news": "news",
}
UNINFORMATIVE = {"api", "rest", "rpc", "by", "id", "v", "web", "public", "internal"}


def name_placeholders(shape: str) -> str:
    """Names the `{}` placeholders of a path, stably and uniquely within the path.

    A part of a segment (`{}.json`) is named like a whole one. Text outside placeholders stays as it is.
    """
    out: list[str] = []
    taken: set[str] = set()
    before = ""
    for segment in shape.split("/"):
        if PLACEHOLDER not in segment:
            before = segment if segment and not re.fullmatch(LITERAL, segment) else before
            out.append(segment)
            continue
        named_segment = segment
        while PLACEHOLDER in named_segment:
            name = _unique(derive_name(before), taken)
            named_segment = named_segment.replace(PLACEHOLDER, f"{{{name}}}", 1)
        out.append(named_segment)
    return "/".join(out)


def derive_name(literal: str) -> str:
    """Derives a name: `user-groups` → `userGroupId`; `id` for generic literals."""
    words = [word for word in re.split(r"[^A-Za-z0-9]+|(?<=[a-z0-9])(?=[A-Z])", literal) if word]
    if not words or "".join(words).lower() in UNINFORMATIVE or not words[0][0].isalpha():
        return "id"
    words[-1] = singularise(words[-1])
    first, *rest = (word.lower() for word in words)
    return (first + "".join(word.capitalize() for word in rest))[:NAME_CHARACTERS] + "Id"


def singularise(word: str) -> str:
    """Returns the singular of a regular English plural, or the word itself."""
    lower = word.lower()
    if lower in IRREGULAR:
        return IRREGULAR[lower]
    for ending, instead in (
        ("ies", "y"),
        ("sses", "ss"),
        ("shes", "sh"),
        ("ches", "ch"),
        ("xes", "x"),
        ("ses", "se"),
    ):
        if lower.endswith(ending) and len(lower) > len(ending) + 1:
            return word[: -len(ending)] + instead
    return (
        word[:-1]
        if lower.endswith("s") and not lower.endswith(("ss", "us", "is")) and len(word) > 2
        else word
    )


def _unique(name: str, taken: set[str]) -> str:
    chosen = next(
        candidate
        for candidate in (name if n == 1 else f"{name}{n}" for n in count(1))
        if candidate not in taken
    )
    taken.add(chosen)
    return chosen
