"""Lines of a stream in plain Python, for files that Spark's text source cannot open."""

from __future__ import annotations

import codecs
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

_SKIP_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class Line:
    """A line without its line feed, cut to the limit where `is_too_long`. `number` from 1."""

    number: int
    content: bytes
    is_too_long: bool

    @property
    def text(self) -> str:
        """The content as UTF-8; what is not becomes U+FFFD."""
        return self.content.decode("utf-8", "replace")


def lines(stream: BinaryIO, max_bytes: int) -> Iterator[Line]:
    """The lines of a stream, without its byte order mark; the last one needs no end. Memory: `max_bytes`."""
    number = 0
    while piece := stream.readline(max_bytes + 1):
        number += 1
        is_too_long = len(piece) > max_bytes and not piece.endswith(b"\n")
        if is_too_long:
            _skip_rest(stream)
        content = piece.removesuffix(b"\n")
        if number == 1:
            content = content.removeprefix(codecs.BOM_UTF8)
        yield Line(number, content[:max_bytes], is_too_long)


def _skip_rest(stream: BinaryIO) -> None:
    while (piece := stream.readline(_SKIP_BYTES)) and not piece.endswith(b"\n"):
        pass
