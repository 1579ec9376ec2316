"""The threshold by costs is the cheapest one; an explicit one wins."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from pipelines.runtime.errors import SettingsError
from pipelines.runtime.settings import load_settings
from pipelines.selection.variant import cost_threshold, inventory_threshold, learning_threshold


def test_defaults_follow_from_their_costs_and_an_explicit_threshold_wins() -> None:
    settings = load_settings()
    assert inventory_threshold(settings.selection) == pytest.approx(0.4)
    assert learning_threshold(settings.schemas) == pytest.approx(0.8)
    mine = settings.selection.model_copy(update={"threshold": 0.9})
    assert inventory_threshold(mine) == 0.9
    careful = settings.selection.model_copy(update={"miss_cost": 3.0})
    assert inventory_threshold(careful) == pytest.approx(0.25)


@pytest.mark.parametrize(("miss", "alarm"), [(3.0, 1.0), (1.0, 4.0), (1.0, 1.0)])
def test_no_other_threshold_costs_less_on_calibrated_probabilities(miss: float, alarm: float) -> None:
    dice = random.Random(7)  # noqa: S311  # a simulation, no secret
    drawn = [(p, dice.random() < p) for p in (dice.random() for _ in range(40_000))]

    def cost(threshold: float) -> float:
        return sum(
            alarm if p >= threshold and not api else miss if p < threshold and api else 0.0
            for p, api in drawn
        )

    best = cost(cost_threshold(miss, alarm))
    assert all(best <= cost(step / 10) * 1.01 for step in range(1, 10))


def test_costs_are_positive(tmp_path: Path) -> None:
    file = tmp_path / "mine.yaml"
    file.write_text("selection: {miss_cost: 0}")
    with pytest.raises(SettingsError, match=r"selection\.miss_cost.*greater than 0"):
        load_settings(file)
