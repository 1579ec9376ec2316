"""Paths of a host as a tree, all levels at once: what the children of each node, their siblings and their subtrees show.

A child is (host, prefix, step). The prefix and the rest of the path are written with the current guess of what is a variable,
so that `/users/1/orders` and `/users/2/orders` meet. One trie a host over all methods (METHODS A6.4).
"""

from __future__ import annotations

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

from pipelines.paths.segments import PLACEHOLDER, VARIABLE_STEP
from pipelines.paths.steps import has_identifier_form

LONGEST = 4096
"""Characters of a step that are looked at."""
NODE = ("host", "prefix")
CHILD = (*NODE, "step")
STEP = "^[/.:][^/.:]*"
PARTS = ("suffix", "next", "later")
"""Of what follows a child: all, the next step, and all but the next step, which may be a variable not yet known as one."""
OVERLAPS = {
    "overlap": "mean_suffix", "most_overlap": "most_suffix", "next_overlap": "mean_next", "later_overlap": "mean_later",
    "most_later_overlap": "most_later",
}  # fmt: skip
"""Share of a child's siblings that have the same part: mean, or that of the commonest."""
CONTEXT = (
    "depth", "siblings", "alike", "masked_sibling", "typed_share", "digit_share", "mean_length", "length_deviation",
    "leaf_share", "is_leaf", "suffixes", "literal_suffixes", "shared_suffixes", *OVERLAPS, "places", "most_places",
    "variable_share",
)  # fmt: skip
"""Numbers of a child that its place in the tree gives; `ml/path_features.py` adds those of its text."""


def _text(step: Column) -> Column:
    return F.substring(step, 2, LONGEST)


def places(
    paths: DataFrame, above: str = "guess", below: str = "guess", own: str | None = "guess"
) -> DataFrame:
    """`host, path_shape, steps, guess` → a row a step: `host, path_shape, depth, prefix, step, suffix, place, guessed`.

    `place` is a hash of the path before as it was seen: many places of one prefix tell literals, which recur, from values.
    `guessed` says whether the step was a variable so far, for its siblings. `above`, `below` and `own` name the columns by
    which prefixes, rests and the step itself are written; without `own`, as in the first pass, nothing is known of siblings.
    """
    columns = dict.fromkeys(["host", "path_shape", "steps", above, below, own or above])
    guessed = F.lit(None) if own is None else F.try_element_at(own, F.col("depth") + 1) == VARIABLE_STEP
    cut = paths.select(*columns, F.posexplode("steps").alias("depth", "step"))
    before = F.slice(above, F.lit(1), F.col("depth"))
    after = F.slice(below, F.col("depth") + 2, F.size(below))
    seen = F.xxhash64(F.array_join(F.slice("steps", F.lit(1), F.col("depth")), ""))
    return cut.select(
        "host", "path_shape", "depth", F.array_join(before, "").alias("prefix"), "step",
        F.array_join(after, "").alias("suffix"), seen.alias("place"),
        guessed.cast("int").alias("guessed"),
    )  # fmt: skip


def children(placed: DataFrame) -> DataFrame:
    """Rows of `places` → one row a child: `CHILD` and `CONTEXT`.

    Everything is counted within a node, so rows are moved once, by node. Only suffixes that hold a literal tell that two
    children are of one kind: `/{}` follows any collection (METHODS A6.2).
    """
    rows = placed.repartition(*NODE).withColumns(
        {"next": F.regexp_extract("suffix", STEP, 0), "later": F.regexp_replace("suffix", STEP, "")}
    )
    for part in PARTS:
        once = F.row_number().over(Window.partitionBy(*CHILD, part).orderBy("place")) == 1
        rows = rows.withColumn(f"first_{part}", once.cast("int"))
    each = rows.withColumns({f"others_{part}": _others(part) for part in PARTS})
    each = each.groupBy(*CHILD).agg(
        F.min("depth").alias("depth"),
        F.sum("first_suffix").alias("suffixes"),
        F.count("others_suffix").alias("literal_suffixes"),
        F.count_if(F.col("others_suffix") > 0).alias("shared_suffixes"),
        *(F.avg(f"others_{part}").alias(f"mean_{part}") for part in PARTS),
        *(F.max(f"others_{part}").alias(f"most_{part}") for part in PARTS),
        F.max(F.length("suffix")).alias("longest_suffix"),
        F.approx_count_distinct("place").alias("places"),
        F.max("guessed").alias("guessed"),
    )
    return _among_siblings(each.withColumn("is_leaf", (F.col("longest_suffix") == 0).cast("int")))


def _others(part: str) -> Column:
    """How many siblings have the same rest of a path; NULL for one without a literal and for repetitions."""
    literal = (F.col(f"first_{part}") == 1) & (F.regexp_replace(part, r"/\{\}", "") != "")
    return F.when(literal, F.sum(f"first_{part}").over(Window.partitionBy(*NODE, part)) - 1)


def _among_siblings(each: DataFrame) -> DataFrame:
    text = _text(F.col("step"))
    described = each.withColumns(
        {
            "length": F.length("step") - 1,
            "typed": has_identifier_form(text).cast("int"),
            "digits": F.col("step").rlike("[0-9]").cast("int"),
            "masked": (F.col("step") == VARIABLE_STEP).cast("int"),
            "skeleton": skeleton(text),
        }
    )
    node = Window.partitionBy(*NODE)
    alike = Window.partitionBy(*NODE, "skeleton")
    squares = F.avg(F.col("length") * F.col("length")).over(node)
    counted = described.withColumns(
        {
            "siblings": F.count("*").over(node),
            "alike": F.count("*").over(alike),
            "masked_sibling": F.max("masked").over(node),
            "typed_share": F.avg("typed").over(node),
            "digit_share": F.avg("digits").over(node),
            "mean_length": F.avg("length").over(node),
            # from whole sums: stddev_pop depends on the order of its rows in the last bit
            "length_deviation": F.sqrt(
                F.greatest(squares - F.pow(F.avg("length").over(node), 2), F.lit(0.0))
            ),
            "leaf_share": F.avg("is_leaf").over(node),
            "most_places": F.max("places").over(node),
            "variables": F.sum("guessed").over(node),
        }
    )
    others = F.nullif(F.col("siblings") - 1, F.lit(0))
    shares = {name: F.col(count) / others for name, count in OVERLAPS.items()}
    shares["variable_share"] = (F.col("variables") - F.col("guessed")) / others
    return counted.withColumns(shares).select(
        *CHILD,
        *(F.coalesce(F.col(name).cast("float"), F.lit(-1.0).cast("float")).alias(name) for name in CONTEXT),
    )


def skeleton(text: Column) -> Column:
    """`2x-Blue_widget` → `9w-w_w`: how a text alternates between numbers, words and signs, not with what."""
    numbers = F.regexp_replace(text, "[0-9]+", "9")
    words = F.regexp_replace(F.regexp_replace(numbers, "[A-Z]+", "A"), "A?[a-z]+", "w")
    return F.substring(F.regexp_replace(words, "w+", "w"), 1, 12)


def is_masked(step: Column) -> Column:
    """Whether a variable was already seen in the step's text (`/{}`, `/Products({})`)."""
    return F.contains(step, F.lit(PLACEHOLDER))
