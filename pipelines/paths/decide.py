"""Decides whether a step is a literal or a variable, with the reason in words.

Value layer.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

import numpy as np
import numpy.typing as npt

from pipelines.paths.arrivals import EXPLANATIONS, MOST_ALONE, MOST_LITERALS, explain_literals
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
    "one of many": "one of more siblings than literals ever have, and nothing tells it from them",
    "own rests": "what follows it does not follow any of its siblings",
    "own methods": "its siblings are called by other methods",
    "own use": "called much more than its siblings",
    "no arrivals": "hardly any new siblings arrive",
    "few siblings": "it has as few siblings as literals have, and its text is like a literal's",
    "like a literal": "its text, its siblings and what follows are like those of a literal",
    "word behind a colon": "words behind a colon that do not repeat like the methods of things belong to the variable",
    "ending of few": "an ending that fewer than half of the variable's values carry belongs to the variable",
}
"""Key of a reason → its text in column `reason` of path_rules."""


WITHOUT_FIGURES = {"form", "part", "operator"}


def describe_reason(why: str, probability: float, children: int, siblings: int, overlap: float) -> str:
    """Returns the reason with its figures.

    Args:
        why: Key of `REASONS`.
        probability: Of being a variable; NaN if unknown.
        children: Children that the decision covers.
        siblings: All children of the node.
        overlap: Share of siblings that have the same paths below; NaN if unknown.
    """
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
    """Returns a figure rounded half up: 12.5 becomes 13, not 12."""
    return str(Decimal(repr(value)).quantize(Decimal(1).scaleb(-digits), ROUND_HALF_UP))


MIXED_SIBLINGS = (0.4, 0.7)
"""Mean probabilities of siblings below and above which a node is all literals or all values
(`tests/values/test_arrivals.py`)."""
VERSION_DEPTH, VERSION_SIBLINGS = 2, 5
"""Most steps before a version, and most versions of one API at a time: `/api/shop/v3/`."""
REASON_KEYS = sorted(REASONS)
"""Keys of reasons in the order of their numbers: of equally frequent ones the first is reported."""
_CODE = {why: code for code, why in enumerate(REASON_KEYS)}
_VARIABLE = [_CODE[why] for why in ("form", "published variable", "one of many", "like a variable")]
_SCORED = [
    _CODE[why] for why in ("like a variable", "one of many", "like a literal", "few words", *EXPLANATIONS)
]


@dataclass(frozen=True, slots=True)
class ChildDecisions:
    """Whether each child is a variable, and the number of the reason in `REASON_KEYS`."""

    is_variable: Flags
    why: Integers


def decide_children(
    counted: ChildStatistics,
    texts: StepTexts,
    probability: npt.NDArray[np.floating],
    binding: BindingDecisions,
    settings: PathSettings,
) -> ChildDecisions:
    """Decides for every child whether it is a literal or a variable.

    An operator's decision always holds. A published literal becomes a variable only at a probability of
    `paths.literal_to_variable_threshold` or more. Next to a published variable a segment becomes a literal of its own only below
    `paths.variable_to_literal_threshold`, and only if it did not exist when the variable was published.
    """
    step, share = counted.children.step, probability.astype(np.float64)
    rules = [
        ("operator", binding.is_operator_decision),
        ("form", step == texts.variable),
        ("part", texts.is_part[step]),
        (
            "published literal",
            binding.is_published_literal & (share < settings.literal_to_variable_threshold),
        ),
        (
            "published variable",
            binding.is_published_variable
            & (binding.existed_at_publication | (share >= settings.variable_to_literal_threshold)),
        ),
        ("dotted name", texts.is_dotted_name[step]),
        ("version", _is_version(counted, texts)),
        ("few words", _is_of_few_words(counted, texts, share, settings)),
        ("like a variable", share >= choose_thresholds(counted, texts, share, settings)),
    ]
    explained = explain_literals(counted)
    known = np.logical_or.reduce([holds for why, holds in explained.items() if why != "few siblings"])
    crowded = (counted.column("siblings") > MOST_LITERALS) & ~known & texts.is_segment[step]
    rules += [("one of many", crowded), *explained.items()]
    codes = [np.int64(_CODE[why]) for why, _ in rules]
    why = np.select([holds for _, holds in rules], codes, default=np.int64(_CODE["like a literal"]))
    is_variable = np.where(why == _CODE["operator"], binding.is_operator_variable, np.isin(why, _VARIABLE))
    return ChildDecisions(is_variable, why)


def choose_thresholds(
    counted: ChildStatistics, texts: StepTexts, share: Numbers, settings: PathSettings
) -> Numbers:
    """Returns the probability from which each child is a variable.

    Among siblings that are values a single word is one more value, and left alone it would spoil their endpoint; among siblings
    that are literals it would take an endpoint away. So the threshold falls from `paths.threshold_among_literals` to
    `paths.threshold_among_variables` with the mean probability of the siblings; with fewer than `MOST_ALONE` of them it is
    `paths.threshold`.
    """
    node, nodes = counted.children.node, len(counted.children.nodes.host)
    segments = texts.is_segment[counted.children.step].astype(np.float64)
    sure = np.where(counted.children.step == texts.variable, 1.0, share) * segments
    others = np.bincount(node, segments, nodes)[node] - segments
    mean = (np.bincount(node, sure, nodes)[node] - sure) / np.maximum(others, 1)
    ends = (settings.threshold_among_literals, settings.threshold_among_variables)
    return np.where(others >= MOST_ALONE, np.interp(mean, MIXED_SIBLINGS, ends), settings.threshold)


def settle_probability(decided: ChildDecisions, probability: Numbers) -> Numbers:
    """Returns the probability that each child is a variable.

    It is 0 or 1 where the classifier did not decide.
    """
    scored = np.isin(decided.why, _SCORED)
    return np.where(scored, probability, decided.is_variable.astype(np.float64))


def _is_version(counted: ChildStatistics, texts: StepTexts) -> Flags:
    """Whether a child is a version or a date of one near the root.

    It has few siblings and something below it (docs/methods.md, 1.5).
    """
    near = (counted.column("depth") <= VERSION_DEPTH) & (counted.column("siblings") <= VERSION_SIBLINGS)
    return np.asarray(near & (counted.column("is_leaf") == 0) & texts.is_version[counted.children.step])


def _is_of_few_words(
    counted: ChildStatistics, texts: StepTexts, share: Numbers, settings: PathSettings
) -> Flags:
    """Whether a child belongs to a node of few words that end their paths.

    The classifier must be unsure about all of them (docs/methods.md, 1.5).
    """
    doubtful = (share >= 1 - settings.certain) & (share <= settings.certain)
    word = (counted.column("is_leaf") == 1) & ~texts.has_digits[counted.children.step] & doubtful
    node, siblings = counted.children.node, counted.column("siblings")
    words = np.bincount(node, word, len(counted.children.nodes.host))[node]
    return np.asarray((siblings <= settings.few_siblings) & (words == siblings))
