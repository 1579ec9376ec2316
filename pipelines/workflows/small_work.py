"""Estimates how much traffic a command will read, before Spark starts.

Small work needs a quick start of Spark rather than compiled queries.
"""

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
"""Bytes of traffic per byte of a compressed file: gzip on HTTP logs (8.0 in the demo); Parquet is similar."""
PACKED_STATE = 1
"""The same per compressed byte of state. A row of state costs far less than one of traffic: adding a day of 20,000
transactions to seven (7 MB of client_days) took 166 s of CPU with compiled queries and 114 s with interpreted ones."""
PACKED_SUFFIXES = (".gz", ".zst", ".parquet")

Reads = Literal["nothing", "state", "unscored", "unlearned", "all"]
"""Data that a command reads from the warehouse: nothing, results (state), results and the traffic of days that were not scored or
not learned yet, or all traffic."""
STATE = "client_days"
"""The first table that is made from traffic; the others are made from it and smaller."""
MADE: dict[Reads, str] = {"unscored": STATE, "unlearned": "parameter_senders"}
"""The table that has a day once the traffic of the day was read for it."""
DAY = re.compile(r"day=([0-9-]+)")


def is_small(below: int, inputs: Sequence[str] | None, warehouse: str, reads: Reads = "all") -> bool:
    """Whether a command reads less than `below` bytes, uncompressed.

    Only work on local files can be small. New days are estimated from the modification times of files, because reading the
    log of a table needs Spark: in a copied warehouse days may seem new or old. `Run.expect` corrects an estimate that was too
    small.

    Args:
        below: Setting spark.quick_below_bytes; 0: nothing is small.
        inputs: Files, folders and patterns; None if the work does not depend on the size of files.
        warehouse: Root of the tables.
        reads: Data that the command reads from them.
    """
    if not below or inputs is None or "://" in warehouse or any(map(remote_scheme, inputs)):
        return False
    total = 0
    for path, packed in _read(inputs, Path(warehouse).expanduser(), reads):
        size = path.stat().st_size if path.is_file() else 0
        total += size * (packed if path.suffix in PACKED_SUFFIXES else 1)
        if total >= below:
            return False
    return True


def _read(inputs: Sequence[str], root: Path, reads: Reads) -> Iterator[tuple[Path, int]]:
    """Yields the files that are read, and the traffic per byte if they are compressed."""
    yield from ((path, PACKED) for path in chain(_files(inputs), _traffic(root, reads)))
    if reads not in ("nothing", "all"):
        yield from ((path, PACKED_STATE) for path in _of_table(root / STATE))


def _files(inputs: Sequence[str]) -> Iterator[Path]:
    for argument in inputs:
        try:
            yield from (named.path for named in list_files(argument, lambda _: None))
        except InputError:  # reported when it is read
            continue


def _traffic(root: Path, reads: Reads) -> Iterator[Path]:
    """Yields the files of transactions whose rows are read."""
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
        if match := DAY.search(str(path.parent)):
            days.setdefault(match[1], []).append(path)
    return days


def _of_table(folder: Path) -> Iterator[Path]:
    for at, _, names in os.walk(folder):
        yield from (Path(at, name) for name in names)
