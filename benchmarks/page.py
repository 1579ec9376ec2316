"""Runs the cost benchmarks in turn and writes their figures to docs/benchmarks.md.

Every figure of the page is measured in this run. `small` is meant to fit into half an hour on two quiet cores; `large` has
the sizes that the project's targets name (hours, and tens of GB of disk) and the test suite; `tiny` only shows that
everything works. With NAME, only those run, and the page is printed.

usage: python -m benchmarks page [--sizes tiny|small|large] [--out docs/benchmarks.md] [NAME...]
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.figures import Figure, parse_output
from benchmarks.machine import ROOT, describe_machine

PAGE = ROOT / "docs" / "benchmarks.md"
SIZES: dict[str, tuple[str, ...]] = {
    "tiny": (
        "whole_run", "growth --small 1000 --large 4000", "skew --transactions 4000", "days --transactions 4000 --days 3",
        "learning --transactions 8000 --rounds 1", "templates --paths 20000",
        "scoring --transactions 4000 --repeat 1 --rounds 1", "ingest --transactions 4000 --rounds 1",
        "peers --small 1000 --large 2000",
    ),
    "small": (
        "whole_run", "growth --small 20000 --large 200000", "skew --transactions 100000", "days --transactions 160000",
        "learning --rounds 2", "templates", "scoring --rounds 3", "ingest", "peers",
    ),
    "large": (
        "whole_run --rounds 3", "growth --small 200000 --large 2000000", "growth --small 2000000 --large 20000000",
        "skew --transactions 5000000", "days --transactions 1600000", "learning", "templates", "scoring", "ingest", "peers",
        "suite",
    ),
}  # fmt: skip
HEAD = """# Benchmarks

Made by `make bench`; every figure is of this run, none is written by hand. Other machines give other seconds: ratios
compare within one run. CPU seconds and memory are those of the whole process tree, JVM and Python workers included. A
target belongs to the size that it was set for; small sizes are dominated by the start of Spark. How each figure is
measured stands at the top of its module in `benchmarks/`; `python -m benchmarks NAME --help` tells its options.

"""


@dataclass(frozen=True, slots=True)
class FinishedBenchmark:
    """A benchmark that has ended: command, duration, and figures or exit code.

    The exit code if it failed.
    """

    command: str
    seconds: float
    figures: tuple[Figure, ...]
    code: int = 0


def run_benchmark(arguments: str) -> FinishedBenchmark:
    """Runs one benchmark; a failure does not affect the others."""
    command = f"python -m benchmarks {arguments}"
    print(f"{datetime.now(UTC):%H:%M:%S} {command}", file=sys.stderr, flush=True)
    started = time.monotonic()
    done = subprocess.run(
        [sys.executable, *command.split()[1:], "--json"], stdout=subprocess.PIPE, text=True, check=False
    )
    seconds, code = time.monotonic() - started, done.returncode
    try:
        found = tuple(parse_output(done.stdout)) if code == 0 else ()
    except ValueError as error:
        print(f"{command}: {error}", file=sys.stderr)
        found, code = (), 1
    return FinishedBenchmark(command, seconds, found, code)


def page(about: str, when: datetime, sizes: str, done: Iterable[FinishedBenchmark]) -> str:
    """Renders the page: machine, commit, date and sizes, then a table per benchmark."""
    done = list(done)
    minutes = sum(one.seconds for one in done) / 60
    warning = (
        " These sizes only show that everything works: the figures say nothing." if sizes == "tiny" else ""
    )
    header = f"{when:%Y-%m-%d %H:%M} UTC; sizes: {sizes}; {minutes:.0f} minutes.{warning}"
    parts = [HEAD, f"{about}; {header}\n"]
    return "".join([*parts, *(f"\n{section(one)}" for one in done)])


def section(done: FinishedBenchmark) -> str:
    """Renders a command and the table of its figures."""
    head = f"## {done.command.split()[3]}\n\n`{done.command}` ({done.seconds:.0f} s)\n\n"
    if done.code:
        return f"{head}Failed with exit code {done.code}: no figures.\n"
    rows = [("figure", "result", "target"), ("---", "---", "---")]
    rows += [(figure.name, figure.result, figure.target) for figure in done.figures]
    return head + "".join(f"| {' | '.join(map(cell, row))} |\n" for row in rows)


def cell(text: str) -> str:
    """Escapes text so that it cannot end its cell or its row."""
    return " ".join(text.split()).replace("|", "\\|")


def choose_commands(commands: Sequence[str], names: Sequence[str]) -> list[str]:
    """Returns the commands of the named benchmarks, or all without names.

    Raises:
        ValueError: a name is not among them.
    """
    if unknown := set(names) - {command.split()[0] for command in commands}:
        raise ValueError(f"not on the page: {', '.join(sorted(unknown))}")
    return [command for command in commands if not names or command.split()[0] in names]


def main() -> int:
    """Runs the benchmarks, writes or prints the page; 1 if a benchmark failed."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("names", nargs="*", metavar="NAME")
    parser.add_argument("--sizes", choices=sorted(SIZES), default="small")
    parser.add_argument("--out", type=Path, help="default: docs/benchmarks.md, or standard output with NAME")
    options = parser.parse_args()
    about, when = describe_machine(), datetime.now(UTC)
    try:
        commands = choose_commands(SIZES[options.sizes], options.names)
    except ValueError as error:
        parser.error(str(error))
    out = options.out or (None if options.names else PAGE)
    done: list[FinishedBenchmark] = []
    for command in commands:
        done.append(run_benchmark(command))
        if out:  # after each: a run of hours that is stopped keeps its figures so far
            out.write_text(page(about, when, options.sizes, done))
    print(out or page(about, when, options.sizes, done))
    return int(any(one.code for one in done))


if __name__ == "__main__":
    sys.exit(main())
