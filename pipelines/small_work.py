"""How much traffic a command is about to read, before anything is started: small work wants a quick start, not quick code."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from pipelines.errors import InputError
from pipelines.transactions.input_paths import named_files, remote_scheme

PACKED = 8
"""Plain bytes of traffic per byte of a packed file: gzip's on logs of HTTP (the demo's 8.0); columns of Parquet are alike."""
PACKED_SUFFIXES = (".gz", ".zst", ".parquet")


def is_small(below: int, inputs: Sequence[str] | None, warehouse: str) -> bool:
    """Whether the inputs and the stored transactions are fewer than `below` bytes, unpacked; only local ones can be.

    `inputs` None: the work's size is not that of files.
    """
    if not below or inputs is None or "://" in warehouse or any(map(remote_scheme, inputs)):
        return False
    found = 0
    for path in _files(inputs, Path(warehouse).expanduser() / "transactions"):
        with_size = path.stat().st_size if path.is_file() else 0
        found += with_size * (PACKED if path.suffix in PACKED_SUFFIXES else 1)
        if found >= below:
            return False
    return True


def _files(inputs: Sequence[str], table: Path) -> Iterator[Path]:
    for argument in inputs:
        try:
            yield from (named.path for named in named_files(argument, lambda _: None))
        except InputError:  # said by who reads it
            continue
    for folder, _, names in os.walk(table):
        yield from (Path(folder, name) for name in names)
