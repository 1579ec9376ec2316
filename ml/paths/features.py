"""Features of a path's step, for deciding whether it is a variable.

They describe its text, its siblings and its subtree. `pipelines/paths/children.py` counts the features of context;
those of the text are computed here, for training and scoring alike. There is no lexicon: words and names look alike
in any language, and a lexicon added nothing measurable (docs/methods.md, 1.5). Value layer, numpy.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

from pipelines.http.segment_formats import VERSION_MONTH_OR_DAY, VERSION_NUMBERS

Floats = npt.NDArray[np.float32]

CONTEXT_FEATURES: Final = (
    "depth", "siblings", "alike", "masked_sibling", "typed_share", "digit_share", "mean_length", "length_deviation",
    "leaf_share", "is_leaf", "suffixes", "literal_suffixes", "shared_suffixes", "overlap", "most_overlap", "next_overlap",
    "later_overlap", "most_later_overlap", "places", "most_places", "variable_share",
    "value_overlap", "mean_calls", "own_calls", "singleton_share", "unseen_mass", "methods", "method_agreement",
    "method_split", "main_method_share",
)  # fmt: skip
"""The columns of `pipelines.paths.children.CONTEXT`, in this order."""

TEXT_FEATURES: Final = (
    "length", "digit_share_own", "digits", "upper_share", "vowel_share", "entropy", "switches", "numbers", "longest_number",
    "longest_consonants", "dashes", "underscores", "dots", "escapes", "signs", "value", "starts_with_digit", "ends_with_digit",
    "is_lower", "is_upper", "kind",
)  # fmt: skip
PATTERN_FEATURES: Final = {
    "is_integer": r"-?[0-9]+",
    "is_date": r"[0-9]{4}-?[01][0-9]-?[0-3][0-9].*",
    "is_hexadecimal": r"[0-9a-f]{6,}|[0-9A-F]{6,}",
    "is_version": rf"v?{VERSION_NUMBERS}|v[0-9]+(?:alpha|beta|rc)[0-9]*|{VERSION_MONTH_OR_DAY}",
    "is_locale": r"[a-z]{2}(?:[-_][A-Za-z]{2})?",
    "is_dotted_name": r"[A-Z][A-Za-z0-9]*(?:\.[A-Z][A-Za-z0-9]*)+",
    "has_extension": r".*\.[A-Za-z][A-Za-z0-9]{1,4}",
}
PARENT_FEATURES: Final = ("parent_length", "parent_is_plural", "parent_is_variable", "parent_is_version")
DERIVED_FEATURES: Final = ("log_siblings", "alike_share", "shared_share", "literal_share", "place_share")
FEATURES: Final = (*CONTEXT_FEATURES, *DERIVED_FEATURES, *TEXT_FEATURES, *PATTERN_FEATURES, *PARENT_FEATURES)

MAX_SIBLINGS: Final = 256
"""Larger counts are capped at this: nodes with many children are sampled (paths.max_children)."""
MAX_CHARACTERS: Final = 64
"""Number of characters of a text that are examined: no pattern needs more."""

_KINDS = {"/": 0, ".": 1, ":": 2}
_PATTERNS = {name: re.compile(pattern) for name, pattern in PATTERN_FEATURES.items()}
_DIGIT, _LOWER, _UPPER, _SIGN = 1, 2, 3, 4


def _classes() -> tuple[npt.NDArray[np.uint8], ...]:
    kinds = np.full(256, _SIGN, np.uint8)
    kinds[0] = 0
    kinds[48:58], kinds[97:123], kinds[65:91] = _DIGIT, _LOWER, _UPPER
    kinds[128:] = _LOWER  # letters of other scripts, in UTF-8
    vowels, consonants = np.zeros(256, np.uint8), np.zeros(256, np.uint8)
    letters = [c for c in range(256) if kinds[c] in (_LOWER, _UPPER)]
    for code in letters:
        target = vowels if chr(code).lower() in "aeiouy" else consonants
        target[code] = 1
    consonants[128:] = 0
    return kinds, vowels, consonants


_KIND, _VOWEL, _CONSONANT = _classes()


def build_matrix(steps: Sequence[str], prefixes: Sequence[str], place: Floats) -> Floats:
    """Builds the feature matrix of steps.

    Args:
        steps: Steps such as `/users`, n of them.
        prefixes: The path before each step.
        place: The columns `CONTEXT_FEATURES` of each step (n x 30).

    Returns:
        n x `FEATURES`, column-major.
    """
    named = {name: place[:, index] for index, name in enumerate(CONTEXT_FEATURES)}
    siblings, suffixes = np.maximum(named["siblings"], 1), np.maximum(named["suffixes"], 1)
    capped = np.minimum(siblings, MAX_SIBLINGS)
    derived = [
        np.log(capped), named["alike"] / siblings, named["shared_suffixes"] / suffixes, named["literal_suffixes"] / suffixes,
        named["places"] / np.maximum(named["most_places"], 1),
    ]  # fmt: skip
    texts = [step[1:] for step in steps]
    columns = [
        *np.minimum(place, MAX_SIBLINGS).T,
        *derived,
        *_text(texts),
        np.array([_KINDS.get(step[:1], 0) for step in steps]),
    ]
    columns += [np.array([bool(pattern.fullmatch(text)) for text in texts]) for pattern in _PATTERNS.values()]
    return np.asfortranarray(np.column_stack([*columns, *_parents(prefixes)]).astype(np.float32))


def _text(texts: Sequence[str]) -> list[npt.NDArray[np.generic]]:
    """Returns the columns `TEXT_FEATURES` except the last."""
    codes = _codes(texts)
    kinds = _KIND[codes]
    length = np.maximum((codes > 0).sum(1), 1)
    digits, upper, lower = ((kinds == kind).sum(1) for kind in (_DIGIT, _UPPER, _LOWER))
    numbers, longest = _runs(kinds == _DIGIT)
    _, consonants = _runs(_CONSONANT[codes] > 0)
    turns = (kinds[:, 1:] != kinds[:, :-1]) & (kinds[:, 1:] > 0)
    last = kinds[np.arange(len(texts)), length - 1]
    counts = {sign: (codes == ord(sign)).sum(1) for sign in "-_.%"}
    signs = (kinds == _SIGN).sum(1) - sum(counts.values())
    value = [int(text) if len(text) < 6 and text.isascii() and text.isdigit() else -1 for text in texts]
    return [
        length, digits / length, digits, upper / length, _VOWEL[codes].sum(1) / np.maximum(upper + lower, 1),
        _entropy(codes, length),
        turns.sum(1), numbers, longest, consonants, counts["-"], counts["_"], counts["."], counts["%"], signs,
        np.array(value), kinds[:, 0] == _DIGIT, last == _DIGIT, (lower > 0) & (upper == 0), (upper > 0) & (lower == 0),
    ]  # fmt: skip


def _codes(texts: Sequence[str]) -> npt.NDArray[np.uint8]:
    """Returns the UTF-8 bytes of texts, n x `MAX_CHARACTERS`, padded with zeros."""
    fixed = np.array(
        [text.encode("utf-8", "replace").replace(b"\0", b"%")[:MAX_CHARACTERS] for text in texts],
        f"S{MAX_CHARACTERS}",
    )
    return fixed.view(np.uint8).reshape(len(texts), MAX_CHARACTERS)


def _runs(marked: npt.NDArray[np.bool_]) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Returns the number of runs of True in each row, and the longest run's length."""
    starts = marked[:, 0] + (marked[:, 1:] & ~marked[:, :-1]).sum(1)
    running, longest = np.zeros(len(marked), np.int64), np.zeros(len(marked), np.int64)
    for column in marked.T:
        running = np.where(column, running + 1, 0)
        longest = np.maximum(longest, running)
    return starts, longest


def _entropy(codes: npt.NDArray[np.uint8], length: npt.NDArray[np.int64]) -> Floats:
    """Computes the Shannon entropy of the characters, in bits."""
    rows = len(codes)
    flat = np.bincount((np.arange(rows)[:, None] * 256 + codes).ravel(), minlength=rows * 256).reshape(
        rows, 256
    )[:, 1:]
    share = flat / length[:, None]
    return np.asarray(-(share * np.log2(np.where(share > 0, share, 1))).sum(1), np.float32)


def _parents(prefixes: Sequence[str]) -> list[npt.NDArray[np.generic]]:
    last = [prefix[prefix.rfind("/") + 1 :] for prefix in prefixes]
    version = _PATTERNS["is_version"]
    return [
        np.array([len(text) for text in last]),
        np.array([text.endswith("s") for text in last]),
        np.array(["{}" in text for text in last]),
        np.array([bool(version.fullmatch(text)) for text in last]),
    ]
