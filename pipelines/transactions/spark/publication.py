"""Ingest: files → transactions and quarantine.

Stage, count, check, publish: the tables change in one commit each.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime
from hashlib import sha256
from pathlib import Path

import orjson
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from pipelines.runtime.errors import ContractError, InputError, QualityError
from pipelines.runtime.files import write_atomically
from pipelines.runtime.remote_file import RemoteFile
from pipelines.runtime.settings import Settings
from pipelines.runtime.tables import Warehouse
from pipelines.runtime.warehouse_lease import ensure_lease
from pipelines.transactions.expectations import QualityResult, check_batch, preload
from pipelines.transactions.inputs.names import printable_name
from pipelines.transactions.inputs.scan import Scan
from pipelines.transactions.inputs.spark.files import Input
from pipelines.transactions.inputs.spark.ledger import EarlierIngest, compare_with_ledger
from pipelines.transactions.secret_key import load_or_create_key
from pipelines.transactions.spark.counts import (
    FileCounts,
    count_batch,
    find_mostly_quarantined,
    first_and_last_times,
    read_earlier_batch_sizes,
    sample_rows,
    sum_not_requests,
)
from pipelines.transactions.spark.repeats import POSITION, find_repeats
from pipelines.transactions.spark.staging import Batch, remove_folder, stage_batch
from pipelines.transactions.tables import BATCHES, QUARANTINE, TRANSACTIONS

INTENT_FILE = "publishing.json"


def write_intent(spark: SparkSession, folder: str, source_ids: Sequence[str]) -> None:
    """Records which files are about to be published; durable when this returns."""
    content = orjson.dumps({"source_ids": sorted(source_ids)})
    if "://" not in folder:
        Path(folder).mkdir(parents=True, exist_ok=True)
        write_atomically(Path(folder) / INTENT_FILE, content)
        return
    _remote(spark, folder).write(content)


def read_intent(spark: SparkSession, folder: str) -> list[str]:
    """Returns the files of an interrupted publication, usually none.

    An incomplete intent file was never completely written (some file systems show a file while it is written): nothing was
    published yet.
    """
    content = _content(spark, folder)
    with suppress(orjson.JSONDecodeError, KeyError, TypeError):
        return [str(source_id) for source_id in orjson.loads(content or b"{}")["source_ids"]]
    return []


def delete_intent(spark: SparkSession, folder: str) -> None:
    """Deletes the intent: everything is published."""
    if "://" not in folder:
        (Path(folder) / INTENT_FILE).unlink(missing_ok=True)
        return
    _remote(spark, folder).delete()


def _content(spark: SparkSession, folder: str) -> bytes | None:
    if "://" not in folder:
        file = Path(folder) / INTENT_FILE
        return file.read_bytes() if file.is_file() else None
    return _remote(spark, folder).read()


def _remote(spark: SparkSession, folder: str) -> RemoteFile:
    return RemoteFile(spark, f"{folder.rstrip('/')}/{INTENT_FILE}")


STAGING = "_staging"
ROWS_PER_FILE = 1_000_000  # about 100 MB of Parquet: the size that Delta's own optimiser aims at


@dataclass(frozen=True, slots=True)
class IngestResult:
    """Result of one ingest. valid + quarantined + repeated == records, always.

    Attributes:
        files: number of files ingested.
        unchanged: number of files that held nothing new.
        records: records read.
        valid: new transactions.
        quarantined: rejected records.
        repeated: records that the tables held already.
        valid_before: transactions of these files that the tables held before.
        unreadable: "path: problem" of each file that was left out.
        warnings: failed expectations that do not stop the run.
        notes: files that have grown or were replaced, in words.
        not_requests: by reason, entries that were not requests; they are in no other count.
        refused: "path: problem and way out" of each file that was not ingested because most of it would be quarantined.
    """

    files: int
    unchanged: int
    records: int
    valid: int
    quarantined: int
    repeated: int = 0
    valid_before: int = 0
    unreadable: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    not_requests: Mapping[str, int] = field(default_factory=dict)
    refused: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _PublishedBatch:
    """A published batch.

    Attributes:
        counted: counts by file.
        repeated: by source, records that the tables held before.
        quality: result of the checks.
        refused: files that were not ingested.
    """

    counted: Sequence[FileCounts]
    repeated: Mapping[str, int]
    quality: QualityResult
    refused: tuple[str, ...]


def ingest(
    warehouse: Warehouse,
    inputs: Sequence[Input],
    settings: Settings,
    *,
    now: datetime,
    docs: Path | None = None,
) -> IngestResult:
    """Adds everything in `inputs` that the warehouse does not hold yet.

    The same file again adds nothing, one that has grown adds its new lines.

    Raises:
        WarehouseBusy: another process writes to the warehouse.
        InputError: a file cannot be read to its end, and `ingest.unreadable_files` is error or nothing else was given.
        QualityError: a critical expectation failed; the tables are unchanged.
    """
    with ensure_lease(warehouse, "ingest", settings.lease) as mine:
        return _ingest(mine, inputs, settings, now=now, docs=docs)


def _ingest(
    warehouse: Warehouse, inputs: Sequence[Input], settings: Settings, *, now: datetime, docs: Path | None
) -> IngestResult:
    _recover(warehouse)
    found = compare_with_ledger(warehouse, inputs)
    nothing = IngestResult(0, found.unchanged, 0, 0, 0, valid_before=found.valid_before)
    if not found.new:
        return nothing
    batch_id = sha256("".join(sorted(item.checksum for item in found.new)).encode()).hexdigest()[:16]
    key = load_or_create_key(warehouse.root, settings.privacy)
    folder = warehouse.path(f"{STAGING}/{batch_id}")
    preload()
    try:
        with stage_batch(warehouse.spark, found.new, folder, key=key, now=now, settings=settings) as batch:
            done = _check_and_publish(warehouse, batch, batch_id, found.earlier, settings, now=now, docs=docs)
    except InputError as error:
        if not found.unchanged or settings.ingest.unreadable_files == "error":
            raise
        # Everything readable is in the tables already: repeating the command is not an error.
        return replace(nothing, unreadable=(f"{error.source}: {error.problem}",))
    read, valid = (sum(row[name] for row in done.counted) for name in ("read", "valid"))
    repeated = sum(done.repeated.values())
    return replace(
        nothing,
        files=len(batch.files) - len(done.refused),
        records=read,
        valid=valid - repeated,
        quarantined=read - valid,
        repeated=repeated,
        unreadable=batch.unreadable,
        warnings=done.quality.warnings,
        notes=found.notes,
        not_requests=sum_not_requests(done.counted),
        refused=done.refused,
    )


def _check_and_publish(
    warehouse: Warehouse,
    batch: Batch,
    batch_id: str,
    earlier: Mapping[str, EarlierIngest],
    settings: Settings,
    *,
    now: datetime,
    docs: Path | None,
) -> _PublishedBatch:
    """Counts, checks and publishes the batch."""
    counted: Sequence[FileCounts] = batch.counted
    _require_inputs(counted, batch.files)
    useless = find_mostly_quarantined(counted, settings.quality)
    refused = tuple(
        f"{printable_name(file.name)}: {useless[file.uri]}" for file in batch.files if file.uri in useless
    )
    nothing_left = len(useless) == len(batch.files)
    if useless and not nothing_left:
        files = tuple(file for file in batch.files if file.uri not in useless)
        batch = replace(batch, files=files, rows=batch.rows.where(~F.col("source").isin(*useless)))
        counted = [row for row in counted if row["source"] not in useless]
    problems = refused if nothing_left else ()
    quality = _run_checks(warehouse, batch, counted, settings, problems, now=now, docs=docs)
    rows, repeated = _drop_repeats(warehouse, batch, counted, earlier)
    rows_of = {row["source"]: row for row in counted}
    records = [
        _batch_row(item, batch_id, rows_of.get(item.uri), repeated.get(item.uri, 0), quality, now)
        for item in batch.files
    ]
    _publish(warehouse, rows, records, now)
    return _PublishedBatch(counted, repeated, quality, refused)


def _require_inputs(counted: Sequence[FileCounts], files: Sequence[Input]) -> None:
    """Checks that every row belongs to a file of the batch.

    Other rows would be lost or never be found again: this is a defect, raised before anything is published.
    """
    strange = sorted({row["source"] for row in counted} - {item.uri for item in files})
    if strange:
        raise ContractError(
            f"{printable_name(strange[0])}: Spark reports this file under a URI that is not in the list of inputs (the first of "
            f"which is {printable_name(files[0].uri)}), so {len(strange)} files cannot be recorded. Nothing was ingested; "
            "rename the file to plain ASCII characters."
        )


def _drop_repeats(
    warehouse: Warehouse, batch: Batch, counted: Sequence[FileCounts], earlier: Mapping[str, EarlierIngest]
) -> tuple[DataFrame, dict[str, int]]:
    """Returns the rows that are not in the table, and by source how many are."""
    times = first_and_last_times(counted)
    valid = batch.rows.where(F.size("violations") == 0)
    span = (min(times), max(times)) if times else None
    found = find_repeats(warehouse, valid, batch.files, earlier, span)
    if found is None:
        return batch.rows, {}
    repeated = {row["source"]: row["count"] for row in found.groupBy("source").count().collect()}
    return (batch.rows.join(found, [*POSITION], "left_anti") if repeated else batch.rows), repeated


def _run_checks(
    warehouse: Warehouse,
    batch: Batch,
    counted: Sequence[FileCounts],
    settings: Settings,
    problems: Sequence[str],
    *,
    now: datetime,
    docs: Path | None,
) -> QualityResult:
    """Runs the checkpoint and returns its result.

    Raises if it is critical, or if there are `problems`, which come first in the message.
    """
    counts = count_batch(batch.rows, counted, read_earlier_batch_sizes(warehouse), settings.quality, now)
    sample = sample_rows(batch.rows, counts.valid, settings.quality.sample_rows)
    quality = check_batch(counts, sample, settings.quality, docs)
    if problems or quality.critical:
        more = f" ({len(problems) - 1} more files like it)" if len(problems) > 1 else ""
        first = [f"{problem}{more}" for problem in problems[:1]]
        raise QualityError(
            f"batch of {len(batch.files)} files (first: {printable_name(batch.files[0].name)}) failed its checks and was not "
            f"ingested: {'; '.join((*first, *quality.critical))}. Give the right --format, or change section quality in "
            "--settings."
        )
    return quality


def _batch_row(
    item: Input,
    batch_id: str,
    counted: FileCounts | None,
    repeated: int,
    quality: QualityResult,
    now: datetime,
) -> dict[str, object]:
    read = counted["read"] if counted else 0
    valid = counted["valid"] if counted else 0
    scan = item.scan
    return {
        "batch_id": batch_id,
        "source_id": item.checksum,
        "source": item.name,
        "format": item.format,
        "records": read,
        "valid": valid - repeated,
        "quarantined": read - valid,
        "repeated": repeated,
        "not_requests": counted["not_requests"].total() if counted else 0,
        "content": scan and scan.content,
        "first_line": scan and scan.first_line,
        "bytes": scan and scan.bytes,
        "lines": scan and _count_complete_lines(scan, counted),
        "line_bytes": scan and scan.line_bytes,
        "first_time": counted["first_time"] if counted else None,
        "last_time": counted["last_time"] if counted else None,
        "ingested_at": now,
        "state": "published",
        "expectations": orjson.dumps(quality.document).decode(),
    }


def _count_complete_lines(scan: Scan, counted: FileCounts | None) -> int | None:
    """Returns the number of lines that end in a line break.

    The lines of a remote file were not counted before: the number of its last record is used.
    """
    if scan.lines is not None or counted is None or counted["last_line"] is None:
        return scan.lines
    return int(counted["last_line"]) - (scan.line_bytes < scan.bytes)


def _publish(
    warehouse: Warehouse, rows: DataFrame, records: Sequence[dict[str, object]], now: datetime
) -> None:
    """Appends to both tables, then to the ledger.

    A crash in between is undone by the next ingest (`_recover`).
    """
    staging = warehouse.path(STAGING)
    warehouse.confirm()
    write_intent(warehouse.spark, staging, [str(record["source_id"]) for record in records])
    good = rows.where(F.size("violations") == 0).withColumnRenamed("line", "source_line")
    valid = sum(int(str(record["valid"])) for record in records)
    if valid:
        files = max(1, math.ceil(valid / ROWS_PER_FILE))
        TRANSACTIONS.append(good.repartitionByRange(files, "day", "host", "time"), warehouse)
    if any(record["quarantined"] for record in records):
        bad = rows.where((F.size("violations") > 0) & F.col("not_request").isNull()).withColumns(
            {"reasons": F.col("violations"), "day": F.lit(now.date())}
        )
        QUARANTINE.append(bad.coalesce(1), warehouse)
    ledger = warehouse.spark.createDataFrame([*records], BATCHES.schema)
    BATCHES.append(ledger.coalesce(1), warehouse)
    delete_intent(warehouse.spark, staging)


def _recover(warehouse: Warehouse) -> None:
    """Undoes an interrupted ingest, so that its files count as new.

    The caller holds the lease: anything half published or staged was left by a process that will never continue.
    """
    staging = warehouse.path(STAGING)
    begun = (
        F.col("source_id").isin(source_ids) if (source_ids := read_intent(warehouse.spark, staging)) else None
    )
    # the ledger is one commit: if it holds any of them, the process was killed after it had published all
    if begun is not None and BATCHES.read(warehouse).where(begun).isEmpty():
        for table in (TRANSACTIONS, QUARANTINE):
            table.delete(warehouse, begun)
    remove_folder(warehouse.spark, staging)
