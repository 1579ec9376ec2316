"""Confident learning: finds wrong labels from out-of-fold probabilities.

Source: Northcutt, Jiang and Chuang, "Confident learning: estimating uncertainty in dataset labels", Journal of
Artificial Intelligence Research 70 (2021), s. 3: thresholds, confident joint, pruning by noise rate. Value layer:
numpy, no Spark.
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
    """Computes the threshold of each class: its mean probability over its rows.

    Args:
        labels: (n,) class of each row.
        probabilities: (n, k) out of fold.

    Returns:
        (k,). A row counts as confidently of class j if its probability is at least t_j. The mean makes this independent of
        calibration and of how rare a class is. A class without rows has 1.

    """
    means = [
        probabilities[labels == k, k].mean() if (labels == k).any() else 1.0 for k in _classes(probabilities)
    ]
    return np.array(means, np.float64)


def count_confident_joint(labels: Classes, probabilities: Probabilities) -> npt.NDArray[np.int64]:
    """Counts rows labelled i that are confidently of class j: (k, k).

    If a row is confidently of several classes, the most likely one counts (eq. 1 of the source).
    """
    size = probabilities.shape[1]
    above = probabilities >= compute_thresholds(labels, probabilities)
    guess = np.where(above, probabilities, -1.0).argmax(axis=1)
    sure = above.any(axis=1)
    counts = np.bincount(labels[sure] * size + guess[sure], minlength=size * size)
    return counts.reshape(size, size).astype(np.int64)


def find_label_errors(
    labels: Classes, probabilities: Probabilities, max_share: float
) -> npt.NDArray[np.bool_]:
    """Finds labels that are probably wrong: (n,), True for each of them.

    Pruning by noise rate (s. 3.2 of the source, method 4).

    The number of rows to remove is the share of confident rows labelled i that are of class j, times all rows labelled i; those
    with the largest margin p_j - p_i are removed. At most `max_share` of the rows of each class are, and only rows for which
    another class is more likely. Ties are broken by position, so the result is deterministic.
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
"""Features that leak the session identifier, and the constant that each has in training.

No feature reads the identifier, but three depend on it: servers send Set-Cookie to clients without a session (or renew it in
every response), refuse them with 401 or 403, and the size of a request includes its header fields, so a token of 1 kB is
visible. A tree cannot split on a constant, so the values of these features do not matter when the model scores.
"""
REPORT: Final = ("step", "reason", "label", "carried_identifier", "rows")
"""Columns of the report. `label`: API, other, none (left out); `carried_identifier`: yes, no, any."""

Report = list[dict[str, Any]]


def mask_leaking_features(frame: pd.DataFrame) -> pd.DataFrame:
    """Returns the frame with the features of `LEAKING_FEATURES` set to constants."""
    return frame.assign(**{name: np.float32(value) for name, value in LEAKING_FEATURES.items()})


def report_rules(counts: pd.DataFrame, kept: int) -> Report:
    """Reports how many transactions each labelling rule labelled or left out.

    Args:
        counts: Columns `reason, is_api, carried, repeat, rows`, of all transactions.
        kept: Number of rows that were drawn.
    """
    entries: Report = []
    labels = {True: "API", False: "other"}
    for row in counts.sort_values(["reason", "carried", "repeat"]).to_dict("records"):
        label = labels.get(row["is_api"], "none")
        step = "repeats" if row["repeat"] else "rules" if label != "none" else "left out"
        entries.append(_entry(step, row["reason"], label, "yes" if row["carried"] else "no", row["rows"]))
    beyond = sum(entry["rows"] for entry in entries if entry["step"] == "rules") - kept
    return [*entries, _entry("limit", "labels.max_transactions", "any", "any", beyond)] if beyond else entries


def add_simulated_rows(
    labelled: pd.DataFrame, simulated: pd.DataFrame, share: float, seed: int
) -> pd.DataFrame:
    """Adds non-API rows of the simulator to labelled rows.

    They make up `share` of the result, or less if there are not enough of them.

    Simulated hosts get a prefix, so that none is mistaken for a host of the traffic.
    """
    other = simulated[~simulated[LABEL].to_numpy(np.bool_)]
    wanted = min(len(other), round(len(labelled) * share / (1 - share)))
    drawn = np.sort(np.random.default_rng(seed).permutation(len(other))[:wanted])
    added = other.iloc[drawn]
    return pd.concat(
        [labelled, added.assign(**{HOST: added[HOST].map(name_simulated_host)})], ignore_index=True
    )


def name_simulated_host(host: str) -> str:
    """Returns a name that no host of real traffic has."""
    return f"simulated {host}"


def check_labels(labelled: pd.DataFrame, groups: npt.NDArray[Any], folds: int) -> None:
    """Checks that the rules left enough rows to train on.

    `groups` are the stacks of the rows.

    Raises:
        InputError: a class is missing, or API calls are on fewer distinct hosts than there are folds.
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
        problem = f"API calls on {hosts} distinct hosts, at least {folds} needed (training.folds)"
        raise InputError("session labels", problem, way_out)


def prune_labels(
    frame: pd.DataFrame, probabilities: npt.NDArray[np.floating[Any]], max_share: float
) -> tuple[pd.DataFrame, Report]:
    """Removes rows whose label is wrong according to confident learning.

    Returns the frame without them, and a report of the removed rows by the reason of their label.

    `probabilities` (of an API call) are of models that were trained on neither the row's host nor its stack.
    """
    labels = frame[LABEL].to_numpy(np.int64)
    api_probability = np.asarray(probabilities, np.float64)
    wrong = find_label_errors(labels, np.column_stack([1 - api_probability, api_probability]), max_share)
    removed = frame.loc[wrong].groupby([LABEL, SLICE], sort=True).size().reset_index(name="rows")
    report = [
        _entry("confident learning", row[SLICE], "API" if row[LABEL] else "other", "any", row["rows"])
        for row in removed.to_dict("records")
    ]
    return frame.loc[~wrong].reset_index(drop=True), report


def tabulate_report(report: Report) -> pd.DataFrame:
    """Returns the report as a table with the columns `REPORT`."""
    return pd.DataFrame(report, columns=list(REPORT))


def _entry(step: str, reason: str, label: str, carried: str, rows: int) -> dict[str, Any]:
    return dict(zip(REPORT, (step, reason, label, carried, int(rows)), strict=True))
