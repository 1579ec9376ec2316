"""Templates of one host with 1.7 million distinct paths: accuracy and duration.

Literals occur as siblings of variables. Measured are masking, inference and the lookup of the template of every distinct
path. The paths are generated from declared templates, in Spark; the first small run warms up.

usage: python -m benchmarks templates [--paths 1700000] [--json]
"""

from __future__ import annotations

import time

from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F

from benchmarks.figures import Figure, argument_parser, report
from benchmarks.machine import describe_machine
from ml.paths.score import make_scorer
from ml.registry.bundled import load_bundled_path_model
from pipelines.http.methods import METHODS
from pipelines.paths.spark.inference import infer_rules_on_spark
from pipelines.paths.spark.steps import mask_path
from pipelines.paths.spark.templates import resolve_shapes
from pipelines.runtime.settings import load_settings
from pipelines.runtime.settings_sections import PathSettings
from pipelines.runtime.spark import get_session

BUDGET_SECONDS = 30
HOST = "shop.example.com"
WORDS = tuple("amber bridge candle desert ember falcon garden harbor island jungle kettle lantern".split())
SETTINGS = tuple(
    "billing branding cookies domains exports hooks labels limits members plans roles themes".split()
)
LITERALS = (
    "/api/v1/users", "/api/v1/users/me", "/api/v1/users/search", "/api/v1/users/me/orders", "/api/v1/articles",
    "/api/v1/articles/latest", "/api/v1/articles/search", "/api/v1/items", "/api/v1/items/bulk", "/api/v1/health",
    *(f"/api/v1/settings/{name}" for name in SETTINGS),
)  # fmt: skip


def _word(number: Column, salt: int) -> Column:
    place = F.pmod(F.xxhash64(number, F.lit(salt)), F.lit(len(WORDS))) + 1
    return F.element_at(F.array(*map(F.lit, WORDS)), place.cast("int"))


def variables(number: Column) -> dict[str, tuple[float, Column]]:
    """Returns template → its share of the paths, and the path of a number."""
    user = number.cast("string")
    item = F.concat(F.lit("sku"), number, F.lit("-"), F.substring(F.md5(user), 1, 1))
    slug = F.concat_ws("-", *(_word(number, salt) for salt in (1, 2, 3)), number)
    order = F.regexp_replace(F.md5(user), "^(.{8})(.{4})(.{4})(.{4})(.{12})$", "$1-$2-$3-$4-$5")
    return {
        "/api/v1/users/{}": (0.25, F.concat(F.lit("/api/v1/users/"), user)),
        "/api/v1/users/{}/orders/{}": (
            0.2,
            F.concat(F.lit("/api/v1/users/"), user, F.lit("/orders/"), order),
        ),
        "/api/v1/articles/{}": (0.25, F.concat(F.lit("/api/v1/articles/"), slug)),
        "/api/v1/articles/{}/comments": (0.1, F.concat(F.lit("/api/v1/articles/"), slug, F.lit("/comments"))),
        "/api/v1/items/{}": (0.15, F.concat(F.lit("/api/v1/items/"), item)),
        "/api/v1/items/{}/price": (0.05, F.concat(F.lit("/api/v1/items/"), item, F.lit("/price"))),
    }


def declare_paths(spark: SparkSession, paths: int) -> DataFrame:
    """Returns `host, path, clients, truth`: distinct paths with their true template.

    A literal is requested by many clients, a resource by one to three.
    """
    number = F.col("id") + 1
    parts = [
        spark.createDataFrame(
            [(path, 5000, path) for path in LITERALS], "path string, clients bigint, truth string"
        )
    ]
    for template, (share, path) in variables(number).items():
        clients = F.pmod(F.xxhash64("id"), F.lit(3)) + 1
        parts.append(
            spark.range(int(paths * share)).select(
                path.alias("path"), clients.alias("clients"), F.lit(template).alias("truth")
            )
        )
    whole = parts[0]
    for part in parts[1:]:
        whole = whole.unionByName(part)
    return whole.withColumn("host", F.lit(HOST))


def resolve_templates(paths: DataFrame, settings: PathSettings) -> DataFrame:
    """Does everything that discovery does with distinct paths.

    `host, path, clients, truth` → `host, path_shape, truth, paths, resolved`.

    A shape of two true templates is two rows, so a mask that merges separately declared paths is detected as well.
    """
    shaped = paths.withColumn("path_shape", mask_path(F.col("path"), settings))
    with_truth = shaped.groupBy("host", "path_shape", "truth").agg(
        F.max("clients").alias("clients"), F.count("*").alias("paths")
    )
    day, nothing = F.to_date(F.lit("2026-05-01")), F.lit(0).cast("bigint")
    calls = F.array("clients", *[nothing] * (len(METHODS) - 1))  # each client once, by GET
    distinct = with_truth.withColumns({"first_day": day, "last_day": day, "calls": calls}).localCheckpoint()
    walked = resolve_shapes(
        distinct.select("host", "path_shape"), infer_path_rules(distinct, settings), settings
    )
    return distinct.join(walked.select("host", "path_shape", "resolved"), ["host", "path_shape"])


def infer_path_rules(distinct: DataFrame, settings: PathSettings) -> DataFrame:
    """Infers the rules of distinct paths with the bundled classifier.

    `distinct` has the columns of `EVIDENCE`; no rules exist before.
    """
    return infer_rules_on_spark(distinct, settings, make_scorer(load_bundled_path_model()), None)


def wrong_templates(resolved: DataFrame) -> list[tuple[str, str, int]]:
    """Returns declared and inferred templates that differ, with their path counts."""
    rows = resolved.groupBy("truth", "resolved").agg(F.sum("paths").alias("paths")).collect()
    return sorted(
        (row["truth"], row["resolved"], row["paths"]) for row in rows if row["truth"] != row["resolved"]
    )


def main() -> None:
    """Prints the result and whether the budget holds."""
    parser = argument_parser(__doc__)
    parser.add_argument("--paths", type=int, default=1_700_000)
    options = parser.parse_args()
    print(describe_machine())
    settings = load_settings()
    spark = get_session("benchmark", settings.spark)
    wrong_templates(resolve_templates(declare_paths(spark, 5000), settings.paths))
    paths = declare_paths(spark, options.paths).localCheckpoint()
    distinct, start = paths.select("path").distinct().count(), time.perf_counter()
    mistakes = wrong_templates(resolve_templates(paths, settings.paths))
    seconds = time.perf_counter() - start
    declared_templates = len(LITERALS) + len(variables(F.lit(1)))
    case = f"{distinct:,} distinct paths of one host, {declared_templates} templates"
    result = "none" if not mistakes else f"WRONG: {len(mistakes)} pairs, the first {mistakes[:5]}"
    report(
        [
            Figure(case, f"{seconds:.1f} s", f"≤ {BUDGET_SECONDS} s"),
            Figure("paths that have another template than declared", result, "none"),
        ],
        options.json,
    )


if __name__ == "__main__":
    main()
