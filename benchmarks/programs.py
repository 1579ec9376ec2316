"""The programs that benchmarks compare.

`apicensus` as a user starts it, and a bare Spark session as the floor.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from benchmarks.machine import ROOT, Cost, measure

HERE = {"PYTHONPATH": str(ROOT)}


def run_bare_session(inputs: Sequence[str], folder: Path) -> Cost:
    """Runs a bare session: read files of lines, write one Delta table.

    Without inputs it only starts.
    """
    return measure([sys.executable, "-m", "benchmarks.bare_session", str(folder / "table"), *inputs], HERE)


def run_step(name: str, *arguments: str) -> Cost:
    """Runs one command of `apicensus`."""
    return measure([sys.executable, "-m", "jobs", name, *arguments], HERE)


def run_all_steps(inputs: Sequence[str], settings: Path | None, folder: Path) -> Cost:
    """Runs `apicensus run`, as a user starts it."""
    chosen = ["--settings", str(settings)] if settings else []
    return run_step("run", *inputs, "--out", str(folder), *chosen)
