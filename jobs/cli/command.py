"""The parts that all commands share: options, error messages, exit codes.

Failures of Spark's Java process are explained in the user's terms: which file, what is wrong with it, what to do.
"""

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
FILE_URI = re.compile(r"(?:reading file|file:) *'?((?:file|hdfs|s3a|abfss|gs):[^\s'\"]+?)'?[.,]?(?:\s|$)")
NO_SPACE = re.compile(r"No space left on device|Disk quota exceeded", re.IGNORECASE)
DENIED = re.compile(
    r"Permission denied|Read-only file system|AccessControlException|Mkdirs failed", re.IGNORECASE
)


def explain_failure(error: BaseException) -> CensusError | None:
    """Returns the user's error behind a failure of Spark or the system.

    None if the failure is unknown.
    """
    from py4j.protocol import (
        Py4JNetworkError,  # imported here, as help and usage errors must not load Spark's packages
    )

    if isinstance(error, Py4JNetworkError | ConnectionRefusedError | ConnectionResetError):
        return EnvironmentMissing(
            "Spark's Java process has ended, most likely for lack of memory: raise spark.driver_memory in --settings (or "
            "--driver-memory of spark-submit). All committed data is safe, and you can run the command again."
        )
    text = f"{error} {getattr(error, '__cause__', '') or ''}"
    place = FILE_URI.search(text)
    if UNREADABLE.search(text):
        name = unquote(re.sub(r"^file:/+", "/", place[1])) if place else "an input file"
        return InputError(
            name,
            "the compressed data is damaged or truncated",
            "Copy the file again, or skip it with ingest.unreadable_files: skip",
        )
    if NO_SPACE.search(text):
        return WarehouseError("no space left on the device. Free some, or choose another --warehouse.")
    if DENIED.search(text):
        return WarehouseError(
            f"permission denied ({excerpt_denial(text)}). Choose a --warehouse and --out that you may write to."
        )
    return None


def excerpt_denial(text: str) -> str:
    """Returns about a hundred characters around the denial, on one line."""
    match = DENIED.search(text)
    at = match.start() if match else 0
    return " ".join(text[max(0, at - 60) : at + 60].split())


UNEXPECTED = 70  # EX_SOFTWARE of sysexits.h: a defect of the program, not of the input

SettingsFile = Annotated[
    Path | None,
    typer.Option(
        "--settings",
        help="YAML file with settings that override conf/default.yaml.",
        metavar="FILE",
        envvar="APICENSUS_SETTINGS",
    ),
]
WarehouseRoot = Annotated[
    str, typer.Option("--warehouse", help="Folder or URI of the Delta tables.", metavar="DIR")
]
AsJson = Annotated[
    bool, typer.Option("--json", help="Print a JSON summary as the last line of standard output.")
]
Confidence = Annotated[
    float | None,
    typer.Option(
        min=0, max=1, help="Least confidence of constraints that count. Default: see the settings (0.999)."
    ),
]
Days = Annotated[
    list[datetime] | None,
    typer.Option(
        "--days",
        formats=["%Y-%m-%d"],
        metavar="DAY",
        help="Process only this day (UTC), even if unchanged; repeatable.",
    ),
]
Since = Annotated[
    datetime | None,
    typer.Option(
        "--since",
        formats=["%Y-%m-%d"],
        metavar="DAY",
        help="Process all days from this one on (UTC), even if unchanged.",
    ),
]
Full = Annotated[bool, typer.Option("--full", help="Process all days, even if unchanged.")]
Inputs = Annotated[
    list[str],
    typer.Argument(help="Files, directories or glob patterns; plain, gzip or zstd.", metavar="INPUT"),
]
OptionalInputs = Annotated[
    list[str] | None, typer.Argument(help="Log files to ingest first, if given.", metavar="INPUT")
]
Format = Annotated[
    str, typer.Option("--format", help="Log format: auto, har, logpush or combined.", metavar="FORMAT")
]
Host = Annotated[
    str | None,
    typer.Option("--host", help="Host for logs that do not contain it (combined).", metavar="HOST"),
]


class Program(Protocol):
    """The `main` function of a step: command-line arguments → exit code."""

    def __call__(self, argv: Sequence[str] | None = None) -> int: ...  # noqa: D102 - described by the class


def as_program(function: Callable[..., None]) -> Program:
    """Turns the function of a step into its `main(argv) -> exit code`.

    It parses the arguments (by default those of the process), runs the step, and turns every error into one line on standard
    error and an exit code.
    """
    app = typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)
    app.command(context_settings={"help_option_names": ["-h", "--help"]})(function)
    program = f"apicensus {function.__name__.rstrip('_')}"

    def main(argv: Sequence[str] | None = None) -> int:
        warnings.filterwarnings("ignore", module=r"(pyspark|mlflow|great_expectations|catboost)\..*")
        # it logs a traceback of sixty lines for each exception that it also raises
        logging.getLogger("py4j").setLevel(logging.CRITICAL)
        arguments = sys.argv[1:] if argv is None else list(argv)
        try:
            typer.main.get_command(app).main(arguments, prog_name=program)
        except SystemExit as done:  # typer has printed what is wrong with the arguments
            return done.code if isinstance(done.code, int) else 0
        except KeyboardInterrupt:
            sys.stderr.write("interrupted; all committed data is safe, and you can run the command again\n")
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
        except Exception as error:  # last resort: a defect, too, is reported in one line
            return report_defect(error)
        finally:
            AT_END.close()
        return 0

    return main


def choose_days(days: Sequence[datetime] | None, since: datetime | None, full: bool) -> DayChoice:
    """Combines the options --days, --since and --full.

    Raises:
        typer.BadParameter: more than one of them is given.
    """
    if sum((bool(days), since is not None, full)) > 1:
        raise typer.BadParameter("give one of --days, --since and --full")
    return DayChoice(full, since and since.date(), frozenset(day.date() for day in days or ()))


def known_failures() -> tuple[type[Exception], ...]:
    """Returns the exceptions that `explain_failure` may explain.

    Those of Spark are included only if it was imported.
    """
    if "pyspark" not in sys.modules:
        return (OSError,)
    from py4j.protocol import Py4JJavaError, Py4JNetworkError
    from pyspark.errors import PySparkException

    return (OSError, Py4JJavaError, Py4JNetworkError, PySparkException)


def report_defect(error: BaseException) -> int:
    """Reports a defect in one line and returns the exit code.

    With APICENSUS_TRACEBACK set, the error is raised; by default it is not, as a traceback may quote traffic.
    """
    if os.environ.get("APICENSUS_TRACEBACK"):
        raise error
    sys.stderr.write(
        f"unexpected error: {type(error).__name__}: {one_line(error)[:300]}\n"
        "This is a bug in apicensus. Set APICENSUS_TRACEBACK=1 and run again to see the traceback.\n"
    )
    return UNEXPECTED


def one_line(error: BaseException) -> str:
    """Returns the error's message without line breaks."""
    return " ".join(str(error).split())
