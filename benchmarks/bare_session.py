"""What no pipeline on Spark can save: a session starts, reads files of lines and writes them as one Delta table.

Run by other benchmarks in a process of its own; without files it only starts.

usage: python -m benchmarks.bare_session TABLE [FILE...]
"""

from __future__ import annotations

import sys

from pipelines.runtime import settings
from pipelines.runtime.spark import get_session
from pipelines.workflows.small_work import is_small


def main() -> None:
    """Starts, reads, writes."""
    table, *files = sys.argv[1:]
    chosen = settings.load_settings().spark
    small = is_small(chosen.quick_below_bytes, files, table)  # as `run` starts on these files
    spark = get_session("bare", chosen, is_small=small)
    if files:
        spark.read.json(files).write.format("delta").save(table)


if __name__ == "__main__":
    main()
