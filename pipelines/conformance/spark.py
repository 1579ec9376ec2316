"""Checking requests on Spark, and writing the findings.

Names in findings come from clients, so they are shown without markup and control characters.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import orjson
import pyarrow as pa
from pyspark import Broadcast
from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F
from pyspark.sql.types import (
    ArrayType,
    DoubleType,
    IntegerType,
    StringType,
    StructField,
    StructType,
    TimestampType,
)
from rich.table import Table as RichTable
from rich.text import Text

from pipelines.conformance.findings import (
    OTHERS,
    SEVERITIES,
    UNKNOWN_ENDPOINT,
    UNKNOWN_HOST,
    UNKNOWN_METHOD,
    Finding,
    RequestCheck,
)
from pipelines.conformance.request_check import Request, RequestChecker
from pipelines.conformance.routes import Routes
from pipelines.conformance.tables import FINDING_KEY, PLACE, VIOLATIONS
from pipelines.http.status import SUCCESSFUL
from pipelines.http.text import to_single_line
from pipelines.paths.spark.steps import guess_steps, mask_path
from pipelines.runtime.columns import estimate_distinct, struct_fields
from pipelines.runtime.files import atomic_file
from pipelines.runtime.settings_sections import ConformanceSettings, PathSettings

COLUMNS = tuple(name for name in VIOLATIONS.schema.names if name != "batch")
CELL_CHARACTERS = 100


def sort_by_severity(rows: DataFrame) -> DataFrame:
    """Sorts rows of table violations: the most severe first, then the most frequent."""
    rank = F.array_position(F.array(*map(F.lit, SEVERITIES)), F.col("severity"))
    return rows.orderBy(rank, F.desc("requests"), *FINDING_KEY)


def write_findings(rows: DataFrame, out: Path) -> int:
    """Writes rows of table violations as NDJSON, the most severe first.

    Rows are streamed; the file appears when it is complete.

    Returns:
        The number of rows.

    Raises:
        OutputError: the file cannot be written.
    """
    written = 0
    with atomic_file(out) as file:
        for row in sort_by_severity(rows).select(*COLUMNS).toLocalIterator():
            file.write(orjson.dumps({name: _plain_value(row[name]) for name in COLUMNS}) + b"\n")
            written += 1
    return written


def build_endpoint_table(endpoints: Iterable[Mapping[str, Any]]) -> RichTable:
    """Builds a table for the terminal.

    Args:
        endpoints: rows of `count_by_endpoint`, with the endpoint's most frequent finding in words as `top`.
    """
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
        table.add_row(*(Text(to_single_line(cell, CELL_CHARACTERS)) for cell in cells))
    return table


def describe_finding(finding: Mapping[str, Any]) -> str:
    """Describes a finding in words: `query limit breaks maximum (integer)`."""
    kind = f" ({finding['value_class']})" if finding["value_class"] else ""
    return f"{finding['location']} {finding['name'] or '(whole)'} breaks {finding['rule']}{kind}"


def _plain_value(value: object) -> object:
    return value.isoformat() + "Z" if isinstance(value, datetime) else value


Batches = Iterator[pa.RecordBatch]
CHECKED_COLUMNS = ("host", "method", "path", "query", "request_content_type", "request_body")
RESOLVED_TEMPLATE = "resolved_template"
"""Optional column: the template that learning resolves the path to (`request_check.Request.template`)."""
KEPT_COLUMNS = ("host", "method", "path", "client", "time", "status", "transaction_id")
_FINDING = pa.struct(
    [
        *((name, pa.string()) for name in ("location", "name", "rule", "value_class")),
        ("confidence", pa.float64()),
        ("severity", pa.string()),
    ]
)
_FINDINGS = ArrayType(
    StructType(
        [
            *struct_fields(StringType(), "location", "name", "rule", "value_class", nullable=True),
            StructField("confidence", DoubleType()),
            StructField("severity", StringType()),
        ]
    )
)
REQUEST_CHECKS = StructType(
    [
        *struct_fields(StringType(), "host", "method", "path", "client", nullable=True),
        StructField("time", TimestampType()),
        StructField("status", IntegerType()),
        StructField("transaction_id", StringType()),
        StructField("path_template", StringType()),
        StructField("outcome", StringType()),
        StructField("findings", _FINDINGS),
    ]
)
CLIENT_SKETCH_LOG2 = 10
"""log2 of the HyperLogLog buckets of a finding's clients: exact for few, +-3 % for many (docs/methods.md, 2.7)."""


def check_requests(transactions: DataFrame, routes: Routes, settings: ConformanceSettings) -> DataFrame:
    """Checks each transaction against the documents.

    Args:
        transactions: the columns `CHECKED_COLUMNS` and `KEPT_COLUMNS`. If there is a column `RESOLVED_TEMPLATE`, it has the
            template of each path, and no other template is considered.
        routes: the operations of all documents.
        settings: section `conformance`.

    Returns:
        Rows of `REQUEST_CHECKS`, one for each transaction; `path_template` is NULL if no document has the path.
    """
    shared = transactions.sparkSession.sparkContext.broadcast(routes)
    resolved = [RESOLVED_TEMPLATE] if RESOLVED_TEMPLATE in transactions.columns else []
    needed = transactions.select(*dict.fromkeys([*KEPT_COLUMNS, *CHECKED_COLUMNS, *resolved]))
    return needed.mapInArrow(_make_check(shared, settings.remembered_values), REQUEST_CHECKS)


