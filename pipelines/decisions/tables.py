"""Table decisions: operators' decisions as they were last given.

`decide` replaces all of them; learning again does not change them.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from pydantic import ValidationError
from pyspark.sql import Row
from pyspark.sql.types import ArrayType, IntegerType, StringType, StructField, StructType

from pipelines.decisions.model import KINDS, Decision, HostAlias, OnEndpoint, OnPath, Rename, Split
from pipelines.runtime.errors import ContractError
from pipelines.runtime.tables import Table, Warehouse

DECISIONS = Table(
    name="decisions",
    schema=StructType(
        [
            StructField("position", IntegerType(), False),
            StructField("kind", StringType(), False),
            StructField("host", StringType(), False),
            StructField("method", StringType(), True),
            StructField("template", StringType(), True),
            StructField("segments", ArrayType(StringType(), False), False),
            StructField("name", StringType(), True),
            StructField("note", StringType(), True),
        ]
    ),
)
"""For an alias, `host` is the pattern; for a rename, `name` is the template with the new names."""

DecisionRow = tuple[int, str, str, str | None, str | None, list[str], str | None, str | None]


def store(decisions: Sequence[Decision], warehouse: Warehouse) -> None:
    """Replaces all stored decisions."""
    rows = warehouse.spark.createDataFrame(to_rows(decisions), DECISIONS.schema)
    DECISIONS.replace_all(rows.coalesce(1), warehouse)


def load_decisions(warehouse: Warehouse) -> tuple[Decision, ...]:
    """Loads the decisions of the warehouse, in the order of their file."""
    return from_rows(DECISIONS.read(warehouse).collect())


def to_rows(decisions: Sequence[Decision]) -> list[DecisionRow]:
    """Turns decisions into rows of the table."""
    return [_row(position, decision) for position, decision in enumerate(decisions)]


def from_rows(rows: Iterable[Row]) -> tuple[Decision, ...]:
    """Turns rows of the table into decisions, in the order of their file.

    Raises:
        ContractError: Another version wrote a decision that this one rejects.
    """
    return tuple(_decision(row) for row in sorted(rows, key=lambda row: row["position"]))


def _row(position: int, decision: Decision) -> DecisionRow:
    host = decision.host if isinstance(decision, OnPath) else decision.subject
    template = decision.subject if isinstance(decision, OnPath) else None
    method = decision.method if isinstance(decision, OnEndpoint) else None
    segments = list(decision.into) if isinstance(decision, Split) else []
    name: str | None = None
    if isinstance(decision, Rename | HostAlias):
        name = decision.to if isinstance(decision, Rename) else decision.name
    return position, decision.kind, host, method, template, segments, name, decision.note


def _decision(row: Row) -> Decision:
    kind = str(row["kind"])
    entry: dict[str, Any] = {
        kind: row["host"] if kind == HostAlias.kind else row["template"],
        "note": row["note"],
    }
    if kind != HostAlias.kind:
        entry["host"] = row["host"]
    if row["method"] is not None:
        entry["method"] = row["method"]
    if row["segments"]:
        entry["into"] = tuple(row["segments"])
    if row["name"] is not None:
        entry["to" if kind == Rename.kind else "name"] = row["name"]
    try:
        return KINDS[kind].model_validate(entry)
    except (KeyError, ValidationError) as error:
        raise ContractError(
            f"table decisions: row {row['position']} ({kind}) is not a decision that this version knows. "
            "Run `apicensus decide FILE` with the file of decisions again."
        ) from error
