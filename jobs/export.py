"""Endpoints and schemas leave in standard formats."""

from __future__ import annotations

import sys
from pathlib import Path

# run as a script: modules are found from the repository's root, not from this folder
if not __package__:
    sys.path[0] = str(Path(__file__).resolve().parents[1])

from typing import Annotated, Literal, cast, get_args

import typer
from pyspark.sql import functions as F

from jobs.inventory import inventory, near_inventory
from pipelines import cli
from pipelines.endpoints.listing import write_listing
from pipelines.openapi.build import Written, write_documents
from pipelines.schemas.tables import SCHEMAS
from pipelines.schemas.versions import latest
from pipelines.settings import Profile

What = Literal["openapi", "endpoints"]
Form = Literal["yaml", "json", "csv", "ndjson"]


def export_documents(
    run: cli.Run, out: Path, profiles: list[Profile], form: Literal["yaml", "json"]
) -> list[Written]:
    """Writes one document a host and profile; a folder for each profile where there are several."""
    endpoints = inventory(run).where(F.col("variant") == "ml")
    schemas = latest(SCHEMAS.read(run.warehouse)).where(F.col("variant") == "ml")
    with run.reporter.stage("Writing OpenAPI documents") as outcome:
        written = write_documents(endpoints, schemas, out, profiles=profiles, form=form)
        outcome.append(f"{len(written):,} documents")
    return written


def export_endpoints(run: cli.Run, out: Path, form: Literal["csv", "ndjson"]) -> tuple[Path, int]:
    """Writes the list of endpoints of all variants, and beside it that of candidates, what is just below the threshold."""
    with run.reporter.stage("Writing the endpoint list") as outcome:
        file, count = write_listing(inventory(run), out, form)
        _, near = write_listing(near_inventory(run), out, form, "candidates")
        outcome.append(f"{count:,} rows, {near:,} candidates apart")
    return file, count


def known_profiles(names: list[str] | None) -> list[Profile]:
    """The profiles of these names; typer cannot check a repeated choice itself."""
    for name in names or []:
        if name not in get_args(Profile):
            raise typer.BadParameter(f"unknown profile {name!r}: choose {' or '.join(get_args(Profile))}")
    return cast(list[Profile], names or [])


def export(
    out: Annotated[Path, typer.Option("--out", help="Folder to write to.", metavar="DIR")],
    what: Annotated[What, typer.Option(help="OpenAPI documents, or the list of endpoints.")] = "openapi",
    profile: Annotated[
        list[str] | None,
        typer.Option(help="openapi-3.1, openapi-3.0 or cloudflare; repeatable. Default: export.profiles."),
    ] = None,
    format: Annotated[Form | None, typer.Option(help="yaml, json; csv or ndjson for endpoints.")] = None,
    settings: cli.SettingsFile = None,
    warehouse: cli.WarehouseRoot = "warehouse",
    as_json: cli.AsJson = False,
) -> None:
    """Writes one OpenAPI document a host, or the list of endpoints of both variants.

    \b
    Examples:
      apicensus export --out openapi --profile openapi-3.1
      apicensus export --out upload --profile cloudflare --format json
      apicensus export --out lists --what endpoints --format ndjson
    """
    run = cli.start("export", settings, warehouse, as_json)
    if what == "openapi":
        form = format or run.settings.export.format
        if form not in ("yaml", "json"):
            raise typer.BadParameter(f"{form!r} is for --what endpoints; OpenAPI is written as yaml or json")
        written = export_documents(run, out, known_profiles(profile) or run.settings.export.profiles, form)
        run.finish(documents=len(written), out=str(out))
        return
    listing = format or "ndjson"
    if listing not in ("csv", "ndjson"):
        raise typer.BadParameter(f"{listing!r} is for --what openapi; endpoints are written as csv or ndjson")
    file, count = export_endpoints(run, out, listing)
    run.finish(endpoints=count, out=str(file))


main = cli.command(export)

if __name__ == "__main__":
    sys.exit(main())
