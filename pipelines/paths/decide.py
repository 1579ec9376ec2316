"""Children with a probability → literal or variable, and why. Operators first, then what was published, then the classifier."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from pipelines.paths.binding import Binding
from pipelines.paths.children import Counted
from pipelines.paths.forest import Flags, Integers, Numbers
from pipelines.paths.reasons import REASONS
from pipelines.paths.step_texts import StepTexts
from pipelines.sections import PathSettings

VERSION_DEPTH, VERSION_SIBLINGS = 2, 5
"""Steps before a version, and versions of one API: `/api/shop/v3/`, hardly six at a time."""
WHYS = sorted(REASONS)
"""Keys of reasons in the order of their numbers: of equally frequent ones the first is told."""
_CODE = {why: code for code, why in enumerate(WHYS)}
_VARIABLE = [_CODE[why] for why in ("form", "published variable", "like a variable")]


@dataclass(frozen=True, slots=True)
class Decided:
    """Of each child: whether it is a variable, and the number of the reason in `WHYS`."""

    is_variable: Flags
    why: Integers


def decide(
    counted: Counted,
    texts: StepTexts,
    probability: npt.NDArray[np.floating],
    binding: Binding,
    settings: PathSettings,
) -> Decided:
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
    return Decided(is_variable, why)


def _is_version(counted: Counted, texts: StepTexts) -> Flags:
    """A version or its date near the root, with few beside it and something below (METHODS A6.3)."""
    near = (counted.named("depth") <= VERSION_DEPTH) & (counted.named("siblings") <= VERSION_SIBLINGS)
    return np.asarray(near & (counted.named("is_leaf") == 0) & texts.is_version[counted.children.step])


def _is_of_few_words(counted: Counted, texts: StepTexts, share: Numbers, settings: PathSettings) -> Flags:
    """A node of few words, all at the end of their paths, of which the classifier is not sure (METHODS A6.9)."""
    doubtful = (share >= 1 - settings.certain) & (share <= settings.certain)
    word = (counted.named("is_leaf") == 1) & ~texts.has_digits[counted.children.step] & doubtful
    node, siblings = counted.children.node, counted.named("siblings")
    words = np.bincount(node, word, len(counted.children.nodes.host))[node]
    return np.asarray((siblings <= settings.few_siblings) & (words == siblings))
