"""One command's surroundings: settings, session and warehouse made on first use, reporter, summary.

Help and wrong usage must not wait for Spark, so nothing here imports it before a session is wanted.
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
from pipelines.runtime import settings as settings_module
from pipelines.runtime.errors import OutputError, WarehouseError
from pipelines.runtime.settings import Settings
from pipelines.workflows.progress import Reporter
from pipelines.workflows.small_work import Reads

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

    from pipelines.runtime.tables import Table, Warehouse

AT_END = ExitStack()
"""What the running command gives back when it ends, however it ends."""


@dataclass
class Run:
    """One command's surroundings: settings, session and warehouse made on first use, reporter, summary."""

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
    _kept: dict[str, DataFrame] = field(default_factory=dict)

    @property
    def warehouse(self) -> Warehouse:
        """The tables, and with them the session; started on first use, so that wrong arguments cost no start.

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
        from pipelines.workflows.small_work import is_small

        spark = self.settings.spark
        small = is_small(spark.quick_below_bytes, self.inputs, self.root, self.reads)
        with self.reporter.stage("Starting Spark"):
            self.reporter.spark = get_session(self.step, spark, is_small=small)
        return self.reporter.spark

    def expect(self, table: Table, shares: Mapping[date, float]) -> None:
        """Says how much of which days of a table is about to be worked on, 0 to 1.

        If it is more than was guessed at the start, Spark compiles its queries from now on.
        """
        from pipelines.runtime.spark import compile_queries, interprets_queries
        from pipelines.workflows.small_work import PACKED

        spark, settings = self.warehouse.spark, self.settings.spark
        if interprets_queries(spark):
            sizes = table.bytes_by_day(self.warehouse)
            found = sum(share * sizes.get(day, 0) for day, share in shares.items())
            if found * PACKED >= settings.quick_below_bytes:
                compile_queries(spark, settings)

    def kept(self, name: str, make: Callable[[], DataFrame]) -> DataFrame:
        """The frame of this name, worked out when it is first asked for: of endpoints, never of traffic."""
        if name not in self._kept:
            self._kept[name] = make().localCheckpoint()
        return self._kept[name]

    def forget(self) -> None:
        """Drops what `kept` holds: for who changed the tables that it was made from."""
        self._kept.clear()

    @property
    def reporter(self) -> Reporter:
        """Progress on standard error."""
        if self._reporter is None:
            self._reporter = Reporter()
        return self._reporter

    @cached_property
    def decisions(self) -> tuple[Decision, ...]:
        """What operators decided, read once: nothing but `decide` changes it."""
        from pipelines.decisions.tables import load_decisions

        return load_decisions(self.warehouse)

    def finish(self, **found: Any) -> None:
        """Prints the summary: one JSON line with --json, a table otherwise."""
        self.summary.update(found)
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
    """Checks settings before anything else happens.

    `writes`: the step changes tables, so it needs the warehouse for itself. `inputs`: files that it reads beside the
    warehouse; None where they do not tell how much work it is. `reads`: what it reads of the warehouse.
    """
    return Run(step, settings_module.load_settings(settings), warehouse, as_json, writes, inputs, reads)


def ensure_writable(root: str, option: str = "--warehouse") -> str:
    """`root`, made absolute where it is a folder (Spark would resolve it against its own working directory).

    Raises:
        WarehouseError: the warehouse's folder cannot be made or written.
        OutputError: the folder of another `option` cannot.
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
