"""Benchmarks: `python -m benchmarks` is `make bench` (the page), `python -m benchmarks NAME [OPTIONS]` one of them.

Those of cost print ratios within one run, as machines are noisy; `--json` prints the same as a line of JSON.
"""

from __future__ import annotations

import subprocess
import sys

BENCHMARKS = (
    "page",
    "whole_run",
    "growth",
    "skew",
    "days",
    "learning",
    "templates",
    "scoring",
    "ingest",
    "peers",
    "suite",
    "conformance",
    "population",
    "inactivity",
    "true_calls",
    "interrupted_ingest",
)


def main() -> int:
    """Runs one in a process of its own and returns its exit code."""
    name, *options = sys.argv[1:] or ["page"]
    if name not in BENCHMARKS:
        print(f"unknown benchmark {name}: choose {' or '.join(BENCHMARKS)}", file=sys.stderr)
        return 2
    return subprocess.run([sys.executable, "-m", f"benchmarks.{name}", *options], check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
