"""Ground truth of the traffic: labels, endpoints, parameters, hosts, sessions.

The session identifiers are written as a settings file.
"""

from __future__ import annotations

import csv
import json
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from io import TextIOWrapper
from pathlib import Path

from pipelines.runtime.files import atomic_file, write_atomically
from pipelines.simulator.sites.site import Site
from pipelines.simulator.traffic.transactions import Transaction

TRUTH_COLUMNS = ("RayID", "is_api", "host", "method", "template", "kind", "attack")
Endpoint = tuple[str, str, str]


def build_truth_row(transaction: Transaction) -> tuple[str, int, str, str, str, str, int]:
    """Returns the row of `truth.csv.gz` for a transaction."""
    return (
        transaction.ray_id,
        int(transaction.is_api),
        transaction.host,
        transaction.method,
        transaction.template,
        transaction.kind,
        int(transaction.attack),
    )


@dataclass(slots=True)
class TrafficCounts:
    """Counts of a run: transactions, API calls, and successes per endpoint.

    A success is a response with 2xx or 3xx that is not part of an attack.
    """

    transactions: int = 0
    api: int = 0
    successes: Counter[Endpoint] = field(default_factory=Counter)
    with_session: Counter[Endpoint] = field(default_factory=Counter)

    def add(self, transaction: Transaction) -> None:
        """Counts one transaction."""
        self.transactions += 1
        if not transaction.is_api:
            return
        self.api += 1
        if 200 <= transaction.status < 400 and not transaction.attack:
            endpoint = (transaction.host, transaction.method, transaction.template)
            self.successes[endpoint] += 1
            self.with_session[endpoint] += transaction.has_session


def write_truth_tables(out: Path, sites: Sequence[Site], counts: TrafficCounts) -> list[Path]:
    """Writes `endpoints.csv`, `params.csv`, `hosts.csv` and `settings.yaml`.

    Endpoints are those with traffic; parameters are those of all declared endpoints.
    """
    endpoints = (
        (*endpoint, count, counts.with_session[endpoint])
        for endpoint, count in sorted(counts.successes.items())
    )
    parameters = (
        (
            site.host,
            operation.method,
            operation.template,
            parameter.location,
            parameter.name,
            parameter.values.kind,
        )
        for site in sites
        for operation in site.endpoints()
        for parameter in operation.parameters
    )
    hosts = (
        (site.host, site.session.location if site.session else "", site.session.name if site.session else "")
        for site in sites
    )
    settings = out / "settings.yaml"
    write_atomically(settings, render_settings(sites))
    return [
        _write(out / "endpoints.csv", ("host", "method", "template", "requests", "with_session"), endpoints),
        _write(out / "params.csv", ("host", "method", "template", "location", "name", "kind"), parameters),
        _write(out / "hosts.csv", ("host", "session_location", "session_name"), hosts),
        settings,
    ]


def render_settings(sites: Sequence[Site]) -> str:
    """Renders YAML with `selection.sessions`.

    Texts are quoted as JSON, which is a subset of YAML 1.2.
    """
    identified = [(site.host, site.session) for site in sites if site.session is not None]
    lines = ["# Session identifiers of the simulated hosts: pass with --settings.", "selection:"]
    if not identified:
        return "\n".join([*lines, "  sessions: {}", ""])
    lines.append("  sessions:")
    lines += [
        f"    {json.dumps(host)}: {{location: {session.location}, name: {json.dumps(session.name)}}}"
        for host, session in identified
    ]
    return "\n".join([*lines, ""])


def _write(path: Path, header: Sequence[str], rows: Iterable[Sequence[object]]) -> Path:
    with atomic_file(path) as whole, TextIOWrapper(whole, encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(rows)
    return path
