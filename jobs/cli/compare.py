"""Command line of `apicensus compare`; jobs/compare.py does the work."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from jobs.cli import command
from pipelines.workflows.run import start_run


def compare(
    truth: Annotated[
        Path | None,
        typer.Option(
            help="CSV (.gz) of the true endpoints (host, method, template); adds precision and recall of both variants.",
            metavar="FILE",
        ),
    ] = None,
    settings: command.SettingsFile = None,
    warehouse: command.WarehouseRoot = "warehouse",
    as_json: command.AsJson = False,
) -> None:
    """Compares the endpoints of the two variants: classifier and session identifiers.

    The summary has the agreement of the variants, the hosts grouped by their difference, and the reasons. Table comparisons
    gets one row for each host, comparison_endpoints one for each endpoint that only one variant lists, with the likely
    reason. Names of variables in the templates of --truth do not matter; endpoints.csv of `simulate` can be used.

    \b
    Examples:
      apicensus compare
      apicensus compare --warehouse /data/census --settings sessions.yaml
      apicensus compare --settings traffic/settings.yaml --truth traffic/endpoints.csv
    """
    run = start_run("compare", settings, warehouse, as_json, reads="state")
    from jobs.compare import compare_variants, summarise_accuracy
    from pipelines.endpoints.truth import read_truth

    result = compare_variants(run, None if truth is None else read_truth(truth))
    accuracies = {variant: summarise_accuracy(accuracy) for variant, accuracy in result.truth.items()}
    for only_in, reason, endpoints in result.reasons:
        run.reporter.note(f"  {endpoints:,} only by {only_in}: {reason}")
    for variant, accuracy in accuracies.items():
        described = ", ".join(f"{name} {value}" for name, value in accuracy.items())
        run.reporter.note(f"  {variant} against the truth: {described}")
    figures = result.figures
    run.finish(
        hosts=figures.hosts,
        hosts_covered_by_session=figures.covered_hosts,
        endpoints_ml=figures.endpoints_ml,
        endpoints_session=figures.endpoints_session,
        only_ml=figures.only_ml,
        only_session=figures.only_session,
        agreement=None if figures.agreement is None else round(figures.agreement, 4),
        kappa=None if figures.kappa is None else round(figures.kappa, 4),
        buckets=figures.buckets,
        reasons=[{"only_in": v, "reason": r, "endpoints": n} for v, r, n in result.reasons],
        truth=accuracies or None,
    )


main = command.as_program(compare)
