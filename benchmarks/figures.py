"""What a benchmark found: named figures beside their targets, as text for people and as one line of JSON for the page.

Every benchmark with figures takes `--json` and ends with `report(figures, options.json)`.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass

import orjson


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure: what it is, what was found, and what the project wants (empty: only told)."""

    name: str
    result: str
    target: str = ""


def ratio(measured: float, base: float) -> str:
    """`measured` / `base` with two digits after the point; a base that is nothing or less makes no ratio."""
    return f"{measured / base:.2f}" if base > 0 else "none (the base is not positive)"


def per_transaction(larger: float, smaller: float, transactions: int) -> float:
    """Seconds of a larger and a smaller run and how many more transactions the larger had → µs of a further one.

    Raises:
        ValueError: the larger run has no more transactions.
    """
    if transactions <= 0:
        raise ValueError(
            f"the larger run must have more transactions than the smaller, not {transactions} more"
        )
    return (larger - smaller) / transactions * 1e6


def arguments(documentation: str | None) -> argparse.ArgumentParser:
    """The parser of a benchmark: its documentation as help, and `--json`."""
    parser = argparse.ArgumentParser(
        description=documentation, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--json", action="store_true")
    return parser


def report(figures: Sequence[Figure], as_json: bool) -> None:
    """Prints them: a line each, or all in one line of JSON."""
    print(as_line(figures) if as_json else as_text(figures))


def as_text(figures: Iterable[Figure]) -> str:
    """A line each."""
    return "\n".join(
        f"{figure.name}: {figure.result}" + (f" (target {figure.target})" if figure.target else "")
        for figure in figures
    )


def as_line(figures: Iterable[Figure]) -> str:
    """One line of JSON."""
    return orjson.dumps([asdict(figure) for figure in figures]).decode()


def from_output(text: str) -> list[Figure]:
    """The figures in the last line of a benchmark's output.

    Raises:
        ValueError: the last line is not one of figures.
    """
    last = text.strip().rpartition("\n")[2]
    if not last.startswith("["):
        raise ValueError(f"no figures in the last line of the output: {last!r}")
    return [Figure(**each) for each in orjson.loads(last)]
