"""Properties of the texts of steps, worked out once per distinct text.

Value layer, numpy.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from pipelines.http.segment_formats import (
    DEEPER,
    LITERAL,
    PLACEHOLDER,
    VARIABLE,
    VARIABLE_STEP,
    VERSION_DAY,
    compile_pattern,
)
from pipelines.http.segment_formats import (
    VERSION as VERSION_SEGMENT,
)
from pipelines.paths.forest import Flags, Integers

LONGEST = 4096
"""Characters of a step that are examined."""
SKELETON_CHARACTERS = 12
VERSION = (
    rf"^/(?:{VERSION_SEGMENT}(?:(?:alpha|beta|rc)[0-9]{{0,3}})?|[0-9]{{1,2}}(?:\.[0-9]{{1,2}}){{1,2}}"
    rf"|{VERSION_DAY})$"
)
DOTTED_NAME = r"^/[A-Z][A-Za-z0-9]*(?:\.[A-Z][A-Za-z0-9]*)+$"
"""`Name.Space`: names of modules and providers, which are literals (docs/methods.md, 1.5)."""

_VARIABLE, _LITERAL, _VERSION, _DOTTED_NAME = map(compile_pattern, (VARIABLE, LITERAL, VERSION, DOTTED_NAME))
_DIGIT = re.compile("[0-9]")
_HEAD = re.compile("[/.:][^/.:]*")


@dataclass(frozen=True, slots=True)
class StepTexts:
    """Arrays over the texts of a vocabulary.

    `length`: characters after the first · `is_typed`: looks like an identifier · `is_segment`: not a part of one ·
    `is_ending`: an extension or a custom method, `is_method`: the latter · `is_part`: decided by its text alone, without the
    classifier · `skeleton`, `head`, `tail`: numbers of texts, `tail` 0 where nothing follows the head · `variable`: the number of
    `/{}`.
    """

    length: Integers
    is_typed: Flags
    has_digits: Flags
    is_segment: Flags
    is_masked: Flags
    is_part: Flags
    is_ending: Flags
    is_method: Flags
    is_version: Flags
    is_dotted_name: Flags
    skeleton: Integers
    head: Integers
    is_literal_head: Flags
    tail: Integers
    variable: int


def describe_texts(vocabulary: Sequence[str]) -> StepTexts:
    """Describes every text of a vocabulary."""
    heads = [_head(step) for step in vocabulary]
    tails = [step[len(head) :] for step, head in zip(vocabulary, heads, strict=True)]
    segment = _flags(step.startswith("/") for step in vocabulary)
    masked = _flags(PLACEHOLDER in step for step in vocabulary)
    return StepTexts(
        length=np.array([len(step) - 1 for step in vocabulary], np.int64),
        is_typed=_flags(has_identifier_form(step[1 : LONGEST + 1]) for step in vocabulary),
        has_digits=_flags(_DIGIT.search(step) for step in vocabulary),
        is_segment=segment,
        is_masked=masked,
        is_part=masked | ~segment | _flags(step == DEEPER for step in vocabulary),
        is_ending=_flags(step.startswith((".", ":")) for step in vocabulary),
        is_method=_flags(step.startswith(":") for step in vocabulary),
        is_version=_flags(_VERSION.search(step) for step in vocabulary),
        is_dotted_name=_flags(_DOTTED_NAME.search(step) for step in vocabulary),
        skeleton=_numbers([skeleton(step[1 : LONGEST + 1]) for step in vocabulary]),
        head=_numbers(heads),
        is_literal_head=_flags(head not in ("", VARIABLE_STEP) for head in heads),
        tail=_numbers(["", *tails])[1:],
        variable=vocabulary.index(VARIABLE_STEP),
    )


def has_identifier_form(segment: str) -> bool:
    """Whether a segment looks like an identifier and is not a version.

    `pipelines.paths.spark.steps.has_identifier_form` does the same for columns.
    """
    return bool(_VARIABLE.search(segment)) and not _LITERAL.search(segment)


def skeleton(text: str) -> str:
    """Reduces a text to its kinds of characters: `2x-Blue_widget` → `9w-w_w`.

    Numbers become 9, words become w, signs stay.
    """
    numbers = re.sub("[0-9]+", "9", text)
    words = re.sub("A?[a-z]+", "w", re.sub("[A-Z]+", "A", numbers))
    return re.sub("w+", "w", words)[:SKELETON_CHARACTERS]


def _head(step: str) -> str:
    head = _HEAD.match(step)
    return head.group() if head else ""


def _flags(values: Iterable[object]) -> Flags:
    return np.fromiter(map(bool, values), bool)


def _numbers(texts: Sequence[str]) -> Integers:
    """Numbers texts by first appearance."""
    return np.asarray(pa.array(texts, pa.string()).dictionary_encode().indices.to_numpy(), np.int64)
