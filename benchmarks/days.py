"""The cost of adding a day to a warehouse, compared with rebuilding all its days.

`ingest`, `discover` and `learn` run in a process each.

One warehouse takes the days one after the other, and the steps of the last are measured; another takes all days at once.
Both pay for the start of three processes, which no day can save: the ratio is given with and without it.

usage: python -m benchmarks days [--transactions 160000] [--days 8] [--json]
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.figures import Figure, argument_parser, ratio, report
from benchmarks.machine import Cost, describe_machine, measure
from benchmarks.programs import HERE, run_bare_session, run_step
from benchmarks.traffic import simulate_traffic

STEPS = ("ingest", "discover", "learn")


def run_steps(files: Sequence[str], warehouse: Path, settings: Path) -> dict[str, Cost]:
    """Runs each step on a warehouse, as a user starts it."""
    at = ("--warehouse", str(warehouse), "--settings", str(settings))
    return {name: run_step(name, *(files if name == "ingest" else ()), *at) for name in STEPS}


def figures(
    days: int, transactions: int, added: Mapping[str, Cost], rebuilt: Mapping[str, Cost], start: Cost
) -> list[Figure]:
    """Returns the ratios of all steps and of each step.

    That of all steps also without the start of their processes.
    """
    day, rebuild, starts = total_cost(added), total_cost(rebuilt), total_cost(dict.fromkeys(added, start))
    case = f"day {days} after {days - 1} ÷ rebuild of all {days}, {transactions:,} transactions"
    return [
        Figure(f"{case}: CPU", ratio(day.cpu, rebuild.cpu), "≤ 0.25"),
        Figure(f"{case}: wall", ratio(day.wall, rebuild.wall), "≤ 0.25"),
        Figure("the same without the start of Spark: CPU", ratio((day - starts).cpu, (rebuild - starts).cpu)),
        Figure(
            "the same without the start of Spark: wall", ratio((day - starts).wall, (rebuild - starts).wall)
        ),
        *(
            Figure(f"`{name}`, CPU; wall", f"{ratio(cost.cpu, whole.cpu)}; {ratio(cost.wall, whole.wall)}")
            for name, cost, whole in ((name, added[name], rebuilt[name]) for name in added)
        ),
        Figure(f"day {days}", str(day)),
        Figure(f"rebuild of all {days}", str(rebuild)),
        Figure("start of Spark, three times", str(starts)),
    ]


def total_cost(costs: Mapping[str, Cost]) -> Cost:
    """Adds up the cost of all steps."""
    return sum(costs.values(), Cost(0, 0))


def main() -> None:
    """Prints the ratios."""
    parser = argument_parser(__doc__)
    parser.add_argument("--transactions", type=int, default=160_000, help="of all days together")
    parser.add_argument("--days", type=int, default=8)
    options = parser.parse_args()
    print(describe_machine())
    with TemporaryDirectory() as name:
        folder = Path(name)
        files = simulate_traffic(folder / "traffic", options.transactions, days=options.days)
        settings = folder / "traffic" / "settings.yaml"
        start = run_bare_session([], folder / "start")
        grown = [str(folder / "grown"), str(settings), *files[:-1]]
        measure([sys.executable, "-m", "benchmarks.day_by_day", *grown], HERE)
        added = run_steps(files[-1:], folder / "grown", settings)
        rebuilt = run_steps(files, folder / "rebuilt", settings)
    report(figures(options.days, options.transactions, added, rebuilt, start), options.json)


if __name__ == "__main__":
    main()
