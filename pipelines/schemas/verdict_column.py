"""Evidence of an endpoint → its verdict, as one column: the judgement itself is plain Python, called once an endpoint."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import orjson
from pyspark.sql import Column, Row
from pyspark.sql import functions as F
from pyspark.sql.types import ArrayType, LongType, StringType, StructField, StructType

from pipelines.http.json_values import JsonSchema
from pipelines.schemas.backtest import Parameter, Place, Views, back_tested
from pipelines.schemas.evidence import Evidence, KindEvidence
from pipelines.schemas.growth import peaks_of
from pipelines.schemas.json_schema import constraints, is_sure, json_schema, without_evidence
from pipelines.schemas.requests import Sent, media_types, writings
from pipelines.schemas.seen import kept_of, outermost_of
from pipelines.schemas.table import PARAMETER_SCHEMA
from pipelines.schemas.tallies import tally_of
from pipelines.schemas.view import View
from pipelines.sections import SchemaSettings

EVIDENCE_COLUMNS = ("n", "requests", "clients", "days", "kinds", "first_day", "last_day")
JUDGED = StructType([*PARAMETER_SCHEMA.fields, StructField("shape", StringType(), False)])
"""A judged parameter and `shape`, its schema without evidence: what tells one version from the next."""
SENT_SCHEMA = ArrayType(
    StructType(
        [
            *(StructField(name, StringType(), False) for name in ("location", "name")),
            *(StructField(name, LongType(), False) for name in ("requests", "clients")),
        ]
    )
)
"""What is known of requests beside parameters: `requests.Sent` of the locations "written" and "media"."""
VERDICT = StructType(
    [
        StructField("parameters", ArrayType(JUDGED, containsNull=False), False),
        *(
            StructField(name, LongType(), False)
            for name in ("tested", "false_alarms", "constraints", "sure_constraints")
        ),
        *(StructField(name, ArrayType(StringType()), False) for name in ("writings", "media_types")),
    ]
)


def verdicts(settings: SchemaSettings) -> Callable[[Column, Column], Column]:
    """A function of two columns → `VERDICT`, parameters sorted.

    They are `seen` (array of location, name, views) and a struct of the endpoint's `requests`, `clients` and what they `sent`
    (`SENT_SCHEMA`).
    """

    def verdict(seen: Sequence[Row], endpoint: Row) -> dict[str, Any]:
        views: dict[str, dict[Place, Evidence]] = {}
        for row in seen:
            for one in row["views"]:
                views.setdefault(one["view"], {})[row["location"], row["name"]] = evidence_of(one)
        found = back_tested(_named(views, settings, endpoint["clients"]), settings)
        schemas = {
            place: json_schema(found.parameters[place].judgement) for place in sorted(found.parameters)
        }
        sure = [is_sure(one) for schema in schemas.values() for one in constraints(schema)]
        return {
            "parameters": [
                _written(place, found.parameters[place], schema) for place, schema in schemas.items()
            ],
            "tested": found.tested,
            "false_alarms": found.false_alarms,
            "constraints": len(sure),
            "sure_constraints": sum(sure),
            "writings": writings(endpoint["requests"], endpoint["clients"], _sent(endpoint, "written")),
            "media_types": media_types(_sent(endpoint, "media")),
        }

    return F.udf(verdict, VERDICT, useArrow=True)


def _named(views: Views, settings: SchemaSettings, clients: int) -> Views:
    """The views without what too few of the endpoint's `clients` send: its names are not written.

    Where the endpoint has few clients in all, an optional parameter looks like what one of them made up, so forms decide alone.
    """
    least = settings.name_clients
    if clients < settings.name_clients_of:
        return views
    known = views.get(View.WHOLE.value, {})
    written = {
        place for place, one in known.items() if place[0] in ("request", "path") or one.clients >= least
    }
    return {
        view: {place: one for place, one in places.items() if place in written}
        for view, places in views.items()
    }


def _sent(endpoint: Row, location: str) -> list[Sent]:
    return [
        Sent(one["name"], one["requests"], one["clients"])
        for one in endpoint["sent"]
        if one["location"] == location
    ]


def _written(place: Place, parameter: Parameter, schema: JsonSchema) -> dict[str, Any]:
    return {
        "location": place[0],
        "name": place[1],
        "required": parameter.is_required,
        "requests": parameter.judgement.evidence.requests,
        "schema": orjson.dumps(schema).decode(),
        "shape": orjson.dumps(without_evidence(schema), option=orjson.OPT_SORT_KEYS).decode(),
    }


def evidence_of(row: Row) -> Evidence:
    """The value of a row (or struct) of `build.evidence`."""
    kinds = tuple(map(_kind_of, row["kinds"]))
    between = (row["first_day"], row["last_day"])
    return Evidence(row["n"], row["requests"], row["clients"], row["days"], kinds, *between)


def _kind_of(kind: Row) -> KindEvidence:
    return KindEvidence(
        kind=kind["kind"],
        n=kind["n"],
        clients=kind["clients"],
        distinct=kind["distinct"],
        days=kind["days"],
        low=kind["low"],
        high=kind["high"],
        classes=tally_of(kind["classes"]),
        common=kept_of(kind["common"], kind["is_open"]),
        highest=outermost_of(kind["highest"], largest=True),
        lowest=outermost_of(kind["lowest"], largest=False),
        peaks=peaks_of(kind["peaks"]),
        prefix=kind["prefix"],
    )
