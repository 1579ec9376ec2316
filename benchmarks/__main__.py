"""Benchmarks: `python -m benchmarks NAME [OPTIONS]` runs one of them.

Without a name it runs the page, as `make bench` does.

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
    "calibration",
    "population",
    "inactivity",
    "true_calls",
    "poorer_logs",
    "interrupted_ingest",
    "attacks",
    "unseen_hosts",
)


def main() -> int:
    """Runs one benchmark in a separate process and returns its exit code."""
    name, *options = sys.argv[1:] or ["page"]
    if name not in BENCHMARKS:
        print(f"unknown benchmark {name}: choose {' or '.join(BENCHMARKS)}", file=sys.stderr)
        return 2
    return subprocess.run([sys.executable, "-m", f"benchmarks.{name}", *options], check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
