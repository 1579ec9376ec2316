"""What all values of a parameter begin with: `ord_` of order numbers, `urn:isbn:` of books."""

from __future__ import annotations

import re
from itertools import takewhile

from pipelines.schemas.statistics.counters import SEPARATORS, fixed_beginning

PREFIX_CHARACTERS = 16
"""Of a value that may be a prefix: longer ones are cut, which only makes what is written wider."""
_SYNTAX = re.compile(r"[\\^$.*+?()\[\]{}|]")
"""What is syntax in ECMA-262; escaping more than that is an error there (flag u)."""
_MASKED = re.compile(r"[+(]?0*9[09 ()+./-]*")
"""What a masked telephone or card number begins with (`masking.personal.shape`): every digit is a 9, by no intent."""


def shared_prefix(one: str, other: str) -> str:
    """The prefix that both have; commutative, associative and idempotent."""
    return "".join(
        mine for mine, _ in takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False))
    )


def constant_prefix(prefix: str | None) -> str:
    """The part of a shared prefix that is one by intent: up to its last separator, at least one character before it.

    What only time has kept still is none, nor is what follows it.
    """
    if prefix is None:
        return ""
    end = max(prefix.rfind(separator) for separator in SEPARATORS)
    kept = fixed_beginning(prefix[: end + 1])
    return kept if kept.strip(SEPARATORS) and not _MASKED.fullmatch(kept) else ""


def escape_for_pattern(prefix: str) -> str:
    """The prefix as it stands in a pattern of JSON Schema."""
    return _SYNTAX.sub(r"\\\g<0>", prefix)
