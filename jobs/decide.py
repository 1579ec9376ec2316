"""Stores operators' decisions on paths, endpoints and hosts in the warehouse.

The decisions are in a file that can be kept under version control.
"""

from __future__ import annotations

import sys
from pathlib import Path

# run as a script: make modules importable from the repository root, and read the arguments before other imports
if __name__ == "__main__":
    sys.path[0] = str(Path(__file__).resolve().parents[1])
    from jobs.__main__ import main

    sys.exit(main([Path(__file__).stem, *sys.argv[1:]]))

from collections import Counter
from collections.abc import Sequence

from pipelines.decisions.file import format_decisions, to_entry
from pipelines.decisions.model import KINDS, Decision
from pipelines.decisions.tables import load_decisions, store
from pipelines.workflows.run import Run


def store_decisions(run: Run, decisions: Sequence[Decision]) -> dict[str, int]:
    """Rewrites table decisions; returns the number of each kind that occurs."""
    counts = Counter(decision.kind for decision in decisions)
    warehouse = run.warehouse
    with run.reporter.stage("Storing the decisions") as outcome:
        store(decisions, warehouse)
        run.clear_cache()
        outcome.append(f"{len(decisions):,} replace all earlier ones")
    return {"decisions": len(decisions), **{kind: counts[kind] for kind in KINDS if counts[kind]}}


def print_decisions(run: Run) -> None:
    """Prints the stored decisions as a file for `decide`, or in the JSON summary."""
    decisions = load_decisions(run.warehouse)
    if run.as_json:
        run.finish(decisions=[to_entry(decision) for decision in decisions])
    else:
        sys.stdout.write(format_decisions(decisions))
