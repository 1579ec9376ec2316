"""Names appear in documents only if several clients send them.

A name that one client sends may be personal.
"""

from __future__ import annotations

from pipelines.runtime.settings import load_settings
from pipelines.schemas.extraction.splits import Split
from pipelines.schemas.learning.spark import _without_rare_names
from pipelines.schemas.statistics.evidence import Evidence

SETTINGS = load_settings().schemas


def evidence_of(clients: int) -> Evidence:
    return Evidence(10, 10, clients, 1, ())


def test_a_name_of_fewer_clients_is_in_no_split() -> None:
    whole = {
        ("request", ""): evidence_of(9), ("path", "id"): evidence_of(1), ("query", "page"): evidence_of(3),
        ("query", "anna"): evidence_of(2),
        ("header", "x-anna"): evidence_of(1), ("body", "/anna"): evidence_of(2), ("form", "anna"): evidence_of(1),
        ("cookie", "anna"): evidence_of(1), ("part", "anna"): evidence_of(1), ("body", ""): evidence_of(9),
    }  # fmt: skip
    by_split = {
        Split.WHOLE.value: whole,
        Split.HOLDOUT.value: {("query", "anna"): evidence_of(2), ("query", "page"): evidence_of(1)},
    }
    named = _without_rare_names(by_split, SETTINGS, 20)
    assert set(named[Split.WHOLE.value]) == {("request", ""), ("path", "id"), ("query", "page"), ("body", "")}
    assert set(named[Split.HOLDOUT.value]) == {("query", "page")}
    # with few clients, an optional parameter looks like one that a single client invented
    assert _without_rare_names(by_split, SETTINGS, 19) == by_split
