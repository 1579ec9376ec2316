"""Command line of `apicensus score`; jobs/score.py does the work."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from jobs.cli import command
from pipelines.runtime.errors import InputError
from pipelines.workflows.run import start_run


def score(
    inputs: command.Inputs,
    out: Annotated[
        Path, typer.Option(help="File to write; its name ends in .ndjson or .parquet.", metavar="FILE")
    ],
    format: command.Format = "auto",
    explain: Annotated[
        bool, typer.Option("--explain", help="Add the reasons; takes about a hundred times longer.")
    ] = False,
    settings: command.SettingsFile = None,
    warehouse: command.WarehouseRoot = "warehouse",
    as_json: command.AsJson = False,
) -> None:
    """Writes the probability of being an API call for each valid transaction of files.

    Each row has transaction_id and probability. transaction_id is the RayID of Logpush; for other formats it is derived from
    the file's checksum and the line. The warehouse is not changed; it is read only if selection.model names a model of its
    MLflow registry.

    With --explain, each row also has the strongest reasons (as many as selection.reasons): a group of features, the feature
    that represents it with its value, the contribution of the whole group in log-odds (above 0 speaks for an API call), and
    a sentence. All contributions plus base_log_odds, which is in the summary, add up to log(p / (1 - p)).

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
    """Checks that the name of the output ends in .ndjson or .parquet.

    Raises:
        InputError: it does not.
    """
    if out.suffix not in (".ndjson", ".parquet"):
        raise InputError(
            str(out),
            "expected a name that ends in .ndjson or .parquet",
            "Choose the format by the ending of --out.",
        )


main = command.as_program(score)
