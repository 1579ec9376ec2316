"""A file that appears under its name only when it is whole."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pipelines.errors import WarehouseError


@contextmanager
def whole_file(out: Path) -> Iterator[Path]:
    """A path beside `out` to write to; it takes the place of `out` where nothing failed, and is gone otherwise.

    Raises:
        WarehouseError: the file cannot be written.
    """
    part = out.with_name(f".{out.name}.part")
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        yield part
        part.replace(out)
    except OSError as error:
        raise WarehouseError(
            f"--out {out}: cannot be written ({error.strerror}). Name a file that you may write."
        ) from error
    finally:
        part.unlink(missing_ok=True)
