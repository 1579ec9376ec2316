"""Files are found, told apart by their content, and refused in one line that names the way out."""

from __future__ import annotations

import gzip
import hashlib
from pathlib import Path

import zstandard

from pipelines.transactions.input_paths import spark_uri
from pipelines.transactions.inputs import Inputs, damaged, find_inputs
from tests.input_files import COMBINED, HAR, LOGPUSH, refusal, written


def names(found: Inputs) -> list[tuple[str, str]]:
    return [(entry.path.name, entry.format) for entry in found.files if entry.path is not None]


def test_file_is_fingerprinted_by_its_stored_bytes(tmp_path: Path) -> None:
    stored = gzip.compress(LOGPUSH)
    path = written(tmp_path, "day 1.ndjson.gz", stored)
    (entry,) = find_inputs([str(path)]).files
    assert (entry.format, entry.compression, entry.bytes) == ("logpush", "gzip", len(stored))
    assert entry.checksum == hashlib.sha256(stored).hexdigest()
    assert entry.path == path.resolve()
    assert entry.uri == spark_uri(path.resolve())


def test_folder_is_read_in_order_without_hidden_and_unknown_files(tmp_path: Path) -> None:
    written(tmp_path, "b/2.log", COMBINED)
    written(tmp_path, "a.har", HAR)
    written(tmp_path, "b/1.jsonl", LOGPUSH)
    written(tmp_path, ".hidden.har", HAR + b" ")
    written(tmp_path, ".git/x.har", HAR + b"  ")
    written(tmp_path, "SOURCE.txt", b"captured with care\n")
    written(tmp_path, "empty.har", b"")
    found = find_inputs([str(tmp_path)])
    assert names(found) == [("a.har", "har"), ("1.jsonl", "logpush"), ("2.log", "combined")]
    assert [(Path(path).name, why.split(" (")[0]) for path, why in found.skipped] == [
        ("SOURCE.txt", "has no known format: text of another form"),
        ("empty.har", "is empty"),
    ]


def test_compression_is_told_by_content_not_by_name(tmp_path: Path) -> None:
    written(tmp_path, "1.log", gzip.compress(COMBINED))
    written(tmp_path, "2", zstandard.compress(COMBINED + COMBINED))
    written(tmp_path, "3.log.gz", COMBINED * 3)
    found = find_inputs([str(tmp_path)])
    assert [(entry.compression, entry.format) for entry in found.files] == [
        ("gzip", "combined"),
        ("zstd", "combined"),
        ("none", "combined"),
    ]


def test_same_content_is_kept_once_and_listed(tmp_path: Path) -> None:
    first, second = written(tmp_path, "1.har", HAR), written(tmp_path, "2.har", HAR)
    found = find_inputs([str(tmp_path), str(first)])
    assert names(found) == [("1.har", "har")]
    assert found.skipped == ((str(second), f"same content as {first}"), (str(first), "given twice"))


def test_glob_takes_matches_and_literal_name_wins(tmp_path: Path) -> None:
    written(tmp_path, "a1.har", HAR)
    written(tmp_path, "deep/er/a2.har", HAR + b" ")
    written(tmp_path, "notes.txt", b"hello")
    literal = written(tmp_path, "a[1].har", HAR + b"\n")
    assert names(find_inputs([f"{tmp_path}/**/a?.har"])) == [("a1.har", "har"), ("a2.har", "har")]
    assert names(find_inputs([str(literal)])) == [("a[1].har", "har")]
    assert find_inputs([f"{tmp_path}/*"]).skipped[-1][0] == f"{tmp_path}/notes.txt"


def test_file_uri_names_a_local_file(tmp_path: Path) -> None:
    path = written(tmp_path, "a b.har", HAR)
    assert names(find_inputs([path.as_uri()])) == [("a b.har", "har")]


