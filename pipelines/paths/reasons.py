"""Why a step is literal or variable, in words."""

from __future__ import annotations

from pyspark.sql import Column
from pyspark.sql import functions as F

REASONS = {
    "operator": "an operator decided so (decisions)",
    "form": "its values have the form of identifiers",
    "part": "a part of a segment that says something by itself",
    "published literal": "published as a literal, and the evidence for a variable is not strong enough to change that",
    "published variable": "published as a variable: a published template is not split",
    "dotted name": "a dotted name with capitals is a module's",
    "version": "a version or its date near the root",
    "few words": "few words that end their paths, of which the classifier is not sure: kept apart",
    "like a variable": "its text, its siblings and what follows are like those of a variable",
    "like a literal": "its text, its siblings and what follows are like those of a literal",
    "ending of few": "an ending that fewer than half of the variable's values carry belongs to the variable",
}
"""Key of a decision (`decide.decided`) → what is told."""


def reason() -> Column:
    """From the columns `why`, `probability`, `children`, `siblings`, `overlap`: the reason with its figures."""
    words = F.lit(None)
    for key, text in REASONS.items():
        words = F.when(F.col("why") == key, F.lit(text)).otherwise(words)
    judged = F.format_string(
        "; p(variable) %.2f, %d of %d siblings",
        F.coalesce("probability", F.lit(0.0)),
        F.col("children"),
        F.col("siblings"),
    )
    alike = F.when(
        F.col("overlap").isNotNull(),
        F.format_string(", %.0f %% of siblings have the same below", F.col("overlap") * 100),
    )
    figures = F.when(F.col("why").isin("form", "part", "operator"), F.lit("")).otherwise(
        F.concat(judged, F.coalesce(alike, F.lit("")))
    )
    return F.concat(words, figures)
