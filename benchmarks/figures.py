"""Figures that benchmarks measure, next to their targets.

As text for people and as one line of JSON for the page.

Every benchmark with figures takes `--json` and ends with `report(figures, options.json)`.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass

import orjson


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure: its name, the measured value, and the project's target.

    An empty target means that there is none.
    """

    name: str
    result: str
    target: str = ""


def ratio(measured: float, base: float) -> str:
    """Returns `measured` / `base` with two decimals.

    A base of zero or less gives no ratio.
    """
    return f"{measured / base:.2f}" if base > 0 else "none (the base is not positive)"


def per_transaction(larger: float, smaller: float, transactions: int) -> float:
    """Returns the µs of a further transaction.

    Args:
        larger: seconds of the larger run.
        smaller: seconds of the smaller run.
        transactions: number of transactions that the larger run had more.

    Raises:
        ValueError: the larger run has no more transactions.
    """
    if transactions <= 0:
        raise ValueError(
            f"the larger run must have more transactions than the smaller, not {transactions} more"
        )
    return (larger - smaller) / transactions * 1e6


def argument_parser(documentation: str | None) -> argparse.ArgumentParser:
    """Returns the parser of a benchmark: its documentation as help, and `--json`."""
    parser = argparse.ArgumentParser(
        description=documentation, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--json", action="store_true")
    return parser


def report(figures: Sequence[Figure], as_json: bool) -> None:
    """Prints the figures: a line each, or all in one line of JSON."""
    print(as_line(figures) if as_json else as_text(figures))


def as_text(figures: Iterable[Figure]) -> str:
    """Formats the figures as text, a line each."""
    return "\n".join(
        f"{figure.name}: {figure.result}" + (f" (target {figure.target})" if figure.target else "")
        for figure in figures
    )


def as_line(figures: Iterable[Figure]) -> str:
    """Formats the figures as one line of JSON."""
    return orjson.dumps([asdict(figure) for figure in figures]).decode()


def parse_output(text: str) -> list[Figure]:
    """Parses the figures in the last line of a benchmark's output.

    Raises:
        ValueError: the last line is not one of figures.
    """
    last = text.strip().rpartition("\n")[2]
    if not last.startswith("["):
        raise ValueError(f"no figures in the last line of the output: {last!r}")
    return [Figure(**each) for each in orjson.loads(last)]
