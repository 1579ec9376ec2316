"""The ledger recognises a file as known whole, known in part, replaced or new."""

from __future__ import annotations

import gzip
import hashlib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
import zstandard

from pipelines.transactions.inputs.scan import Scan, hash_prefixes
from pipelines.transactions.inputs.spark.files import Input, find_inputs
from pipelines.transactions.inputs.spark.ledger import EarlierIngest, LedgerComparison, compare_with_rows
from tests.input_files import COMBINED, HAR, write_file

LINES = [COMBINED.replace(b"GET /", b"GET /%d" % number) for number in range(110)]
OLD, NEW = b"".join(LINES[:100]), b"".join(LINES)


def read_input(path: Path) -> Input:
    return find_inputs([str(path)]).files[0]


def ledger_row(entry: Input, valid: int = 100) -> dict[str, Any]:
    """Returns the ledger's row of an input that was published."""
    scan = entry.scan
    names = ("content", "first_line", "bytes", "lines", "line_bytes")
    of_scan = {name: scan and getattr(scan, name) for name in names}
    return {
        "source_id": entry.checksum,
        "source": entry.name,
        "format": entry.format,
        "valid": valid,
    } | of_scan


def contents(entry: Input, lengths: Sequence[int]) -> dict[int, str]:
    """Returns length → hash of the content up to it."""
    assert entry.path is not None
    hashes = hash_prefixes(entry.path, entry.compression, lengths)
    return {length: content for length, (content, _) in hashes.items()}


def look_up(path: Path, *before: dict[str, Any]) -> tuple[LedgerComparison, Input | None]:
    """Compares a file with rows of the ledger.

    Returns the comparison, and the input that remains to be read.
    """
    comparison = compare_with_rows(before, [read_input(path)], contents)
    return comparison, comparison.new[0] if comparison.new else None


def test_a_new_file_is_read_whole_and_a_known_one_not_at_all(tmp_path: Path) -> None:
    path = write_file(tmp_path, "a.log", OLD)
    comparison, new = look_up(path)
    assert new is not None
    assert (new.start, new.lines_before, comparison.notes) == (0, 0, ())
    comparison, new = look_up(path, ledger_row(read_input(path)))
    assert (new, comparison.unchanged, comparison.valid_before) == (None, 1, 100)


@pytest.mark.parametrize("name", ["access.log", "access.log.gz", "access.log.zst"])
def test_a_log_that_has_grown_is_read_on_from_where_it_ended(tmp_path: Path, name: str) -> None:
    packs: dict[str, Callable[[bytes], bytes]] = {"gz": gzip.compress, "zst": zstandard.compress}
    pack = packs.get(name.rpartition(".")[2], bytes)
    row = ledger_row(read_input(write_file(tmp_path, name, pack(OLD))))
    for stored in (pack(NEW), pack(OLD) + pack(NEW[len(OLD) :])):  # compressed again, or with a new member
        comparison, new = look_up(write_file(tmp_path, name, stored), row)
        assert new is not None
        assert (new.start, new.lines_before) == (len(OLD), 100)
        assert comparison.earlier == {new.uri: EarlierIngest((row["source_id"],))}
        assert "has grown; reading continues at line 101" in comparison.notes[0]


def test_a_log_that_was_rotated_and_packed_since_is_the_same_log(tmp_path: Path) -> None:
    row = ledger_row(read_input(write_file(tmp_path, "access.log", OLD)))
    comparison, new = look_up(write_file(tmp_path, "access.log.1.gz", gzip.compress(OLD)), row)
    assert (new, comparison.unchanged) == (None, 1)
    _, new = look_up(write_file(tmp_path, "access.log.2.gz", gzip.compress(NEW)), row)
    assert new is not None
    assert new.lines_before == 100


def test_a_single_equal_line_of_another_file_is_another_request(tmp_path: Path) -> None:
    row = ledger_row(read_input(write_file(tmp_path, "one.log", LINES[0])))
    _, new = look_up(write_file(tmp_path, "two.log", NEW), row)
    assert new is not None
    assert new.start == 0


