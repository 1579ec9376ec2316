"""The beginning that all values of a parameter share.

Examples: `ord_` of order numbers, `urn:isbn:` of books.
"""

from __future__ import annotations

import re
from itertools import takewhile

from pipelines.schemas.statistics.counters import SEPARATORS, fixed_beginning

PREFIX_CHARACTERS = 16
"""Most characters of a prefix; longer ones are cut, which only widens the schema."""
_SYNTAX = re.compile(r"[\\^$.*+?()\[\]{}|]")
"""Characters with a meaning in ECMA-262; escaping any other is an error (flag u)."""
_MASKED = re.compile(r"[+(]?0*9[09 ()+./-]*")
"""The beginning of a masked telephone or card number.

`masking.personal.shape` replaces every digit by 9, so nobody intended this beginning.
"""


def shared_prefix(one: str, other: str) -> str:
    """Returns the common prefix of two texts; commutative, associative and idempotent."""
    return "".join(
        mine for mine, _ in takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False))
    )


def constant_prefix(prefix: str | None) -> str:
    """Returns the part of a shared prefix that is intended to be constant.

    It ends with the last separator and has at least one other character before. A part that may change with time does not belong
    to it, nor does anything after such a part.
    """
    if prefix is None:
        return ""
    end = max(prefix.rfind(separator) for separator in SEPARATORS)
    kept = fixed_beginning(prefix[: end + 1])
    return kept if kept.strip(SEPARATORS) and not _MASKED.fullmatch(kept) else ""


def escape_for_pattern(prefix: str) -> str:
    """Escapes a prefix for a pattern of JSON Schema."""
    return _SYNTAX.sub(r"\\\g<0>", prefix)
