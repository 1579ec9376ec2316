"""Why an operation has no learned schema, so that nobody takes a bare `type: string` for a finding."""

from __future__ import annotations

from typing import Any

from pipelines.openapi.endpoint import Endpoint

NOTHING_SUCCESSFUL = "no request was answered with 2xx"
NOT_YET = "nothing was learned from its requests: `learn` has not run since, or it left their clients out"


def untaught(endpoint: Endpoint) -> dict[str, Any]:
    """For `x-census` of an operation: `learned: false`, the reason and the threshold; nothing where a schema was learned."""
    if endpoint.learned_from:
        return {}
    least = endpoint.min_to_learn
    threshold = {} if least is None else {"min_probability_to_learn": round(least, 4)}
    return {"learned": False, "not_learned_because": _reason(endpoint), **threshold}


def _reason(endpoint: Endpoint) -> str:
    found, least = endpoint.probability, endpoint.min_to_learn
    if found is not None and least is not None and found < least:
        costs = "schemas.miss_cost, schemas.false_alarm_cost"
        return f"probability {found:.4f} of being an API is below {least:.4g}, from which endpoints teach ({costs})"
    return NOT_YET if endpoint.statuses.get("2XX") else NOTHING_SUCCESSFUL
