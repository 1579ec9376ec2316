"""Command line of `apicensus export`; jobs/export.py does the work."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal, cast, get_args

import typer

from jobs.cli import command
from pipelines.runtime.settings import Profile
from pipelines.workflows.run import start_run

Form = Literal["yaml", "json", "csv", "ndjson"]
What = Literal["openapi", "endpoints"]


def export(
    out: Annotated[Path, typer.Option("--out", help="Folder to write to.", metavar="DIR")],
    what: Annotated[What, typer.Option(help="Write OpenAPI documents or the list of endpoints.")] = "openapi",
    profile: Annotated[
        list[str] | None,
        typer.Option(
            help="openapi-3.1, openapi-3.0 or cloudflare; repeatable. Default: export.profiles.",
            metavar="PROFILE",
        ),
    ] = None,
    format: Annotated[
        Form | None, typer.Option(help="yaml or json for openapi; csv or ndjson for endpoints.")
    ] = None,
    confidence: command.Confidence = None,
    settings: command.SettingsFile = None,
    warehouse: command.WarehouseRoot = "warehouse",
    as_json: command.AsJson = False,
) -> None:
    """Writes one OpenAPI document for each host, or the list of endpoints.

    The list has the endpoints of both variants. HOST.evidence.json says what each constraint rests on. With --confidence,
    documents have only constraints of at least that confidence; by default all, profile cloudflare those from 0.999 on.

    \b
    Examples:
      apicensus export --out openapi --profile openapi-3.1
      apicensus export --out upload --profile cloudflare --format json
      apicensus export --out enforced --confidence 0.999
      apicensus export --out lists --what endpoints --format ndjson
    """
    run = start_run("export", settings, warehouse, as_json, writes=False, reads="state")
    form = format or (run.settings.export.format if what == "openapi" else "ndjson")
    profiles = check_profiles(profile) or run.settings.export.profiles
    if what == "openapi":
        if form not in ("yaml", "json"):
            raise typer.BadParameter(f"{form!r} is for --what endpoints; OpenAPI is written as yaml or json")
        from jobs.export import export_documents

        written = export_documents(run, out, profiles, form, confidence)
        run.finish(documents=len(written), out=str(out))
        return
    if form not in ("csv", "ndjson"):
        raise typer.BadParameter(f"{form!r} is for --what openapi; endpoints are written as csv or ndjson")
    from jobs.export import export_endpoints

    file, count = export_endpoints(run, out, form)
    run.finish(endpoints=count, out=str(file))


def check_profiles(names: list[str] | None) -> list[Profile]:
    """Checks the names of profiles, as typer cannot check a repeated choice.

    Raises:
        typer.BadParameter: a name is not a profile.
    """
    for name in names or []:
        if name not in get_args(Profile):
            raise typer.BadParameter(f"unknown profile {name!r}: choose {' or '.join(get_args(Profile))}")
    return cast(list[Profile], names or [])


main = command.as_program(export)
