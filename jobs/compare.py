"""The two variants side by side → table, figure, MLflow run."""

from __future__ import annotations

import sys
from pathlib import Path

if __package__ in (
    None,
    "",
):  # run as a script: modules are found from the repository's root, not from this folder
    sys.path[0] = str(Path(__file__).resolve().parents[1])

from jobs.model import store
from ml import tracking
from ml.compare import histogram_figure
from pipelines import cli
from pipelines.endpoints.build import merged
from pipelines.endpoints.compare import COMPARISONS, Comparison, compared, summarised
from pipelines.endpoints.table import ENDPOINT_SLICES
from pipelines.selection.session import with_session_key
from pipelines.transactions.table import TRANSACTIONS


def compare_variants(run: cli.Run) -> Comparison:
    """Rewrites table comparisons and logs its figures to MLflow, where tracking is on."""
    warehouse, settings = run.warehouse, run.settings
    with run.reporter.stage("Comparing the variants") as outcome:
        endpoints = merged(ENDPOINT_SLICES.read(warehouse), settings.endpoints)
        hosts = with_session_key(
            TRANSACTIONS.read(warehouse).select("host").distinct(), settings.selection.sessions
        )
        COMPARISONS.replace_all(compared(endpoints, hosts), warehouse)
        found = summarised(COMPARISONS.read(warehouse), settings.compare.histogram_edges)
        outcome.append(f"{found.only_ml:,} only by ml, {found.only_session:,} only by session")
    if settings.tracking.enabled:
        with run.reporter.stage("Logging the comparison to MLflow"):
            metrics = {
                name: getattr(found, name)
                for name in (
                    "hosts",
                    "covered_hosts",
                    "endpoints_ml",
                    "endpoints_session",
                    "only_ml",
                    "only_session",
                )
            }
            metrics |= {f"bucket_{name.replace(' ', '_')}": count for name, count in found.buckets.items()}
            tracking.log_comparison(store(settings, run.root), metrics, histogram_figure(found.histogram))
    return found


def compare(
    settings: cli.SettingsFile = None, warehouse: cli.WarehouseRoot = "warehouse", as_json: cli.AsJson = False
) -> None:
    """Compares what the classifier and the session identifiers found: per host, histogram, agreement.

    \b
    Examples:
      apicensus compare
      apicensus compare --warehouse /data/census --settings sessions.yaml
    """
    run = cli.start("compare", settings, warehouse, as_json)
    found = compare_variants(run)
    run.finish(
        hosts=found.hosts,
        hosts_covered_by_session=found.covered_hosts,
        endpoints_ml=found.endpoints_ml,
        endpoints_session=found.endpoints_session,
        only_ml=found.only_ml,
        only_session=found.only_session,
        agreement=None if found.agreement is None else round(found.agreement, 4),
        buckets=found.buckets,
    )


main = cli.command(compare)

if __name__ == "__main__":
    sys.exit(main())
