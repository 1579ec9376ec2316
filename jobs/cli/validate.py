"""Arguments of `apicensus validate`; the work is done by jobs/validate.py."""

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
        typer.Argument(help="Files to check. Default: the warehouse's transactions.", metavar="[INPUT...]"),
    ] = None,
    schemas: Annotated[
        Path | None,
        typer.Option(
            help="Folder with OpenAPI 3.0 or 3.1 documents. Default: what was learned.", metavar="DIR"
        ),
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="Write the findings there as NDJSON.", metavar="FILE")
    ] = None,
    fail_on_findings: Annotated[
        bool, typer.Option("--fail-on-findings", help="Exit code 1 where there are findings.")
    ] = False,
    severity: Annotated[
        Severity, typer.Option(help="Least severity that counts for --fail-on-findings.")
    ] = "medium",
    format: command.Format = "auto",
    host: command.Host = None,
    settings: command.SettingsFile = None,
    warehouse: command.WarehouseRoot = "warehouse",
    as_json: command.AsJson = False,
) -> None:
    """Checks requests against learned or given OpenAPI documents. What is checked teaches nothing.

    Against what was learned, paths are resolved as learning does, so a request of an endpoint that is not documented is unknown.

    A finding says location, parameter, rule and kind of value (never the value): high for characters of an injection and another
    type, medium for other broken rules, info for what no document knows. Table violations holds them, summed up for each input.

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

    check_inputs(run, inputs or [], schemas, out, format, host)
    counted = SEVERITIES[: SEVERITIES.index(severity) + 1]
    if fail_on_findings and any(run.summary["findings"][name] for name in counted):
        raise typer.Exit(1)


main = command.as_program(validate)
