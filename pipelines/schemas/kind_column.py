"""The kind of a value as a Spark column, from the same table as the Python function."""

from __future__ import annotations

from pyspark.sql import Column
from pyspark.sql import functions as F

from pipelines.schemas.recognisers import RECOGNISERS, TEXT, Recogniser


def kind(value: Column) -> Column:
    """`recognisers.kind_of` as Catalyst expressions, for at most `MAX_CHARACTERS` characters; NULL is text.

    Lengths and contained characters are tested first: most regular expressions then never run.
    """
    first, *rest = [recogniser for recogniser in RECOGNISERS if recogniser.kind != TEXT]
    found = F.when(_is(first, value), F.lit(first.kind))
    for recogniser in rest:
        found = found.when(_is(recogniser, value), F.lit(recogniser.kind))
    return found.otherwise(F.lit(TEXT))


def _is(recogniser: Recogniser, value: Column) -> Column:
    length = F.length(value)
    cheap = length.between(recogniser.shortest, recogniser.longest)
    if recogniser.holds:
        cheap = cheap & value.contains(recogniser.holds)
    return cheap & value.rlike(recogniser.java) if recogniser.pattern else cheap
