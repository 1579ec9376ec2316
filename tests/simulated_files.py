"""Constants of the tests' simulated traffic, and readers of its files."""

from __future__ import annotations

import csv
import gzip
import hashlib
from datetime import date
from pathlib import Path

DAY = date(2026, 6, 30)
SEED = 5


def digest(folder: Path) -> dict[str, str]:
    """Returns file name → SHA-256 for each file of the folder."""
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(folder.iterdir())}


def rows(path: Path) -> list[dict[str, str]]:
    """Returns the rows of a CSV file, plain or gzip."""
    packed = path.read_bytes()
    text = (gzip.decompress(packed) if path.suffix == ".gz" else packed).decode()
    return list(csv.DictReader(text.splitlines()))
