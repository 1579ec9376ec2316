"""What the ledger (table batches) knows of a file: all of it, its beginning, another content under its name, or nothing."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from pyspark.sql import functions as F

from pipelines.tables import Warehouse
from pipelines.transactions.input_paths import shown
from pipelines.transactions.inputs import Input
from pipelines.transactions.scan import beginnings
from pipelines.transactions.table import BATCHES

MOVED_BYTES = 4096
"""From how many equal bytes on a file of another name is a log that was rotated or packed: some thirty lines of two servers are
never equal to the second and the byte, while a single one (a health check) may be."""

_COLUMNS = ("source_id", "source", "format", "content", "first_line", "bytes", "lines", "line_bytes", "valid")


@dataclass(frozen=True, slots=True)
class Earlier:
    """What was read under the name of an input before: `source_ids`, and the line that may be there twice (else None)."""

    source_ids: tuple[str, ...]
    line: int | None = None


@dataclass(frozen=True, slots=True)
class Compared:
    """Inputs against the ledger.

    Attributes:
        new: what is to be read, of a log that has grown from where it was read to.
        known: inputs that hold nothing new.
        known_valid: transactions that the tables hold of all inputs.
        earlier: of inputs of `new`, by `uri`, what may hold some of their records.
        notes: what grew, and what was replaced, in words.
    """

    new: tuple[Input, ...]
    known: int
    known_valid: int
    earlier: dict[str, Earlier]
    notes: tuple[str, ...]


def compared(warehouse: Warehouse, inputs: Sequence[Input]) -> Compared:
    """Looks the inputs up by content, by their first line and by name."""
    return against(_rows(warehouse, inputs), inputs)


def against(rows: Iterable[dict[str, Any]], inputs: Sequence[Input]) -> Compared:
    """Inputs against rows of the ledger, which have `_COLUMNS`."""
    by_id, by_line, by_name = {}, defaultdict(list), defaultdict(list)
    for row in rows:
        by_id[row["source_id"]] = row
        by_name[row["source"]].append(row)
        if row["content"] is not None:
            by_line[row["first_line"]].append(row)
    new, notes, earlier, known, valid = list[Input](), list[str](), dict[str, Earlier](), 0, 0
    for entry in inputs:
        same = by_id.get(entry.checksum)
        before = same or _longest_beginning(entry, by_line)
        valid += before["valid"] if before else 0
        if before and (same or before["content"] == (entry.scan and entry.scan.content)):
            known += 1
            continue
        if before:
            found, past = _grown(entry, before)
            new.append(found)
            earlier[entry.uri] = past
            notes.append(f"{shown(entry.name)}: has grown, read on from line {found.lines_before + 1:,}")
            continue
        new.append(entry)
        if entry.name in by_name:
            earlier[entry.uri] = Earlier(tuple(row["source_id"] for row in by_name[entry.name]))
            notes.append(
                f"{shown(entry.name)}: holds something else than when it was read before, read whole"
            )
    return Compared(tuple(new), known, valid, earlier, tuple(notes))


def _rows(warehouse: Warehouse, inputs: Sequence[Input]) -> list[dict[str, Any]]:
    """The published rows of the ledger that may be about one of the inputs; a few of each."""
    lines = sorted({entry.scan.first_line for entry in inputs if entry.scan is not None})
    wanted = (
        F.col("source_id").isin([entry.checksum for entry in inputs])
        | F.col("source").isin([entry.name for entry in inputs])
        | F.col("first_line").isin(lines)
    )
    found = BATCHES.read(warehouse).where(wanted & (F.col("state") == "published")).select(*_COLUMNS)
    return [row.asDict() for row in found.collect()]


def _longest_beginning(entry: Input, by_line: dict[str, list[dict[str, Any]]]) -> dict[str, Any] | None:
    """The row of the ledger whose whole content `entry` begins with, the longest one; compared byte for byte by SHA-256."""
    scan = entry.scan
    if scan is None or entry.path is None:
        return None
    candidates = [
        row
        for row in by_line.get(scan.first_line, [])
        if row["format"] == entry.format
        and 0 < row["bytes"] <= scan.bytes
        and (row["source"] == entry.name or row["bytes"] >= MOVED_BYTES)
    ]
    contents = {
        length: content
        for length, content, _ in beginnings(
            entry.path, entry.compression, [row["bytes"] for row in candidates]
        )
    }
    same = [row for row in candidates if contents[row["bytes"]] == row["content"]]
    return max(same, key=lambda row: row["bytes"], default=None)


def _grown(entry: Input, before: dict[str, Any]) -> tuple[Input, Earlier]:
    """Where to read on. A last line without an end was read as it was then; it is read again only if it has grown, too."""
    size, lines, whole = before["bytes"], before["lines"], before["line_bytes"]
    ids = (before["source_id"],)
    if whole == size:
        return replace(entry, start=size, lines_before=lines), Earlier(ids)
    assert entry.path is not None  # noqa: S101 - only local files are scanned
    ((_, _, after),) = beginnings(entry.path, entry.compression, [size])
    end = next((end for end in (b"\n", b"\r\n") if after.startswith(end)), None)
    if end is not None:
        return replace(entry, start=size + len(end), lines_before=lines + 1), Earlier(ids)
    return replace(entry, start=whole, lines_before=lines), Earlier(ids, lines + 1)
