"""Confident learning: which labels are wrong, told from probabilities of models that had not seen the rows.

Source: Northcutt, Jiang and Chuang, "Confident learning: estimating uncertainty in dataset labels", Journal of Artificial
Intelligence Research 70 (2021), s. 3: thresholds, confident joint, pruning by noise rate. Values only: numpy.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from ml.training.split import HOST
from ml.training.train import LABEL, SLICE
from pipelines.runtime.errors import InputError

Classes = npt.NDArray[np.integer[Any]]
Probabilities = npt.NDArray[np.floating[Any]]


def compute_thresholds(labels: Classes, probabilities: Probabilities) -> npt.NDArray[np.float64]:
    """Labels (n,) and out-of-fold probabilities (n, k) -> (k,) mean probability of a class over the rows labelled so.

    A row counts as confidently of class j from t_j on. The mean makes the choice independent of how well calibrated or how
    rare a class is. A class without rows has 1.
    """
    means = [
        probabilities[labels == k, k].mean() if (labels == k).any() else 1.0 for k in _classes(probabilities)
    ]
    return np.array(means, np.float64)


def count_confident_joint(labels: Classes, probabilities: Probabilities) -> npt.NDArray[np.int64]:
    """(k, k) counts: rows labelled i that are confidently of class j; the likeliest class where several are (eq. 1 there)."""
    size = probabilities.shape[1]
    above = probabilities >= compute_thresholds(labels, probabilities)
    guess = np.where(above, probabilities, -1.0).argmax(axis=1)
    sure = above.any(axis=1)
    counts = np.bincount(labels[sure] * size + guess[sure], minlength=size * size)
    return counts.reshape(size, size).astype(np.int64)


def find_label_errors(
    labels: Classes, probabilities: Probabilities, max_share: float
) -> npt.NDArray[np.bool_]:
    """(n,) True where the label is probably wrong: pruning by noise rate (s. 3.2 there, method 4).

    The share of confident rows labelled i that are of class j, times all rows labelled i, are removed: those with the largest
    margin p_j - p_i. Of each class at most `max_share` of its rows, and only rows in which another class is likelier.
    Ties go by position, so the same rows always go.
    """
    joint = count_confident_joint(labels, probabilities)
    wrong = np.zeros(len(labels), np.bool_)
    for given in _classes(probabilities):
        members = np.flatnonzero(labels == given)
        margins = probabilities[members] - probabilities[members, given][:, None]
        expected = joint[given] / max(joint[given].sum(), 1) * len(members)
        chosen: set[int] = set()
        for true in _classes(probabilities):
            if true != given:
                falling = np.argsort(-margins[:, true], kind="stable")[: round(expected[true])]
                chosen.update(int(n) for n in falling if margins[n, true] > 0)
        by_margin = sorted(chosen, key=lambda n: (-margins[n].max(), n))
        wrong[members[by_margin[: int(max_share * len(members))]]] = True
    return wrong


def _classes(probabilities: Probabilities) -> range:
    return range(probabilities.shape[1])


LEAKING_FEATURES: Final[Mapping[str, float]] = {
    "set_cookie": 0.0,
    "status_denied": 0.0,
    "request_bytes_log": -1.0,
}
"""Evidence that the identifier itself makes, and the one value it has in training.

