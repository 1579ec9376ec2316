"""One pass over a file before Spark opens it: its size and the lengths of lines."""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from pipelines.transactions.inputs.compression import Compression, DamagedError, decompress

_CHUNK_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class Limits:
    """Limits of an input; unlimited by default.

    `line_bytes` limits a line, `unpacked_bytes` the decompressed file.
    """

    line_bytes: int = sys.maxsize
    unpacked_bytes: int = sys.maxsize


UNLIMITED = Limits()


@dataclass(frozen=True, slots=True)
class Scan:
    """The plain content of a file of lines: size, hashes and complete lines.

    Attributes:
        bytes: of the plain content.
        content: SHA-256 of the plain content, in hexadecimal; for a remote file that of its ends (`remote.hash_ends`).
        first_line: SHA-256 of the first line, by which earlier versions of the same log are looked up.
        lines: lines that end in a line break; None if they were not counted (a remote file).
        line_bytes: bytes up to the end of the last of them.
        has_long_line: a line exceeds the limit, so Spark must not read it.
    """

    bytes: int
    content: str
    first_line: str
    lines: int | None
    line_bytes: int
    has_long_line: bool

    @property
    def all_lines(self) -> int | None:
        """The number of lines, including a last one without a line break."""
        return None if self.lines is None else self.lines + (self.bytes > self.line_bytes)


def scan_file(path: Path, compression: Compression, limits: Limits) -> Scan | None:
    """Scans a file of lines in one pass and constant memory.

    None if it cannot be read to its end.

    Raises:
        TooLargeError: it holds more than `limits.unpacked_bytes`.
    """
    try:
        with path.open("rb") as stored:
            return _scan(decompress(stored, compression, limits.unpacked_bytes), limits.line_bytes)
    except DamagedError:
        return None  # reading reports the place of the damage, if the settings ask for it


def hash_prefixes(
    path: Path, compression: Compression, lengths: Sequence[int]
) -> dict[int, tuple[str, bytes]]:
    """Hashes the first plain bytes of a file, for each of `lengths`.

    Returns:
        By length: the SHA-256 of that many bytes, and the two bytes after them.
    """
    digest, at, ahead = hashlib.sha256(), 0, b""
    found = {}
    with path.open("rb") as stored:
        plain = decompress(stored, compression)
        for length in sorted(set(lengths)):
            while at < length:
                wanted = min(_CHUNK_BYTES, length - at)
                chunk, ahead = ahead[:wanted], ahead[wanted:]
                chunk = chunk or plain.read(wanted)
                if not chunk:
                    break
                digest.update(chunk)
                at += len(chunk)
            ahead += plain.read(2 - len(ahead))
            found[length] = (digest.hexdigest(), ahead[:2])
    return found


def _scan(plain: BinaryIO, line_limit: int) -> Scan:
    content, first_line = hashlib.sha256(), hashlib.sha256()
    size = lines = line_bytes = 0
    has_long_line = False
    while chunk := plain.read(min(_CHUNK_BYTES, line_limit)):
        content.update(chunk)
        end = chunk.find(b"\n")
        if lines == 0:
            first_line.update(chunk if end < 0 else chunk[: end + 1])
        # no line within a chunk is longer than the limit, as no chunk is
        has_long_line |= size - line_bytes + (len(chunk) if end < 0 else end) > line_limit
        if end >= 0:
            lines += chunk.count(b"\n")
            line_bytes = size + chunk.rfind(b"\n") + 1
        size += len(chunk)
    return Scan(size, content.hexdigest(), first_line.hexdigest(), lines, line_bytes, has_long_line)
