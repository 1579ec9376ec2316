"""Runs the whole pipeline in one Spark session."""

from __future__ import annotations

import sys
from pathlib import Path

# run as a script: make modules importable from the repository root, and read the arguments before other imports
if __name__ == "__main__":
    sys.path[0] = str(Path(__file__).resolve().parents[1])
    from jobs.__main__ import main

    sys.exit(main([Path(__file__).stem, *sys.argv[1:]]))

from jobs.compare import compare_variants
from jobs.discover import VARIANTS, discover_endpoints
from jobs.export import export_documents, export_endpoints
from jobs.ingest import count_left_out, exit_if_refused, ingest_inputs
from jobs.learn import learn_schemas
from jobs.report import write_report
from pipelines.report.facts import DocumentFact
from pipelines.workflows.run import Run


def run_everything(run: Run, inputs: list[str], out: Path, format: str, host: str | None) -> None:
    """Runs all steps on one warehouse; documents, lists and the report go to `out`."""
    done = ingest_inputs(run, inputs, format, host)
    discovered = discover_endpoints(run, VARIANTS["both"])
    learned = learn_schemas(run, "ml")
    compared = compare_variants(run)
    export = run.settings.export
    documents = export_documents(run, out / "openapi", export.profiles, export.format)
    listing, _ = export_endpoints(run, out, "ndjson")
    facts = [DocumentFact(d.host, d.profile, d.file.relative_to(out).as_posix()) for d in documents]
    page = write_report(run, out / "report.html", facts)
    run.finish(
        transactions=done.valid + done.valid_before,
        transactions_new=done.valid,
        **count_left_out(done),
        **discovered,
        only_ml=compared.figures.only_ml,
        only_session=compared.figures.only_session,
        **learned,
        openapi_documents=len(documents),
        openapi=str(out / "openapi"),
        endpoints=str(listing),
        report=str(page),
        warehouse=run.root,
    )
    exit_if_refused(done)
