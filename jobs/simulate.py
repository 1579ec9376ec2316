"""Writes labelled traffic of simulated sites."""

from __future__ import annotations

import sys
from pathlib import Path

# run as a script: make modules importable from the repository root, and read the arguments before other imports
if __name__ == "__main__":
    sys.path[0] = str(Path(__file__).resolve().parents[1])
    from jobs.__main__ import main

    sys.exit(main([Path(__file__).stem, *sys.argv[1:]]))

from datetime import date
from typing import Literal

from pipelines.simulator.output.writers import simulate as write_traffic
from pipelines.simulator.traffic.attacks import AttackPlan
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
        written = write_traffic(
            out,
            hosts=hosts or chosen.hosts,
            transactions=transactions or chosen.transactions,
            seed=chosen.seed if seed is None else seed,
            days=chosen.days,
            end_date=date.fromisoformat(chosen.end_date),
            format=format,
            attacks=AttackPlan(chosen.attacks, chosen.attack_addresses),
        )
    run.finish(
        hosts=written.hosts,
        transactions=written.transactions,
        api=written.api,
        endpoints=written.endpoints,
        out=str(out),
    )
