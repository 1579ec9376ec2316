"""Names appear in documents only if several clients send them.

A name that one client sends may be personal.
"""

from __future__ import annotations

from pipelines.runtime.settings import load_settings
from pipelines.schemas.extraction.splits import Split
from pipelines.schemas.learning.spark import _named
from pipelines.schemas.statistics.evidence import Evidence

SETTINGS = load_settings().schemas


def of(clients: int) -> Evidence:
    return Evidence(10, 10, clients, 1, ())


def test_a_name_of_fewer_clients_is_in_no_view() -> None:
    whole = {
        ("request", ""): of(9), ("path", "id"): of(1), ("query", "page"): of(3), ("query", "anna"): of(2),
        ("header", "x-anna"): of(1), ("body", "/anna"): of(2), ("form", "anna"): of(1),
        ("cookie", "anna"): of(1), ("part", "anna"): of(1), ("body", ""): of(9),
    }  # fmt: skip
    views = {
        Split.WHOLE.value: whole,
        Split.HOLDOUT.value: {("query", "anna"): of(2), ("query", "page"): of(1)},
    }
    found = _named(views, SETTINGS, 20)
    assert set(found[Split.WHOLE.value]) == {("request", ""), ("path", "id"), ("query", "page"), ("body", "")}
    assert set(found[Split.HOLDOUT.value]) == {("query", "page")}
    assert (
        _named(views, SETTINGS, 19) == views
    )  # with few clients, an optional parameter looks like one that a single client invented
