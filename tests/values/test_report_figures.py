"""The figures of the report: shares, bars, ticks, and comparison with the source."""

from __future__ import annotations

import pytest

from pipelines.report import chart, words
from pipelines.report.facts import Histogram, SchemaFacts
from pipelines.report.page import change_rows, render, schema_rows, size_rows
from tests.report_example import example


@pytest.mark.parametrize(
    ("share", "text"),
    [(0, "0 %"), (0.00002, "< 0.1 %"), (0.123, "12.3 %"), (0.5, "50 %"), (0.99999, "> 99.9 %"), (1, "100 %")],
)
def test_percent_never_rounds_to_none_or_all(share: float, text: str) -> None:
    assert words.format_percent(share) == text


@pytest.mark.parametrize(
    ("state", "text"),
    [
        ((None, None, None, 0), ""),
        ((0.9, 0.9, 0.0, 1), "seen by one client on one day only"),
        (
            (0.9, 0.99, 0.02, 1200),
            "between 0.90 and 0.99 in 1,200 days of clients, standard deviation 0.02: they agree",
        ),
        (
            (0.0, 0.99, 0.4, 2),
            "between 0.00 and 0.99 in 2 days of clients, standard deviation 0.40: they differ",
        ),
    ],
)
def test_spread_is_described_in_words(
    state: tuple[float | None, float | None, float | None, int], text: str
) -> None:
    assert words.describe_spread(*state) == text


def test_bars_are_in_proportion_and_stand_on_the_axis() -> None:
    drawn = chart.draw(Histogram(["0", "1", "2"], [0, 5, 10], [10, 1, 0]))
    assert drawn is not None
    assert drawn.largest == 10
    for bar in drawn.bars:
        assert bar.height == pytest.approx(chart.PLOT_HEIGHT * bar.value / 10, abs=0.01)
        assert bar.y + bar.height == pytest.approx(drawn.bottom, abs=0.02)
    assert [mark.text for mark in drawn.rows] == ["0", "2", "4", "6", "8", "10"]


@pytest.mark.parametrize(
    ("largest", "step"), [(1, 1), (5, 1), (6, 2), (11, 5), (26, 10), (1_234_567, 500_000)]
)
def test_ticks_are_few_and_round(largest: int, step: int) -> None:
    assert chart.choose_tick_step(largest) == step


def test_histogram_of_nothing_is_not_drawn() -> None:
    assert chart.draw(Histogram([], [], [])) is None
    assert chart.draw(Histogram(["0"], [0], [0])) is None


def test_histogram_of_unequal_lengths_is_refused() -> None:
    with pytest.raises(ValueError, match="2 labels, 1 ml and 2 session"):
        Histogram(["0", "1"], [1], [1, 2])


def test_changes_count_covered_hosts_only() -> None:
    found = [(change, hosts) for change, hosts, _, _ in change_rows(example().buckets)]
    assert found == [("the same", 1), ("1 to 50 more", 1), ("over 50 more", 1), ("fewer", 1)]
    assert change_rows({"not covered": 2}) == []


def test_parameter_types_stand_next_to_those_of_the_source() -> None:
    rows = schema_rows(SchemaFacts({"string": 52, "integer": 31, "boolean": 8, "array": 5, "union": 4}, 0.94))
    assert [(name, count, source) for name, count, _, source in rows] == [
        ("string", 52, "just over half"),
        ("integer", 31, "almost a third"),
        ("array, boolean or number", 13, "17 %"),
        ("object", 0, "rare"),
        ("several types or none", 4, "not given"),
    ]
    assert sum(share for _, _, share, _ in rows) == pytest.approx(1)
    assert schema_rows(None) == []


def test_endpoints_are_counted_by_their_number_of_parameters() -> None:
    facts = SchemaFacts({"string": 1}, 1.0, sizes={"none": 1, "1 to 5": 3})
    assert size_rows(facts) == [("none", 1, 0.25), ("1 to 5", 3, 0.75)]
    assert size_rows(None) == size_rows(SchemaFacts({}, 1.0)) == []


def test_page_gives_the_confidence_of_constraints_and_the_outlier_clients() -> None:
    page = " ".join(render(example()).split())
    assert "900 constraints were learned; 68 % of them hold at 99.9 % confidence or more." in page
    assert "3 values of 20,000 requests that were left out violated" in page
    assert "At most 51 query parameters on one endpoint" in page
    assert "<code>0a1b2c3d</code>" in page
    assert "client-errors, other-kind" in page
