"""Atomic writes: a file appears under its name only when it is complete.

Every output is written here.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from pipelines.runtime.errors import OutputError

_MODE = 0o666  # the process's umask applies, as to any file


@contextmanager
def atomic_file(out: Path) -> Iterator[BinaryIO]:
    """Opens a temporary file that replaces `out` if the block succeeds.

    If the block fails, the temporary file is deleted. A kill at any moment leaves the old file or the new one, even if the
    machine goes down: the content is on disk before the name is (fsync of the file, then of its folder; POSIX rename is atomic).

    Raises:
        OutputError: the file cannot be written, or another process is writing it.
    """
    part = partial_path(out)
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        descriptor = _open_locked(part, out)
    except OSError as error:
        raise _unwritable(out, error) from error
    try:
        with os.fdopen(os.dup(descriptor), "wb") as file:
            yield file  # a wrapper may close it
        os.fsync(descriptor)
        part.replace(out)
        _sync_folder(out.parent)
    except OSError as error:
        raise _unwritable(out, error) from error
    finally:
        with suppress(OSError):  # already renamed on success; on failure the first error counts
            part.unlink(missing_ok=True)
        os.close(descriptor)


def write_atomically(out: Path, content: bytes | str) -> None:
    """Writes `content` (text as UTF-8) to `out` completely or not at all.

    Raises:
        OutputError: the file cannot be written.
    """
    with atomic_file(out) as file:
        file.write(content.encode() if isinstance(content, str) else content)


def partial_path(out: Path) -> Path:
    """Returns the path that holds the content of `out` until it is complete."""
    return out.with_name(f".{out.name}.part")


def _open_locked(part: Path, out: Path) -> int:
    """Opens the temporary file, empty and locked, and returns its descriptor.

    Two processes that write the same file must not mix their content. The lock of a dead process ends with it.
    """
    descriptor = os.open(part, os.O_RDWR | os.O_CREAT, _MODE)
    try:
        with suppress(NotImplementedError):
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        os.ftruncate(descriptor, 0)
    except BlockingIOError as error:
        os.close(descriptor)
        raise OutputError(
            f"--out {out}: another process is writing this file. Wait for it, or name another file."
        ) from error
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        with suppress(OSError):  # some network file systems cannot, and make names durable in their own way
            os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _unwritable(out: Path, error: OSError) -> OutputError:
    return OutputError(
        f"--out {out}: cannot be written ({error.strerror}). Choose a place that you may write to and that has free space."
    )
