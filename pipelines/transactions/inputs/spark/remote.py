"""Files of Hadoop file systems (s3a, hdfs, abfss, gs), listed one by one.

Each has a fingerprint that distinguishes one version of the file from the next.
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from hashlib import sha256
from io import BytesIO
from typing import Any

from py4j.protocol import Py4JError, Py4JJavaError
from pyspark.sql import SparkSession

from pipelines.runtime.errors import InputError
from pipelines.transactions.inputs.compression import (
    HEAD_BYTES,
    Compression,
    DamagedError,
    decompress,
    detect_compression,
)
from pipelines.transactions.inputs.names import printable_name
from pipelines.transactions.inputs.scan import Scan

_HEAD_LIMIT = 1 << 30  # limit of the decompressed first bytes of a file; only their beginning is read
READERS = 16  # in parallel: the beginning of a file is one request of some 50 ms, and a day may have thousands of files
MISSING_CLIENT = ("ClassNotFoundException", "UnsupportedFileSystemException", "NoClassDefFoundError")


@dataclass(frozen=True, slots=True)
class RemoteFile:
    """One remote file.

    `uri` is its name in Spark's `_metadata.file_path`, `location` the one that Spark opens. `version` is a fingerprint of URI,
    length and the store's own version mark of the content: the ETag if there is one (S3, ABFS), otherwise the modification time.
    Hashing all bytes would download each day's logs twice, the first time through one process; an ETag changes with the content,
    and a modification time with each rewrite.
    """

    uri: str
    location: str
    size: int
    version: str
    is_explicit: bool
    head: bytes
    scan: Scan | None


def list_remote_files(spark: SparkSession, argument: str) -> Iterator[RemoteFile]:
    """Yields the files that a URI names, sorted by name.

    These are the file itself, the files below it, or those that a pattern matches.

    Raises:
        InputError: nothing is there, or the store refuses access; with the way out.
    """
    try:
        yield from _files(spark, argument)
    except Py4JJavaError as error:
        raise _access_error(argument, error) from error


def _files(spark: SparkSession, argument: str) -> Iterator[RemoteFile]:
    context = spark.sparkContext
    jvm: Any = context._jvm  # the Hadoop file system has no Python API
    path = jvm.org.apache.hadoop.fs.Path(argument)
    system = path.getFileSystem(context._jsc.hadoopConfiguration())
    found = list(system.globStatus(path) or [])
    if not found:
        raise InputError(printable_name(argument), "does not exist", "Check the URI.")
    statuses = []
    for status in found:
        if status.isFile():
            statuses.append((status, not _is_pattern(argument)))
        else:
            below = system.listFiles(status.getPath(), True)
            while below.hasNext():
                statuses.append((below.next(), False))
    named = [(status.getPath().toString(), status, is_explicit) for status, is_explicit in statuses]
    root = path.toUri().getPath()
    wanted = [
        one
        for one in sorted(named, key=lambda one: one[0])
        if one[2] or not _is_hidden(one[1].getPath().toUri().getPath().removeprefix(root))
    ]
    with ThreadPoolExecutor(READERS) as readers:
        yield from readers.map(lambda one: _describe_file(system, one[1], one[0], one[2]), wanted)


def _describe_file(system: Any, status: Any, location: str, is_explicit: bool) -> RemoteFile:
    uri, size = status.getPath().toUri().toString(), int(status.getLen())
    version = f"{uri}\n{size}\n{_version_mark(status)}"
    stream = system.open(status.getPath())
    try:
        head = bytes(stream.readNBytes(HEAD_BYTES)) if size else b""
        is_plain = detect_compression(head) == "none" and size > 0
        tail = _tail(stream, size) if is_plain else b""
    finally:
        stream.close()
    scan = _scan(size, head, tail) if is_plain else None
    return RemoteFile(uri, location, size, sha256(version.encode()).hexdigest(), is_explicit, head, scan)


def hash_ends(spark: SparkSession, location: str, length: int) -> str:
    """Returns `Scan.content` of the first `length` bytes of a file, by their ends.

    It is the SHA-256 of the first and the last 64 KiB. A log with equal ends at the same offset is the same log; comparing all of
    it would mean downloading it again.
    """
    context = spark.sparkContext
    jvm: Any = context._jvm
    path = jvm.org.apache.hadoop.fs.Path(location)
    stream = path.getFileSystem(context._jsc.hadoopConfiguration()).open(path)
    try:
        head = bytes(stream.readNBytes(min(HEAD_BYTES, length)))
        return _content(head, _tail(stream, length))
    finally:
        stream.close()


def _tail(stream: Any, length: int) -> bytes:
    """Reads the last bytes of the first `length`, unless all of them are in the head."""
    if length <= HEAD_BYTES:
        return b""
    stream.seek(length - HEAD_BYTES)
    return bytes(stream.readNBytes(HEAD_BYTES))


def _content(head: bytes, tail: bytes) -> str:
    return f"ends {sha256(head + tail).hexdigest()}"


def _scan(size: int, head: bytes, tail: bytes) -> Scan:
    line = head[: head.find(b"\n") + 1] or head
    line_bytes = size if (tail or head).endswith(b"\n") else 0
    return Scan(size, _content(head, tail), sha256(line).hexdigest(), None, line_bytes, False)


def _version_mark(status: Any) -> str:
    """Returns the store's version mark: the ETag, otherwise the modification time.

    The ETag is that of `org.apache.hadoop.fs.EtagSource`.
    """
    try:
        etag = status.getEtag()
    except Py4JError:  # the file system has no ETags
        etag = None
    return str(etag or status.getModificationTime())


def _is_hidden(below: str) -> bool:
    """Whether Spark skips the file: a part of its path begins with `_` or `.`.

    Such files are markers, parts of uploads, and folders of tools.
    """
    return any(part.startswith(("_", ".")) for part in below.split("/") if part)


def _is_pattern(argument: str) -> bool:
    return any(char in argument for char in "*?[{")


def _access_error(argument: str, error: Py4JJavaError) -> InputError:
    kind = str(error.java_exception.getClass().getSimpleName())
    message = " ".join(str(error.java_exception.getMessage()).split())[:200]
    if kind in MISSING_CLIENT or any(name in message for name in MISSING_CLIENT):
        return InputError(
            printable_name(argument),
            f"Spark has no client for it ({kind})",
            "Add it to spark.jars.packages: README, section on remote files.",
        )
    return InputError(
        printable_name(argument),
        f"cannot be read ({kind}: {message})",
        "Check name, network and credentials of the store.",
    )


def decompress_head(head: bytes, compression: Compression) -> bytes:
    """Decompresses the first stored bytes of a file.

    A stream that ends in the middle does not count as damaged.
    """
    plain = bytearray()
    with suppress(DamagedError):
        reader = decompress(BytesIO(head), compression, _HEAD_LIMIT)
        while len(plain) < HEAD_BYTES and (piece := reader.read1(HEAD_BYTES)):
            plain += piece
    return bytes(plain[:HEAD_BYTES])
