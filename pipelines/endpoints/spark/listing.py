"""Writes the list of endpoints to a file, the interface for users and benchmarks."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator
from datetime import datetime
from io import TextIOWrapper
from pathlib import Path
from typing import Any, Literal

import orjson
from pyspark.sql import DataFrame

from pipelines.endpoints.standing import format_reasons
from pipelines.runtime.files import atomic_file

COLUMNS = (
    "host", "method", "path_template", "variant", "state", "requests", "clients", "first_seen", "last_seen", "probability",
    "probability_min", "probability_max", "probability_deviation", "client_days", "host_adjustment", "teaches", "reasons",
)  # fmt: skip


def write_listing(
    endpoints: DataFrame, out: Path, file_format: Literal["csv", "ndjson"], name: str = "endpoints"
) -> tuple[Path, int]:
    """Writes `out/NAME.csv` or `.ndjson`, sorted.

    Candidates have a file of their own, so that no reader of the list of endpoints mistakes one for an endpoint.

    Args:
        endpoints: Rows of `pipelines.workflows.inventory`.
        out: Folder.
        file_format: Format and suffix of the file.
        name: Name of the file without its suffix.

    Returns:
        The file and its number of rows.

    Raises:
        OutputError: The file cannot be written.
    """
    file = out / f"{name}.{file_format}"
    rows = endpoints.select(*COLUMNS).orderBy("host", "path_template", "method", "variant").toLocalIterator()
    return file, _write(
        file, (dict(zip(COLUMNS, map(_plain, row), strict=True)) for row in rows), file_format
    )


def _write(file: Path, rows: Iterable[dict[str, Any]], file_format: Literal["csv", "ndjson"]) -> int:
    count = 0
    with atomic_file(file) as whole, TextIOWrapper(whole, encoding="utf-8", newline="") as target:
        if file_format == "csv":
            table = csv.DictWriter(target, COLUMNS)
            table.writeheader()
            for row in _escape_formulas(
                {**row, "reasons": "; ".join(format_reasons(row["reasons"]))} for row in rows
            ):
                table.writerow(row)
                count += 1
        else:
            for row in rows:
                target.write(orjson.dumps(row).decode() + "\n")
                count += 1
    return count


def _escape_formulas(rows: Iterable[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Prefixes cells that a spreadsheet would evaluate with an apostrophe.

    OWASP: CSV injection.
    """
    for row in rows:
        yield {
            k: f"'{v}" if isinstance(v, str) and v[:1] in ("=", "+", "-", "@", "\t", "\r") else v
            for k, v in row.items()
        }


def _plain(value: object) -> object:
    if isinstance(value, list):
        return [{name: _plain(part) for name, part in each.asDict().items()} for each in value]
    if isinstance(value, datetime):
        return value.isoformat() + "Z"
    return round(value, 6) if isinstance(value, float) else value
