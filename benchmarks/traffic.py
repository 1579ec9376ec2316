"""Simulated traffic for benchmarks: fresh sites of any number and size, and the same lines with one host much busier."""

from __future__ import annotations

import gzip
from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import date
from pathlib import Path

import orjson

from pipelines.runtime import settings as settings_module
from pipelines.simulator.output.writers import Format, simulate

TRANSACTIONS_OF_A_SITE = 10_000
"""Sites of a benchmark have about as many transactions as those whose figures are on record: 318,343 of 30 sites."""
BUSY_HOST = "busy.example"


def simulated(
    folder: Path,
    transactions: int,
    *,
    hosts: int | None = None,
    days: int = 2,
    seed: int | None = None,
    format: Format = "logpush",
) -> list[str]:
    """Files of simulated traffic; `folder` also gets the truth and settings.yaml with the session identifiers."""
    options = settings_module.load_settings().simulator
    made = simulate(
        folder,
        hosts=hosts or sites_of(transactions),
        transactions=transactions,
        seed=options.seed if seed is None else seed,
        days=days,
        end_date=date.fromisoformat(options.end_date),
        format=format,
    )
    return [str(file) for file in made.files if file.name.startswith("traffic-") or file.suffix == ".har"]


def sites_of(transactions: int) -> int:
    """How many sites share so many transactions: at least two, so that there is more than one group."""
    return max(2, round(transactions / TRANSACTIONS_OF_A_SITE))


def renamed(sizes: Mapping[str, int], share: float) -> frozenset[str]:
    """Hosts, the largest first, that together have at least `share` of the transactions."""
    wanted, taken, hosts = share * sum(sizes.values()), 0, []
    for host, size in sorted(sizes.items(), key=lambda item: (-item[1], item[0])):
        if taken >= wanted:
            break
        hosts.append(host)
        taken += size
    return frozenset(hosts)


def skewed(files: Iterable[str], folder: Path, share: float) -> tuple[list[str], float]:
    """Copies of files of lines in which one host has `share` of the transactions, and the share that it got.

    Only the host of lines is written anew: paths, values and clients are those of the even case, so the work is the same
    and only its distribution over hosts differs.
    """
    sizes: Counter[str] = Counter()
    for file in files:
        with gzip.open(file, "rb") as lines:
            sizes.update(orjson.loads(line)["ClientRequestHost"] for line in lines)
    busy = renamed(sizes, share)
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
