"""Arguments of `apicensus compare`; the work is done by jobs/compare.py."""

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
            help="CSV (.gz) of the true endpoints: host, method, template. Adds precision and recall of both variants.",
            metavar="FILE",
        ),
    ] = None,
    settings: command.SettingsFile = None,
    warehouse: command.WarehouseRoot = "warehouse",
    as_json: command.AsJson = False,
) -> None:
    """Compares what the classifier and the session identifiers found: per host, histogram, agreement, reasons.

    Table comparisons has a row a host, comparison_endpoints one an endpoint that only one variant lists, with the likely
    reason. Names of variables in the templates of --truth do not matter; endpoints.csv and truth.csv.gz of simulate fit.

    \b
    Examples:
      apicensus compare
      apicensus compare --warehouse /data/census --settings sessions.yaml
      apicensus compare --settings traffic/settings.yaml --truth traffic/endpoints.csv
    """
    run = start_run("compare", settings, warehouse, as_json, reads="state")
    from jobs.compare import compare_variants, summarise_accuracy
    from pipelines.endpoints.truth import read_truth

    known = None if truth is None else read_truth(truth)
    found = compare_variants(run, known)
    figures = found.figures
    for only_in, reason, endpoints in found.reasons:
        run.reporter.note(f"  {endpoints:,} only by {only_in}: {reason}")
    for variant, of in found.truth.items():
        said = ", ".join(f"{k} {v}" for k, v in summarise_accuracy(of).items())
        run.reporter.note(f"  {variant} against the truth: {said}")
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
        reasons=[{"only_in": v, "reason": r, "endpoints": n} for v, r, n in found.reasons],
        truth={variant: summarise_accuracy(of) for variant, of in found.truth.items()} or None,
    )


main = command.as_program(compare)
