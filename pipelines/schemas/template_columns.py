r"""A path beside its template → the values of the placeholders, as Spark columns.

A template segment is literal, one placeholder (`{userId}`) or a mixture (`report-{date}.pdf`, `{lat},{lon}`).
Mixtures become a regular expression whose literal parts are quoted (`\Q...\E`), so that no path can inject
one.
"""

from __future__ import annotations

from pyspark.sql import Column
from pyspark.sql import functions as F
from pyspark.sql.types import ArrayType, BooleanType, StringType, StructField, StructType

from pipelines.schemas.placeholders import PLACEHOLDER

MIXED_CHARACTERS = 512
"""Longest segment that is matched against several placeholders: the work grows with its length to their
number.
"""
OBSERVATIONS = ArrayType(
    StructType(
        [
            *(StructField(name, StringType()) for name in ("location", "name", "value", "json_type")),
            StructField("is_first", BooleanType()),
        ]
    )
)


def segments(path: Column) -> Column:
    """The parts of a path between slashes; empty ones, which templates do not have, are left out."""
    return F.filter(F.split(path, "/"), lambda segment: segment != "")


def path_values(expected: str, found: str) -> Column:
    """Segments of the template and of the path → array of observations, percent-decoded.

    A template that ends in `**` covers any number of further segments. Where the numbers of segments differ
    otherwise, the path does not belong to the template and teaches nothing.
    """
    has_rest = F.coalesce(F.try_element_at(expected, F.lit(-1)) == "**", F.lit(False))
    fits = (F.size(expected) == F.size(found)) | (has_rest & (F.size(found) >= F.size(expected) - 1))
    pairs = F.filter(
        F.arrays_zip(expected, found), lambda pair: pair[expected].contains("{") & pair[found].isNotNull()
    )
    values = F.flatten(F.transform(pairs, lambda pair: _segment_values(pair[expected], pair[found])))
    return F.when(fits, values).otherwise(F.array().cast(OBSERVATIONS))


def observation(location: str, name: Column, value: Column, is_first: Column) -> Column:
    """One value of a parameter in one request, as a struct; a text outside of JSON has no JSON type."""
    return F.struct(
        F.lit(location).alias("location"),
        name.alias("name"),
        value.alias("value"),
        F.lit(None).cast("string").alias("json_type"),
        is_first.alias("is_first"),
    )


def form_decoded(text: Column) -> Column:
    """Decoded as application/x-www-form-urlencoded (URL standard s. 5.1); text that is not, stays raw."""
    return F.coalesce(F.try_url_decode(text), text)


def _segment_values(template: Column, segment: Column) -> Column:
    """Values of the placeholders of one segment; none where the segment does not match."""
    whole = F.array(_value(F.regexp_extract(template, PLACEHOLDER, 1), segment))
    return F.when(template.rlike(rf"\A{PLACEHOLDER}\z"), whole).otherwise(_mixed_values(template, segment))


def _mixed_values(template: Column, segment: Column) -> Column:
    names = F.regexp_extract_all(template, F.lit(PLACEHOLDER), F.lit(1))
    is_cheap = (F.size(names) == 1) | (F.length(segment) <= MIXED_CHARACTERS)
    pattern = F.concat(F.lit(r"(?s)\A"), _quoted(template), F.lit(r"\z"))

    def value(name: Column, position: Column) -> Column:
        return _value(name, F.call_function("regexp_extract", segment, pattern, position + 1))

    matched = F.filter(
        F.transform(names, value), lambda found: found["value"] != ""
    )  # no match is an empty text
    return F.when(is_cheap, matched).otherwise(F.array().cast(OBSERVATIONS))


def _quoted(template: Column) -> Column:
    r"""The template as a pattern. A literal `\E` would end the quotation: it is closed, escaped, reopened."""
    literal = F.replace(template, F.lit(r"\E"), F.lit(r"\E\\E\Q"))
    return F.concat(F.lit(r"\Q"), F.regexp_replace(literal, PLACEHOLDER, r"\\E(.+)\\Q"), F.lit(r"\E"))


def _value(name: Column, raw: Column) -> Column:
    """In paths "+" is itself (RFC 3986), which the decoder for forms would turn into a space."""
    decoded = F.coalesce(F.try_url_decode(F.replace(raw, F.lit("+"), F.lit("%2B"))), raw)
    return observation("path", name, decoded, F.lit(True))
