"""Command line of `apicensus validate`; jobs/validate.py does the work."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from jobs.cli import command
from pipelines.conformance.findings import SEVERITIES, Severity
from pipelines.workflows.run import start_run


def validate(
    inputs: Annotated[
        list[str] | None,
        typer.Argument(help="Files to check. Default: the warehouse's transactions.", metavar="INPUT"),
    ] = None,
    schemas: Annotated[
        Path | None,
        typer.Option(help="Folder of OpenAPI documents. Default: the learned schemas.", metavar="DIR"),
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="Write the findings to this NDJSON file.", metavar="FILE")
    ] = None,
    fail_on_findings: Annotated[
        bool, typer.Option("--fail-on-findings", help="Exit with code 1 if enforceable rules are broken.")
    ] = False,
    severity: Annotated[
        Severity, typer.Option(help="Lowest severity that counts for --fail-on-findings.")
    ] = "medium",
    confidence: command.Confidence = None,
    format: command.Format = "auto",
    host: command.Host = None,
    settings: command.SettingsFile = None,
    warehouse: command.WarehouseRoot = "warehouse",
    as_json: command.AsJson = False,
) -> None:
    """Checks requests against the learned schemas or against OpenAPI documents.

    Files that are checked are not added to the warehouse. With the learned schemas, paths are resolved to templates as in
    learning, so a request to an endpoint that is not documented is unknown.
    A finding has location, parameter, violated rule and kind of value, never the value itself. Its severity is high for
    characters typical of an injection and for values of another type, medium for other violations, and info for parts that no
    document describes. Table violations holds the findings, counted for each input.

    \b
    Examples:
      apicensus validate today.ndjson.gz --out findings.ndjson
      apicensus validate captures/ --schemas openapi/ --fail-on-findings
      apicensus validate --warehouse /data/census --json
    """
    run = start_run(
        "validate", settings, warehouse, as_json, inputs=inputs or (), reads="state" if inputs else "all"
    )
    from jobs.validate import check_inputs

    check_inputs(run, inputs or [], schemas, out, format, host, confidence)
    counted = SEVERITIES[: SEVERITIES.index(severity) + 1] if fail_on_findings else ()
    if any(run.summary["enforceable"][name] for name in counted):
        raise typer.Exit(1)


main = command.as_program(validate)
