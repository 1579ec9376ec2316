"""Reasons why an endpoint is listed or not, in words."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any


def format_reasons(reasons: Iterable[Mapping[str, Any]]) -> list[str]:
    """Formats each reason on a line: `for: responds with JSON (+2.10)`.

    The number is its contribution to the log-odds.
    """
    return [f"{each['text']} ({each['contribution']:+.2f})" for each in reasons]


LISTED, CANDIDATE, UNLISTED = "listed", "candidate", "not listed"


@dataclass(frozen=True, slots=True)
class Thresholds:
    """Probabilities (0-1) and number of responses that an endpoint must reach.

    `listed`: to be listed · `candidate`: to be shown as a candidate · `slice_kept`: for its slice of a day to be stored ·
    `teaching`: to teach a schema · `responses`: number of responses that are not errors.
    """

    listed: float
    candidate: float
    slice_kept: float
    teaching: float
    responses: int


def explain_standing(row: Mapping[str, Any], thresholds: Thresholds) -> tuple[str, str]:
    """Returns (state, reason) of an endpoint.

    Args:
        row: A row of `inventory.estimate_endpoints` with `is_saved`, `is_ignored` and `is_stored` (it has slices).
        thresholds: Thresholds of the settings.
    """
    if row["is_ignored"]:
        return UNLISTED, "an operator's decision leaves it out (ignore)"
    exclusion = _exclusion(row, thresholds)
    if exclusion:
        return UNLISTED, exclusion
    if row["is_saved"]:
        return LISTED, "an operator's decision lists it whatever its probability (save)"
    if row["variant"] != "ml":
        return LISTED, "requests carry the host's session identifier"
    return _by_probability(row, thresholds)


def _exclusion(row: Mapping[str, Any], thresholds: Thresholds) -> str:
    """Returns the reason that excludes it whatever its probability, or ""."""
    if row["is_preflight"] or (row["preflights"] and not row["requests"]):
        asked = row["preflights"] or row["bare_options"]
        return f"its OPTIONS requests are preflights of browsers ({asked:,}), which are counted apart"
    if row["recent_answers"] < thresholds.responses:
        needed = f"{thresholds.responses:,} needed (endpoints.min_answers, window_days)"
        return f"{row['recent_answers']:,} responses that are not errors (2xx, 3xx), {needed}"
    return ""


def _by_probability(row: Mapping[str, Any], thresholds: Thresholds) -> tuple[str, str]:
    probability = row["probability"]
    if probability is None:
        return UNLISTED, "none of its responses could be scored"
    if probability >= thresholds.listed:
        why = f"probability {probability:.4f} is {thresholds.listed:.4g} or more"
        if probability < thresholds.teaching:
            why += f"; below {thresholds.teaching:.4g} it teaches no schema (schemas.miss_cost, schemas.false_alarm_cost)"
        return LISTED, why
    why = f"probability {probability:.4f} is below {thresholds.listed:.4g} (selection.miss_cost, selection.false_alarm_cost)"
    alone = without_host_adjustment(probability, row["host_adjustment"])
    if row["host_adjustment"] < 0:
        why += f"; its host lowers its log-odds by {-row['host_adjustment']:.2f}, without that it has {alone:.4f}"
    if not row["is_stored"]:
        why += f"; below {thresholds.slice_kept:.4g} on each day, so no slice was kept (selection.candidate_floor)"
    near = probability >= thresholds.candidate or alone >= thresholds.listed
    return CANDIDATE if near else UNLISTED, why


def without_host_adjustment(probability: float, host_adjustment: float) -> float:
    """Returns the probability without the adjustment for its host."""
    odds = probability * math.exp(-host_adjustment)
    return odds / (odds + 1 - probability)
