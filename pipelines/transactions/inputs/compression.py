"""Compression of input files, detected by their first bytes.

File names are unreliable, and rotated logs often have no suffix.
"""

from __future__ import annotations

import io
import sys
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Literal, cast

import pyarrow as pa

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

Compression = Literal["none", "gzip", "zstd"]

HEAD_BYTES = 65_536  # read for detection: some fifty records of a line format, the beginning of any HAR
_MAGIC: dict[bytes, Compression] = {
    b"\x1f\x8b": "gzip",
    b"\x28\xb5\x2f\xfd": "zstd",
}  # RFC 1952 s. 2.3.1, RFC 8878 s. 3.1.1
_SUFFIXES = (".gz", ".gzip", ".zst", ".zstd")


class DamagedError(Exception):
    """A compressed stream that ends early or fails its checksum; the text says which."""


class TooLargeError(Exception):
    """A compressed stream that exceeds the permitted size; the text names the limit."""


class _DecompressedStream(io.RawIOBase):
    """A decompressing stream that raises library errors as `DamagedError`.

    Everything else passes unchanged.
    """

    def __init__(self, stream: pa.NativeFile, compression: Compression, max_bytes: int) -> None:
        self._stream, self._compression, self._left = stream, compression, max_bytes
        self._max_bytes = max_bytes

    def readable(self) -> bool:
        """Always True: the stream is only read."""
        return True

    def readinto(self, buffer: WriteableBuffer) -> int:
        target = memoryview(buffer)
        try:
            data = self._stream.read(len(target))
        except OSError as error:  # pyarrow: "Truncated compressed stream", "incorrect data check", ...
            raise DamagedError(f"the {self._compression} data is damaged: {error}") from error
        self._left -= len(data)
        if self._left < 0:
            raise TooLargeError(
                f"holds more than {self._max_bytes} bytes when decompressed (ingest.unpacked_max_bytes)"
            )
        target[: len(data)] = data
        return len(data)

    def close(self) -> None:
        self._stream.close()  # also closes the underlying file
        super().close()


def detect_compression(head: bytes) -> Compression:
    """Returns the compression announced by the first four bytes of a file."""
    return next((name for magic, name in _MAGIC.items() if head.startswith(magic)), "none")


def strip_compression_suffix(name: str) -> str:
    """Removes the suffix of a compression: `a.har.gz` -> `a.har`. Lower case."""
    lower = name.lower()
    return next((lower.removesuffix(suffix) for suffix in _SUFFIXES if lower.endswith(suffix)), lower)


def decompress(stored: BinaryIO, compression: Compression, max_bytes: int = sys.maxsize) -> io.BufferedReader:
    """Returns a reader of the plain bytes.

    Several members or frames in a row are one stream, which is never held in memory as a whole.

    Raises (while reading):
        DamagedError: the stream ends early or fails its checksum.
        TooLargeError: it holds more than `max_bytes`; only checked for compressed streams.
    """
    if compression == "none":
        return cast(io.BufferedReader, stored)
    stream = pa.CompressedInputStream(stored, compression)
    return io.BufferedReader(_DecompressedStream(stream, compression, max_bytes), HEAD_BYTES)


def open_decompressed(
    path: str | None, content: bytes | None = None, max_bytes: int = sys.maxsize
) -> io.BufferedReader:
    """Opens the plain bytes of a file, or of `content` if `path` is None.

    The caller closes the reader.

    Raises:
        OSError: the file cannot be opened.
        DamagedError, TooLargeError: while reading, as `decompress`.
    """
    stored: BinaryIO = io.BytesIO(content or b"")
    if path is not None:
        stored = Path(path).open("rb")  # noqa: SIM115 - the caller closes it
    magic = stored.read(4)
    stored.seek(0)
    return decompress(stored, detect_compression(magic), max_bytes)
