"""Resolves user arguments (paths, globs, folders, file URIs) to files.

It also gives the names of local files as Spark writes them.
"""

from __future__ import annotations

import errno
import glob
import os
import re
import stat
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit

from pipelines.runtime.errors import InputError

_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+(?=://)")
_KINDS = (
    (stat.S_ISFIFO, "a FIFO"),
    (stat.S_ISSOCK, "a socket"),
    (stat.S_ISCHR, "a device"),
    (stat.S_ISBLK, "a device"),
)
_URI_SAFE = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.!~'()*,;:$&+=/@")


@dataclass(frozen=True, slots=True)
class NamedFile:
    """A file selected by the user.

    Attributes:
        path: of a remote file, its name alone.
        is_explicit: named itself, rather than found in a folder or by a glob.
        uri: of a remote file.
        exclusion_reason: why it cannot be read as a file, or None.
    """

    path: Path
    is_explicit: bool
    uri: str | None = None
    exclusion_reason: str | None = None

    @property
    def printable(self) -> str:
        """Its name for a message."""
        return printable_name(self.uri or self.path)


def printable_name(name: str | os.PathLike[str]) -> str:
    """Makes a name fit for a message: one line, without control characters."""
    return "".join(char if char.isprintable() else ascii(char)[1:-1] for char in os.fspath(name))


def remote_scheme(argument: str) -> str | None:
    """Returns `s3a` of `s3a://bucket/key`; None for a local path and for `file://`."""
    found = _SCHEME.match(argument)
    return None if found is None or found.group().lower() == "file" else found.group().lower()


def spark_uri(path: Path) -> str:
    """Returns the URI by which Spark names a local file (`_metadata.file_path`).

    `path` is absolute. `java.net.URI` escapes ASCII except `_URI_SAFE`, and of other characters only spaces and controls.

    Raises:
        InputError: the name is not UTF-8, so it cannot be written as a URI.
    """
    text = re.sub("^/+", "/", str(path))
    try:
        return "file:" + "".join(char if _stays(char) else _quoted(char) for char in text)
    except UnicodeEncodeError as error:
        raise InputError(
            printable_name(path), "the name is not UTF-8, which Spark cannot open", "Rename the file."
        ) from error


def list_files(argument: str, unlisted: Callable[[OSError], None]) -> Iterator[NamedFile]:
    """Yields the files of one local argument, sorted within folders.

    Hidden files (leading dot) are included only if they are named. A path that exists is taken literally, whatever characters it
    holds; otherwise it is a glob (`**` spans folders). Links to files are followed, links to folders below the argument are not,
    so that there are no loops. `unlisted` is called for folders that cannot be read.

    Raises:
        InputError: nothing is there, or it is neither a file nor a folder.
    """
    local = _local_path(argument)
    try:
        found, is_literal = (
            ([local], True) if local.exists() or local.is_symlink() else (_matches(local), False)
        )
    except (OSError, ValueError) as error:  # a parent that may not be entered, a name too long, a zero byte
        raise InputError(
            printable_name(argument),
            f"cannot be opened ({_reason(error)})",
            "Name a file or folder that can be read.",
        ) from error
    if not found:
        problem, way_out = (
            ("matches no file", "Check the pattern.")
            if glob.has_magic(argument)
            else ("does not exist", "Check the path.")
        )
        raise InputError(printable_name(argument), problem, way_out)
    for path in found:
        if path.is_dir():
            yield from (
                NamedFile(file, is_explicit=False, exclusion_reason=_exclusion_reason(file))
                for file in _files_below(path, unlisted)
            )
            continue
        exclusion_reason = _exclusion_reason(path)
        if exclusion_reason is not None and is_literal:
            raise InputError(
                printable_name(argument), exclusion_reason, "Store the traffic in a file and name that."
            )
        yield NamedFile(path, is_explicit=is_literal, exclusion_reason=exclusion_reason)


def _exclusion_reason(path: Path) -> str | None:
    """Says why a directory entry must not be opened; None for files.

    Reading a FIFO may block for ever, and a device has no end.
    """
    try:
        mode = path.stat().st_mode
    except OSError as error:
        if error.errno == errno.ELOOP:
            return "is a symbolic link to itself"
        return "is a broken symbolic link" if path.is_symlink() else f"cannot be read ({error.strerror})"
    if stat.S_ISREG(mode):
        return None
    kind = next((name for is_kind, name in _KINDS if is_kind(mode)), "of another kind")
    return f"is not a regular file ({kind})"


def _local_path(argument: str) -> Path:
    if not argument.strip():
        raise InputError("INPUT", "is empty", "Name a file, a folder or a glob.")
    if argument.lower().startswith("file:/"):
        return Path(unquote(urlsplit(argument).path))
    return Path(argument).expanduser()


def _matches(pattern: Path) -> list[Path]:
    names = glob.glob(str(pattern), recursive=True)  # noqa: PTH207 - Path.glob takes no absolute pattern
    return [Path(name) for name in sorted(names)]


def _files_below(folder: Path, unlisted: Callable[[OSError], None]) -> Iterator[Path]:
    for parent, folders, files in os.walk(folder, onerror=unlisted):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        yield from (Path(parent, name) for name in sorted(files) if not name.startswith("."))


def _stays(char: str) -> bool:
    return char in _URI_SAFE or (
        ord(char) > 127 and unicodedata.category(char) not in {"Cc", "Cs", "Zs", "Zl", "Zp"}
    )


def _quoted(char: str) -> str:
    return "".join(f"%{byte:02X}" for byte in char.encode())


def _reason(error: Exception) -> str:
    return error.strerror or str(error) if isinstance(error, OSError) else str(error)
