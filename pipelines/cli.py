"""What every command shares: options, exit codes, errors in one line.

Exit codes: 0 done · 1 findings, where asked for · 2 wrong usage, settings or input · 3 a contract or model mismatch
· 75 another process writes to the warehouse.
"""

from __future__ import annotations

import logging
import os
import sys
import warnings
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Annotated, Protocol

import typer

from pipelines.endpoints.days import Choice
from pipelines.errors import CensusError
from pipelines.failures import explained
from pipelines.run import AT_END

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
            AT_END.close()
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
