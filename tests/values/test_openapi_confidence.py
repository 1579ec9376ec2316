"""Confidence figures of a document.

False alarms in the back-test, and the number of constraints at the wanted confidence. No Spark.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pipelines.openapi.document import Origin, build_document
from pipelines.openapi.endpoint import Endpoint, Parameter

MOMENT = datetime(2026, 6, 1)
SURE = {"risk": 1e-5, "confidence": 0.9995, "proof": "tail model", "status": "enforceable"}
UNSURE = {"risk": 1e-5, "confidence": 0.4, "proof": "tail model", "status": "provisional"}


def endpoint(path: str, **more: Any) -> Endpoint:
    return Endpoint("a.example", "GET", path, 10, 2, MOMENT, MOMENT, **more)


def parameter(name: str, *constraints: dict[str, Any]) -> Parameter:
    census = {"constraints": {f"keyword{i}": one for i, one in enumerate(constraints)}}
    return Parameter("query", name, {"type": "string", "x-census": census}, False, 10)


def test_false_alarms_of_all_endpoints_are_reported_per_10000_requests() -> None:
    built = build_document(
        "a.example",
        [endpoint("/a", tested=4000, false_alarms=1), endpoint("/b", tested=1000), endpoint("/c")],
        Origin("1", "ml"),
    )
    assert built["x-census"]["back_test"] == {"requests": 5000, "false_alarms": 1, "per_10000": 2.0}
    assert built["paths"]["/a"]["get"]["x-census"]["false_alarms_per_10000"] == 2.5
    assert built["paths"]["/b"]["get"]["x-census"]["false_alarms_per_10000"] == 0.0
    assert "false_alarms_per_10000" not in built["paths"]["/c"]["get"]["x-census"]  # nothing was tested there


def test_share_of_enforceable_constraints_counts_those_inside_of_others() -> None:
    inner = parameter("list", SURE)
    array = Parameter("query", "list", {"type": "array", "items": inner.schema}, False, 10)
    found = [
        endpoint("/a", parameters=(parameter("q", SURE, UNSURE), array)),
        endpoint("/b", parameters=(parameter("r", UNSURE),)),
    ]
    built = build_document("a.example", found, Origin("1", "ml"))
    assert built["x-census"]["constraints"] == {"written": 4, "enforceable": 2, "share": 0.5}


def test_no_figures_are_given_where_nothing_was_tested_or_written() -> None:
    built = build_document("a.example", [endpoint("/a")], Origin("1", "ml"))
    assert not {"back_test", "constraints"} & built["x-census"].keys()
