"""Parses templates: shape, steps, and what is masked before decisions apply.

Value layer. `pipelines/paths/spark/steps.py` does the same for columns; tests/spark/test_decisions.py checks that both agree.
"""

from __future__ import annotations

import re

from pipelines.http.segment_formats import MASKS, PLACEHOLDER, SUFFIX_START, VARIABLE_STEP

PLACEHOLDER_PATTERN = r"\{[^{}/]*\}"
"""A placeholder with or without a name, in Python's `re` and in java.util.regex alike."""

_SAMPLES = ("2024-05-31", "5")
"""Samples of parts of a segment that masking treats as variables: a date after a word, a key in parentheses."""


def derive_shape(template: str) -> str:
    """Removes the names of placeholders: `/users/{userId}` → `/users/{}`."""
    return re.sub(PLACEHOLDER_PATTERN, PLACEHOLDER, template)


def list_placeholders(template: str) -> tuple[str, ...]:
    """Lists the names: `/users/{userId}/orders/{}` → `("userId", "")`."""
    return tuple(text[1:-1] for text in re.findall(PLACEHOLDER_PATTERN, template))


def mask_path(path: str) -> str:
    """Masks identifiers: `/users/73519` → `/users/{}`.

    Identifiers that are variables wherever they occur are masked before any decision applies.
    """
    for pattern, replacement in MASKS:
        path = re.sub(pattern, replacement, path)
    return path


def split_steps(path_shape: str) -> tuple[str, ...]:
    """Splits a shape into steps: `/files/{}.json` → `/files`, `/{}`, `.json`.

    The steps, joined, are the shape.
    """
    return tuple(step for step in re.split(f"(?=/)|{SUFFIX_START}", path_shape) if step)


def find_unreachable_step(path_shape: str) -> str | None:
    """Returns the first step that no masked path can have (`/{}-{}`), or None.

    A part of a segment becomes a variable by its own format only, so another part would make a decision that never applies.
    """
    for step in split_steps(path_shape):
        if PLACEHOLDER in step and step != VARIABLE_STEP:
            values = (mask_path(step.replace(PLACEHOLDER, sample)) for sample in _SAMPLES)
            if step not in values:
                return step
    return None
