"""Why a step is literal or variable, in words. Value layer."""

from __future__ import annotations

import math
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

import numpy as np
import numpy.typing as npt

from pipelines.paths.children import ChildStatistics
from pipelines.paths.forest import Flags, Integers, Numbers
from pipelines.paths.rules import BindingDecisions
from pipelines.paths.step_texts import StepTexts
from pipelines.runtime.settings_sections import PathSettings

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


def describe_reason(why: str, probability: float, children: int, siblings: int, overlap: float) -> str:
    """The reason with its figures; NaN for a probability or an overlap that is not known."""
    words = REASONS[why]
    if why in WITHOUT_FIGURES:
        return words
    share = round_half_up(0.0 if math.isnan(probability) else probability, 2)
    figures = f"{words}; p(variable) {share}, {children} of {siblings} siblings"
    return (
        figures
        if math.isnan(overlap)
        else f"{figures}, {round_half_up(overlap * 100, 0)} % of siblings have the same below"
    )


def round_half_up(value: float, digits: int) -> str:
    """A figure as a reader rounds it: 12.5 is 13, not 12."""
    return str(Decimal(repr(value)).quantize(Decimal(1).scaleb(-digits), ROUND_HALF_UP))


VERSION_DEPTH, VERSION_SIBLINGS = 2, 5
"""Steps before a version, and versions of one API: `/api/shop/v3/`, hardly six at a time."""
REASON_KEYS = sorted(REASONS)
"""Keys of reasons in the order of their numbers: of equally frequent ones the first is told."""
_CODE = {why: code for code, why in enumerate(REASON_KEYS)}
_VARIABLE = [_CODE[why] for why in ("form", "published variable", "like a variable")]


@dataclass(frozen=True, slots=True)
class ChildDecisions:
    """Of each child: whether it is a variable, and the number of the reason in `WHYS`."""

    is_variable: Flags
    why: Integers


def decide_children(
    counted: ChildStatistics,
    texts: StepTexts,
    probability: npt.NDArray[np.floating],
    binding: BindingDecisions,
    settings: PathSettings,
) -> ChildDecisions:
    """Decides every child.

    What an operator said holds. A published literal becomes a variable only from `paths.collapse` on; below a node with a
    published variable a segment becomes a literal of its own only under `paths.uncollapse`, and only if it was not there when
    that was published.
    """
    step, share = counted.children.step, probability.astype(np.float64)
    rules = [
        ("operator", binding.is_said),
        ("form", step == texts.variable),
        ("part", texts.is_part[step]),
        ("published literal", binding.is_published_literal & (share < settings.collapse)),
        (
            "published variable",
            binding.is_published_variable & (binding.was_there | (share >= settings.uncollapse)),
        ),
        ("dotted name", texts.is_dotted_name[step]),
        ("version", _is_version(counted, texts)),
        ("few words", _is_of_few_words(counted, texts, share, settings)),
        ("like a variable", share >= settings.threshold),
    ]
    codes = [np.int64(_CODE[why]) for why, _ in rules]
    why = np.select([holds for _, holds in rules], codes, default=np.int64(_CODE["like a literal"]))
    is_variable = np.where(why == _CODE["operator"], binding.is_said_variable, np.isin(why, _VARIABLE))
    return ChildDecisions(is_variable, why)


def _is_version(counted: ChildStatistics, texts: StepTexts) -> Flags:
    """A version or its date near the root, with few beside it and something below (METHODS A6.3)."""
    near = (counted.named("depth") <= VERSION_DEPTH) & (counted.named("siblings") <= VERSION_SIBLINGS)
    return np.asarray(near & (counted.named("is_leaf") == 0) & texts.is_version[counted.children.step])


def _is_of_few_words(
    counted: ChildStatistics, texts: StepTexts, share: Numbers, settings: PathSettings
) -> Flags:
    """A node of few words, all at the end of their paths, of which the classifier is not sure (METHODS A6.9)."""
    doubtful = (share >= 1 - settings.certain) & (share <= settings.certain)
    word = (counted.named("is_leaf") == 1) & ~texts.has_digits[counted.children.step] & doubtful
    node, siblings = counted.children.node, counted.named("siblings")
    words = np.bincount(node, word, len(counted.children.nodes.host))[node]
    return np.asarray((siblings <= settings.few_siblings) & (words == siblings))
