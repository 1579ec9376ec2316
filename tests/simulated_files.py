"""Constants of the simulated traffic of the tests, and what reads the files that the simulator writes."""

from __future__ import annotations

import csv
import gzip
import hashlib
from datetime import date
from pathlib import Path

DAY = date(2026, 6, 30)
SEED = 5


def digest(folder: Path) -> dict[str, str]:
    """Name -> SHA-256 of each file of the folder."""
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(folder.iterdir())}


def rows(path: Path) -> list[dict[str, str]]:
    """Rows of a CSV file, plain or gzip."""
    packed = path.read_bytes()
    text = (gzip.decompress(packed) if path.suffix == ".gz" else packed).decode()
    return list(csv.DictReader(text.splitlines()))
