"""The floor of every Spark pipeline: start a session, read lines, write them.

No pipeline on Spark can save this cost. The lines become one Delta table.

Run by other benchmarks in a separate process; without files it only starts.

usage: python -m benchmarks.bare_session TABLE [FILE...]
"""

from __future__ import annotations

import sys

from pipelines.runtime import settings
from pipelines.runtime.spark import get_session
from pipelines.workflows.small_work import is_small


def main() -> None:
    """Starts a session, reads the files and writes the table."""
    table, *files = sys.argv[1:]
    chosen = settings.load_settings().spark
    small = is_small(chosen.quick_below_bytes, files, table)  # as `run` starts on these files
    spark = get_session("bare", chosen, is_small=small)
    if files:
        spark.read.json(files).write.format("delta").save(table)


if __name__ == "__main__":
    main()
