"""Findings as a file, endpoints as a table on the terminal. Names come from clients: no markup, no control characters."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import orjson
from pyspark.sql import DataFrame
from pyspark.sql import functions as F
from rich.table import Table as RichTable
from rich.text import Text

from pipelines.conformance.findings import SEVERITIES
from pipelines.conformance.table import FINDING_KEY, VIOLATIONS
from pipelines.openapi.text import readable
from pipelines.whole_file import whole_file

COLUMNS = tuple(name for name in VIOLATIONS.schema.names if name != "batch")
CELL_CHARACTERS = 100


def worst_first(findings: DataFrame) -> DataFrame:
    """Rows of table violations: the most severe first, of these the most frequent."""
    rank = F.array_position(F.array(*map(F.lit, SEVERITIES)), F.col("severity"))
    return findings.orderBy(rank, F.desc("requests"), *FINDING_KEY)


def write_findings(findings: DataFrame, out: Path) -> int:
    """Rows of table violations → NDJSON, worst first, streamed; the number of rows. The file appears when it is whole.

    Raises:
        OutputError: the file cannot be written.
    """
    written = 0
    with whole_file(out) as file:
        for row in worst_first(findings).select(*COLUMNS).toLocalIterator():
            file.write(orjson.dumps({name: _plain(row[name]) for name in COLUMNS}) + b"\n")
            written += 1
    return written


def endpoint_table(endpoints: Iterable[Mapping[str, Any]]) -> RichTable:
    """Rows of `build.endpoint_counts` with `top`, the endpoint's worst finding in words, as a table."""
    table = RichTable(
        "violate",
        "of",
        "endpoint",
        "most often",
        title="Endpoints, most violations first",
        title_justify="left",
        box=None,
    )
    for row in endpoints:
        endpoint = f"{row['method']} {row['host']}{row['path_template']}"
        cells = (f"{row['violate']:,}", f"{row['requests']:,}", endpoint, row.get("top") or "")
        table.add_row(*(Text(readable(cell, CELL_CHARACTERS)) for cell in cells))
    return table


def in_words(finding: Mapping[str, Any]) -> str:
    """One finding: `query limit breaks maximum (integer)`."""
    kind = f" ({finding['value_class']})" if finding["value_class"] else ""
    return f"{finding['location']} {finding['name'] or '(whole)'} breaks {finding['rule']}{kind}"


def _plain(value: object) -> object:
    return value.isoformat() + "Z" if isinstance(value, datetime) else value
