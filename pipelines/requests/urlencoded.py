"""Fields of query strings and URL-encoded bodies under the names that are learned.

Names may have brackets (`filter[name]`, `items[0][qty]`). An index is a place in an array, not a name: any index becomes `*`. A
date or an address in brackets is a key of a map: any key becomes `{}`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

from pipelines.http import value_patterns
from pipelines.http.text import form_decode
from pipelines.http.value_formats import MAX_CHARACTERS
from pipelines.requests.json_body import ITEM, MEMBER
from pipelines.requests.parameter_names import NAME_CACHE_SIZE, NAME_CHARACTERS, is_member_name, is_name

ANY_INDEX, ANY_KEY = f"[{ITEM}]", f"[{MEMBER}]"
_BRACKETS = re.compile(r"\[([^\[\]]*)\]")
_INDEX_CHARACTERS = 6
"""Most characters of an index; a longer number is an identifier, which is a key."""


@lru_cache(maxsize=NAME_CACHE_SIZE)
def parameter_name(text: str) -> str | None:
    """Returns the name under which a field is learned; None if the text is not a name."""
    cut = text[:NAME_CHARACTERS]
    head, bracket, _ = cut.partition("[")
    if not bracket or not head or not cut.endswith("]"):
        return cut if is_name(cut) else None
    placed = _BRACKETS.sub(lambda found: f"[{_bracket_token(found[1])}]", cut)
    whole = placed.replace(ANY_KEY, "")  # a name contains no braces
    return placed if is_name(head) and is_name(whole) else None


def _bracket_token(text: str) -> str:
    """Returns the token that stands for a text in brackets: an index, a name or a key."""
    if text.isdecimal() and text.isascii() and len(text) <= _INDEX_CHARACTERS:
        return ITEM
    return text if is_member_name(text) else MEMBER


MAX_PAIRS = 500
"""Most query parameters read of one request; the source saw endpoints with 50.

It bounds the work that one request can cause.
"""
MAX_ITEMS = 50
"""Most items read of one list in a value."""
_SPACE_OFFSET = re.compile(r"(T[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,9})?) ([0-9]{2}:[0-9]{2})(?=[,|]|\Z)")
"""A time and its offset whose "+" was sent unencoded and so became a space."""
_PIPED = re.compile(value_patterns.PIPED)
_SPACED = re.compile(value_patterns.SPACED)


Observation = tuple[str, str, str, str | None, bool]
"""A value in one request: location, name, value, JSON type, is_first.

The JSON type is None outside of JSON; is_first says whether it is the first value of its name in the request. A plain tuple:
there are millions, and a named tuple takes several times as long to make.
"""


def read_urlencoded(location: str, text: str) -> list[Observation]:
    """Reads the values of a query string or URL-encoded body, then the items of lists.

    Items are read of queries only, at location "item"; they are never the first of their name.

    Args:
        location: "query" or "form".
        text: The query string or body.
    """
    sent = split_pairs(text)
    found = observe_pairs(location, sent)
    if location == "query":
        found += [
            ("item", known, item[:MAX_CHARACTERS], None, False)
            for name, value in sent
            if ("," in value or "|" in value or " " in value) and (known := parameter_name(name))
            for item in split_items(value)
        ]
    return found


def split_pairs(text: str) -> list[tuple[str, str]]:
    """Splits into decoded names and values, as the URL standard (WHATWG) s. 5.1 does.

    Only the first `MAX_PAIRS` with a name are read. A pair without "=" has an empty value. Names are cut to `NAME_CHARACTERS`.
    The offset of a date-time whose "+" was not encoded gets it back.
    """
    is_escaped = "%" in text
    plain = text if is_escaped else text.replace("+", " ")
    split = [piece.partition("=") for piece in plain.split("&")]
    named = [(name, value) for name, _, value in split if name][:MAX_PAIRS]
    if is_escaped:
        named = [(form_decode(name), form_decode(value)) for name, value in named]
    return [(name[:NAME_CHARACTERS], restore_offset(value)) for name, value in named]


def restore_offset(value: str) -> str:
    """Restores the "+" of time offsets: `2026-11-27T00:00:00 02:00` → `…+02:00`.

    No other text has a time, a space and an offset. Items of a list are restored, too.
    """
    return _SPACE_OFFSET.sub(r"\1+\2", value) if " " in value and "T" in value else value


def observe_pairs(location: str, sent: Iterable[tuple[str, str]]) -> list[Observation]:
    """Turns names and values into observations; skips those without a valid name."""
    found: list[Observation] = []
    seen: set[str] = set()
    for name, value in sent:
        known = parameter_name(name)
        if known is not None:
            found.append((location, known, value[:MAX_CHARACTERS], None, known not in seen))
            seen.add(known)
    return found


def split_items(value: str) -> list[str]:
    """Splits a value that may be a list at commas, pipes or spaces.

    OpenAPI 3.1 s. 4.8.12.3 defines these styles. Any comma may separate; pipes and spaces only separate parts that are unlikely
    in free text (`value_patterns.PIPED`, `SPACED`).

    Returns:
        The items; empty if the value is not a list.
    """
    if "," in value:
        return value.split(",", MAX_ITEMS)[:MAX_ITEMS]
    if "|" in value and _PIPED.fullmatch(value):
        return value.split("|")
    return value.split(" ") if " " in value and _SPACED.fullmatch(value) else []
