"""All benchmarks, one after the other: `make bench`. Each prints ratios within one run, as machines are noisy."""

from __future__ import annotations

import subprocess
import sys

BENCHMARKS = ("benchmarks.scoring",)


def main() -> int:
    """Runs each benchmark in a process of its own; the exit code is that of the last one that failed."""
    codes = [subprocess.run([sys.executable, "-m", name], check=False).returncode for name in BENCHMARKS]
    return next((code for code in reversed(codes) if code), 0)


if __name__ == "__main__":
    sys.exit(main())
