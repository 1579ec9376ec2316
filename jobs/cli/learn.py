"""Command line of `apicensus learn`; jobs/learn.py does the work."""

from __future__ import annotations

from typing import Annotated

import typer

from jobs.cli import command
from pipelines.selection.variant import Variant
from pipelines.workflows.run import start_run


def learn(
    variant: Annotated[Variant, typer.Option(help="Variant whose endpoints are learned.")] = "ml",
    days: command.Days = None,
    since: command.Since = None,
    full: command.Full = False,
    settings: command.SettingsFile = None,
    warehouse: command.WarehouseRoot = "warehouse",
    as_json: command.AsJson = False,
) -> None:
    """Learns the schemas of parameters and bodies from successful requests (2xx).

    Only endpoints that are almost certainly APIs are learned (schemas.miss_cost, schemas.false_alarm_cost), from all of their
    successful requests. Only days with new or changed traffic of an endpoint are read.

    A schema gets a new version only if its content changes; running again on the same traffic changes nothing.

    \b
    Examples:
      apicensus learn
      apicensus learn --since 2026-06-01
      apicensus learn --variant session --warehouse /data/census
    """
    choice = command.choose_days(days, since, full)
    run = start_run("learn", settings, warehouse, as_json, reads="all" if choice.is_by_hand else "unlearned")
    from jobs.learn import learn_schemas

    run.finish(**learn_schemas(run, variant, choice), warehouse=warehouse)


main = command.as_program(learn)
