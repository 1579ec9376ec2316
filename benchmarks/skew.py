"""Compares one host with most of the traffic with an even distribution.

The lines are the same, but most of them get one host's name.

A group that holds nearly everything must not leave the other cores idle or fill one task's memory. Session identifiers are
configured in neither case, as they are specific to hosts.

usage: python -m benchmarks skew [--transactions 200000] [--share 0.9] [--json]
"""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.figures import Figure, argument_parser, ratio, report
from benchmarks.machine import Cost, describe_machine
from benchmarks.programs import run_all_steps
from benchmarks.traffic import simulate_traffic, site_count, skew_hosts

SITES = 20
"""At least: whole sites get the busy name, so with fewer the share would be far from the one wanted."""


def figures(transactions: int, share: float, even: Cost, busy: Cost) -> list[Figure]:
    """Returns the ratios of both cases, and the costs that they compare."""
    case = f"one host with {share:.0%} of {transactions:,} transactions"
    return [
        Figure(f"{case} ÷ the even case: wall", ratio(busy.wall, even.wall), "≤ 1.3"),
        Figure(f"{case} ÷ the even case: CPU", ratio(busy.cpu, even.cpu), "≤ 1.3"),
        Figure(case, str(busy)),
        Figure("the even case", str(even)),
    ]


def main() -> None:
    """Prints the ratios."""
    parser = argument_parser(__doc__)
    parser.add_argument("--transactions", type=int, default=200_000)
    parser.add_argument("--share", type=float, default=0.9)
    options = parser.parse_args()
    print(describe_machine())
    with TemporaryDirectory() as name:
        folder = Path(name)
        files = simulate_traffic(
            folder / "even", options.transactions, hosts=max(SITES, site_count(options.transactions))
        )
        uneven, share = skew_hosts(files, folder / "uneven", options.share)
        even = run_all_steps(files, None, folder / "run_even")
        busy = run_all_steps(uneven, None, folder / "run_uneven")
    report(figures(options.transactions, share, even, busy), options.json)


if __name__ == "__main__":
    main()
