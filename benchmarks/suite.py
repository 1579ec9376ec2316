"""The duration of `make test` after set-up: style, types and every test.

usage: python -m benchmarks suite [--json]
"""

from __future__ import annotations

from benchmarks.figures import Figure, arguments, report
from benchmarks.machine import ROOT, described, measured


def main() -> None:
    """Prints minutes next to the target."""
    parser = arguments(__doc__)
    options = parser.parse_args()
    print(described())
    measured(["make", "-C", str(ROOT), "setup"])
    cost = measured(["make", "-C", str(ROOT), "test"])
    minutes = Figure("`make test` after set-up, wall", f"{cost.wall / 60:.1f} min", "≤ 15 min")
    report([minutes, Figure("`make test` after set-up", str(cost))], options.json)


if __name__ == "__main__":
    main()
