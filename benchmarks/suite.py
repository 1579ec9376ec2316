"""The duration of `make test` after set-up: style, types and every test.

usage: python -m benchmarks suite [--json]
"""

from __future__ import annotations

from benchmarks.figures import Figure, argument_parser, report
from benchmarks.machine import ROOT, describe_machine, measure


def main() -> None:
    """Prints minutes next to the target."""
    parser = argument_parser(__doc__)
    options = parser.parse_args()
    print(describe_machine())
    measure(["make", "-C", str(ROOT), "setup"])
    cost = measure(["make", "-C", str(ROOT), "test"])
    minutes = Figure("`make test` after set-up, wall", f"{cost.wall / 60:.1f} min", "≤ 15 min")
    report([minutes, Figure("`make test` after set-up", str(cost))], options.json)


if __name__ == "__main__":
    main()
