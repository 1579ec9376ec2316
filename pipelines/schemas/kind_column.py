"""The kind of a value as a Spark column, from the same table as the Python function."""

from __future__ import annotations

from functools import reduce
from operator import add, or_

from pyspark.sql import Column
from pyspark.sql import functions as F

from pipelines.schemas.characters import BITS, CLASSES
from pipelines.schemas.patterns import DIGITS as DIGITS_PATTERN
from pipelines.schemas.recognisers import DIGITS, JSON_ONLY, RECOGNISERS, TEXT, Recogniser


def kind(value: Column, json_type: Column | None = None) -> Column:
    """`recognisers.kind_of` as Catalyst expressions, for at most `MAX_CHARACTERS` characters; NULL is text.

    Order, lengths and contained characters are tested first: most regular expressions then never run.
    """
    told = F.lit(None).cast("string") if json_type is None else json_type
    no_text = reduce(or_, (_is(one, value) for one in RECOGNISERS if one.type != "string"))
    digits = F.when(value.rlike(rf"\A(?:{DIGITS_PATTERN})\z"), F.lit(DIGITS)).otherwise(F.lit(TEXT))
    found = F.when(told.isin(*JSON_ONLY), told).when((told == "string") & no_text, digits)
    for recogniser in RECOGNISERS:
        if recogniser.kind != TEXT:
            found = found.when(_is(recogniser, value), F.lit(recogniser.kind))
    return found.otherwise(F.lit(TEXT))


def classes(value: Column) -> Column:
    """`characters.classes_of` as a Spark column."""
    each = [
        F.when(value.rlike(f"[{inside}]"), F.lit(BITS[name])).otherwise(F.lit(0))
        for name, inside in CLASSES.items()
    ]
    return reduce(add, each)


def _is(recogniser: Recogniser, value: Column) -> Column:
    length = F.length(value)
    cheap = length.between(recogniser.shortest, recogniser.longest)
    if recogniser.starts[1]:
        low, high = recogniser.starts
        cheap = (value >= low) & (value < high) & cheap
    if recogniser.holds:
        cheap = cheap & value.contains(recogniser.holds)
    return cheap & value.rlike(recogniser.java) if recogniser.pattern else cheap