def test_a_replaced_file_is_read_whole_and_reported(tmp_path: Path) -> None:
    row = ledger_row(read_input(write_file(tmp_path, "access.log", OLD)))
    for content in (NEW[1000:], OLD[:1000] + b"#" + OLD[1001:] + LINES[100], OLD[: len(OLD) // 2]):
        comparison, new = look_up(write_file(tmp_path, "access.log", content), row)
        assert new is not None
        assert new.start == 0
        assert comparison.notes[0].endswith(
            "its content has changed since it was last read; read from the start"
        )
        assert comparison.earlier[new.uri].source_ids == (row["source_id"],)


@pytest.mark.parametrize(
    ("last", "after", "start", "lines", "again"),
    [
        (LINES[100].rstrip(), b"\n", 1, 101, None),  # was complete, its line end came later
        (LINES[100].rstrip(), b"\r\n", 2, 101, None),
        (LINES[100][:30], LINES[100][30:], -30, 100, 101),  # was being written
    ],
)
def test_a_last_line_without_its_end_is_read_again_only_if_it_has_grown(
    tmp_path: Path, last: bytes, after: bytes, start: int, lines: int, again: int | None
) -> None:
    row = ledger_row(read_input(write_file(tmp_path, "access.log", OLD + last)))
    comparison, new = look_up(write_file(tmp_path, "access.log", OLD + last + after + LINES[101]), row)
    assert new is not None
    assert (new.start, new.lines_before) == (len(OLD + last) + start, lines)
    assert comparison.earlier[new.uri] == EarlierIngest((row["source_id"],), again)


def test_a_log_that_grew_twice_is_read_on_from_the_longest_of_its_beginnings(tmp_path: Path) -> None:
    path = tmp_path / "access.log"
    rows = [
        ledger_row(read_input(write_file(tmp_path, path.name, b"".join(LINES[:size]))), valid)
        for size, valid in ((50, 50), (80, 30), (100, 20))
    ]
    comparison, new = look_up(write_file(tmp_path, path.name, NEW), *rows)
    assert new is not None
    assert (new.lines_before, comparison.valid_before) == (100, 100)
    comparison, new = look_up(write_file(tmp_path, path.name, OLD), *rows)
    assert (new, comparison.unchanged, comparison.valid_before) == (None, 1, 100)


def test_beginnings_of_nearly_equal_lengths_are_distinguished(tmp_path: Path) -> None:
    path = write_file(tmp_path, "a.log", OLD)
    lengths = [0, 1, 2, 3, 5, len(OLD) - 1, len(OLD)]
    expected = {size: (hashlib.sha256(OLD[:size]).hexdigest(), OLD[size : size + 2]) for size in lengths}
    assert hash_prefixes(path, "none", lengths) == expected


def test_a_remote_log_is_read_on_by_its_lines(tmp_path: Path) -> None:
    scan = Scan(500, "ends a", "first", None, 500, False)
    entry = Input("s3a://b/a.log", None, "combined", "none", 500, "v2", "s3a://b/a.log", scan)
    row = ledger_row(entry) | {
        "bytes": 400,
        "line_bytes": 400,
        "lines": 4,
        "content": "ends b",
        "source_id": "v1",
    }
    comparison = compare_with_rows([row], [entry], lambda _, lengths: dict.fromkeys(lengths, "ends b"))
    assert [(one.start, one.lines_before) for one in comparison.new] == [(0, 4)]
    cut = row | {"line_bytes": 0, "lines": 3}
    comparison = compare_with_rows([cut], [entry], lambda _, lengths: dict.fromkeys(lengths, "ends b"))
    assert [(one.start, one.lines_before) for one in comparison.new] == [(0, 3)]
    assert comparison.earlier == {entry.uri: EarlierIngest(("v1",), 4)}
    comparison = compare_with_rows([row], [entry], lambda _, lengths: dict.fromkeys(lengths, "ends c"))
    assert [(one.start, one.lines_before) for one in comparison.new] == [(0, 0)]


def test_a_har_that_was_exported_again_is_read_whole(tmp_path: Path) -> None:
    row = ledger_row(read_input(write_file(tmp_path, "a.har", HAR)))
    comparison, new = look_up(write_file(tmp_path, "a.har", HAR + b"\n"), row)
    assert new is not None
    assert comparison.earlier == {new.uri: EarlierIngest((row["source_id"],))}
