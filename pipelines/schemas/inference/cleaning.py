"""Leaves contamination out of a parameter's evidence before anything is inferred.

Whatever is inferred later (types, bounds, patterns, enums) sees evidence without it; docs/methods.md, 2.5.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import reduce

from pipelines.http.value_formats import (
    EMPTY_KINDS,
    LIST,
    NUMBER_KINDS,
    PIPED,
    SPACED,
    SUSPICIOUS,
    TEXT,
    UNFORMATTED_KINDS,
)
from pipelines.http.value_patterns import BITS, classes_of
from pipelines.runtime.settings_sections import SchemaSettings
from pipelines.schemas.inference.constraints import NAME_CLASSES, possible_classes
from pipelines.schemas.inference.contamination import (
    MAX_SHARE,
    NO_VALUES,
    is_contamination,
    most_contamination,
)
from pipelines.schemas.inference.tail_bounds import MIN_MAX_LENGTH, raised_tail_index
from pipelines.schemas.statistics.evidence import SIZED_KINDS, CharacterClassCounts, Evidence, KindEvidence
from pipelines.schemas.statistics.prefix import PREFIX_CHARACTERS, shared_prefix
from pipelines.schemas.statistics.value_counts import (
    DIGEST_CHARACTERS,
    DistinctValues,
    ExtremeValues,
    ValueCount,
    digest,
    is_shortened,
)

GENUINE_HOSTILE, GENUINE_WORD, GENUINE_CHARACTER, GENUINE_FAR = 0.1, 0.5, 0.75, 0.5
"""Prior probabilities (0-1) that rare values belong to a parameter (`contamination.is_contamination`).

