"""Input files are found, and their format is detected by content.

Errors are one line that names the way out.
"""

from __future__ import annotations

import gzip
import hashlib
import os
import socket
from pathlib import Path

import pytest
import zstandard

from pipelines.runtime.errors import InputError
from pipelines.transactions.inputs.names import spark_uri
from pipelines.transactions.inputs.scan import Limits
from pipelines.transactions.inputs.spark.files import Inputs, find_damaged, find_inputs
from tests.input_files import COMBINED, HAR, LOGPUSH, refusal, write_file


def names(inputs: Inputs) -> list[tuple[str, str]]:
    """Returns (file name, format) of the files that were found."""
    return [(entry.path.name, entry.format) for entry in inputs.files if entry.path is not None]


def test_file_is_fingerprinted_by_its_stored_bytes(tmp_path: Path) -> None:
    stored = gzip.compress(LOGPUSH)
    path = write_file(tmp_path, "day 1.ndjson.gz", stored)
    (entry,) = find_inputs([str(path)]).files
    assert (entry.format, entry.compression, entry.bytes) == ("logpush", "gzip", len(stored))
    assert entry.checksum == hashlib.sha256(stored).hexdigest()
    assert entry.path == path.resolve()
    assert entry.uri == spark_uri(path.resolve())


def test_folder_is_read_in_order_without_hidden_and_unknown_files(tmp_path: Path) -> None:
    write_file(tmp_path, "b/2.log", COMBINED)
    write_file(tmp_path, "a.har", HAR)
    write_file(tmp_path, "b/1.jsonl", LOGPUSH)
    write_file(tmp_path, ".hidden.har", HAR + b" ")
    write_file(tmp_path, ".git/x.har", HAR + b"  ")
    write_file(tmp_path, "SOURCE.txt", b"captured with care\n")
    write_file(tmp_path, "empty.har", b"")
    inputs = find_inputs([str(tmp_path)])
    assert names(inputs) == [("a.har", "har"), ("1.jsonl", "logpush"), ("2.log", "combined")]
    assert [(Path(path).name, why.split(" (")[0]) for path, why in inputs.skipped] == [
        ("SOURCE.txt", "has no known format: unrecognised text"),
        ("empty.har", "is empty"),
    ]


def test_compression_is_detected_by_content_not_by_name(tmp_path: Path) -> None:
    write_file(tmp_path, "1.log", gzip.compress(COMBINED))
    write_file(tmp_path, "2", zstandard.compress(COMBINED + COMBINED))
    write_file(tmp_path, "3.log.gz", COMBINED * 3)
    inputs = find_inputs([str(tmp_path)])
    assert [(entry.compression, entry.format) for entry in inputs.files] == [
        ("gzip", "combined"),
        ("zstd", "combined"),
        ("none", "combined"),
    ]


def test_same_content_is_kept_once_and_listed(tmp_path: Path) -> None:
    first, second = write_file(tmp_path, "1.har", HAR), write_file(tmp_path, "2.har", HAR)
    inputs = find_inputs([str(tmp_path), str(first)])
    assert names(inputs) == [("1.har", "har")]
    assert inputs.skipped == ((str(second), f"same content as {first}"), (str(first), "given twice"))


def test_glob_takes_matches_and_literal_name_wins(tmp_path: Path) -> None:
    write_file(tmp_path, "a1.har", HAR)
    write_file(tmp_path, "deep/er/a2.har", HAR + b" ")
    write_file(tmp_path, "notes.txt", b"hello")
    literal = write_file(tmp_path, "a[1].har", HAR + b"\n")
    assert names(find_inputs([f"{tmp_path}/**/a?.har"])) == [("a1.har", "har"), ("a2.har", "har")]
    assert names(find_inputs([str(literal)])) == [("a[1].har", "har")]
    assert find_inputs([f"{tmp_path}/*"]).skipped[-1][0] == f"{tmp_path}/notes.txt"


def test_file_uri_names_a_local_file(tmp_path: Path) -> None:
    path = write_file(tmp_path, "a b.har", HAR)
    assert names(find_inputs([path.as_uri()])) == [("a b.har", "har")]


def test_given_format_is_believed_of_a_named_file_and_selects_within_a_folder(tmp_path: Path) -> None:
    odd = write_file(tmp_path, "odd.txt", b"hello\n")
    write_file(tmp_path, "a.har", HAR)
    write_file(tmp_path, "b.log", COMBINED)
    assert names(find_inputs([str(odd)], "combined")) == [("odd.txt", "combined")]
    inputs = find_inputs([str(tmp_path)], "combined")
    assert names(inputs) == [("b.log", "combined")]
    assert [Path(path).name for path, _ in inputs.skipped] == ["a.har", "odd.txt"]
    assert "UTF-16" in refusal(
        write_file(tmp_path, "u.log", COMBINED.decode().encode("utf-16")), format="combined"
    )


def test_log_of_another_kind_in_a_folder_is_skipped_but_a_broken_har_is_an_error(tmp_path: Path) -> None:
    write_file(tmp_path, "access.log", COMBINED)
    write_file(tmp_path, "error.log", b"[error] something\n")
    inputs = find_inputs([str(tmp_path)])
    assert [Path(path).name for path, _ in inputs.skipped] == ["error.log"]
    broken = write_file(tmp_path, "broken.har", b"\0\0\0\0")
    assert str(broken) in refusal(tmp_path)


