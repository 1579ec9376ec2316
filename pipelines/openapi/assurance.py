"""How sure a document is: what the back-test found, and how many of its constraints hold at which confidence."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from pipelines.openapi.endpoint import Endpoint
from pipelines.schemas.json_schema import SURE, constraints, is_sure


def assurance(endpoints: Iterable[Endpoint]) -> dict[str, Any]:
    """`back_test`: requests left out of what taught, false alarms among them, and per 10,000; `constraints`: how many, how sure.

    Both are there only where something was tested or written.
    """
    known = list(endpoints)
    tested, alarms = sum(one.tested for one in known), sum(one.false_alarms for one in known)
    sure = [
        is_sure(one)
        for endpoint in known
        for parameter in endpoint.parameters
        for one in constraints(parameter.schema)
    ]
    back_test = {"requests": tested, "false_alarms": alarms, "per_10000": per_10000(alarms, tested)}
    written = {
        "written": len(sure),
        "confidence": SURE,
        "share": round(sum(sure) / len(sure), 4) if sure else 0.0,
    }
    return {**({"back_test": back_test} if tested else {}), **({"constraints": written} if sure else {})}


def per_10000(alarms: int, requests: int) -> float:
    """False alarms in 10,000 requests."""
    return round(10_000 * alarms / requests, 3) if requests else 0.0