One in ten, as 1 - `confidence.PURE_UNION`: text with dangerous characters, among formats with any but those of names, and with
others than a small set has. One in two: words among formats (`me`, `latest`) and sizes far beyond the others. Three in four: rare
punctuation, spaces or letters beyond ASCII in other text.
"""
NUMBER_TAIL, LENGTH_TAIL = 0.5, 0.3
"""Least tail indexes that are assumed of numbers and of lengths of texts."""
GAP_RISK = 1e-3
"""Probability with which an honest largest value is taken for being too far from the next."""
SET_REPEATS = 5
"""Times that words of a small set occur on average, at least."""
_CLASS_OF_LIST = {SUSPICIOUS: "dangerous", PIPED: "dangerous", LIST: "punctuation", SPACED: "space"}
"""Class of characters that every value of a kind of text has."""
Key = tuple[float, str]
"""(size, digest) of an extreme value."""


def without_contamination(evidence: Evidence, share: float, settings: SchemaSettings) -> Evidence:
    """Returns the evidence of a parameter without rare values that are contamination.

    Nothing is left out where too few clients send the parameter to tell an attacker from a user.

    Args:
        evidence: All values.
        share: Expected share of contaminating values (`contamination.Exposure.share`).
        settings: Thresholds.
    """
    if evidence.clients <= settings.min_union_clients:
        return evidence
    absent = tuple(kind for kind in evidence.kinds if kind.kind in EMPTY_KINDS)
    kinds = tuple(kind for kind in evidence.kinds if kind.kind not in EMPTY_KINDS)
    n = sum(kind.n for kind in kinds)
    if n < settings.length_observations:
        return evidence

    def is_alien(k: int, genuine: float) -> bool:
        return is_contamination(k, n, share, genuine)

    texts = sum(kind.n for kind in kinds if kind.kind in UNFORMATTED_KINDS)
    clean = _without_texts if texts <= most_contamination(n) else _without_characters
    for step in (clean, _without_far_numbers, _without_far_lengths):
        kinds = step(kinds, is_alien)
    left = sum(kind.n for kind in kinds)
    ordered = tuple(sorted((*absent, *kinds), key=lambda kind: kind.kind))
    return replace(
        evidence, n=evidence.n - (n - left), requests=evidence.requests - (n - left), kinds=ordered
    )


Kinds = tuple[KindEvidence, ...]
IsAlien = Callable[[int, float], bool]
"""(number of values, prior probability that they are genuine) → whether to leave them out."""


def _without_texts(kinds: Kinds, is_alien: IsAlien) -> Kinds:
    """Leaves out text among formats: first what is no word, then words."""
    found = tuple(one for kind in kinds if (one := _words_only(kind)) is not None)
    odd = sum(kind.n for kind in kinds) - sum(kind.n for kind in found)
    if not is_alien(odd, GENUINE_HOSTILE):
        return kinds if odd else _without_words(kinds, is_alien)
    return _without_words(found, is_alien)


def _without_words(kinds: Kinds, is_alien: IsAlien) -> Kinds:
    words = sum(kind.n for kind in kinds if kind.kind in UNFORMATTED_KINDS)
    if not is_alien(words, GENUINE_WORD):
        return kinds
    return tuple(kind for kind in kinds if kind.kind not in UNFORMATTED_KINDS)


def _words_only(kind: KindEvidence) -> KindEvidence | None:
    if kind.kind not in UNFORMATTED_KINDS:
        return kind
    if kind.kind != TEXT:
        return None
    return keep_values(kind, _is_word, ~NAME_CLASSES)


def _is_word(text: str) -> bool:
    return (
        len(text) < MIN_MAX_LENGTH and not classes_of(text) & ~NAME_CLASSES and text.lower() not in NO_VALUES
    )


def _without_characters(kinds: Kinds, is_alien: IsAlien) -> Kinds:
    """Leaves out text and formats with characters that hardly any other value has."""
    usual = GENUINE_HOSTILE if _is_small_set(kinds) else GENUINE_CHARACTER
    wide = [kind for kind in kinds if kind.kind not in UNFORMATTED_KINDS and _is_wide(kind)]
    if is_alien(sum(kind.n for kind in wide), usual):
        kinds = tuple(kind for kind in kinds if kind not in wide)
    for name in ("dangerous", "other", "space", "punctuation"):
        genuine = GENUINE_HOSTILE if name == "dangerous" else usual
        holding = sum(kind.classes.counts_of(name) for kind in kinds if kind.kind in UNFORMATTED_KINDS)
        if is_alien(holding, genuine):
            kinds = _without_class(kinds, name)
    return kinds


def _is_wide(kind: KindEvidence) -> bool:
    """Returns whether values of a format may have characters that names do not have."""
    classes = possible_classes(kind)
    return classes is None or bool(classes & ~NAME_CLASSES)


def _is_small_set(kinds: Kinds) -> bool:
    """Returns whether words repeat so often that a further one is a surprise.

    Hardly any word was seen once: by Good and Turing, the share of words seen once estimates that of words not seen yet.
    """
    text = next((one for kind in kinds if kind.kind == TEXT and (one := _words_only(kind)) is not None), None)
    counts = text.common.counts if text is not None else None
    if text is None or not counts:
        return False
    return (
        sum(one.n == 1 for one in counts.values()) <= MAX_SHARE * text.n
        and SET_REPEATS * len(counts) <= text.n
    )


def _without_class(kinds: Kinds, name: str) -> Kinds:
    bit = BITS[name]
    found = []
    for kind in kinds:
        if _CLASS_OF_LIST.get(kind.kind) == name:
            continue
        one = (
            keep_values(kind, lambda text: not classes_of(text) & bit, bit)
            if kind.kind in UNFORMATTED_KINDS
            else kind
        )
        if one is not None:
            found.append(one)
    return tuple(found)


def keep_values(kind: KindEvidence, keep: Callable[[str], bool], without: int) -> KindEvidence | None:
    """Returns the evidence of those values of a kind of text that `keep` accepts.

    Where its values are not kept any more, those with characters of the classes `without` are left out: as many as have the class
    that most have. None if nothing remains.
    """
    counts = kind.common.counts
    if counts is None:
        most = max(n for bit, n in zip(BITS.values(), kind.classes.counts, strict=True) if bit & without)
        kept = tuple(
            0 if bit & without else n for bit, n in zip(BITS.values(), kind.classes.counts, strict=True)
        )
        n = kind.n - most
        return replace(kind, n=n, classes=CharacterClassCounts(kept)) if n > 0 else None
    alien = {text for text in counts if not keep(_readable(text))}
    return _without_values(kind, alien) if alien else kind


def _without_values(kind: KindEvidence, alien: set[str]) -> KindEvidence | None:
    counts = {text: one for text, one in (kind.common.counts or {}).items() if text not in alien}
    n = sum(one.n for one in counts.values())
    if not n:
        return None
    bits = reduce(lambda known, one: known | one.clients, counts.values(), 0)
    gone = {_digest_of(text) for text in alien}
    prefixes = [text[:PREFIX_CHARACTERS] for text in counts]
    return replace(
        kind,
        n=n,
        clients=min(kind.clients, n if 2 * n >= kind.n else bits.bit_count()),
        distinct=len(counts),
        classes=_count_classes(counts),
        common=DistinctValues(counts),
        highest=_without_entries(kind.highest, lambda key: key[1] in gone),
        prefix=None if kind.prefix is None else reduce(shared_prefix, prefixes),
    )


def _count_classes(counts: Mapping[str, ValueCount]) -> CharacterClassCounts:
    held = [(classes_of(_readable(text)), one.n) for text, one in counts.items()]
    return CharacterClassCounts(
        tuple(sum(n for classes, n in held if classes & bit) for bit in BITS.values())
    )


def _readable(text: str) -> str:
    """Returns what is known of a kept value, padded to its least length if it was cut."""
    if not is_shortened(text):
        return text
    return text[: -DIGEST_CHARACTERS - 1].ljust(MIN_MAX_LENGTH + 1, text[0])


def _digest_of(text: str) -> str:
    return text[-DIGEST_CHARACTERS:] if is_shortened(text) else digest(text)


def _without_entries(sizes: ExtremeValues, is_gone: Callable[[Key], bool]) -> ExtremeValues:
    return ExtremeValues(sizes.largest, {key: one for key, one in sizes.counts.items() if not is_gone(key)})


def _without_far_numbers(kinds: Kinds, is_alien: IsAlien) -> Kinds:
    numbers = [kind for kind in kinds if kind.kind in NUMBER_KINDS]
    if not numbers:
        return kinds
    high = _sorted_sizes((kind.highest for kind in numbers), 1.0)
    far = far_sizes(high, NUMBER_TAIL, is_alien)
    top = next((key[0] for key, _ in high if key not in far), 0.0)
    low = [(key, n) for key, n in _sorted_sizes((kind.lowest for kind in numbers), -1.0) if key[0] < 0]
    far |= far_sizes([*low, ((-max(top, 1.0), ""), 0)], NUMBER_TAIL, is_alien) if low else set()
    return _without_keys(kinds, NUMBER_KINDS, far)


def _without_far_lengths(kinds: Kinds, is_alien: IsAlien) -> Kinds:
    texts = [kind for kind in kinds if kind.kind in SIZED_KINDS]
    longest = _sorted_sizes((kind.highest for kind in texts), 1.0)
    return _without_keys(kinds, SIZED_KINDS, far_sizes(longest, LENGTH_TAIL, is_alien))


def _sorted_sizes(parts: Iterable[ExtremeValues], sign: float) -> list[tuple[Key, int]]:
    merged = [(key, one.n) for part in parts for key, one in part.counts.items()]
    return sorted(merged, key=lambda entry: (-sign * entry[0][0], entry[0][1]))


def far_sizes(ordered: Sequence[tuple[Key, int]], least_tail: float, is_alien: IsAlien) -> set[Key]:
    """Returns the sizes that lie too far beyond the next for the tail of the others.

    Of a Pareto tail with index ξ, the largest of a sample exceeds the next by a factor of more than r with probability r^(-1/ξ)
    (Rényi's representation of order statistics). ξ is Hill's estimate from the sizes below, each different one counted once,
    raised by one standard error.

    Args:
        ordered: (size, digest) and number of values, the most extreme first; all of one sign.
        least_tail: Least ξ that is assumed.
        is_alien: Whether so many values can be contamination.
    """
    sizes = [abs(key[0]) for key, _ in ordered]
    beyond, cut = 0, 0
    for place in range(len(sizes) - 1):
        beyond += ordered[place][1]
        if not is_alien(beyond, GENUINE_FAR):
            break
        ratio = sizes[place] / max(sizes[place + 1], 1.0)
        if ratio > 1 and ratio ** (-1 / _tail_index(sizes[place + 1 :], least_tail)) < GAP_RISK:
            cut = place + 1
    return {key for key, _ in ordered[:cut]}


def _tail_index(sizes: Sequence[float], least: float) -> float:
    different = sorted({max(size, 1.0) for size in sizes}, reverse=True)
    m = len(different) - 1
    if m < 1:
        return least
    return max(raised_tail_index(different, m), least)


def _without_keys(kinds: Kinds, of: Sequence[str], far: set[Key]) -> Kinds:
    if not far:
        return kinds
    found = []
    for kind in kinds:
        gone = {
            key: one.n for key, one in {**kind.lowest.counts, **kind.highest.counts}.items() if key in far
        }
        if kind.kind not in of or not gone:
            found.append(kind)
        elif kind.n > sum(gone.values()):
            found.append(_without_sizes(kind, gone))
    return tuple(found)


def _without_sizes(kind: KindEvidence, gone: Mapping[Key, int]) -> KindEvidence:
    digests = {key[1] for key in gone}
    counts = kind.common.counts
    common = {text: one for text, one in (counts or {}).items() if _digest_of(text) not in digests}
    highest, lowest = (_without_entries(part, gone.__contains__) for part in (kind.highest, kind.lowest))
    return replace(
        kind,
        n=kind.n - sum(gone.values()),
        distinct=max(kind.distinct - len(gone), 1),
        common=kind.common if counts is None else DistinctValues(common),
        highest=highest,
        lowest=lowest,
        low=_nearest(kind.low, lowest),
        high=_nearest(kind.high, highest),
    )


def _nearest(known: int | None, kept: ExtremeValues) -> int | None:
    """Returns the exact extreme integer of what is kept."""
    if known is None or not kept.counts:
        return known
    size = (max if kept.largest else min)(key[0] for key in kept.counts)
    return known if size == float(known) else int(size)
