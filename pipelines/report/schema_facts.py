"""Statistics of the learned schemas, beside which the page shows the source's figures, and who was set apart."""

from __future__ import annotations

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from pipelines.report.facts import DeviantFact, SchemaFacts

SIZES = (("none", 0, 0), ("1 to 5", 1, 5), ("6 to 10", 6, 10), ("11 to 50", 11, 50), ("over 50", 51, None))
"""Numbers of parameters of an endpoint; the source saw up to 50."""
CLIENT_CHARACTERS = 8
"""Of a client's hash: enough to find it in the table."""
TOTALS = ("constraints", "sure_constraints", "tested", "false_alarms")


def schema_facts(schemas: DataFrame) -> SchemaFacts | None:
    """Of the newest version of every endpoint's schema; None where nothing was learned. Members of bodies are parameters too."""
    parameter = F.explode("parameters")
    kind = F.coalesce(F.get_json_object("parameter.schema", "$.type"), F.lit("several"))
    types = {
        row["kind"]: row["count"]
        for row in schemas.select(parameter.alias("parameter")).groupBy(kind.alias("kind")).count().collect()
    }
    row = schemas.agg(
        F.count("*").alias("endpoints"),
        F.count_if(_of("path") <= 1).alias("few"),
        F.max(_of("query")).alias("most"),
        *(
            F.count_if(F.size("parameters").between(low, high or 2**31 - 1)).alias(name)
            for name, low, high in SIZES
        ),
        *(F.sum(name).alias(name) for name in TOTALS),
    ).collect()[0]
    if not row["endpoints"]:
        return None
    return SchemaFacts(
        types,
        row["few"] / row["endpoints"],
        sizes={name: row[name] for name, _, _ in SIZES},
        most_query_parameters=row["most"],
        **{name: row[name] for name in TOTALS},
    )


def deviant_facts(deviants: DataFrame, most: int) -> list[DeviantFact]:
    """The most deviating clients first."""
    order = (F.desc("parameters"), F.desc("endpoints"), "client")
    return [
        DeviantFact(
            row["client"][:CLIENT_CHARACTERS], row["parameters"], row["endpoints"], ", ".join(row["reasons"])
        )
        for row in deviants.orderBy(*order).limit(most).collect()
    ]


def _of(location: str) -> Column:
    return F.size(F.filter("parameters", lambda parameter: parameter["location"] == location))
