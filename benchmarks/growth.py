"""The cost of a further transaction, from runs on much and on little traffic.

`run` on much traffic minus `run` on little, of newly simulated sites.

The difference excludes the start of Spark, the plans and the tables. The same is done with a bare session that reads the
same files and writes one Delta table, whose share cannot be saved. Wall time and the largest memory of both sizes follow:
ten times the traffic may take little more than ten times as long, in the same memory.

usage: python -m benchmarks growth [--small 20000] [--large 200000] [--no-sessions] [--json]
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.figures import Figure, argument_parser, per_transaction, ratio, report
from benchmarks.machine import Cost, describe_machine
from benchmarks.programs import run_all_steps, run_bare_session
from benchmarks.traffic import simulate_traffic, site_count


@dataclass(frozen=True, slots=True)
class SizeCosts:
    """The costs of the bare session and of `run` on this number of transactions."""

    transactions: int
    floor: Cost
    whole: Cost


def measure_size(folder: Path, transactions: int, sessions: bool) -> SizeCosts:
    """Simulates the sites of one size and runs both programs on them."""
    files = simulate_traffic(folder / "traffic", transactions)
    settings = folder / "traffic" / "settings.yaml" if sessions else None
    return SizeCosts(
        transactions, run_bare_session(files, folder / "bare"), run_all_steps(files, settings, folder / "run")
    )


def figures(small: SizeCosts, large: SizeCosts) -> list[Figure]:
    """Returns the cost of a further transaction, and the growth in time and memory."""
    more = large.transactions - small.transactions
    ours = per_transaction(large.whole.cpu, small.whole.cpu, more)
    floor = per_transaction(large.floor.cpu, small.floor.cpu, more)
    sizes = f"{small.transactions:,} to {large.transactions:,}"
    times = large.transactions / small.transactions
    return [
        Figure(f"CPU of a further transaction, {sizes}", f"{ours:.1f} µs", "≤ 50 µs"),
        Figure(f"the same ÷ that of the bare session ({floor:.1f} µs)", ratio(ours, floor), "≤ 5"),
        Figure(
            f"wall, {large.transactions:,} ÷ {small.transactions:,}",
            ratio(large.whole.wall, small.whole.wall),
            f"≤ {times * 1.1:.1f}",
        ),
        Figure(
            f"peak memory of all processes, {large.transactions:,} ÷ {small.transactions:,}",
            ratio(large.whole.memory, small.whole.memory),
            "0.8 to 1.2",
        ),
        *(
            Figure(f"{title} on {size.transactions:,} transactions", str(cost))
            for size in (small, large)
            for title, cost in (("`run`", size.whole), ("bare session", size.floor))
        ),
    ]


def main() -> None:
    """Prints the figures of two sizes."""
    parser = argument_parser(__doc__)
    parser.add_argument("--small", type=int, default=20_000)
    parser.add_argument("--large", type=int, default=200_000)
    parser.add_argument(
        "--no-sessions", action="store_true", help="without the sites' session identifiers: variant ml alone"
    )
    options = parser.parse_args()
    if options.large <= options.small:
        parser.error("--large must be larger than --small")
    print(describe_machine())
    print(f"{site_count(options.small):,} and {site_count(options.large):,} sites")
    sizes = []
    for name, transactions in (("small", options.small), ("large", options.large)):
        with TemporaryDirectory() as folder:
            sizes.append(measure_size(Path(folder) / name, transactions, not options.no_sessions))
    report(figures(*sizes), options.json)


if __name__ == "__main__":
    main()