No feature reads the identifier, but three see its shadow: servers answer with Set-Cookie to whom has no session yet (or
renew it with every answer), refuse with 401 or 403 who has none, and the size of a request counts its header fields,
so a token of 1 kB shows. A constant cannot be split on: the model is the same whatever these hold when it scores.
"""
REPORT: Final = ("step", "reason", "label", "carried_identifier", "rows")
"""Columns of the report. `label`: API, other, none (left out); `carried_identifier`: yes, no, any."""

Report = list[dict[str, Any]]


def mask_leaking_features(frame: pd.DataFrame) -> pd.DataFrame:
    """The frame with the features of `LEAKS` set to their constants."""
    return frame.assign(**{name: np.float32(value) for name, value in LEAKING_FEATURES.items()})


def report_rules(counts: pd.DataFrame, kept: int) -> Report:
    """`reason, is_api, carried, repeat, rows` (of all transactions) and the number of rows drawn → entries of the report."""
    found: Report = []
    labels = {True: "API", False: "other"}
    for row in counts.sort_values(["reason", "carried", "repeat"]).to_dict("records"):
        label = labels.get(row["is_api"], "none")
        step = "repeats" if row["repeat"] else "rules" if label != "none" else "left out"
        found.append(_entry(step, row["reason"], label, "yes" if row["carried"] else "no", row["rows"]))
    beyond = sum(entry["rows"] for entry in found if entry["step"] == "rules") - kept
    return [*found, _entry("limit", "labels.max_transactions", "any", "any", beyond)] if beyond else found


def add_simulated_rows(
    labelled: pd.DataFrame, simulated: pd.DataFrame, share: float, seed: int
) -> pd.DataFrame:
    """Labelled rows and non-API rows of the simulator, the latter `share` of the whole (fewer where there are no more).

    Simulated hosts get a prefix, so that none is taken for a host of the traffic.
    """
    other = simulated[~simulated[LABEL].to_numpy(np.bool_)]
    wanted = min(len(other), round(len(labelled) * share / (1 - share)))
    drawn = np.sort(np.random.default_rng(seed).permutation(len(other))[:wanted])
    added = other.iloc[drawn]
    return pd.concat(
        [labelled, added.assign(**{HOST: added[HOST].map(name_simulated_host)})], ignore_index=True
    )


def name_simulated_host(host: str) -> str:
    """A name that no host of real traffic has."""
    return f"simulated {host}"


def check_labels(labelled: pd.DataFrame, groups: npt.NDArray[Any], folds: int) -> None:
    """Whether rules left enough to learn from; `groups` are the stacks of the rows.

    Raises:
        InputError: a class is missing, or API calls are on fewer unlike hosts than there are folds.
    """
    labels = labelled[LABEL].to_numpy(np.bool_)
    way_out = (
        "Ingest more traffic, name the identifiers of more hosts (selection.sessions), lower labels.min_sessions or "
        "labels.min_session_share, or train with --labels simulated."
    )
    if labels.all() or not labels.any():
        problem = f"only one class of label was found ({int(labels.sum()):,} API calls, {int((~labels).sum()):,} others)"
        raise InputError("session labels", problem, way_out)
    hosts = len(np.unique(groups[labels]))
    if hosts < folds:
        problem = f"API calls on {hosts} unlike hosts, at least {folds} needed (training.folds)"
        raise InputError("session labels", problem, way_out)


def prune_labels(
    frame: pd.DataFrame, probabilities: npt.NDArray[np.floating[Any]], max_share: float
) -> tuple[pd.DataFrame, Report]:
    """The frame without rows whose label confident learning finds wrong, and what was removed, per reason of its label.

    `probabilities` (of an API call) are of models that had seen neither the row's host nor its stack.
    """
    labels = frame[LABEL].to_numpy(np.int64)
    found = np.asarray(probabilities, np.float64)
    wrong = find_label_errors(labels, np.column_stack([1 - found, found]), max_share)
    removed = frame.loc[wrong].groupby([LABEL, SLICE], sort=True).size().reset_index(name="rows")
    report = [
        _entry("confident learning", row[SLICE], "API" if row[LABEL] else "other", "any", row["rows"])
        for row in removed.to_dict("records")
    ]
    return frame.loc[~wrong].reset_index(drop=True), report


def tabulate_report(report: Report) -> pd.DataFrame:
    """The report as a table (`REPORT`)."""
    return pd.DataFrame(report, columns=list(REPORT))


def _entry(step: str, reason: str, label: str, carried: str, rows: int) -> dict[str, Any]:
    return dict(zip(REPORT, (step, reason, label, carried, int(rows)), strict=True))
