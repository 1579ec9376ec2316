"""Changes for people: counts, and a short table of the most important ones."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import orjson
from pyspark.sql import Column, DataFrame, Row
from pyspark.sql import functions as F
from rich.table import Table

from pipelines.changes.schema_changes import MEDIA_TYPE, PATH, REQUIRED
from pipelines.http.text import to_single_line

MAX_SHOWN = 20
"""Changes shown in the terminal, one screen; table changes and changes.ndjson have all of them."""
TEXT_CHARACTERS = 60
PIPED_CHARACTERS = 200
"""Width without a terminal: lines are not wrapped, as logs are searched by line."""
ORDER = ("host", "path_template", "method", "location", "name", "keyword", "kind")
"""Order of the lines of changes.ndjson and of notices."""
DESCRIPTIONS = {
    "endpoint-new": "new endpoint", "method-new": "new method of a known path", "endpoint-removed": "no longer listed",
    "endpoint-gone": "inactive for too long", "parameter-new": "new", "parameter-removed": "no longer in the document",
    "parameter-gone": "no longer sent",
}  # fmt: skip


def count_changes(changes: DataFrame) -> dict[str, Any]:
    """Counts the changes.

    Returns:
        `changes, breaking, significant, hosts`, and `kinds`: the number of changes of each kind.
    """
    sums = changes.agg(
        F.count("*").alias("changes"),
        F.count_if("is_breaking").alias("breaking"),
        F.count_if("is_significant").alias("significant"),
        F.count_distinct("host").alias("hosts"),
    ).collect()[0]
    kinds = {row["kind"]: row["count"] for row in changes.groupBy("kind").count().orderBy("kind").collect()}
    return {**sums.asDict(), "kinds": kinds}


def is_finding() -> Column:
    """Whether operators are notified of a change: it is significant or breaking."""
    return F.col("is_significant") | F.col("is_breaking")


def select_foremost(changes: DataFrame) -> list[dict[str, Any]]:
    """Selects the most important changes.

    Significant ones come first, then breaking ones, then those with the most requests.
    """
    first = (F.desc("is_significant"), F.desc("is_breaking"), F.desc_nulls_last("requests"))
    return [row.asDict() for row in changes.orderBy(*first, *ORDER).limit(MAX_SHOWN).collect()]


def to_json_values(row: Row) -> dict[str, Any]:
    """Converts a row of table changes to JSON values; `before` and `after` are parsed."""
    values = row.asDict()
    return {key: _parse(text) if key in ("before", "after") else text for key, text in values.items()}


def build_table(rows: Iterable[Mapping[str, Any]]) -> Table:
    """Builds a table for the terminal.

    All strings come from traffic, so control characters and markup are removed and long ones are cut.
    """
    table = Table(
        "endpoint",
        "where",
        "change",
        "since",
        "requests",
        "clients",
        "breaking",
        "chance",
        box=None,
        pad_edge=False,
    )
    for row in rows:
        chance = "" if row["chance"] is None else f"{row['chance']:.1g}"
        place = f"{row['method']} {row['host']}{row['path_template']}"
        where = " ".join(part for part in (row["location"], row["name"]) if part)
        table.add_row(
            _to_cell(place),
            _to_cell(where),
            _to_cell(describe_change(row)),
            str(row["first_day"] or ""),
            _share(row["requests"], row["share_of_requests"]),
            _share(row["clients"], row["share_of_clients"]),
            "yes" if row["is_breaking"] else "",
            chance if row["is_significant"] else f"({chance})" if chance else "",
        )
    return table


def describe_change(row: Mapping[str, Any]) -> str:
    """Describes a change in words: `maximum 100 → 1000`."""
    before, after = _parse(row["before"]), _parse(row["after"])
    if row["kind"] in DESCRIPTIONS:
        return f"{DESCRIPTIONS[row['kind']]}{' and required' if after == REQUIRED else ''}"
    if row["keyword"] == REQUIRED:
        return "optional → required" if after else "required → optional"
    if row["keyword"] in (PATH, MEDIA_TYPE):
        return f"{row['keyword']} {_join_names(before)} → {_join_names(after)}"
    return f"{row['keyword']} {_shorten(before)} → {_shorten(after)}"


def _shorten(value: Any) -> str:
    if value is None:
        return "none"
    return f"{len(value)} values" if isinstance(value, list) else str(value)


def _join_names(names: Sequence[str]) -> str:
    return ", ".join(names) or "none"


def _parse(text: str | None) -> Any:
    return None if text is None else orjson.loads(text)


def _share(number: int | None, share: float | None) -> str:
    return "" if number is None else f"{number:,}" + ("" if share is None else f" ({share:.1%})")


def _to_cell(text: str) -> str:
    return to_single_line(text, TEXT_CHARACTERS)
