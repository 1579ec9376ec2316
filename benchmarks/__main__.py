"""Benchmarks: `python -m benchmarks` runs those of cost (`make bench`), `python -m benchmarks NAME [OPTIONS]` one.

Those of cost print ratios within one run, as machines are noisy; templates prints seconds, against a budget in seconds.
"""

from __future__ import annotations

import subprocess
import sys

OF_COST = ("scoring", "templates", "ingest")
BENCHMARKS = (
    *OF_COST,
    "whole_run",
    "learning",
    "conformance",
    "population",
    "silence",
    "true_calls",
    "interrupted_ingest",
)


def main() -> int:
    """Runs each in a process of its own; the exit code is that of the last one that failed."""
    wanted = sys.argv[1:2] or OF_COST
    if unknown := set(wanted) - set(BENCHMARKS):
        print(f"unknown benchmark {unknown.pop()}: choose {' or '.join(BENCHMARKS)}", file=sys.stderr)
        return 2
    codes = [
        subprocess.run([sys.executable, "-m", f"benchmarks.{name}", *sys.argv[2:]], check=False).returncode
        for name in wanted
    ]
    return next((code for code in reversed(codes) if code), 0)


if __name__ == "__main__":
    sys.exit(main())
