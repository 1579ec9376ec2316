"""Simulated traffic for benchmarks.

New sites of any number and size, and the same lines with one host much busier.
"""

from __future__ import annotations

import gzip
from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import date
from pathlib import Path

import orjson

from pipelines.runtime.settings import load_settings
from pipelines.simulator.output.writers import Format, simulate

TRANSACTIONS_OF_A_SITE = 10_000
"""Sites of a benchmark have about as many transactions as those whose figures are on record: 318,343 of 30 sites."""
BUSY_HOST = "busy.example"


def simulate_traffic(
    folder: Path,
    transactions: int,
    *,
    hosts: int | None = None,
    days: int = 2,
    seed: int | None = None,
    format: Format = "logpush",
) -> list[str]:
    """Simulates files of traffic.

    `folder` also gets the truth and settings.yaml with the session identifiers.
    """
    options = load_settings().simulator
    made = simulate(
        folder,
        hosts=hosts or site_count(transactions),
        transactions=transactions,
        seed=options.seed if seed is None else seed,
        days=days,
        end_date=date.fromisoformat(options.end_date),
        format=format,
    )
    return [str(file) for file in made.files if file.name.startswith("traffic-") or file.suffix == ".har"]


def site_count(transactions: int) -> int:
    """Returns the number of sites that share so many transactions.

    At least two, so that there is more than one group.
    """
    return max(2, round(transactions / TRANSACTIONS_OF_A_SITE))


def busiest_hosts(sizes: Mapping[str, int], share: float) -> frozenset[str]:
    """Returns the largest hosts that together have at least `share` of the traffic."""
    wanted, taken, hosts = share * sum(sizes.values()), 0, []
    for host, size in sorted(sizes.items(), key=lambda item: (-item[1], item[0])):
        if taken >= wanted:
            break
        hosts.append(host)
        taken += size
    return frozenset(hosts)


def skew_hosts(files: Iterable[str], folder: Path, share: float) -> tuple[list[str], float]:
    """Copies files of lines so that one host has about `share` of the transactions.

    Returns the files and the share that the host got.

    Only the host is rewritten: paths, values and clients are those of the even case, so the work is the same and only
    its distribution over hosts differs.
    """
    sizes: Counter[str] = Counter()
    for file in files:
        with gzip.open(file, "rb") as lines:
            sizes.update(orjson.loads(line)["ClientRequestHost"] for line in lines)
    busy = busiest_hosts(sizes, share)
    folder.mkdir(parents=True)
    written = []
    for file in files:
        written.append(str(folder / Path(file).name))
        with gzip.open(file, "rb") as lines, gzip.open(written[-1], "wb", compresslevel=1) as out:
            for line in lines:
                record = orjson.loads(line)
                if record["ClientRequestHost"] in busy:
                    record["ClientRequestHost"] = BUSY_HOST
                out.write(orjson.dumps(record) + b"\n")
    return written, sum(sizes[host] for host in busy) / sum(sizes.values())
