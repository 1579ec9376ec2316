"""Everything in one Spark session: what a newcomer starts with."""

from __future__ import annotations

import sys
from pathlib import Path

# run as a script: modules are found from the repository's root, not from this folder
if not __package__:
    sys.path[0] = str(Path(__file__).resolve().parents[1])

from typing import Annotated

import typer

from jobs.compare import compare_variants
from jobs.discover import VARIANTS, discover_endpoints
from jobs.export import export_documents, export_endpoints
from jobs.ingest import ingest_inputs, left_out, notice_refused
from jobs.learn import learn_schemas
from jobs.report import write_report
from pipelines import cli
from pipelines.report.facts import DocumentFact


def run(
    inputs: cli.Inputs,
    out: Annotated[
        Path, typer.Option("--out", help="Folder for documents, lists and the report.", metavar="DIR")
    ],
    format: cli.Format = "auto",
    host: cli.Host = None,
    settings: cli.SettingsFile = None,
    warehouse: Annotated[
        str | None, typer.Option(help="Root of the tables. Default: OUT/warehouse.", metavar="DIR")
    ] = None,
    as_json: cli.AsJson = False,
) -> None:
    """Reads traffic and writes what is in it: endpoints, schemas, OpenAPI documents, comparison, report.

    Nothing needs to be configured. Session identifiers (selection.sessions) add the comparison with discovery by session.

    \b
    Examples:
      apicensus run access.ndjson.gz --out found
      apicensus run captures/ 'logs/*.log.gz' --out found --host shop.example.com
      apicensus run traffic/ --out found --settings traffic/settings.yaml --json
    """
    this = cli.start("run", settings, warehouse or str(out / "warehouse"), as_json)
    cli.writable(str(out))
    done = ingest_inputs(this, inputs, format, host)
    found = discover_endpoints(this, VARIANTS["both"])
    learned = learn_schemas(this, "ml")
    compared = compare_variants(this)
    documents = export_documents(
        this, out / "openapi", this.settings.export.profiles, this.settings.export.format
    )
    listing, _ = export_endpoints(this, out, "ndjson")
    facts = [DocumentFact(d.host, d.profile, d.file.relative_to(out).as_posix()) for d in documents]
    page = write_report(this, out / "report.html", facts)
    this.finish(
        transactions=done.valid,
        **left_out(done),
        **found,
        only_ml=compared.figures.only_ml,
        only_session=compared.figures.only_session,
        **learned,
        openapi_documents=len(documents),
        openapi=str(out / "openapi"),
        endpoints=str(listing),
        report=str(page),
        warehouse=this.root,
    )
    notice_refused(done)


main = cli.command(run)

if __name__ == "__main__":
    sys.exit(main())
