"""How much traffic a command is about to read, before anything is started: small work wants a quick start, not quick code."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from pathlib import Path
from typing import Literal

from pipelines.runtime.errors import InputError
from pipelines.transactions.inputs.names import list_files, remote_scheme

PACKED = 8
"""Plain bytes of traffic per byte of a packed file: gzip's on logs of HTTP (the demo's 8.0); columns of Parquet are alike."""
PACKED_STATE = 1
"""The same of a packed byte of state. A row of state costs far less than one of traffic: adding a day of 20,000 transactions to
seven (7 MB of client_days) took 166 s of CPU with compiled queries and 114 s with interpreted ones."""
PACKED_SUFFIXES = (".gz", ".zst", ".parquet")

Reads = Literal["nothing", "state", "unscored", "unlearned", "all"]
"""What a command reads of the warehouse: nothing, what was worked out from traffic, that and the traffic of days that were not
scored yet or not learned yet, or all traffic."""
STATE = "client_days"
"""The first table that is worked out from traffic; the others are made of it and smaller."""
MADE: dict[Reads, str] = {"unscored": STATE, "unlearned": "parameter_senders"}
"""The table whose days are written whenever the traffic of a day was read for it."""
DAY = re.compile(r"day=([0-9-]+)")


def is_small(below: int, inputs: Sequence[str] | None, warehouse: str, reads: Reads = "all") -> bool:
    """Whether what is read is less than `below` bytes, unpacked; only local files can be.

    Which days are new is guessed from the times of files, as their log is read with Spark: a copied warehouse may be taken
    for new or for old. `Run.expect` makes good what was taken for too small.

    Args:
        below: the setting spark.quick_below_bytes; 0: nothing is small.
        inputs: files, folders and patterns; None: the work's size is not that of files.
        warehouse: root of the tables.
        reads: what the command reads of them.
    """
    if not below or inputs is None or "://" in warehouse or any(map(remote_scheme, inputs)):
        return False
    found = 0
    for path, packed in _read(inputs, Path(warehouse).expanduser(), reads):
        size = path.stat().st_size if path.is_file() else 0
        found += size * (packed if path.suffix in PACKED_SUFFIXES else 1)
        if found >= below:
            return False
    return True


def _read(inputs: Sequence[str], root: Path, reads: Reads) -> Iterator[tuple[Path, int]]:
    """The files that are read, and how much traffic a byte of them stands for where they are packed."""
    yield from ((path, PACKED) for path in chain(_files(inputs), _traffic(root, reads)))
    if reads not in ("nothing", "all"):
        yield from ((path, PACKED_STATE) for path in _of_table(root / STATE))


def _files(inputs: Sequence[str]) -> Iterator[Path]:
    for argument in inputs:
        try:
            yield from (named.path for named in list_files(argument, lambda _: None))
        except InputError:  # said by who reads it
            continue


def _traffic(root: Path, reads: Reads) -> Iterator[Path]:
    """The files of transactions whose rows are worked on."""
    if reads == "all":
        yield from _of_table(root / "transactions")
    elif reads in MADE:
        made, traffic = _by_day(root / MADE[reads]), _by_day(root / "transactions")
        for day, files in traffic.items():
            if day not in made or _newest(files) > _newest(made[day]):
                yield from files


def _newest(files: Iterable[Path]) -> float:
    return max(file.stat().st_mtime for file in files)


def _by_day(table: Path) -> dict[str, list[Path]]:
    days: dict[str, list[Path]] = {}
    for path in _of_table(table):
        if found := DAY.search(str(path.parent)):
            days.setdefault(found[1], []).append(path)
    return days


def _of_table(folder: Path) -> Iterator[Path]:
    for at, _, names in os.walk(folder):
        yield from (Path(at, name) for name in names)
