"""Why an endpoint is listed, or is not, in words."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any


def format_reasons(reasons: Iterable[Mapping[str, Any]]) -> list[str]:
    """Each reason in a line: `for: answers JSON (+2.10)`; the number is its share of the log-odds."""
    return [f"{each['text']} ({each['contribution']:+.2f})" for each in reasons]


LISTED, CANDIDATE, UNLISTED = "listed", "candidate", "not listed"


@dataclass(frozen=True, slots=True)
class Thresholds:
    """What an endpoint must reach: probabilities (0-1) from which it is listed, told, kept, taught; answers that it needs."""

    listed: float
    candidate: float
    kept: float
    taught: float
    answers: int


def explain_standing(row: Mapping[str, Any], bars: Thresholds) -> tuple[str, str]:
    """(state, why) of a row of `inventory.estimated` with `is_saved`, `is_ignored` and `is_stored` (it has slices)."""
    if row["is_ignored"]:
        return UNLISTED, "an operator's decision leaves it out (ignore)"
    barred = _barred(row, bars)
    if barred:
        return UNLISTED, barred
    if row["is_saved"]:
        return LISTED, "an operator's decision lists it whatever its probability (save)"
    if row["variant"] != "ml":
        return LISTED, "requests carry the host's session identifier"
    return _by_probability(row, bars)


def _barred(row: Mapping[str, Any], bars: Thresholds) -> str:
    """What keeps it out whatever its probability; "" if nothing does."""
    if row["is_preflight"] or (row["preflights"] and not row["requests"]):
        asked = row["preflights"] or row["bare_options"]
        return f"its OPTIONS are preflights of browsers ({asked:,}), which are counted apart"
    if row["recent_answers"] < bars.answers:
        needed = f"{bars.answers:,} needed (endpoints.min_answers, window_days)"
        return f"{row['recent_answers']:,} answers without an error (2xx, 3xx), {needed}"
    return ""


def _by_probability(row: Mapping[str, Any], bars: Thresholds) -> tuple[str, str]:
    found = row["probability"]
    if found is None:
        return UNLISTED, "no answer told what it is"
    if found >= bars.listed:
        why = f"probability {found:.4f} is {bars.listed:.4g} or more"
        if found < bars.taught:
            why += f"; below {bars.taught:.4g} it teaches no schema (schemas.miss_cost, schemas.false_alarm_cost)"
        return LISTED, why
    why = f"probability {found:.4f} is below {bars.listed:.4g} (selection.miss_cost, selection.false_alarm_cost)"
    alone = without_host_adjustment(found, row["host_adjustment"])
    if row["host_adjustment"] < 0:
        why += (
            f"; the host takes {-row['host_adjustment']:.2f} off its log-odds, by itself it has {alone:.4f}"
        )
    if not row["is_stored"]:
        why += f"; below {bars.kept:.4g} on each day, so no slice was kept (selection.candidate_floor)"
    near = found >= bars.candidate or alone >= bars.listed
    return CANDIDATE if near else UNLISTED, why


def without_host_adjustment(probability: float, host_adjustment: float) -> float:
    """The probability without what its host took off the log-odds."""
    odds = probability * math.exp(-host_adjustment)
    return odds / (odds + 1 - probability)
