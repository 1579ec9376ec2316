"""Files that appear under their name only when they are whole: the one place where outputs are written."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from pipelines.runtime.errors import OutputError

_MODE = 0o666  # less what the process's umask takes away, as of any file


@contextmanager
def atomic_file(out: Path) -> Iterator[BinaryIO]:
    """A file to write to; it takes the place of `out` where nothing failed, and is gone otherwise.

    A kill at any moment leaves the old file or the new one, also when the machine goes down: the content is on the disk
    before the name is (fsync of the file, then of its folder; POSIX rename is atomic).

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
            yield file  # may be closed by whoever wraps it
        os.fsync(descriptor)
        part.replace(out)
        _sync_folder(out.parent)
    except OSError as error:
        raise _unwritable(out, error) from error
    finally:
        with suppress(OSError):  # gone where all went well; the first error is the one to hear
            part.unlink(missing_ok=True)
        os.close(descriptor)


def write_atomically(out: Path, content: bytes | str) -> None:
    """Writes `content` (text as UTF-8) to `out`, whole or not at all.

    Raises:
        OutputError: the file cannot be written.
    """
    with atomic_file(out) as file:
        file.write(content.encode() if isinstance(content, str) else content)


def partial_path(out: Path) -> Path:
    """Where the content of `out` is until it is whole."""
    return out.with_name(f".{out.name}.part")


def _open_locked(part: Path, out: Path) -> int:
    """The part, empty and ours: two processes that write the same file must not mix. A dead one's lock is gone with it."""
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
        with suppress(OSError):  # some network file systems cannot, and keep names safe in their own way
            os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _unwritable(out: Path, error: OSError) -> OutputError:
    return OutputError(
        f"--out {out}: cannot be written ({error.strerror}). Name a place that you may write and that has room."
    )
