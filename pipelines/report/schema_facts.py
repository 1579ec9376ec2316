"""Statistics of the learned schemas, beside which the page shows the source's figures, and who was set apart."""

from __future__ import annotations

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

from pipelines.report.facts import DeviantFact, SchemaFacts

SIZES = (("none", 0, 0), ("1 to 5", 1, 5), ("6 to 10", 6, 10), ("11 to 50", 11, 50), ("over 50", 51, None))
"""Numbers of parameters of an endpoint; the source saw up to 50."""
CLIENT_CHARACTERS = 8
"""Of a client's hash: enough to find it in the table."""
TOTALS = ("constraints", "sure_constraints", "tested", "false_alarms")


def schema_facts(schemas: DataFrame) -> SchemaFacts | None:
    """Of the newest version of every endpoint's schema; None where nothing was learned. Members of bodies are parameters too.

    One pass over the parameters; what is of an endpoint counts with its first one.
    """
    each = schemas.select(
        F.posexplode_outer("parameters").alias("place", "parameter"),
        (_of("path") <= 1).alias("few"),
        _of("query").alias("most"),
        *(F.size("parameters").between(low, high or 2**31 - 1).alias(name) for name, low, high in SIZES),
        *TOTALS,
    )
    is_first = F.coalesce(F.col("place"), F.lit(0)) == 0
    of_type = F.coalesce(F.get_json_object("parameter.schema", "$.type"), F.lit("several"))
    rows = (
        each.groupBy(F.when(F.col("place").isNotNull(), of_type).alias("kind"))
        .agg(
            F.count("*").alias("parameters"),
            F.count_if(is_first).alias("endpoints"),
            F.max("most").alias("most"),
            *(
                F.count_if(is_first & F.col(name)).alias(name)
                for name in ("few", *(name for name, *_ in SIZES))
            ),
            *(F.sum(F.when(is_first, F.col(name)).otherwise(0)).alias(name) for name in TOTALS),
        )
        .collect()
    )
    endpoints = sum(row["endpoints"] for row in rows)
    if not endpoints:
        return None
    return SchemaFacts(
        {row["kind"]: row["parameters"] for row in rows if row["kind"] is not None},
        sum(row["few"] for row in rows) / endpoints,
        sizes={name: sum(row[name] for row in rows) for name, *_ in SIZES},
        most_query_parameters=max(row["most"] for row in rows),
        **{name: sum(row[name] for row in rows) for name in TOTALS},
    )


def deviant_facts(deviants: DataFrame, most: int) -> tuple[list[DeviantFact], int]:
    """The most deviating clients first, and how many there are in all."""
    order = (F.desc("parameters"), F.desc("endpoints"), "client")
    total = F.count("*").over(Window.partitionBy())  # they are few: `deviants.max_share` of the clients
    rows = deviants.withColumn("total", total).orderBy(*order).limit(most).collect()
    facts = [
        DeviantFact(
            row["client"][:CLIENT_CHARACTERS], row["parameters"], row["endpoints"], ", ".join(row["reasons"])
        )
        for row in rows
    ]
    return facts, rows[0]["total"] if rows else 0


def _of(location: str) -> Column:
    return F.size(F.filter("parameters", lambda parameter: parameter["location"] == location))
