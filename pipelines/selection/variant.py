"""The two variants of selecting API transactions, and their thresholds."""

from __future__ import annotations

from typing import Literal, get_args

from pipelines.runtime.settings import SelectionSettings
from pipelines.runtime.settings_sections import SchemaSettings

Variant = Literal["ml", "session"]
VARIANTS: tuple[Variant, ...] = get_args(Variant)
Labels = Literal["simulated", "session"]
"""Source of the labels of training data: the simulator's truth, or session identifiers in the traffic of the warehouse."""


def cost_threshold(miss_cost: float, false_alarm_cost: float) -> float:
    """Probability above which a positive decision costs less than a negative one.

    c_FP / (c_FP + c_FN) (Elkan 2001, section 1.1).
    """
    return false_alarm_cost / (false_alarm_cost + miss_cost)


def inventory_threshold(settings: SelectionSettings) -> float:
    """Probability (0-1) from which an endpoint is listed.

    `selection.threshold`, or if that is null, the threshold from the costs.
    """
    if settings.threshold is not None:
        return settings.threshold
    return cost_threshold(settings.miss_cost, settings.false_alarm_cost)


def learning_threshold(settings: SchemaSettings) -> float:
    """Probability (0-1) from which a listed endpoint teaches a schema."""
    return cost_threshold(settings.miss_cost, settings.false_alarm_cost)
