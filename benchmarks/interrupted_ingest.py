"""Kills ingest at random moments (SIGKILL) and reruns it after each.

The tables must be those of an uninterrupted run.
"""

from __future__ import annotations

import argparse
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from datetime import date
from pathlib import Path

from pipelines.runtime import settings
from pipelines.runtime.spark import get_session
from pipelines.runtime.tables import Warehouse
from pipelines.simulator.output.writers import simulate
from pipelines.transactions.tables import BATCHES, QUARANTINE, TRANSACTIONS

KEPT = {
    TRANSACTIONS: ("transaction_id", "time", "host", "path", "source_id", "source_line"),
    QUARANTINE: ("source_id", "line", "reasons"),
    BATCHES: ("source_id", "records", "valid", "quarantined", "repeated", "state"),
}


def traffic(folder: Path, transactions: int) -> list[list[Path]]:
    """Simulates the inputs of two ingests.

    Two days of a Logpush export, the second with invalid lines, and a log that grows between the ingests.
    """
    simulate(
        folder / "push",
        hosts=4,
        transactions=transactions,
        seed=3,
        days=2,
        end_date=date(2026, 6, 30),
        format="logpush",
    )
    simulate(
        folder / "logs",
        hosts=1,
        transactions=transactions,
        seed=3,
        days=1,
        end_date=date(2026, 6, 30),
        format="combined",
    )
    first, second = sorted((folder / "push").glob("*.ndjson.gz"))
    (log,) = sorted((folder / "logs").glob("*.log"))
    broken = folder / "broken.ndjson"
    broken.write_text('{"ClientRequestHost": "a.example", "EdgeResponseStatus": 0}\n' * 20)
    whole = log.read_bytes()
    log.write_bytes(whole[: whole.index(b"\n", len(whole) // 2) + 1])
    (folder / "rest").write_bytes(whole)
    return [[first, log], [second, log, broken]]


def command(inputs: list[Path], warehouse: Path) -> list[str]:
    """Returns the command of an ingest of `inputs`, as a user starts it."""
    return [sys.executable, "-m", "jobs", "ingest", *map(str, inputs), "--warehouse", str(warehouse)]


def run_and_kill(arguments: list[str], after: float) -> bool:
    """Runs a command and kills it with its children after `after` seconds.

    Returns whether it was still running.
    """
    with subprocess.Popen(
        arguments, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
    ) as process:
        try:
            process.wait(after)
            return False
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
            return True


def kill_once(arguments: list[str], warehouse: Path, seconds: float, chance: random.Random) -> float:
    """Kills a command at a random moment of its usual duration, `seconds`.

    If the run ended before, the warehouse is restored and another moment is drawn.
    """
    before = warehouse.with_suffix(".before")
    warehouse.mkdir(exist_ok=True)
    while True:
        shutil.rmtree(before, ignore_errors=True)
        shutil.copytree(warehouse, before)
        after = chance.uniform(0.3, 1.0) * seconds  # until then only Python starts
        if run_and_kill(arguments, after):
            return after
        shutil.rmtree(warehouse)
        before.rename(warehouse)
        seconds *= 0.9  # the machine is less busy than before


def ingest(arguments: list[str]) -> float:
    """Runs a command to its end and returns the seconds it took."""
    start = time.monotonic()
    subprocess.run(arguments, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    return time.monotonic() - start


def main() -> int:
    """Prints a line for each kill and the result; exit code 1 where a table differs."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=10)
    parser.add_argument("--transactions", type=int, default=4000)
    parser.add_argument("--seed", type=int, default=int(time.time()))
    options = parser.parse_args()
    chance = random.Random(options.seed)  # noqa: S311 - moments, not secrets
    print(f"seed {options.seed}")
    with tempfile.TemporaryDirectory(prefix="apicensus-kills-") as name:
        folder = Path(name)
        both = traffic(folder, options.transactions)
        log, half = both[0][1], both[0][1].read_bytes()
        undisturbed, disturbed = folder / "undisturbed", folder / "disturbed"
        for number, inputs in enumerate(both):
            log.write_bytes(half if number == 0 else (folder / "rest").read_bytes())
            seconds = ingest(command(inputs, undisturbed))
            for kill in range(options.kills // 2):
                after = kill_once(command(inputs, disturbed), disturbed, seconds, chance)
                left = sorted(path.name for path in disturbed.glob("*"))
                print(
                    f"ingest {number + 1}, kill {kill + 1}: after {after:.1f} of {seconds:.1f} s, left {left}",
                    flush=True,
                )
            ingest(command(inputs, disturbed))
        spark = get_session("kills", settings.load_settings().spark)
        same = True
        for table, columns in KEPT.items():
            one, two = (
                sorted(table.read(Warehouse(spark, str(root))).select(*columns).collect(), key=repr)
                for root in (undisturbed, disturbed)
            )
            same &= one == two
            print(f"{table.name}: {len(one)} and {len(two)} rows, {'equal' if one == two else 'DIFFERENT'}")
        left = [path.name for path in disturbed.glob("_*") if path.name in ("_lease", "_staging")]
        print(f"left behind: {left or 'nothing'}")
    return 0 if same else 1


if __name__ == "__main__":
    sys.exit(main())
