"""Days of the warehouse: what each was made from, and which a step has to do again."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from hashlib import sha256
from importlib.metadata import PackageNotFoundError, version

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from pipelines import cli
from pipelines.decisions.model import HostAlias
from pipelines.endpoints.client_days import CLIENT_DAYS
from pipelines.endpoints.days import Choice, changed, digest
from pipelines.endpoints.table import ENDPOINT_SLICES
from pipelines.selection.variant import VARIANTS, Variant
from pipelines.tables import Table
from pipelines.transactions.table import TRANSACTIONS

LEFT_SHOWN = 5
"""Days that a note names; more are counted."""


def wanted_days(run: cli.Run, variants: Sequence[Variant], model: bytes) -> dict[tuple[Variant, date], str]:
    """What the rows of client_days of each variant and day must be made from: files, and what decides about their requests."""
    files = TRANSACTIONS.files_of_days(run.warehouse)
    selection, endpoints = run.settings.selection, run.settings.endpoints
    aliases = [repr(each) for each in run.decisions if isinstance(each, HostAlias)]
    shared = [
        _program(),
        repr(sorted(selection.sessions.items())),
        repr((endpoints.client_sketch_log2, selection.candidate_floor)),
        *aliases,
    ]
    of_variant = {"ml": [sha256(model).hexdigest()], "session": []}
    return {
        (variant, day): digest([variant, found, *shared, *of_variant[variant]])
        for variant in variants
        for day, found in files.items()
    }


def made_days(run: cli.Run, table: Table) -> dict[tuple[Variant, date], str]:
    """From what the stored rows of each variant and day were made."""
    found = table.partitions(run.warehouse)
    return {
        (variant, date.fromisoformat(each["day"])): each["inputs"]
        for each in found
        for variant in VARIANTS
        if each["variant"] == variant
    }


def days_to_score(
    run: cli.Run, variants: Sequence[Variant], model: bytes, choice: Choice
) -> tuple[dict[tuple[Variant, date], str], tuple[date, ...]]:
    """What each day must be made from, and the days whose traffic is read: of all variants together."""
    wanted = wanted_days(run, variants, model)
    made = made_days(run, CLIENT_DAYS)
    each = [choice.chosen(_of(wanted, variant), _of(made, variant)) for variant in variants]
    days = tuple(sorted(set().union(*each)))
    left = set().union(*(changed(_of(wanted, variant), _of(made, variant)) for variant in variants))
    note_left(run, left.difference(days))
    return wanted, days


def unsliced_days(run: cli.Run, made: Mapping[tuple[Variant, date], str]) -> set[date]:
    """The days whose endpoint slices were made from other client-days than `made`."""
    stored = made_days(run, ENDPOINT_SLICES)
    return {day for (variant, day), inputs in made.items() if stored.get((variant, day)) != inputs}


def days_to_slice(
    run: cli.Run, made: Mapping[tuple[Variant, date], str], moved: DataFrame | None
) -> tuple[date, ...]:
    """Those of `unsliced_days`, and those of `moved` (`day`), in order."""
    others = [] if moved is None else moved.select("day").distinct().collect()
    return tuple(sorted(unsliced_days(run, made) | {row["day"] for row in others}))


def with_inputs(rows: DataFrame, inputs: Mapping[tuple[Variant, date], str]) -> DataFrame:
    """Rows with `variant` and `day` → the same plus `inputs`. One literal looks them up: days are few, so no join."""
    listed = json.dumps({f"{variant} {day.isoformat()}": text for (variant, day), text in inputs.items()})
    known = F.from_json(F.lit(listed), "map<string, string>")
    key = F.concat_ws(" ", "variant", F.col("day").cast("string"))
    return rows.withColumn("inputs", F.try_element_at(known, key))


def note_left(run: cli.Run, left: Iterable[date]) -> None:
    """Says which days changed and were not asked for."""
    days = sorted(left)
    if days:
        shown = ", ".join(map(str, days[:LEFT_SHOWN]))
        more = f" and {len(days) - LEFT_SHOWN:,} more" if len(days) > LEFT_SHOWN else ""
        run.reporter.note(f"  days with new traffic that were not asked for: {shown}{more}")


def _of(found: Mapping[tuple[Variant, date], str], variant: Variant) -> dict[date, str]:
    return {day: inputs for (each, day), inputs in found.items() if each == variant}


def _program() -> str:
    """The version of the program: another one may judge a request otherwise."""
    try:
        return version("apicensus")
    except PackageNotFoundError:
        return "0"
