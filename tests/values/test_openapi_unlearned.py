"""An operation without a learned schema gives the reason.

And the probability from which it would have one.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from pipelines.openapi.document import Origin, build_document
from pipelines.openapi.endpoint import Endpoint, Parameter
from pipelines.openapi.profiles import convert_to_profile

DAY = datetime(2026, 6, 1, tzinfo=UTC)
UNSURE = Endpoint(
    "a.example", "GET", "/users/{userId}", 85, 9, DAY, DAY, probability=0.52, statuses={"2XX": 80, "4XX": 5}, min_to_learn=0.8
)  # fmt: skip


def operation(endpoint: Endpoint) -> dict[str, Any]:
    built = convert_to_profile(build_document("a.example", [endpoint], Origin("1", "ml")), "openapi-3.1")
    return dict(built["paths"]["/users/{userId}"]["get"])


def test_an_endpoint_between_the_thresholds_says_why_its_type_is_bare() -> None:
    described = operation(UNSURE)
    census = described["x-census"]
    assert (census["learned"], census["min_probability_to_learn"], census["requests"]) == (False, 0.8, 85)
    assert census["not_learned_because"].startswith("probability 0.5200 of being an API is below 0.8")
    [parameter] = described["parameters"]
    assert parameter["x-census"] == {"requests": 85, "learned": False}


@pytest.mark.parametrize(
    ("statuses", "reason"), [({"3XX": 4}, "no request had a 2xx response"), ({"2XX": 4}, "`learn` has not run")]
)  # fmt: skip
def test_a_sure_endpoint_without_a_schema_says_what_is_missing(statuses: dict[str, int], reason: str) -> None:
    census = operation(replace(UNSURE, probability=0.99, statuses=statuses))["x-census"]
    assert reason in census["not_learned_because"]


def test_a_learned_endpoint_gives_no_reason() -> None:
    known = (Parameter("path", "userId", {"type": "integer"}, True, 80),)
    described = operation(replace(UNSURE, probability=0.99, learned_from=80, parameters=known))
    assert not {"learned", "not_learned_because", "min_probability_to_learn"} & set(described["x-census"])
    assert described["parameters"][0]["x-census"] == {"requests": 80, "share": 1.0}
