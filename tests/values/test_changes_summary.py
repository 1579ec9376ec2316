"""Changes as text for people and terminals.

The text is bounded, and strings from clients cannot become control characters.
"""

from __future__ import annotations

import io
from datetime import date
from typing import Any

import pytest
from pyspark.sql import Row
from rich.console import Console

from pipelines.changes.spark.summary import PIPED_CHARACTERS, build_table, describe_change, to_json_values

ROW: dict[str, Any] = {
    "host": "a.example", "method": "GET", "path_template": "/orders", "kind": "widened", "location": "query", "name": "page",
    "keyword": "maximum", "before": "100", "after": "1000", "first_day": date(2026, 6, 7), "requests": 1500, "clients": 25,
    "share_of_requests": 0.25, "share_of_clients": 1.0, "chance": 6e-11, "is_breaking": False, "is_significant": True,
}  # fmt: skip


def shown_change(**other: Any) -> str:
    """Returns the table of one change as a terminal shows it."""
    stream = io.StringIO()
    console = Console(file=stream, width=PIPED_CHARACTERS, highlight=False, markup=False, emoji=False)
    console.print(build_table([{**ROW, **other}]))
    return stream.getvalue()


@pytest.mark.parametrize(
    ("other", "words"),
    [
        ({}, "maximum 100 → 1000"),
        ({"after": None}, "maximum 100 → none"),
        ({"keyword": "enum", "before": '["a"]', "after": '["a","b"]'}, "enum 1 values → 2 values"),
        ({"keyword": "required", "before": "true", "after": "false"}, "required → optional"),
        ({"keyword": "required", "before": "false", "after": "true"}, "optional → required"),
        ({"keyword": "path", "before": '["//x"]', "after": '["/x", "/x/"]'}, "path //x → /x, /x/"),
        ({"keyword": "content", "before": "[]", "after": '["text/json"]'}, "content none → text/json"),
        ({"kind": "parameter-new", "keyword": "", "before": None, "after": '"required"'}, "new and required"),
        ({"kind": "endpoint-gone", "keyword": "", "before": None, "after": None}, "inactive for too long"),
    ],
)
def test_a_change_is_a_phrase(other: dict[str, Any], words: str) -> None:
    assert describe_change({**ROW, **other}) == words


def test_a_row_says_who_and_since_when() -> None:
    line = shown_change().splitlines()[1]
    for part in ("GET a.example/orders", "query page", "2026-06-07", "1,500 (25.0%)", "25 (100.0%)", "6e-11"):
        assert part in line
    assert "yes" not in line
    assert "yes" in shown_change(is_breaking=True)
    assert "(6e-11)" in shown_change(is_significant=False)


@pytest.mark.parametrize(
    "name", ["[red]x[/red]", ":smile:", "\x1b[31mx", "a\nb\r\nc", "\u202eexe.gnp", "x" * 100_000]
)
def test_what_clients_wrote_stays_text_of_one_screen(name: str) -> None:
    printed = shown_change(name=name, path_template=f"/{name}")
    assert not any(sign in printed for sign in ("\x1b", "\r", "\u202e", "😄"))
    assert len(printed) < 10 * PIPED_CHARACTERS
    if name.startswith(("[", ":")):
        assert name in printed


def test_json_has_the_values_that_documents_have() -> None:
    assert to_json_values(Row(before="100", after='["a"]', host="a.example")) == {
        "before": 100,
        "after": ["a"],
        "host": "a.example",
    }
    assert to_json_values(Row(before=None, after=None)) == {"before": None, "after": None}
