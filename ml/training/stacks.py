"""Groups of hosts that run the same software, by similarity of their traffic.

Hosts are compared by their methods and path shapes. WordPress, or one vendor's API, on many domains is one site to a
model: if its hosts were in both halves of a split, the model would be evaluated on data that it was trained on. Value
layer: sets of tokens in, numbers of groups out.
"""

from __future__ import annotations

import hashlib
import math
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from itertools import combinations
from typing import Final, Protocol

import numpy as np
import numpy.typing as npt

Hashes = npt.NDArray[np.uint64]

BAND_ROWS: Final = 4
"""Hashes in a band: dissimilar sites (0.1) meet in one of 72 bands with probability 0.7 %, so few pairs are compared."""
COMMON_PATHS: Final = frozenset(
    "/robots.txt /favicon.ico /sitemap.xml /index.html /index.php /apple-touch-icon.png /manifest.json "
    "/apple-touch-icon-precomposed.png /humans.txt /ads.txt /security.txt /browserconfig.xml /crossdomain.xml "
    "/site.webmanifest /sw.js /service-worker.js /health /healthz /ping /status /metrics /login /logout".split()
)
"""Paths that any site may have, regardless of its software."""
_MIX: Final = (np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB))
_STEP: Final = 0x9E3779B97F4A7C15


class StackOptions(Protocol):
    """The settings that grouping uses."""

    @property
    def similarity(self) -> float: ...  # noqa: D102  # described by the settings file
    @property
    def miss_rate(self) -> float: ...  # noqa: D102
    @property
    def min_shapes(self) -> int: ...  # noqa: D102


def group_by_stack(shapes: Mapping[str, Collection[str]], options: StackOptions) -> dict[str, int]:
    """Groups hosts whose tokens are similar.

    Two hosts are in one group if their distinctive tokens have a Jaccard similarity of at least `similarity`; a share
    of `miss_rate` of the pairs with exactly that similarity is missed. Similarity is transitive here (union-find), so
    that no host in one group resembles a host in another. Hosts with fewer than `min_shapes` distinctive tokens stay
    alone.

    Pairs are found by bands of MinHash signatures (Broder 1997; Leskovec, Rajaraman and Ullman 2014, s. 3.4) and then
    compared exactly. The result is the same on every machine and in every process.

    Args:
        shapes: Tokens of each host, such as "GET /wp-content/{}/{}".
        options: Settings of the grouping.

    Returns:
        The number of each host's stack, from 0 in the order of hosts.
    """
    hosts = sorted(shapes)
    distinctive = {
        host: frozenset(token for token in shapes[host] if is_distinctive(token)) for host in hosts
    }
    distinctive = {host: tokens for host, tokens in distinctive.items() if len(tokens) >= options.min_shapes}
    by_tokens: dict[frozenset[str], list[str]] = defaultdict(list)
    for host in distinctive:
        by_tokens[distinctive[host]].append(host)  # equal sets need no comparison
    sets = list(by_tokens)
    parent = list(range(len(sets)))
    for one, other in find_candidate_pairs(sets, count_bands(options.similarity, options.miss_rate)):
        roots = _root(parent, one), _root(parent, other)
        if roots[0] != roots[1] and compute_jaccard(sets[one], sets[other]) >= options.similarity:
            parent[max(roots)] = min(roots)
    root_of = {host: _root(parent, index) for index, like in enumerate(by_tokens.values()) for host in like}
    numbers: dict[int | str, int] = {}
    return {host: numbers.setdefault(root_of.get(host, host), len(numbers)) for host in hosts}


def is_distinctive(token: str) -> bool:
    """Returns whether a token "METHOD shape" is specific to some software.

    It is if a segment is a word and the path is not one that any site may have.
    """
    path = token.partition(" ")[2]
    words = [segment for segment in path.split("/") if segment not in ("", "{}", "**")]
    return bool(words) and path not in COMMON_PATHS and words[0] != ".well-known"


def compute_jaccard(one: frozenset[str], other: frozenset[str]) -> float:
    """Computes the Jaccard similarity of two sets; 0 if both are empty."""
    shared = len(one & other)
    return shared / max(len(one) + len(other) - shared, 1)


def count_bands(similarity: float, miss_rate: float, rows: int = BAND_ROWS) -> int:
    """Computes the smallest number of bands that misses few enough similar pairs.

    A pair of this similarity meets in none of them with a probability of at most `miss_rate`.
    """
    return 1 if similarity >= 1 else math.ceil(math.log(miss_rate) / math.log1p(-(similarity**rows)))


def meeting_probability(similarity: float, count: int, rows: int = BAND_ROWS) -> float:
    """Computes the probability that two sets meet in a band: 1 - (1 - s^r)^b.

    They meet if they agree in all `rows` hashes of at least one of `count` bands.
    """
    return float(1 - (1 - similarity**rows) ** count)


def find_candidate_pairs(sets: Sequence[Iterable[str]], count: int) -> Iterator[tuple[int, int]]:
    """Yields index pairs of non-empty sets that meet in at least one band.

    A pair may be yielded more than once.
    """
    if not sets:
        return
    signatures = np.stack([compute_signature(tokens, count * BAND_ROWS) for tokens in sets])
    for band in range(count):
        buckets: dict[bytes, list[int]] = defaultdict(list)
        for index, part in enumerate(signatures[:, band * BAND_ROWS : (band + 1) * BAND_ROWS]):
            buckets[part.tobytes()].append(index)
        for members in buckets.values():
            yield from combinations(members, 2)


def compute_signature(tokens: Iterable[str], size: int) -> Hashes:
    """Computes the MinHash signature: (size,) uint64.

    It has the smallest value of each of `size` hash functions over the tokens.

    A token is hashed once (BLAKE2b, so PYTHONHASHSEED has no effect); the functions are a bijective mix
    (Stafford's variant 13, as in SplitMix64) of that hash and a constant each.
    """
    digests = [hashlib.blake2b(token.encode(), digest_size=8).digest() for token in tokens]
    values = np.frombuffer(b"".join(digests), "<u8").astype(np.uint64)
    salts = np.array([(_STEP * (n + 1)) & 0xFFFFFFFFFFFFFFFF for n in range(size)], np.uint64)
    return np.asarray(_mixed(values[:, None] ^ _mixed(salts)[None, :]).min(axis=0), np.uint64)


def _mixed(values: Hashes) -> Hashes:
    values = (values ^ (values >> np.uint64(30))) * _MIX[0]
    values = (values ^ (values >> np.uint64(27))) * _MIX[1]
    return values ^ (values >> np.uint64(31))


def _root(parent: list[int], index: int) -> int:
    while parent[index] != index:
        parent[index] = parent[parent[index]]  # halving the path keeps trees flat
        index = parent[index]
    return index