def summarise_findings(checks: DataFrame, settings: ConformanceSettings, paths: PathSettings) -> DataFrame:
    """Counts the findings in rows of `check_requests`.

    Returns:
        The columns of table violations except `batch`.
    """
    each = checks.select("*", F.explode("findings").alias("finding")).select(
        *_place_columns(paths),
        *(F.col(f"finding.{name}").alias(name) for name in ("rule", "value_class", "severity", "confidence")),
        "client", "time", "status", "transaction_id",
    )  # fmt: skip
    counted = each.groupBy(*FINDING_KEY).agg(
        F.min("confidence").alias("confidence"),
        F.count(F.lit(1)).alias("requests"),
        F.count_if(F.col("status").between(*SUCCESSFUL)).alias("successes"),
        F.hll_sketch_agg("client", F.lit(CLIENT_SKETCH_LOG2)).alias("clients"),
        F.min("time").alias("first_seen"),
        F.max("time").alias("last_seen"),
        F.min_by(F.col("transaction_id"), F.xxhash64("transaction_id"), settings.transaction_ids).alias(
            "transaction_ids"
        ),
    )
    return _bound_unknowns(counted, settings.max_unknown).withColumn("clients", estimate_distinct("clients"))


def count_by_endpoint(checks: DataFrame) -> DataFrame:
    """Counts requests and violations of each known endpoint.

    Args:
        checks: rows of `check_requests`.

    Returns:
        `host, method, path_template, requests, violate, violate_successes, rate`; `rate` is the share of violating requests.
    """
    violates, succeeded = F.col("outcome") == "violate", F.col("status").between(*SUCCESSFUL)
    counted = checks.where(F.col("outcome") != "unknown").groupBy("host", "method", "path_template")
    return counted.agg(
        F.count(F.lit(1)).alias("requests"),
        F.count_if(violates).alias("violate"),
        F.count_if(violates & succeeded).alias("violate_successes"),
        F.round(F.count_if(violates) / F.count(F.lit(1)), 6).alias("rate"),
    )


def _place_columns(settings: PathSettings) -> list[Column]:
    """The columns `PLACE` of an exploded finding.

    Of a path that no document has, only the shape is kept; of an unknown host, only its name.
    """
    rule = F.col("finding.rule")
    is_host = rule == UNKNOWN_HOST
    shape = F.array_join(guess_steps(mask_path(F.col("path"), settings)), "")
    template = F.when(is_host, F.lit("")).otherwise(F.coalesce(F.col("path_template"), shape))
    return [
        F.col("host"),
        F.when(is_host, F.lit("")).otherwise(F.col("method")).alias("method"),
        template.alias("path_template"),
        F.col("finding.location").alias("location"),
        F.col("finding.name").alias("name"),
    ]


def _bound_unknowns(counted: DataFrame, most: int) -> DataFrame:
    """Keeps the most frequent findings of each rule and place.

    The others are merged into one row (`OTHERS`).
    """
    rule = F.col("rule")
    of_host, of_path = rule == UNKNOWN_HOST, rule.isin(UNKNOWN_ENDPOINT, UNKNOWN_METHOD)
    group = [
        rule,
        F.when(of_host, F.lit("")).otherwise(F.col("host")),
        *(F.when(of_host | of_path, F.lit("")).otherwise(F.col(name)) for name in PLACE[1:4]),
    ]
    in_turn = Window.partitionBy(*group).orderBy(F.desc("requests"), *FINDING_KEY)
    ranked = counted.withColumn("is_rest", F.row_number().over(in_turn) > most)
    is_rest, others = F.col("is_rest"), F.lit(OTHERS)
    merged = ranked.withColumns(
        {
            "host": F.when(is_rest & of_host, others).otherwise(F.col("host")),
            "method": F.when(is_rest & of_path, F.lit("")).otherwise(F.col("method")),
            "path_template": F.when(is_rest & of_path, others).otherwise(F.col("path_template")),
            "name": F.when(is_rest & ~of_host & ~of_path, others).otherwise(F.col("name")),
        }
    )
    return merged.groupBy(*FINDING_KEY).agg(
        F.min("confidence").alias("confidence"),
        F.sum("requests").alias("requests"),
        F.sum("successes").alias("successes"),
        F.hll_union_agg("clients").alias("clients"),
        F.min("first_seen").alias("first_seen"),
        F.max("last_seen").alias("last_seen"),
        F.max_by("transaction_ids", "requests").alias("transaction_ids"),
    )


def _make_check(routes: Broadcast[Routes], remembered: int) -> Callable[[Batches], Batches]:
    """Makes the function for `mapInArrow`.

    Batches of the columns to check → `REQUEST_CHECKS`.
    """

    def check(batches: Batches) -> Batches:
        checker = RequestChecker(routes.value, remembered)
        for batch in batches:
            if batch.num_rows:
                names = (
                    [*CHECKED_COLUMNS, RESOLVED_TEMPLATE]
                    if RESOLVED_TEMPLATE in batch.schema.names
                    else CHECKED_COLUMNS
                )
                columns = (batch.column(name).to_pylist() for name in names)
                checks = [checker.check_request(Request(*row)) for row in zip(*columns, strict=True)]
                yield _with_checks(batch, checks)

    return check


def _with_checks(batch: pa.RecordBatch, checks: list[RequestCheck]) -> pa.RecordBatch:
    arrays = [
        *map(batch.column, KEPT_COLUMNS),
        pa.array([check.template for check in checks], pa.string()),
        pa.array([check.outcome for check in checks], pa.string()),
        pa.array([[_to_row(finding) for finding in check.findings] for check in checks], pa.list_(_FINDING)),
    ]
    return pa.RecordBatch.from_arrays(arrays, names=REQUEST_CHECKS.names)


def _to_row(finding: Finding) -> dict[str, object]:
    return {**finding._asdict(), "severity": finding.severity}
