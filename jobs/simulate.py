"""Writes labelled traffic of simulated sites."""

from __future__ import annotations

import sys
from pathlib import Path

# as a script: modules are found from the repository's root, and arguments are read before anything else is imported
if __name__ == "__main__":
    sys.path[0] = str(Path(__file__).resolve().parents[1])
    from jobs.__main__ import main

    sys.exit(main([Path(__file__).stem, *sys.argv[1:]]))

from datetime import date
from typing import Literal

from pipelines.simulator.output.writers import simulate as write_traffic
from pipelines.workflows.run import Run


def write_simulated(
    run: Run,
    out: Path,
    *,
    hosts: int | None,
    transactions: int | None,
    seed: int | None,
    format: Literal["logpush", "har", "combined"],
) -> None:
    """Writes traffic and truth to `out`.

    None stands for the value in section `simulator` of the settings.
    """
    chosen = run.settings.simulator
    with run.reporter.stage(f"Writing {transactions or chosen.transactions:,} transactions"):
        made = write_traffic(
            out,
            hosts=hosts or chosen.hosts,
            transactions=transactions or chosen.transactions,
            seed=chosen.seed if seed is None else seed,
            days=chosen.days,
            end_date=date.fromisoformat(chosen.end_date),
            format=format,
        )
    run.finish(
        hosts=made.hosts, transactions=made.transactions, api=made.api, endpoints=made.endpoints, out=str(out)
    )
