"""Progress of a run on standard error: stages, Spark's tasks and times."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

POLL_SECONDS = 0.5


class Reporter:
    """Prints one line per stage, on a terminal with a bar for Spark's tasks."""

    def __init__(self, spark: SparkSession | None = None, console: Console | None = None) -> None:
        self.spark = spark
        self.console = console or Console(file=sys.stderr, highlight=False)

    @contextmanager
    def stage(self, title: str) -> Iterator[list[str]]:
        """Reports `title` while the block runs.

        Texts that the block appends to the yielded list are printed as its outcome.
        """
        outcome: list[str] = []
        start = time.monotonic()
        if self.console.is_terminal:
            with self._bar(title):
                yield outcome
        else:
            self.console.print(f"… {title}", markup=False, soft_wrap=True)
            yield outcome
        result = f": {', '.join(outcome)}" if outcome else ""
        self.console.print(
            f"✓ {title}{result} ({time.monotonic() - start:.1f} s)", markup=False, soft_wrap=True
        )

    def note(self, text: str) -> None:
        """Prints one line."""
        self.console.print(text, markup=False, soft_wrap=True)

    @contextmanager
    def _bar(self, title: str) -> Iterator[None]:
        columns = (
            SpinnerColumn(),
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            TimeElapsedColumn(),
        )
        done = threading.Event()
        with Progress(*columns, console=self.console, transient=True) as progress:
            task = progress.add_task(title, total=None)
            poll = threading.Thread(target=self._follow, args=(progress, task, done), daemon=True)
            poll.start()
            try:
                yield
            finally:
                done.set()
                poll.join()

    def _follow(self, progress: Progress, task, done: threading.Event) -> None:  # type: ignore[no-untyped-def]  # rich's TaskID
        while not done.wait(POLL_SECONDS):
            if self.spark is None:
                continue
            tracker = self.spark.sparkContext.statusTracker()
            stages = [
                info
                for number in tracker.getActiveStageIds()
                if (info := tracker.getStageInfo(number)) is not None
            ]
            if stages:
                total = sum(stage.numTasks for stage in stages)
                progress.update(task, total=total, completed=sum(stage.numCompletedTasks for stage in stages))
