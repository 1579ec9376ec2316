"""Arguments of `apicensus score`; the work is done by jobs/score.py."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from jobs.cli import command
from pipelines.runtime.errors import InputError
from pipelines.workflows.run import start_run


def score(
    inputs: command.Inputs,
    out: Annotated[Path, typer.Option(help="FILE.ndjson or FILE.parquet.", metavar="FILE")],
    format: command.Format = "auto",
    explain: Annotated[
        bool, typer.Option("--explain", help="Add the reasons; costs a hundred times more.")
    ] = False,
    settings: command.SettingsFile = None,
    warehouse: command.WarehouseRoot = "warehouse",
    as_json: command.AsJson = False,
) -> None:
    """Writes transaction_id and probability of every valid transaction of the input; the warehouse is not touched.

    transaction_id is the RayID of Logpush; other formats get one from the file's checksum and the line. The warehouse only
    matters where selection.model names a model of its MLflow registry.

    With --explain, a row also has reasons: the selection.reasons strongest ones, each a subject (group), the feature that stands
    for it with its value, the contribution of the whole group in log-odds (above 0 speaks for an API call), and a text. All
    contributions and base_log_odds, which the summary states, add up to log(p / (1 - p)).

    \b
    Examples:
      apicensus score access.ndjson.gz --out scores.ndjson
      apicensus score captures/ --out scores.parquet --json
      apicensus score one.har --explain --out why.ndjson && jq -c '[.probability, .reasons[].text]' why.ndjson
    """
    run = start_run(
        "score", settings, str(out.absolute().parent), as_json, writes=False, inputs=inputs, reads="nothing"
    )
    check_ending(out)
    from jobs.score import score_files

    score_files(run, inputs, out, format, warehouse, with_explanation=explain)


def check_ending(out: Path) -> None:
    """Refuses a name that says neither NDJSON nor Parquet."""
    if out.suffix not in (".ndjson", ".parquet"):
        raise InputError(
            str(out),
            "expected a name that ends in .ndjson or .parquet",
            "Choose the form by the ending of --out.",
        )


main = command.as_program(score)