def test_given_format_is_believed_of_a_named_file_and_selects_within_a_folder(tmp_path: Path) -> None:
    odd = written(tmp_path, "odd.txt", b"hello\n")
    written(tmp_path, "a.har", HAR)
    written(tmp_path, "b.log", COMBINED)
    assert names(find_inputs([str(odd)], "combined")) == [("odd.txt", "combined")]
    found = find_inputs([str(tmp_path)], "combined")
    assert names(found) == [("b.log", "combined")]
    assert [Path(path).name for path, _ in found.skipped] == ["a.har", "odd.txt"]
    assert "UTF-16" in refusal(
        written(tmp_path, "u.log", COMBINED.decode().encode("utf-16")), format="combined"
    )


def test_log_of_another_kind_in_a_folder_is_skipped_but_a_broken_har_is_an_error(tmp_path: Path) -> None:
    written(tmp_path, "access.log", COMBINED)
    written(tmp_path, "error.log", b"[error] something\n")
    found = find_inputs([str(tmp_path)])
    assert [Path(path).name for path, _ in found.skipped] == ["error.log"]
    broken = written(tmp_path, "broken.har", b"\0\0\0\0")
    assert str(broken) in refusal(tmp_path)


def test_damaged_files_are_skipped_when_told_so(tmp_path: Path) -> None:
    written(tmp_path, "a.har", HAR)
    written(tmp_path, "b.har", b"\0\0\0\0")
    written(tmp_path, "c.log.gz", gzip.compress(COMBINED)[:20])
    found = find_inputs([str(tmp_path)], unreadable="skip")
    assert names(found) == [("a.har", "har")]
    assert [(Path(path).name, why[:25]) for path, why in found.skipped] == [
        ("b.har", "is named like HAR (HTTP A"),
        ("c.log.gz", "the gzip data is damaged:"),
    ]


def test_name_with_control_characters_stays_on_one_line_of_the_message(tmp_path: Path) -> None:
    message = refusal(written(tmp_path, "evil\n\x1b[31m.har", b"text"))
    assert "evil\\n\\x1b[31m.har" in message


def test_remote_uri_is_taken_by_name_and_identified_by_its_uri() -> None:
    uri = "s3a://bucket/logs/2026-01-01.ndjson.gz"
    (entry,) = find_inputs([uri]).files
    assert (entry.uri, entry.path, entry.format, entry.compression) == (uri, None, "logpush", "gzip")
    assert (entry.bytes, entry.checksum) == (None, hashlib.sha256(uri.encode()).hexdigest())
    (entry,) = find_inputs(["gs://bucket/logs/*"], "combined").files
    assert entry.format == "combined"


def test_damage_at_the_end_of_a_long_file_is_found_on_request(tmp_path: Path) -> None:
    lines = b"".join(
        b'192.0.2.1 - - [17/May/2015:10:05:03 +0000] "GET /%d HTTP/1.1" 200 5\n' % i for i in range(40_000)
    )
    for name, content in {"a.log.gz": gzip.compress(lines), "b.log.zst": zstandard.compress(lines)}.items():
        written(tmp_path, name, content[:-100])
    written(tmp_path, "c.log.gz", gzip.compress(lines))
    found = find_inputs([str(tmp_path)])
    assert [entry.path.name for entry, _ in damaged(found.files) if entry.path] == ["a.log.gz", "b.log.zst"]


def test_link_is_read_under_the_name_of_its_target(tmp_path: Path) -> None:
    target = written(tmp_path, "data/x.log", COMBINED).resolve()
    (tmp_path / "current").symlink_to(tmp_path / "data")
    found = find_inputs([str(tmp_path / "current" / ".." / "current" / "x.log"), str(target)])
    assert [entry.path for entry in found.files] == [target]
    assert [why for _, why in found.skipped] == ["given twice"]


def test_uri_quotes_as_java_does() -> None:
    assert (
        spark_uri(Path("/a b/c%20d/é ü,[x]{y}*?#.log"))
        == "file:/a%20b/c%2520d/é%20ü,%5Bx%5D%7By%7D*%3F%23.log"
    )
