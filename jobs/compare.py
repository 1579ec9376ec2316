"""Compares the two variants: tables, figures, MLflow run."""

from __future__ import annotations

import sys
from pathlib import Path

# run as a script: make modules importable from the repository root, and read the arguments before other imports
if __name__ == "__main__":
    sys.path[0] = str(Path(__file__).resolve().parents[1])
    from jobs.__main__ import main

    sys.exit(main([Path(__file__).stem, *sys.argv[1:]]))

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from ml.evaluation.figures import draw_differences, draw_histogram
from ml.registry import tracking
from pipelines.endpoints.keys import ENDPOINT_KEY
from pipelines.endpoints.spark.comparison import (
    Comparison,
    compare_hosts,
    count_reasons,
    explain_exclusive_endpoints,
    join_variants,
    summarise_comparison,
)
from pipelines.endpoints.tables import COMPARISON_ENDPOINTS, COMPARISONS, ENDPOINT_SLICES
from pipelines.endpoints.truth import Accuracy, Endpoint, measure_accuracy
from pipelines.selection.variant import Variant, inventory_threshold
from pipelines.workflows.inventory import list_hosts_with_session_key, read_candidates, read_listed_endpoints
from pipelines.workflows.model import open_store
from pipelines.workflows.run import Run

FIGURES = (
    "hosts",
    "covered_hosts",
    "endpoints_ml",
    "endpoints_session",
    "only_ml",
    "only_session",
    "agreement",
    "kappa",
)
ACCURACY_FIGURES = ("precision", "recall", "f1", "exact_recall")


@dataclass(frozen=True, slots=True)
class ComparisonResult:
    """The result of the comparison.

    `reasons` are (only in, reason, endpoints); `truth` has the accuracy of each variant if the true endpoints were given.
    """

    figures: Comparison
    reasons: Sequence[tuple[Variant, str, int]]
    truth: Mapping[str, Accuracy] = field(default_factory=dict)

    def metrics(self) -> dict[str, float]:
        """Returns the metrics for MLflow; unknown values are omitted."""
        metrics = {name: getattr(self.figures, name) for name in FIGURES}
        metrics |= {f"bucket_{name.replace(' ', '_')}": n for name, n in self.figures.buckets.items()}
        metrics |= {
            f"{name}_{variant}": getattr(accuracy, name)
            for variant, accuracy in self.truth.items()
            for name in ACCURACY_FIGURES
        }
        return {f"compare/{name}": value for name, value in metrics.items() if value is not None}

    def tables(self) -> dict[str, pd.DataFrame]:
        """Returns the tables for MLflow; names of hosts and paths stay in the warehouse."""
        tables = {
            "buckets": pd.DataFrame(self.figures.buckets.items(), columns=["bucket", "hosts"]),
            "reasons": pd.DataFrame(self.reasons, columns=["only_in", "reason", "endpoints"]),
        }
        if self.truth:
            rows = [
                {"variant": variant, **summarise_accuracy(accuracy)}
                for variant, accuracy in self.truth.items()
            ]
            tables["truth"] = pd.DataFrame(rows)
        return tables


def summarise_accuracy(accuracy: Accuracy) -> dict[str, Any]:
    """Summarises the accuracy of one variant: counts and rounded figures."""
    figures = {name: getattr(accuracy, name) for name in ACCURACY_FIGURES}
    rounded = {name: None if value is None else round(value, 4) for name, value in figures.items()}
    return {"true": accuracy.true, "found": accuracy.found, **rounded}


def compare_variants(run: Run, truth: frozenset[Endpoint] | None = None) -> ComparisonResult:
    """Rewrites the tables of the comparison, and logs it to MLflow if tracking is on.

    `truth`: the true endpoints, if they are known.
    """
    warehouse, settings = run.warehouse, run.settings
    with run.reporter.stage("Comparing the variants") as outcome:
        variants = {each["variant"] for each in ENDPOINT_SLICES.partitions(warehouse)}
        both = join_variants(
            read_candidates(run), list_hosts_with_session_key(run), inventory_threshold(settings.selection)
        ).localCheckpoint()
        COMPARISONS.replace_all(compare_hosts(both), warehouse)
        COMPARISON_ENDPOINTS.replace_all(explain_exclusive_endpoints(both, variants), warehouse)
        figures = summarise_comparison(COMPARISONS.read(warehouse), settings.compare.histogram_edges)
        reasons = count_reasons(COMPARISON_ENDPOINTS.read(warehouse))
        outcome.append(f"{figures.only_ml:,} only by ml, {figures.only_session:,} only by session")
    result = ComparisonResult(figures, reasons)
    if truth is not None:
        with run.reporter.stage("Comparing with the truth"):
            listed = read_listed_endpoints(run).select(*ENDPOINT_KEY)
            rows = (tuple(row) for row in listed.toLocalIterator())
            result = ComparisonResult(figures, reasons, measure_accuracy(rows, truth, sorted(variants)))
    if settings.tracking.enabled:
        with run.reporter.stage("Logging the comparison to MLflow"):
            charts = {
                "histogram": draw_histogram(figures.histogram),
                "differences": draw_differences(figures.buckets),
            }
            tracking.log_comparison(open_store(settings, run.root), result.metrics(), charts, result.tables())
    return result
