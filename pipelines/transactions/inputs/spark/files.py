"""The files of a run: listed, identified by their content and fingerprinted.

Local files are handled before Spark starts.
"""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Literal

from pyspark.sql import SparkSession

from pipelines.runtime.errors import InputError
from pipelines.transactions.inputs.compression import (
    HEAD_BYTES,
    Compression,
    DamagedError,
    TooLargeError,
    decompress,
    detect_compression,
)
from pipelines.transactions.inputs.detection import (
    KNOWN_FORMATS,
    Format,
    SkippedFile,
    WrongFormat,
    check_format,
    choose_format,
)
from pipelines.transactions.inputs.names import (
    NamedFile,
    list_files,
    printable_name,
    remote_scheme,
    spark_uri,
)
from pipelines.transactions.inputs.scan import UNLIMITED, Limits, Scan, scan_file
from pipelines.transactions.inputs.spark.remote import decompress_head, list_remote_files

REMOTE_SCHEMES = ("s3a", "hdfs", "abfss", "gs")
_CHUNK_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class Input:
    """One file.

    Attributes:
        uri: equals the `source` of its records.
        path: of a local file, without links; None for a remote one.
        format: how it is read.
        compression: detected by its first bytes.
        bytes: the size as stored.
        checksum: SHA-256 of the stored bytes; for a remote file its fingerprint (`remote.RemoteFile.version`).
        location: for a remote file, the name that Spark opens.
        scan: result of the scan of a file of lines; None for a HAR, a damaged or a remote compressed file.
        start: plain bytes at the beginning that need not be read.
        lines_before: lines at the beginning that are in the tables already.
    """

    uri: str
    path: Path | None
    format: Format
    compression: Compression
    bytes: int | None
    checksum: str
    location: str | None = None
    scan: Scan | None = None
    start: int = 0
    lines_before: int = 0

    @property
    def name(self) -> str:
        """The name that a person knows it by."""
        return str(self.path or self.uri)


@dataclass(frozen=True, slots=True)
class Inputs:
    """The files found, and the files left out as (path, reason)."""

    files: tuple[Input, ...]
    skipped: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class _Search:
    """Options of a search for files, and the files left out so far."""

    format: str
    unreadable: Literal["error", "skip"]
    limits: Limits
    spark: Callable[[], SparkSession] | None
    skipped: list[tuple[str, str]] = field(default_factory=list)


def find_inputs(
    arguments: Sequence[str],
    format: str = "auto",
    unreadable: Literal["error", "skip"] = "error",
    *,
    limits: Limits = UNLIMITED,
    spark: Callable[[], SparkSession] | None = None,
) -> Inputs:
    """Finds the inputs that `arguments` (files, folders, globs, URIs) name.

    They keep the order of the arguments; folders are sorted. Of a folder or glob, files of no known format are skipped and
    listed; with a `format` given, so are those of another one. A file named itself must have a known format, or is taken to have
    the given one. Files with equal content are read once. Files that are damaged or unreadable are errors, or with
    `unreadable="skip"` listed; so are those that exceed `limits` when decompressed. Anything that is not a regular file (FIFO,
    socket, device, broken symbolic link) is skipped and listed. `spark` starts the session, with which remote folders are listed.

    Raises:
        InputError: with the way out, on one line.
    """
    check_format(format)
    if not arguments:
        raise InputError("INPUT", "is missing", "Name files, folders or globs.")
    files: dict[str, Input] = {}
    search = _Search(format, unreadable, limits, spark)
    skipped = search.skipped
    for argument in arguments:
        before = len(files) + len(skipped)
        for found in _inputs_of(argument, search):
            first = files.setdefault(found.checksum, found)
            if first is not found:
                why = (
                    "given twice"
                    if first.uri == found.uri
                    else f"same content as {printable_name(first.path or first.uri)}"
                )
                skipped.append((printable_name(found.path or found.uri), why))
        if len(files) + len(skipped) == before:
            raise InputError(
                printable_name(argument), "holds no file", "Name a folder with HAR files or logs."
            )
    if not files:
        raise InputError(
            printable_name(arguments[0]), f"no file of a known format ({_summary(skipped)})", KNOWN_FORMATS
        )
    return Inputs(tuple(files.values()), tuple(skipped))


