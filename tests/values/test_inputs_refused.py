"""Unreadable inputs are refused in one line with the problem and the way out."""

from __future__ import annotations

import gzip
import os
from pathlib import Path

import pytest
import zstandard

from tests.input_files import COMBINED, HAR, LOGPUSH, refusal, write_file


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("x.har", b"\x89PNG\r\n\x1a\n\0\0", "named like HAR (HTTP Archive, JSON) but holds a PNG image"),
        ("x.har", b"\x00\x01\x02" * 20, "but holds binary data"),
        (
            "x.har.gz",
            gzip.compress(b"hello", mtime=0),
            "but holds unrecognised text (begins with 'hello')",
        ),
        ("x.ndjson", b'{"a": 1}\n', "but holds JSON with an unrecognised structure"),
        ("x.ndjson", b"[" + LOGPUSH + b"]", "but holds a JSON array"),
        ("x.log", b"Traceback (most recent call last):\n", "but holds unrecognised text"),
        ("x.dat", b"PK\x03\x04rest", "has no known format: a ZIP archive"),
        ("x.log", LOGPUSH.decode().encode("utf-16"), "UTF-16 text, where UTF-8 is expected"),
        ("x.log", b"", "is empty"),
        ("x.log.gz", gzip.compress(b"", mtime=0), "is empty"),
        ("x.log", b"\n \r\n", "holds nothing but blank lines"),
        ("x.log.gz", gzip.compress(COMBINED * 9, mtime=0)[:30], "the gzip data is damaged"),
        ("x.log.zst", zstandard.compress(COMBINED * 9)[:30], "the zstd data is damaged"),
        ("x.log.gz", gzip.compress(COMBINED * 9, mtime=0)[:-8] + b"\1" * 8, "the gzip data is damaged"),
    ],
)
def test_explicit_file_that_cannot_be_read_is_refused_with_a_message(
    tmp_path: Path, name: str, content: bytes, words: str
) -> None:
    path = write_file(tmp_path, name, content)
    message = refusal(path)
    assert message.startswith(f"{path}: ")
    assert words in message


def test_refusal_of_unknown_format_lists_the_formats(tmp_path: Path) -> None:
    message = refusal(write_file(tmp_path, "x.txt", b"hello world"))
    assert "'hello world'" in message
    assert all(word in message for word in ("HAR", "Logpush", "Apache"))


def test_missing_path_and_pattern_without_match_are_refused(tmp_path: Path) -> None:
    assert "nothing.har: does not exist" in refusal(tmp_path / "nothing.har")
    assert "matches no file" in refusal(f"{tmp_path}/*.har")


def test_folder_without_files_is_refused(tmp_path: Path) -> None:
    assert "holds no file" in refusal(tmp_path)


def test_folder_without_known_file_is_refused_with_a_reason(tmp_path: Path) -> None:
    write_file(tmp_path, "a.txt", b"hello")
    write_file(tmp_path, "b.txt", b"world")
    message = refusal(tmp_path)
    assert "no file of a known format" in message
    assert "a.txt" in message
    assert "and 1 more" in message


@pytest.mark.parametrize("argument", ["", " ", "a\0b.har", "x" * 5000])
def test_argument_that_is_not_a_path_is_refused(argument: str) -> None:
    refusal(argument)


def test_no_argument_is_refused() -> None:
    assert "Name files" in refusal()


def test_device_is_refused() -> None:
    assert "is not a regular file" in refusal("/dev/null")


def test_a_fifo_and_a_link_to_itself_are_refused_at_once(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo.log")
    (tmp_path / "self.log").symlink_to(tmp_path / "self.log")
    assert "is not a regular file (a FIFO)" in refusal(tmp_path / "fifo.log")
    assert "is a symbolic link to itself" in refusal(tmp_path / "self.log")


def test_unknown_format_name_is_refused(tmp_path: Path) -> None:
    assert "Choose auto, har, logpush, combined" in refusal(write_file(tmp_path, "x.har", HAR), format="pcap")


@pytest.mark.skipif(os.geteuid() == 0, reason="the superuser may read everything")
def test_file_without_permission_is_refused(tmp_path: Path) -> None:
    path = write_file(tmp_path, "a.har", HAR)
    path.chmod(0)
    assert "cannot be read (Permission denied)" in refusal(path)


@pytest.mark.skipif(not Path("/proc/self/mem").exists(), reason="needs a file that opens but cannot be read")
def test_file_that_fails_while_reading_is_refused() -> None:
    assert "cannot be read (Input/output error)" in refusal("/proc/self/mem")


def test_name_that_is_not_utf8_is_refused(tmp_path: Path) -> None:
    path = os.fsencode(tmp_path) + b"/caf\xe9.har"
    Path(os.fsdecode(path)).write_bytes(HAR)
    assert "the name is not UTF-8" in refusal(tmp_path)


def test_remote_uri_of_unknown_kind_is_refused() -> None:
    assert "https:// is not supported" in refusal("https://a.example/x.har")
