"""Takes files into a warehouse one after the other, each by all steps, in one session: how a warehouse grows by days.

Run by `benchmarks.days` in a process of its own, as only what it leaves in the warehouse matters. (A module and not
`python -c`: there PySpark takes the program for its own doctests and ends it without an error.)

usage: python -m benchmarks.day_by_day WAREHOUSE SETTINGS FILE...
"""

from __future__ import annotations

import sys
from pathlib import Path

from jobs.discover import VARIANTS, discover_endpoints
from jobs.ingest import ingest_inputs
from jobs.learn import learn_schemas
from pipelines.workflows.run import start


def main() -> None:
    """All steps for each file. Nobody else knows the warehouse, so it is written without a lease."""
    warehouse, settings, *files = sys.argv[1:]
    run = start("days", Path(settings), warehouse, writes=False)
    for file in files:
        run.forget()  # what was kept is of the days before
        ingest_inputs(run, [file], "logpush", None)
        discover_endpoints(run, VARIANTS["both"])
        learn_schemas(run, "ml")


if __name__ == "__main__":
    main()
