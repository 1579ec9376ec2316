"""Context of one command: settings, Spark session, warehouse, reporter, summary.

Help and wrong usage must not wait for Spark, so nothing here imports it before a session is needed.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import date
from functools import cache, cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson
from rich.console import Console
from rich.table import Table as RichTable

from pipelines.decisions.model import Decision
from pipelines.runtime.errors import OutputError, WarehouseError
from pipelines.runtime.settings import Settings, load_settings
from pipelines.workflows.progress import Reporter
from pipelines.workflows.small_work import PACKED, Reads, is_small

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

    from pipelines.runtime.tables import Table, Warehouse

AT_END = ExitStack()
"""Resources that the running command releases when it ends, however it ends."""


@dataclass
class Run:
    """Context of one command; session and warehouse are opened on first use."""

    step: str
    settings: Settings
    root: str
    as_json: bool = False
    writes: bool = True
    inputs: Sequence[str] | None = ()
    reads: Reads = "all"
    summary: dict[str, Any] = field(default_factory=dict)
    _warehouse: Warehouse | None = None
    _reporter: Reporter | None = None
    _cached: dict[str, DataFrame] = field(default_factory=dict)

    @property
    def warehouse(self) -> Warehouse:
        """The tables and their Spark session, started on first use.

        So wrong arguments do not cost a start.

        A step that writes holds the warehouse's lease from here to the end of the command.
        """
        if self._warehouse is None:
            from pipelines.runtime.warehouse_lease import acquire_warehouse_lease, attach_lease

            root = ensure_writable(self.root)
            spark, lease = cache(self._session), None
            if self.writes:
                lease = acquire_warehouse_lease(
                    spark, root, self.step, self.settings.lease, self.reporter.note
                )
                AT_END.callback(lease.release)
            self._warehouse = attach_lease(spark(), root, lease)
        return self._warehouse

    def _session(self) -> SparkSession:
        from pipelines.runtime.spark import get_session

        spark = self.settings.spark
        small = is_small(spark.quick_below_bytes, self.inputs, self.root, self.reads)
        with self.reporter.stage("Starting Spark"):
            self.reporter.spark = get_session(self.step, spark, is_small=small)
        return self.reporter.spark

    def expect(self, table: Table, shares: Mapping[date, float]) -> None:
        """Announces how much of a table is about to be read.

        If that is more than was estimated at the start, Spark compiles its queries from now on.

        Args:
            table: The table.
            shares: Share (0-1) of each day that is read.
        """
        from pipelines.runtime.spark import compile_queries, interprets_queries

        spark, settings = self.warehouse.spark, self.settings.spark
        if interprets_queries(spark):
            sizes = table.bytes_by_day(self.warehouse)
            size = sum(share * sizes.get(day, 0) for day, share in shares.items())
            if size * PACKED >= settings.quick_below_bytes:
                compile_queries(spark, settings)

    def cached(self, name: str, make: Callable[[], DataFrame]) -> DataFrame:
        """Returns the frame of this name, made and cached on first use.

        Only for frames of endpoints, never of traffic.
        """
        if name not in self._cached:
            self._cached[name] = make().localCheckpoint()
        return self._cached[name]

    def clear_cache(self) -> None:
        """Drops the frames that `cached` holds, after a change of their tables."""
        self._cached.clear()

    @property
    def reporter(self) -> Reporter:
        """Progress on standard error."""
        if self._reporter is None:
            self._reporter = Reporter()
        return self._reporter

    @cached_property
    def decisions(self) -> tuple[Decision, ...]:
        """Operators' decisions, read once: nothing but `decide` changes them."""
        from pipelines.decisions.tables import load_decisions

        return load_decisions(self.warehouse)

    def finish(self, **figures: Any) -> None:
        """Prints the summary: one JSON line with --json, a table otherwise."""
        self.summary.update(figures)
        if self.as_json:
            sys.stdout.write(orjson.dumps({"step": self.step, **self.summary}, default=str).decode() + "\n")
            return
        table = RichTable(
            "", "", title=f"apicensus {self.step}", title_justify="left", show_header=False, box=None
        )
        for key, value in self.summary.items():
            if value is not None and not isinstance(value, (dict, list)):
                table.add_row(key.replace("_", " "), f"{value:,}" if isinstance(value, int) else str(value))
        Console(file=sys.stdout, highlight=False, soft_wrap=True).print(table, markup=False)


def start_run(
    step: str,
    settings: Path | None,
    warehouse: str,
    as_json: bool = False,
    *,
    writes: bool = True,
    inputs: Sequence[str] | None = (),
    reads: Reads = "all",
) -> Run:
    """Checks the settings and returns the context of a command.

    Args:
        step: Name of the command.
        settings: File of settings; None for the defaults.
        warehouse: Root of the tables.
        as_json: Whether the summary is one line of JSON.
        writes: Whether the step changes tables, so that it needs the warehouse exclusively.
        inputs: Files that it reads besides the warehouse; None if their size does not show how much work it is.
        reads: Data that it reads from the warehouse.
    """
    return Run(step, load_settings(settings), warehouse, as_json, writes, inputs, reads)


def ensure_writable(root: str, option: str = "--warehouse") -> str:
    """Checks that a folder can be written; returns its absolute path.

    Spark would resolve a relative path against its own working directory. Addresses with a scheme are returned as they are.

    Raises:
        WarehouseError: The folder of the warehouse cannot be created or written.
        OutputError: The folder of another `option` cannot.
    """
    if "://" in root:
        return root
    folder = Path(root).expanduser().absolute()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            return str(folder)
    except OSError as error:
        kind = WarehouseError if option == "--warehouse" else OutputError
        raise kind(
            f"{option} {root}: cannot be written ({error.strerror}). Give {option} a folder that you may write."
        ) from error
