"""Names with brackets in a query or form (`filter[name]`, `items[0][qty]`) → what is learned of them.

An index is a place in an array, not a name: any index is `*`. A date or an address in brackets is a key of a map: any is `{}`.
"""

from __future__ import annotations

import re
from functools import lru_cache

from pipelines.schemas.json_body import ITEM, MEMBER
from pipelines.schemas.names import KNOWN_NAMES, NAME_CHARACTERS, is_member_name, is_name

ANY_INDEX, ANY_KEY = f"[{ITEM}]", f"[{MEMBER}]"
_BRACKETS = re.compile(r"\[([^\[\]]*)\]")
_INDEX_CHARACTERS = 6
"""Of an index: a longer number is an identifier, which is a key."""


@lru_cache(maxsize=KNOWN_NAMES)
def parameter_name(text: str) -> str | None:
    """The name of a field as it is learned; None where a text is not a name."""
    cut = text[:NAME_CHARACTERS]
    head, bracket, _ = cut.partition("[")
    if not bracket or not head or not cut.endswith("]"):
        return cut if is_name(cut) else None
    placed = _BRACKETS.sub(lambda found: f"[{_inside(found[1])}]", cut)
    whole = placed.replace(ANY_KEY, "")  # braces are no characters of a name
    return placed if is_name(head) and is_name(whole) else None


def _inside(text: str) -> str:
    """What stands for a text in brackets."""
    if text.isdecimal() and text.isascii() and len(text) <= _INDEX_CHARACTERS:
        return ITEM
    return text if is_member_name(text) else MEMBER
