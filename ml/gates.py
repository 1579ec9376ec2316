"""What a new model must hold before it becomes the champion: gates as data, and the verdict with every figure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Protocol

import numpy as np
import pandas as pd

from ml.bootstrap import FIGURES, Difference, differences
from ml.rival import Rival
from ml.train import LABEL, Trained


class GateOptions(Protocol):
    """What the gates read of the settings."""

    @property
    def min_roc_auc(self) -> float: ...  # noqa: D102  # described by the settings file
    @property
    def max_calibration_error(self) -> float: ...  # noqa: D102
    @property
    def max_model_bytes(self) -> int: ...  # noqa: D102
    @property
    def min_kind_right(self) -> float: ...  # noqa: D102
    @property
    def min_kind_rows(self) -> int: ...  # noqa: D102
    @property
    def significance(self) -> float: ...  # noqa: D102
    @property
    def resamples(self) -> int: ...  # noqa: D102


@dataclass(frozen=True, slots=True)
class Gate:
    """A figure of the challenger and the setting that bounds it, from below or from above."""

    name: str
    figure: str
    setting: str
    is_floor: bool


GATES: Final = (
    Gate("ranks hosts left out", "roc_auc", "min_roc_auc", True),
    Gate("probabilities mean what they say", "calibration_error", "max_calibration_error", False),
    Gate("fits a broadcast", "model_bytes", "max_model_bytes", False),
    Gate("no kind is given up", "worst_kind_right", "min_kind_right", True),
)


@dataclass(frozen=True, slots=True)
class Outcome:
    """One gate: what was found, what the limit is, and a note in words."""

    gate: str
    passed: bool
    found: float | None
    limit: float | None
    note: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether the champion alias moved, why, and every gate."""

    promoted: bool
    reason: str
    outcomes: tuple[Outcome, ...]

    def table(self) -> pd.DataFrame:
        """gate, passed, found, limit, note."""
        columns = ("gate", "passed", "found", "limit", "note")
        return pd.DataFrame([{name: getattr(each, name) for name in columns} for each in self.outcomes])


def judge(trained: Trained, rival: Rival | None, options: GateOptions, seed: int) -> Verdict:
    """All gates, also after one has failed: the verdict says everything that is wrong at once."""
    outcomes = [_bounded(gate, figures(trained, options), options) for gate in GATES]
    outcomes += _against(trained, rival, options, seed)
    failed = [each for each in outcomes if not each.passed]
    said = "; ".join(f"{each.gate}: {each.note}" for each in failed)
    return Verdict(not failed, said or f"all {len(outcomes)} gates hold", tuple(outcomes))


def figures(trained: Trained, options: GateOptions) -> dict[str, float]:
    """Out-of-fold metrics, size of the model, and the share decided right of the worst kind with enough rows."""
    counted = trained.slices[trained.slices["rows"] >= options.min_kind_rows]
    worst = float(counted["right"].min()) if len(counted) else 1.0
    return {**trained.metrics, "model_bytes": float(len(trained.model)), "worst_kind_right": worst}


def _bounded(gate: Gate, found: Mapping[str, float], options: GateOptions) -> Outcome:
    value, limit = found[gate.figure], float(getattr(options, gate.setting))
    passed = value >= limit if gate.is_floor else value <= limit
    note = f"{gate.figure} {_short(value)}, {'at least' if gate.is_floor else 'at most'} {_short(limit)} (gates.{gate.setting})"
    return Outcome(gate.name, passed, value, limit, note)


def _against(trained: Trained, rival: Rival | None, options: GateOptions, seed: int) -> list[Outcome]:
    if rival is None:
        return [
            Outcome(
                f"not worse than the champion: {name}", True, None, None, "there is no champion that fits"
            )
            for name in FIGURES
        ]
    judged = trained.out_of_fold.iloc[rival.rows]
    found = differences(
        judged[LABEL].to_numpy(np.bool_),
        judged["probability"].to_numpy(),
        rival.probabilities,
        judged["group"].to_numpy(),
        resamples=options.resamples,
        seed=seed,
        significance=options.significance,
    )
    return [_not_worse(name, change, rival.basis) for name, change in found.items()]


def _not_worse(name: str, change: Difference, basis: str) -> Outcome:
    note = (
        f"{change.challenger:.4f} against the champion's {change.champion:.4f}, "
        f"bounds of the change {change.low:+.4f} and {change.high:+.4f}; {basis}"
    )
    gate = f"not worse than the champion: {name}"
    return Outcome(gate, change.high >= 0, change.challenger - change.champion, 0.0, note)


def _short(value: float) -> str:
    return f"{value:,.0f}" if value >= 1000 else f"{value:.4f}"
