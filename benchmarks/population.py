"""The comparison of variants on a simulated population of hosts.

The shares are printed next to those that the source published.

Simulates, ingests, discovers by both variants and compares them with each other and with the truth. The shares depend on
the population: how many hosts have a named identifier, which endpoints need it, and how many pages send the cookie. They
say whether the system behaves on a plausible population as the source describes, not that the source's population looks
like this.

usage: python -m benchmarks population [--hosts 1000] [--transactions 400000] [--seed 2023]
"""

from __future__ import annotations

import argparse
import time
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory

from jobs.compare import ACCURACY_FIGURES, ComparisonResult, compare_variants
from jobs.discover import VARIANTS, discover_endpoints
from jobs.ingest import ingest_inputs
from ml.evaluation.figures import SOURCE_SHARES
from pipelines.endpoints.truth import read_truth
from pipelines.simulator.output.writers import simulate
from pipelines.workflows.run import start_run


def compare_population(folder: Path, hosts: int, transactions: int, seed: int) -> ComparisonResult:
    """Compares the variants on `hosts` simulated sites. Nothing is logged to MLflow."""
    traffic = folder / "traffic"
    run = start_run("population", None, str(folder / "warehouse"), writes=False)
    options = run.settings.simulator
    made = simulate(
        traffic,
        hosts=hosts,
        transactions=transactions,
        seed=seed,
        days=options.days,
        end_date=date.fromisoformat(options.end_date),
        format="logpush",
    )
    run = start_run("population", traffic / "settings.yaml", str(folder / "warehouse"), writes=False)
    quiet = run.settings.tracking.model_copy(update={"enabled": False})
    run.settings = run.settings.model_copy(update={"tracking": quiet})
    files = [str(file) for file in made.files if file.name.startswith("traffic-")]
    ingest_inputs(run, files, "logpush", None)
    discover_endpoints(run, VARIANTS["both"])
    return compare_variants(run, read_truth(traffic / "endpoints.csv"))


def format_comparison(comparison: ComparisonResult) -> str:
    """Formats the figures as text."""
    figures = comparison.figures
    covered = sum(figures.buckets[name] for name in SOURCE_SHARES)
    lines = [
        f"{figures.hosts:,} hosts with an endpoint, {covered:,} with a named identifier",
        "  endpoints by classifier   hosts   here  source",
    ]
    for name, source in SOURCE_SHARES.items():
        hosts = figures.buckets[name]
        lines.append(f"  {name:22} {hosts:8,} {hosts / covered if covered else 0:6.1%} {source:7.0%}")
    lines += [f"  {n:8,} only by {only_in}: {reason}" for only_in, reason, n in comparison.reasons]
    lines.append(
        f"  agreement {figures.agreement or 0:.3f} (Jaccard), kappa {figures.kappa or 0:.3f}, on hosts with an identifier"
    )
    for variant, of in comparison.truth.items():
        accuracies = ", ".join(f"{name} {getattr(of, name) or 0:.3f}" for name in ACCURACY_FIGURES)
        lines.append(f"  {variant:8} {of.found:,} found of {of.true:,} true: {accuracies}")
    return "\n".join(lines)


def main() -> None:
    """Prints shares, reasons, agreement and accuracy."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--hosts", type=int, default=1000)
    parser.add_argument("--transactions", type=int, default=400_000)
    parser.add_argument("--seed", type=int, default=2023, help="another than training's")
    options = parser.parse_args()
    began = time.perf_counter()
    with TemporaryDirectory() as folder:
        comparison = compare_population(Path(folder), options.hosts, options.transactions, options.seed)
    print(format_comparison(comparison))
    print(f"  {time.perf_counter() - began:.0f} s")


if __name__ == "__main__":
    main()
