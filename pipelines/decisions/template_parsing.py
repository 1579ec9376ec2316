"""Templates as the pipeline sees paths: shape, steps, and what is masked before anybody decides. Value layer.

`pipelines/paths/spark/steps.py` does the same to columns; tests/spark/test_decisions.py holds the two together.
"""

from __future__ import annotations

import re

from pipelines.http.segment_formats import MASKS, PLACEHOLDER, SUFFIX_START, VARIABLE_STEP

PLACEHOLDER_PATTERN = r"\{[^{}/]*\}"
"""A placeholder with or without a name, in Python's `re` and in java.util.regex alike."""

_SAMPLES = ("2024-05-31", "5")
"""Parts of a segment that masking takes for a variable: a date after a word, a key in parentheses."""


def derive_shape(template: str) -> str:
    """`/users/{userId}` → `/users/{}`."""
    return re.sub(PLACEHOLDER_PATTERN, PLACEHOLDER, template)


def list_placeholders(template: str) -> tuple[str, ...]:
    """`/users/{userId}/orders/{}` → `("userId", "")`."""
    return tuple(text[1:-1] for text in re.findall(PLACEHOLDER_PATTERN, template))


def mask_path(path: str) -> str:
    """`/users/73519` → `/users/{}`: what is a variable wherever it stands is one before any decision is applied."""
    for pattern, replacement in MASKS:
        path = re.sub(pattern, replacement, path)
    return path


def split_steps(path_shape: str) -> tuple[str, ...]:
    """A shape → its steps, whose texts joined are the shape: `/files/{}.json` → `/files`, `/{}`, `.json`."""
    return tuple(step for step in re.split(f"(?=/)|{SUFFIX_START}", path_shape) if step)


def find_unreachable_step(path_shape: str) -> str | None:
    """The first step that no path is ever written as (`/{}-{}`), None for a shape that traffic may have.

    A part of a segment becomes a variable by its own form only, so another part would make a decision that never applies.
    """
    for step in split_steps(path_shape):
        if PLACEHOLDER in step and step != VARIABLE_STEP:
            values = (mask_path(step.replace(PLACEHOLDER, sample)) for sample in _SAMPLES)
            if step not in values:
                return step
    return None
