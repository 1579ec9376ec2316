"""How many different things there are, as a mergeable value: exact while few, an estimate beyond.

The value layer keeps the k smallest hashes (KMV: Bar-Yossef et al., "Counting distinct elements in a data
stream", 2002). Spark keeps a HyperLogLog sketch instead (an eighth of the bytes); both are exact for the
small sets that tests compare.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from heapq import nsmallest

CAPACITY = 256
"""Hashes kept: the standard error of the estimate is 1 / sqrt(CAPACITY - 2), about 6 % (Bar-Yossef; Beyer et
al. 2007).
"""
HASH_SPACE = 2**64


@dataclass(frozen=True, slots=True)
class Distinct:
    """A set of texts, known by its `CAPACITY` smallest 64-bit hashes.

    Merging is exact, commutative, associative and idempotent: the smallest hashes of a union are among the
    smallest of its parts. No chance is involved, so that reruns agree.
    """

    hashes: frozenset[int] = frozenset()

    def __add__(self, other: Distinct) -> Distinct:
        union = self.hashes | other.hashes
        return Distinct(frozenset(nsmallest(CAPACITY, union)) if len(union) > CAPACITY else union)

    def estimate(self) -> int:
        """Number of different texts: exact below `CAPACITY`, else from the density of the smallest hashes."""
        if len(self.hashes) < CAPACITY:
            return len(self.hashes)
        return round((CAPACITY - 1) * HASH_SPACE / max(self.hashes))


NONE = Distinct()


def one(text: str) -> Distinct:
    """The set that holds `text` only."""
    digest = hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return Distinct(frozenset({int.from_bytes(digest, "big")}))