def test_damaged_files_are_skipped_on_request(tmp_path: Path) -> None:
    write_file(tmp_path, "a.har", HAR)
    write_file(tmp_path, "b.har", b"\0\0\0\0")
    write_file(tmp_path, "c.log.gz", gzip.compress(COMBINED)[:20])
    inputs = find_inputs([str(tmp_path)], unreadable="skip")
    assert names(inputs) == [("a.har", "har")]
    assert [(Path(path).name, why[:25]) for path, why in inputs.skipped] == [
        ("b.har", "is named like HAR (HTTP A"),
        ("c.log.gz", "the gzip data is damaged:"),
    ]


def test_name_with_control_characters_stays_on_one_line_of_the_message(tmp_path: Path) -> None:
    message = refusal(write_file(tmp_path, "evil\n\x1b[31m.har", b"text"))
    assert "evil\\n\\x1b[31m.har" in message


def test_what_is_not_a_regular_file_is_skipped_by_name_within_a_folder(tmp_path: Path) -> None:
    write_file(tmp_path, "a.har", HAR)
    os.mkfifo(tmp_path / "fifo.log")
    (tmp_path / "self.log").symlink_to(tmp_path / "self.log")
    (tmp_path / "gone.log").symlink_to(tmp_path / "absent.log")
    (tmp_path / "endless.log").symlink_to("/dev/zero")
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(os.path.relpath(tmp_path / "socket.log"))
        expected = [
            ("endless.log", "is not a regular file (a device)"),
            ("fifo.log", "is not a regular file (a FIFO)"),
            ("gone.log", "is a broken symbolic link"),
            ("self.log", "is a symbolic link to itself"),
            ("socket.log", "is not a regular file (a socket)"),
        ]
        for argument in (str(tmp_path), f"{tmp_path}/*"):
            inputs = find_inputs([argument])
            assert names(inputs) == [("a.har", "har")]
            assert [(Path(path).name, why) for path, why in inputs.skipped] == expected


def test_a_line_longer_than_the_limit_is_reported_before_spark_opens_the_file(tmp_path: Path) -> None:
    limits = Limits(line_bytes=3 << 20)
    long = COMBINED + b"x" * (3 << 20) + b"\n" + COMBINED
    for name, content, is_long in (
        ("a.log", COMBINED * 60_000, False),
        ("b.log", long.replace(b"x", b"", 1).replace(b"xx", b"x\nx", 1), False),
        ("c.log", long + b"\n", False),
        ("d.log", COMBINED + b"x" * ((3 << 20) + 1) + b"\n", True),
        ("e.log", COMBINED + b"x" * (4 << 20), True),
    ):
        for packed in (bytes, gzip.compress):
            path = write_file(tmp_path, name, packed(content))
            (entry,) = find_inputs([str(path)], limits=limits).files
            assert entry.scan is not None
            assert (entry.scan.has_long_line, entry.scan.bytes) == (is_long, len(content)), name
            assert entry.scan.content == hashlib.sha256(content).hexdigest()
            assert (entry.scan.lines, entry.scan.line_bytes) == (
                content.count(b"\n"),
                content.rfind(b"\n") + 1,
            )


def test_a_file_that_unpacks_to_more_than_it_may_is_refused_or_skipped(tmp_path: Path) -> None:
    write_file(tmp_path, "a.log", COMBINED)
    for name, packed in (("b.log.gz", gzip.compress), ("c.log.zst", zstandard.compress)):
        path = write_file(tmp_path, name, packed(COMBINED * 20_000))
        assert path.stat().st_size < 20_000
        limits = Limits(unpacked_bytes=1_000_000)
        with pytest.raises(InputError, match=r"holds more than 1000000 bytes when decompressed \(ingest\."):
            find_inputs([str(path)], limits=limits)
    inputs = find_inputs([str(tmp_path)], unreadable="skip", limits=limits)
    assert names(inputs) == [("a.log", "combined")]
    assert len(inputs.skipped) == 2


def test_damage_at_the_end_of_a_long_file_is_found_on_request(tmp_path: Path) -> None:
    lines = b"".join(
        b'192.0.2.1 - - [17/May/2015:10:05:03 +0000] "GET /%d HTTP/1.1" 200 5\n' % i for i in range(40_000)
    )
    for name, content in {"a.log.gz": gzip.compress(lines), "b.log.zst": zstandard.compress(lines)}.items():
        write_file(tmp_path, name, content[:-100])
    write_file(tmp_path, "c.log.gz", gzip.compress(lines))
    inputs = find_inputs([str(tmp_path)])
    assert [entry.path.name for entry, _ in find_damaged(inputs.files) if entry.path] == [
        "a.log.gz",
        "b.log.zst",
    ]


def test_link_is_read_under_the_name_of_its_target(tmp_path: Path) -> None:
    target = write_file(tmp_path, "data/x.log", COMBINED).resolve()
    (tmp_path / "current").symlink_to(tmp_path / "data")
    inputs = find_inputs([str(tmp_path / "current" / ".." / "current" / "x.log"), str(target)])
    assert [entry.path for entry in inputs.files] == [target]
    assert [why for _, why in inputs.skipped] == ["given twice"]


def test_uri_quotes_as_java_does() -> None:
    assert (
        spark_uri(Path("/a b/c%20d/é ü,[x]{y}*?#.log"))
        == "file:/a%20b/c%2520d/é%20ü,%5Bx%5D%7By%7D*%3F%23.log"
    )
