"""The programs that benchmarks compare.

`apicensus` as a user starts it, and a bare Spark session as the floor.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from benchmarks.machine import ROOT, Cost, measured

HERE = {"PYTHONPATH": str(ROOT)}


def bare(inputs: Sequence[str], folder: Path) -> Cost:
    """Runs a bare session: read files of lines, write one Delta table.

    Without inputs it only starts.
    """
    return measured([sys.executable, "-m", "benchmarks.bare_session", str(folder / "table"), *inputs], HERE)


def step(name: str, *arguments: str) -> Cost:
    """Runs one command of `apicensus`."""
    return measured([sys.executable, "-m", "jobs", name, *arguments], HERE)


def run(inputs: Sequence[str], settings: Path | None, folder: Path) -> Cost:
    """Runs `apicensus run`, as a user starts it."""
    chosen = ["--settings", str(settings)] if settings else []
    return step("run", *inputs, "--out", str(folder), *chosen)
