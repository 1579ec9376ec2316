"""Compares files with the ledger (table batches).

The ledger may know a file completely, its beginning, other content under its name, or nothing.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from pyspark.sql import functions as F

from pipelines.runtime.tables import Warehouse
from pipelines.transactions.inputs.names import printable_name
from pipelines.transactions.inputs.scan import hash_prefixes
from pipelines.transactions.inputs.spark.files import Input
from pipelines.transactions.inputs.spark.remote import hash_ends
from pipelines.transactions.tables import BATCHES

LEAST_MOVED_BYTES = 4096
"""Least number of equal bytes for a file of another name to count as the same log, rotated or compressed.

Some thirty lines of two servers are never equal to the second and the byte, while a single one (a health check) may be.
"""

LedgerRow = dict[str, Any]
PrefixHashes = Callable[
    [Input, Sequence[int]], dict[int, str]
]  # `Scan.content` of each of these numbers of first bytes
_COLUMNS = ("source_id", "source", "format", "content", "first_line", "bytes", "lines", "line_bytes", "valid")


@dataclass(frozen=True, slots=True)
class EarlierIngest:
    """Earlier ingests of a file of the same name.

    `source_ids` name them; `line` is the number of a line that may be in the tables twice, or None.
    """

    source_ids: tuple[str, ...]
    line: int | None = None


@dataclass(frozen=True, slots=True)
class LedgerComparison:
    """Inputs compared with the ledger.

    Attributes:
        new: inputs to be read; a log that has grown is read from where the last ingest stopped.
        unchanged: number of inputs that hold nothing new.
        valid_before: transactions of all inputs that are in the tables.
        earlier: for inputs of `new`, by `uri`, earlier ingests that may hold some of their records.
        notes: files that have grown or were replaced, in words.
    """

    new: tuple[Input, ...]
    unchanged: int
    valid_before: int
    earlier: dict[str, EarlierIngest]
    notes: tuple[str, ...]


def compare_with_ledger(warehouse: Warehouse, inputs: Sequence[Input]) -> LedgerComparison:
    """Looks the inputs up by content, by their first line and by name."""

    def contents(entry: Input, lengths: Sequence[int]) -> dict[int, str]:
        if entry.path is not None:
            found = hash_prefixes(entry.path, entry.compression, lengths)
            return {length: content for length, (content, _) in found.items()}
        return {length: hash_ends(warehouse.spark, entry.location or entry.uri, length) for length in lengths}

    return compare_with_rows(_read_rows(warehouse, inputs), inputs, contents)


def compare_with_rows(
    rows: Iterable[LedgerRow], inputs: Sequence[Input], contents: PrefixHashes
) -> LedgerComparison:
    """Compares inputs with rows of the ledger, which have `_COLUMNS`."""
    by_id, by_line, by_name = {}, defaultdict(list), defaultdict(list)
    for row in rows:
        by_id[row["source_id"]] = row
        by_name[row["source"]].append(row)
        if row["lines"] is not None:
            by_line[row["first_line"]].append(row)
    new, notes, earlier, unchanged, valid = list[Input](), list[str](), dict[str, EarlierIngest](), 0, 0
    for entry in inputs:
        same, before = by_id.get(entry.checksum), _find_beginnings(entry, by_line, contents)
        valid += sum(row["valid"] for row in before) or (same["valid"] if same else 0)
        if same or (before and before[-1]["content"] == (entry.scan and entry.scan.content)):
            unchanged += 1
            continue
        if before:
            found, earlier[entry.uri] = _continue_reading(entry, before[-1])
            new.append(found)
            notes.append(
                f"{printable_name(entry.name)}: has grown; reading continues at line {found.lines_before + 1:,}"
            )
            continue
        new.append(entry)
        if entry.name in by_name:
            earlier[entry.uri] = EarlierIngest(tuple(row["source_id"] for row in by_name[entry.name]))
            notes.append(
                f"{printable_name(entry.name)}: its content has changed since it was last read; read from the start"
            )
    return LedgerComparison(tuple(new), unchanged, valid, earlier, tuple(notes))


def _read_rows(warehouse: Warehouse, inputs: Sequence[Input]) -> list[LedgerRow]:
    """Returns the published rows of the ledger that may concern one of the inputs."""
    lines = sorted({entry.scan.first_line for entry in inputs if entry.scan is not None})
    wanted = (
        F.col("source_id").isin([entry.checksum for entry in inputs])
        | F.col("source").isin([entry.name for entry in inputs])
        | F.col("first_line").isin(lines)
    )
    found = BATCHES.read(warehouse).where(wanted & (F.col("state") == "published")).select(*_COLUMNS)
    return [row.asDict() for row in found.collect()]


def _find_beginnings(
    entry: Input, by_line: dict[str, list[LedgerRow]], contents: PrefixHashes
) -> list[LedgerRow]:
    """Returns the rows of the ledger whose whole content `entry` begins with.

    Contents are compared by SHA-256; the longest one comes last.
    """
    scan = entry.scan
    if scan is None:
        return []
    candidates = [
        row
        for row in by_line.get(scan.first_line, [])
        if row["format"] == entry.format
        and 0 < row["bytes"] <= scan.bytes
        and (row["source"] == entry.name or row["bytes"] >= LEAST_MOVED_BYTES)
    ]
    # at equal length the contents are compared without reading the file
    shorter = {row["bytes"] for row in candidates if row["bytes"] < scan.bytes}
    found = {scan.bytes: scan.content} | (contents(entry, sorted(shorter)) if shorter else {})
    same = [row for row in candidates if found[row["bytes"]] == row["content"]]
    return sorted(same, key=lambda row: int(row["bytes"]))


def _continue_reading(entry: Input, before: LedgerRow) -> tuple[Input, EarlierIngest]:
    """Returns where to continue reading.

    A last line without a line break was read as it was then; it is read again only if it has grown, too.
    """
    size, lines, whole = before["bytes"], before["lines"], before["line_bytes"]
    ids = (before["source_id"],)
    if (
        whole == size
    ):  # a remote file is read from its beginning, by many tasks, and its known lines are dropped
        return replace(entry, start=size if entry.path else 0, lines_before=lines), EarlierIngest(ids)
    if entry.path is None:
        return replace(entry, lines_before=lines), EarlierIngest(ids, lines + 1)
    _, after = hash_prefixes(entry.path, entry.compression, [size])[size]
    end = next((end for end in (b"\n", b"\r\n") if after.startswith(end)), None)
    if end is not None:
        return replace(entry, start=size + len(end), lines_before=lines + 1), EarlierIngest(ids)
    return replace(entry, start=whole, lines_before=lines), EarlierIngest(ids, lines + 1)
