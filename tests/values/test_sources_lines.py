"""Lines of a stream: numbers, line ends, byte order marks.

Memory is bounded by the limit.
"""

from __future__ import annotations

import gzip
import io
from pathlib import Path

import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from pipelines.transactions.inputs.compression import (
    DamagedError,
    detect_compression,
    open_decompressed,
    strip_compression_suffix,
)
from pipelines.transactions.sources.lines import split_lines


def test_byte_order_mark_is_dropped_and_last_line_needs_no_end() -> None:
    lines = list(split_lines(io.BytesIO(b"\xef\xbb\xbfone\r\n\ntwo\rhalf\nlast"), 100))
    assert [(line.number, line.text) for line in lines] == [
        (1, "one\r"),
        (2, ""),
        (3, "two\rhalf"),
        (4, "last"),
    ]


@pytest.mark.parametrize("end", [b"", b"\nnext\n"])
def test_line_of_exactly_the_limit_is_whole_and_a_longer_one_is_cut(end: bytes) -> None:
    assert not next(split_lines(io.BytesIO(b"x" * 10 + end), 10)).is_too_long
    first = next(split_lines(io.BytesIO(b"x" * 11 + end), 10))
    assert (first.content, first.is_too_long) == (b"x" * 10, True)
    assert [line.text for line in split_lines(io.BytesIO(b"x" * 3_000_000 + end), 10)][1:] == (
        ["next"] if end else []
    )


@given(st.lists(st.binary(max_size=30).filter(lambda line: b"\n" not in line), max_size=8))
def test_lines_are_those_of_split(parts: list[bytes]) -> None:
    content = b"".join(part + b"\n" for part in parts)
    lines = list(split_lines(io.BytesIO(content), 20))
    assert [line.number for line in lines] == list(range(1, len(parts) + 1))
    expected = [part.removeprefix(b"\xef\xbb\xbf") if at == 0 else part for at, part in enumerate(parts)]
    assert [line.content for line in lines] == [part[:20] for part in expected]


@given(st.lists(st.binary(max_size=200), min_size=1, max_size=4))
def test_members_in_a_row_are_one_stream(parts: list[bytes]) -> None:
    for compressed in (gzip.compress, zstandard.compress):
        stored = b"".join(compressed(part) for part in parts)
        with open_decompressed(None, stored) as plain:
            assert plain.read() == b"".join(parts)


def test_plain_file_is_read_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(b"ab")
    with open_decompressed(str(tmp_path / "x")) as plain:
        assert plain.read() == b"ab"
    with open_decompressed(None, b"") as plain:
        assert plain.read() == b""


@pytest.mark.parametrize("compressed", [gzip.compress, zstandard.compress])
def test_stream_that_ends_early_is_damaged(compressed: object) -> None:
    stored = compressed(b"hello" * 1000)  # type: ignore[operator]  # both are bytes -> bytes
    with (
        pytest.raises(DamagedError, match="data is damaged: Truncated"),
        open_decompressed(None, stored[:-3]) as plain,
    ):
        plain.read()


def test_compression_is_detected_by_magic_and_suffix_is_removed() -> None:
    assert [detect_compression(head) for head in (b"\x1f\x8b\x08", b"\x28\xb5\x2f\xfd", b"{", b"")] == [
        "gzip",
        "zstd",
        "none",
        "none",
    ]
    assert [strip_compression_suffix(name) for name in ("A.HAR.GZ", "a.log.zst", "a.log")] == [
        "a.har",
        "a.log",
        "a.log",
    ]
