"""Processes files one after the other, each by all steps, in one session.

A warehouse grows by days in this way.

Run by `benchmarks.days` in a separate process, as only the resulting warehouse matters. (A module and not
`python -c`: there PySpark takes the program for its own doctests and ends it without an error.)

usage: python -m benchmarks.day_by_day WAREHOUSE SETTINGS FILE...
"""

from __future__ import annotations

import sys
from pathlib import Path

from jobs.discover import VARIANTS, discover_endpoints
from jobs.ingest import ingest_inputs
from jobs.learn import learn_schemas
from pipelines.workflows.run import start_run


def main() -> None:
    """Runs all steps for each file.

    No other process uses the warehouse, so it is written without a lease.
    """
    warehouse, settings, *files = sys.argv[1:]
    run = start_run("days", Path(settings), warehouse, writes=False)
    for file in files:
        run.clear_cache()  # the cached data is of the days before
        ingest_inputs(run, [file], "logpush", None)
        discover_endpoints(run, VARIANTS["both"])
        learn_schemas(run, "ml")


if __name__ == "__main__":
    main()
