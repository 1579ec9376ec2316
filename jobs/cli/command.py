"""Failures of the JVM in the words of the user: which file, what is wrong with it, what to do."""

from __future__ import annotations

import logging
import os
import re
import sys
import warnings
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Annotated, Protocol
from urllib.parse import unquote

import typer

from pipelines.endpoints.days import DayChoice
from pipelines.runtime.errors import CensusError, EnvironmentMissing, InputError, WarehouseError
from pipelines.workflows.run import AT_END

UNREADABLE = re.compile(
    r"EOFException|ZipException|unexpected end|not in GZIP format|incorrect header check|"
    r"invalid (?:stored|block|distance|code|bit)|"
    r"ZstdIOException|Truncated source|Corrupted|crc error|Unknown frame descriptor|invalid literal",
    re.IGNORECASE,
)
FILE = re.compile(r"(?:reading file|file:) *'?((?:file|hdfs|s3a|abfss|gs):[^\s'\"]+?)'?[.,]?(?:\s|$)")
FULL = re.compile(r"No space left on device|Disk quota exceeded", re.IGNORECASE)
DENIED = re.compile(
    r"Permission denied|Read-only file system|AccessControlException|Mkdirs failed", re.IGNORECASE
)


def explain_failure(error: BaseException) -> CensusError | None:
    """The user's error behind a failure of Spark or the system, None where it is none that we know."""
    from py4j.protocol import (
        Py4JNetworkError,  # here: help and wrong usage must not load what belongs to Spark
    )

    if isinstance(error, Py4JNetworkError | ConnectionRefusedError | ConnectionResetError):
        return EnvironmentMissing(
            "Spark's Java process has ended, most likely for want of memory: raise spark.driver_memory in --settings (or "
            "--driver-memory of spark-submit). Tables hold what was committed, and running again is safe."
        )
    text = f"{error} {getattr(error, '__cause__', '') or ''}"
    place = FILE.search(text)
    if UNREADABLE.search(text):
        name = unquote(re.sub(r"^file:/+", "/", place[1])) if place else "an input file"
        return InputError(
            name,
            "the compressed data is damaged or cut short",
            "Copy the file again, or leave it out with ingest.unreadable_files: skip",
        )
    if FULL.search(text):
        return WarehouseError("no space left on the device. Free some, or give --warehouse another place.")
    if DENIED.search(text):
        return WarehouseError(
            f"permission denied ({excerpt_denial(text)}). Give --warehouse and --out folders that you may write."
        )
    return None


def excerpt_denial(text: str) -> str:
    """The first hundred characters around the denial, on one line."""
    match = DENIED.search(text)
    at = match.start() if match else 0
    return " ".join(text[max(0, at - 60) : at + 60].split())


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


class Main(Protocol):
    """`main` of a step: arguments (default: those of the process) → exit code."""

    def __call__(self, argv: Sequence[str] | None = None) -> int: ...  # noqa: D102 - described by the class


def as_program(function: Callable[..., None]) -> Main:
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
            known = explain_failure(error)
            if known is None:
                return report_defect(error)
            sys.stderr.write(f"error: {one_line(known)}\n")
            return known.exit_code
        except Exception as error:  # the last resort: a defect of ours must still say so in one line
            return report_defect(error)
        finally:
            AT_END.close()
        return 0

    return main


def choose_days(days: Sequence[datetime] | None, since: datetime | None, full: bool) -> DayChoice:
    """What the options --days, --since and --full ask for.

    Raises:
        typer.BadParameter: more than one of them is given.
    """
    if sum((bool(days), since is not None, full)) > 1:
        raise typer.BadParameter("give one of --days, --since and --full")
    return DayChoice(full, since and since.date(), frozenset(day.date() for day in days or ()))


def known_failures() -> tuple[type[Exception], ...]:
    """Errors of the system, and of Spark where it was started, which `explained` may put into words."""
    if "pyspark" not in sys.modules:
        return (OSError,)
    from py4j.protocol import Py4JJavaError, Py4JNetworkError
    from pyspark.errors import PySparkException

    return (OSError, Py4JJavaError, Py4JNetworkError, PySparkException)


def report_defect(error: BaseException) -> int:
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
