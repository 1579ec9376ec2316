"""The files of a run: found, told apart by their content and fingerprinted, before Spark starts."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, cast

from pipelines.errors import InputError
from pipelines.transactions.input_format import (
    KNOWN_FORMATS,
    LeftOut,
    WrongFormat,
    check_format,
    chosen_format,
)
from pipelines.transactions.input_paths import Named, named_files, remote_scheme, shown, spark_uri
from pipelines.transactions.sources.compression import (
    HEAD_BYTES,
    Compression,
    DamagedError,
    compression_of,
    decompressed,
    without_suffix,
)
from pipelines.transactions.sources.detect import FORMATS, Format, claimed_format

REMOTE_SCHEMES = ("s3a", "hdfs", "abfss", "gs")
_CHUNK_BYTES = 1 << 20
_SUFFIX_COMPRESSION: dict[str, Compression] = {".gz": "gzip", ".zst": "zstd"}


@dataclass(frozen=True, slots=True)
class Input:
    """One file (or, with a remote scheme, whatever Spark makes of the URI).

    `uri` equals the `source` of its records; `path` has no links left in it. `checksum` is the SHA-256 of the
    stored bytes, in hexadecimal. Of a remote one, `path` and `bytes` (the size as stored) are None, and
    `checksum` is that of the URI, as its bytes are not read here.
    """

    uri: str
    path: Path | None
    format: Format
    compression: Compression
    bytes: int | None
    checksum: str


@dataclass(frozen=True, slots=True)
class Inputs:
    """What was found, and what was left out: (path, reason) each."""

    files: tuple[Input, ...]
    skipped: tuple[tuple[str, str], ...]


def find_inputs(
    arguments: Sequence[str], format: str = "auto", unreadable: Literal["error", "skip"] = "error"
) -> Inputs:
    """The inputs that `arguments` (files, folders, globs, URIs) name, in their order; folders are sorted.

    Of a folder or glob, files of no known format are skipped and listed; with a `format` given, so are those
    of another one. A file named itself must have a known format, or is taken to have the given one. Equal
    content is kept once. Files that are damaged or may not be read are errors, or with `unreadable="skip"`
    listed.

    Raises:
        InputError: with the way out, on one line.
    """
    check_format(format)
    if not arguments:
        raise InputError("INPUT", "is missing", "Name files, folders or globs.")
    files: dict[str, Input] = {}
    skipped: list[tuple[str, str]] = []
    for argument in arguments:
        before = len(files) + len(skipped)
        for found in _inputs_of(argument, format, unreadable, skipped):
            first = files.setdefault(found.checksum, found)
            if first is not found:
                why = (
                    "given twice"
                    if first.uri == found.uri
                    else f"same content as {shown(first.path or first.uri)}"
                )
                skipped.append((shown(found.path or found.uri), why))
        if len(files) + len(skipped) == before:
            raise InputError(shown(argument), "holds no file", "Name a folder with HAR files or logs.")
    if not files:
        raise InputError(
            shown(arguments[0]), f"no file of a known format ({_summary(skipped)})", KNOWN_FORMATS
        )
    return Inputs(tuple(files.values()), tuple(skipped))


def damaged(inputs: Iterable[Input]) -> list[tuple[Input, str]]:
    """The compressed local inputs that cannot be decompressed to the end, with the reason.

    Reads each one whole, so it is for the case that a Spark job failed and the user must hear on which file.
    """
    return [(entry, why) for entry in inputs if (why := _damage(entry)) is not None]


def _inputs_of(
    argument: str, format: str, unreadable: str, skipped: list[tuple[str, str]]
) -> Iterator[Input]:
    if remote_scheme(argument) is not None:
        yield _remote(argument, format)
        return

    def unlisted(error: OSError) -> None:
        problem = InputError(
            shown(error.filename),
            f"cannot be listed ({error.strerror})",
            "Grant read access, or leave it out.",
        )
        if unreadable == "error":
            raise problem
        skipped.append((problem.source, problem.problem))

    for named in named_files(argument, unlisted):
        try:
            yield _local(named, format)
        except LeftOut as reason:
            skipped.append((shown(named.path), str(reason)))
        except (DamagedError, OSError, InputError) as error:
            problem = error if isinstance(error, InputError) else _unreadable(named.path, error)
            if unreadable == "error" or (named.is_explicit and isinstance(error, WrongFormat)):
                raise problem from error
            skipped.append((problem.source, problem.problem))


def _local(named: Named, format: str) -> Input:
    """The input, fingerprinted.

    Raises:
        LeftOut, InputError, DamagedError, OSError: why it is none.
    """
    path = named.path.resolve()  # Spark would resolve `link/../x` by its letters, and so elsewhere than we
    uri = spark_uri(path)
    with path.open("rb") as stored:
        compression = compression_of(stored.read(4))
        stored.seek(0)
        head = decompressed(stored, compression).read(HEAD_BYTES)
    return Input(
        uri, path, chosen_format(named, head, format), compression, path.stat().st_size, _checksum(path)
    )


def _remote(uri: str, format: str) -> Input:
    scheme = remote_scheme(uri)
    if scheme not in REMOTE_SCHEMES:
        known = ", ".join(f"{name}://" for name in REMOTE_SCHEMES)
        raise InputError(shown(uri), f"{scheme}:// is not supported", f"Download it, or use one of {known}.")
    chosen = cast(Format, format) if format != "auto" else claimed_format(without_suffix(uri))
    if chosen is None:
        raise InputError(
            shown(uri), "the name does not tell the format", f"Give --format {'|'.join(FORMATS)}."
        )
    compression = next((name for suffix, name in _SUFFIX_COMPRESSION.items() if uri.endswith(suffix)), "none")
    return Input(
        uri,
        None,
        chosen,
        cast(Compression, compression),
        None,
        hashlib.sha256(uri.encode(errors="replace")).hexdigest(),
    )


def _checksum(path: Path) -> str:
    with path.open("rb") as stored:
        return hashlib.file_digest(stored, "sha256").hexdigest()


def _damage(entry: Input) -> str | None:
    if entry.path is None or entry.compression == "none":
        return None
    try:
        with entry.path.open("rb") as stored:
            plain = decompressed(stored, entry.compression)
            while plain.read(_CHUNK_BYTES):
                pass
    except (DamagedError, OSError) as error:
        return str(error)
    return None


def _unreadable(path: Path, error: Exception) -> InputError:
    if isinstance(error, OSError):
        return InputError(
            shown(path), f"cannot be read ({error.strerror})", "Grant read access, or leave it out."
        )
    return InputError(shown(path), str(error), "Fetch or compress it again, or leave it out.")


def _summary(skipped: Sequence[tuple[str, str]]) -> str:
    path, why = skipped[0]
    return f"{path} {why}" + (f", and {len(skipped) - 1} more" if len(skipped) > 1 else "")
