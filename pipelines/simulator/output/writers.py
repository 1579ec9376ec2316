"""Writes simulated traffic and its truth, reproducible byte for byte."""

from __future__ import annotations

import csv
import gzip
import io
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from pathlib import Path
from typing import Literal, TextIO

from pipelines.runtime.errors import OutputError
from pipelines.runtime.files import atomic_file, partial_path, write_atomically
from pipelines.simulator.output.formats import (
    build_har_entry,
    format_combined_line,
    format_day,
    format_logpush_line,
    render_har_document,
)
from pipelines.simulator.output.truth import TRUTH_COLUMNS, TrafficCounts, build_truth_row, write_truth_tables
from pipelines.simulator.sites.site import LogDetail, build_sites
from pipelines.simulator.traffic import transactions as traffic
from pipelines.simulator.traffic.attacks import NO_ATTACKS, AttackPlan
from pipelines.simulator.traffic.transactions import Transaction

Format = Literal["logpush", "har", "combined"]
# Level of detail of each format: a HAR has everything, a combined log next to nothing; Logpush depends on the
# configuration of each site.
_LEVELS: dict[Format, LogDetail | None] = {"logpush": None, "har": "full", "combined": "combined"}
# Files of an earlier run that a new one replaces.
_TRAFFIC_FILES = ("traffic-*.ndjson.gz", "*.har", "*.log")
# Transactions between two reports of progress.
_PROGRESS_EVERY = 1000


@dataclass(frozen=True, slots=True)
class SimulationSummary:
    """Summary of the written traffic.

    `endpoints`: those with at least one success · `files`: all files, traffic first.
    """

    hosts: int
    transactions: int
    api: int
    endpoints: int
    files: tuple[Path, ...]


def simulate(
    out: Path,
    *,
    hosts: int,
    transactions: int,
    seed: int,
    days: int,
    end_date: date,
    format: Format,
    progress: Callable[[int], None] | None = None,
    attacks: AttackPlan = NO_ATTACKS,
) -> SimulationSummary:
    """Writes labelled traffic of declared sites to `out`.

    Traffic: `traffic-DAY.ndjson.gz` (logpush), `HOST.har` (har) or `HOST-DAY.log` (combined).
    Truth: `truth.csv.gz`, `endpoints.csv`, `params.csv`, `hosts.csv`, and `settings.yaml` for session
    discovery. Traffic files of an earlier run in `out` are replaced.

    Args:
        out: A directory that does not exist, is empty or is from an earlier run.
        hosts: Number of sites.
        transactions: Number of transactions over all sites and days.
        seed: The same seed and arguments give the same bytes.
        days: Days of the period that ends with `end_date` (UTC).
        end_date: Last day of the period.
        format: Format of the traffic files.
        progress: Called with the number of transactions since its last call.
        attacks: How many API requests are attacks.

    Raises:
        OutputError: `out` is a file, has other content, or cannot be written.
    """
    sites = build_sites(hosts, seed, _LEVELS[format])
    counts, write = (
        TrafficCounts(),
        {"logpush": _write_logpush, "har": _write_har, "combined": _write_combined}[format],
    )
    try:
        _prepare(out)
        with open_gzip_text(out / "truth.csv.gz") as truth:
            stream = traffic.generate_transactions(
                sites, transactions, seed, days=days, end_date=end_date, attacks=attacks
            )
            files = write(out, _recorded(stream, counts, truth, progress))
        files += [out / "truth.csv.gz", *write_truth_tables(out, sites, counts)]
    except OSError as error:
        reason = error.strerror or str(error)
        raise OutputError(f"{out}: cannot be written ({reason}). Give --out a writable directory.") from error
    return SimulationSummary(len(sites), counts.transactions, counts.api, len(counts.successes), tuple(files))


def _prepare(out: Path) -> None:
    """Creates `out` and removes the traffic of an earlier run.

    Otherwise its days would remain next to the new ones.
    """
    out.mkdir(parents=True, exist_ok=True)
    truth = out / "truth.csv.gz"
    was_interrupted = partial_path(truth).exists()  # a killed simulation leaves this next to its traffic
    if any(out.iterdir()) and not (truth.exists() or was_interrupted):
        raise OutputError(f"{out}: not empty and not from an earlier simulation. Give --out a new directory.")
    for pattern in _TRAFFIC_FILES:
        for old in out.glob(pattern):
            old.unlink()


def _recorded(
    stream: Iterable[Transaction],
    counts: TrafficCounts,
    truth: TextIO,
    progress: Callable[[int], None] | None,
) -> Iterator[Transaction]:
    """Passes the stream through, counts it and writes its truth."""
    table = csv.writer(truth, lineterminator="\n")
    table.writerow(TRUTH_COLUMNS)
    for transaction in stream:
        counts.add(transaction)
        table.writerow(build_truth_row(transaction))
        if progress is not None and counts.transactions % _PROGRESS_EVERY == 0:
            progress(_PROGRESS_EVERY)
        yield transaction
    if progress is not None and counts.transactions % _PROGRESS_EVERY:
        progress(counts.transactions % _PROGRESS_EVERY)


@contextmanager
def open_gzip_text(path: Path) -> Iterator[TextIO]:
    """Opens a gzip text file whose bytes depend only on its content.

    The header has no time and no name (RFC 1952).
    """
    with ExitStack() as stack:
        raw = stack.enter_context(atomic_file(path))
        packed = stack.enter_context(
            gzip.GzipFile(filename="", mode="wb", compresslevel=6, fileobj=raw, mtime=0)
        )
        yield stack.enter_context(io.TextIOWrapper(packed, encoding="utf-8", newline=""))


def _write_logpush(out: Path, stream: Iterable[Transaction]) -> list[Path]:
    files = []
    for name, of_day in groupby(stream, key=lambda transaction: format_day(transaction.time)):
        files.append(out / f"traffic-{name}.ndjson.gz")
        with open_gzip_text(files[-1]) as file:
            file.writelines(format_logpush_line(transaction) + "\n" for transaction in of_day)
    return files


def _write_har(out: Path, stream: Iterable[Transaction]) -> list[Path]:
    entries: dict[str, list[dict[str, object]]] = defaultdict(list)
    for transaction in stream:
        entries[transaction.host].append(build_har_entry(transaction))
    files = []
    for host, found in sorted(entries.items()):
        files.append(out / f"{host}.har")
        write_atomically(files[-1], render_har_document(found))
    return files


def _write_combined(out: Path, stream: Iterable[Transaction]) -> list[Path]:
    lines: dict[str, list[str]] = defaultdict(list)
    for transaction in stream:
        lines[f"{transaction.host}-{format_day(transaction.time)}.log"].append(
            format_combined_line(transaction)
        )
    files = []
    for name, found in sorted(lines.items()):
        files.append(out / name)
        write_atomically(files[-1], "\n".join(found) + "\n")
    return files
