"""Why a step is literal or variable, in words. Value layer."""

from __future__ import annotations

import math
from decimal import ROUND_HALF_UP, Decimal

REASONS = {
    "operator": "an operator decided so (decisions)",
    "form": "its values have the form of identifiers",
    "part": "a part of a segment that says something by itself",
    "published literal": "published as a literal, and the evidence for a variable is not strong enough to change that",
    "published variable": "published as a variable: a published template is not split",
    "dotted name": "a dotted name with capitals is a module's",
    "version": "a version or its date near the root",
    "few words": "few words that end their paths, of which the classifier is not sure: kept apart",
    "like a variable": "its text, its siblings and what follows are like those of a variable",
    "like a literal": "its text, its siblings and what follows are like those of a literal",
    "ending of few": "an ending that fewer than half of the variable's values carry belongs to the variable",
}
"""Key of a decision (`decide.decide`) → what is told."""


WITHOUT_FIGURES = {"form", "part", "operator"}


def reason(why: str, probability: float, children: int, siblings: int, overlap: float) -> str:
    """The reason with its figures; NaN for a probability or an overlap that is not known."""
    words = REASONS[why]
    if why in WITHOUT_FIGURES:
        return words
    share = rounded(0.0 if math.isnan(probability) else probability, 2)
    figures = f"{words}; p(variable) {share}, {children} of {siblings} siblings"
    return (
        figures
        if math.isnan(overlap)
        else f"{figures}, {rounded(overlap * 100, 0)} % of siblings have the same below"
    )


def rounded(value: float, digits: int) -> str:
    """A figure as a reader rounds it: 12.5 is 13, not 12."""
    return str(Decimal(repr(value)).quantize(Decimal(1).scaleb(-digits), ROUND_HALF_UP))
