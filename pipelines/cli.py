"""What every command shares: options, settings, warehouse, exit codes, the summary at the end.

Help and wrong usage must not wait for Spark, so nothing here imports it before a session is wanted.

Exit codes: 0 done · 1 findings, where asked for · 2 wrong usage, settings or input · 3 a contract or model mismatch
· 75 another process writes to the warehouse.
"""

from __future__ import annotations

import logging
import os
import sys
import tempfile
import warnings
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cache, cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Protocol

import orjson
import typer
from rich.console import Console
from rich.table import Table as RichTable

from pipelines import settings as settings_module
from pipelines.decisions.model import Decision
from pipelines.endpoints.days import Choice
from pipelines.errors import CensusError, OutputError, WarehouseError
from pipelines.failures import explained
from pipelines.progress import Reporter
from pipelines.settings import Settings
from pipelines.small_work import Reads

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

    from pipelines.tables import Table, Warehouse

_AT_END = ExitStack()  # what the running command gives back when it ends, however it ends
UNEXPECTED = 70  # EX_SOFTWARE of sysexits.h: a defect of ours, not of the input

SettingsFile = Annotated[
    Path | None,
    typer.Option(
        "--settings", help="YAML laid over conf/default.yaml.", metavar="FILE", envvar="APICENSUS_SETTINGS"
    ),
]
WarehouseRoot = Annotated[
    str, typer.Option("--warehouse", help="Root of the Delta tables: a folder or a URI.", metavar="DIR")
]
AsJson = Annotated[bool, typer.Option("--json", help="Last line of standard output is one JSON summary.")]
Days = Annotated[
    list[datetime] | None,
    typer.Option("--days", formats=["%Y-%m-%d"], help="Do this day again (UTC), and no other; repeatable."),
]
Since = Annotated[
    datetime | None,
    typer.Option("--since", formats=["%Y-%m-%d"], help="Do all days again from this one on (UTC)."),
]
Full = Annotated[bool, typer.Option("--full", help="Do all days again, whatever changed.")]
Inputs = Annotated[
    list[str], typer.Argument(help="Files, directories or globs; plain, gzip or zstd.", metavar="INPUT...")
]
OptionalInputs = Annotated[
    list[str] | None, typer.Argument(help="Ingested first, where given.", metavar="[INPUT...]")
]
Format = Annotated[str, typer.Option("--format", help="auto, har, logpush or combined.", metavar="FORMAT")]
Host = Annotated[
    str | None, typer.Option("--host", help="Host of formats that name none (combined logs).", metavar="HOST")
]


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
            from pipelines.leased import taken, with_lease

            root = writable(self.root)
            spark, lease = cache(self._session), None
            if self.writes:
                lease = taken(spark, root, self.step, self.settings.lease, self.reporter.note)
                _AT_END.callback(lease.release)
            self._warehouse = with_lease(spark(), root, lease)
        return self._warehouse

    def _session(self) -> SparkSession:
        from pipelines.small_work import is_small
        from pipelines.spark import session

        spark = self.settings.spark
        small = is_small(spark.quick_below_bytes, self.inputs, self.root, self.reads)
        with self.reporter.stage("Starting Spark"):
            self.reporter.spark = session(self.step, spark, is_small=small)
        return self.reporter.spark

    def expect(self, table: Table, shares: Mapping[date, float]) -> None:
        """Says how much of which days of a table is about to be worked on, 0 to 1.

        If it is more than was guessed at the start, Spark compiles its queries from now on.
        """
        from pipelines.small_work import PACKED
        from pipelines.spark import compile_queries, interprets_queries

        spark, settings = self.warehouse.spark, self.settings.spark
        if interprets_queries(spark):
            sizes = table.bytes_of_days(self.warehouse)
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
        from pipelines.decisions.table import stored

        return stored(self.warehouse)

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


def start(
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
    return Run(step, settings_module.load(settings), warehouse, as_json, writes, inputs, reads)


def writable(root: str, option: str = "--warehouse") -> str:
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


class Main(Protocol):
    """`main` of a step: arguments (default: those of the process) → exit code."""

    def __call__(self, argv: Sequence[str] | None = None) -> int: ...  # noqa: D102 - described by the class


def command(function: Callable[..., None]) -> Main:
    """`main(argv) -> exit code` of a step: parses, runs, turns every error into one line and an exit code."""
    app = typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)
    app.command(context_settings={"help_option_names": ["-h", "--help"]})(function)
    program = f"apicensus {function.__name__.rstrip('_')}"

    def main(argv: Sequence[str] | None = None) -> int:
        warnings.filterwarnings("ignore", module=r"(pyspark|mlflow|great_expectations|catboost)\..*")
        # it logs with sixty lines of traceback what then reaches us as an exception
        logging.getLogger("py4j").setLevel(logging.CRITICAL)
        arguments = sys.argv[1:] if argv is None else list(argv)
        try:
            typer.main.get_command(app).main(arguments, prog_name=program)
        except SystemExit as done:  # typer has said what is wrong with the arguments
            return done.code if isinstance(done.code, int) else 0
        except KeyboardInterrupt:
            sys.stderr.write("stopped by you; tables hold what was committed, and running again is safe\n")
            return 130
        except CensusError as error:
            sys.stderr.write(f"error: {one_line(error)}\n")
            return error.exit_code
        except known_failures() as error:
            known = explained(error)
            if known is None:
                return fail(error)
            sys.stderr.write(f"error: {one_line(known)}\n")
            return known.exit_code
        except Exception as error:  # the last resort: a defect of ours must still say so in one line
            return fail(error)
        finally:
            _AT_END.close()
        return 0

    return main


def chosen_days(days: Sequence[datetime] | None, since: datetime | None, full: bool) -> Choice:
    """What the options --days, --since and --full ask for.

    Raises:
        typer.BadParameter: more than one of them is given.
    """
    if sum((bool(days), since is not None, full)) > 1:
        raise typer.BadParameter("give one of --days, --since and --full")
    return Choice(full, since and since.date(), frozenset(day.date() for day in days or ()))


def known_failures() -> tuple[type[Exception], ...]:
    """Errors of the system, and of Spark where it was started, which `explained` may put into words."""
    if "pyspark" not in sys.modules:
        return (OSError,)
    from py4j.protocol import Py4JJavaError, Py4JNetworkError
    from pyspark.errors import PySparkException

    return (OSError, Py4JJavaError, Py4JNetworkError, PySparkException)


def fail(error: BaseException) -> int:
    """A defect: one line, and the traceback on request (it may quote traffic, so it is not printed unasked)."""
    if os.environ.get("APICENSUS_TRACEBACK"):
        raise error
    sys.stderr.write(
        f"unexpected error: {type(error).__name__}: {one_line(error)[:300]}\n"
        "This is a defect of apicensus. Set APICENSUS_TRACEBACK=1 and run again to see where.\n"
    )
    return UNEXPECTED


def one_line(error: BaseException) -> str:
    """The error's text without line ends."""
    return " ".join(str(error).split())