def find_damaged(inputs: Iterable[Input], max_bytes: int = sys.maxsize) -> list[tuple[Input, str]]:
    """Returns the compressed local inputs that cannot be read, with the reason.

    These cannot be decompressed to the end, or hold more than `max_bytes`. Each one is read as a whole, so this is called only
    after a Spark job failed, to name the file at fault.
    """
    return [(entry, why) for entry in inputs if (why := _find_damage(entry, max_bytes)) is not None]


def _inputs_of(argument: str, search: _Search) -> Iterator[Input]:
    if remote_scheme(argument) is not None:
        yield from _remote(argument, search)
        return

    def unlisted(error: OSError) -> None:
        problem = InputError(
            printable_name(error.filename),
            f"cannot be listed ({error.strerror})",
            "Grant read access, or leave it out.",
        )
        if search.unreadable == "error":
            raise problem
        search.skipped.append((problem.source, problem.problem))

    for named in list_files(argument, unlisted):
        try:
            yield _local(named, search)
        except SkippedFile as reason:
            search.skipped.append((named.printable, str(reason)))
        except (DamagedError, TooLargeError, OSError, InputError) as error:
            problem = error if isinstance(error, InputError) else _unreadable_error(named.path, error)
            if search.unreadable == "error" or (named.is_explicit and isinstance(error, WrongFormat)):
                raise problem from error
            search.skipped.append((problem.source, problem.problem))


def _local(named: NamedFile, search: _Search) -> Input:
    """Returns the input, fingerprinted.

    Raises:
        SkippedFile, InputError, DamagedError, TooLargeError, OSError: why it is not one.
    """
    if named.exclusion_reason is not None:
        raise SkippedFile(named.exclusion_reason)
    path = named.path.resolve()  # Spark would resolve `link/../x` textually, which may be another file
    uri = spark_uri(path)
    with path.open("rb") as stored:
        compression = detect_compression(stored.read(4))
        stored.seek(0)
        head = decompress(stored, compression).read(HEAD_BYTES)
    form = choose_format(named, head, search.format)
    scan = None if form == "har" else scan_file(path, compression, search.limits)
    checksum = scan.content if scan is not None and compression == "none" else _checksum(path)
    return Input(uri, path, form, compression, path.stat().st_size, checksum, scan=scan)


def _remote(argument: str, search: _Search) -> Iterator[Input]:
    """Yields the files that a URI of a Hadoop file system names.

    Raises:
        InputError: the scheme is unknown, or the store refuses access.
    """
    scheme = remote_scheme(argument)
    if scheme not in REMOTE_SCHEMES or search.spark is None:
        known = ", ".join(f"{name}://" for name in REMOTE_SCHEMES)
        raise InputError(
            printable_name(argument), f"{scheme}:// is not supported", f"Download it, or use one of {known}."
        )
    for file in list_remote_files(search.spark(), argument):
        named = NamedFile(Path(PurePosixPath(file.location).name), file.is_explicit, uri=file.uri)
        try:
            compression = detect_compression(file.head)
            head = decompress_head(file.head, compression)
            form = choose_format(named, head, search.format)
        except SkippedFile as reason:
            search.skipped.append((named.printable, str(reason)))
            continue
        scan = None if form == "har" else file.scan
        yield Input(file.uri, None, form, compression, file.size, file.version, file.location, scan)


def _checksum(path: Path) -> str:
    with path.open("rb") as stored:
        return hashlib.file_digest(stored, "sha256").hexdigest()


def _find_damage(entry: Input, max_bytes: int) -> str | None:
    if entry.path is None or entry.compression == "none":
        return None
    try:
        with entry.path.open("rb") as stored:
            plain = decompress(stored, entry.compression, max_bytes)
            while plain.read(_CHUNK_BYTES):
                pass
    except (DamagedError, TooLargeError, OSError) as error:
        return str(error)
    return None


def _unreadable_error(path: Path, error: Exception) -> InputError:
    if isinstance(error, OSError):
        return InputError(
            printable_name(path), f"cannot be read ({error.strerror})", "Grant read access, or leave it out."
        )
    if isinstance(error, TooLargeError):
        return InputError(
            printable_name(path), str(error), "Split it, or raise the setting where you trust the file."
        )
    return InputError(printable_name(path), str(error), "Fetch or compress it again, or leave it out.")


def _summary(skipped: Sequence[tuple[str, str]]) -> str:
    path, why = skipped[0]
    return f"{path} {why}" + (f", and {len(skipped) - 1} more" if len(skipped) > 1 else "")
