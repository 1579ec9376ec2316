r"""Steps of a path: segments, and the parts of the last one that say something by themselves. Column layer.

A path is cut into steps whose texts, joined, are the path again: `/users`, `/{}`, `.json` or `:cancel`. An ordinary segment
begins with `/`, an extension with `.`, a custom method with `:`.
"""

from __future__ import annotations

from pyspark.sql import Column
from pyspark.sql import functions as F

from pipelines.paths.segments import ENDED, LITERAL, MASKS, UNRESERVED, VARIABLE, VERBED
from pipelines.sections import PathSettings

ROOT = ""
"""Prefix of a path's first step."""
DEEPER = "/**"
"""What stands for steps beyond paths.max_depth."""


def written(path: Column) -> Column:
    """One writing of a path: no matrix parameters (RFC 3986 s. 3.3), doubled or last slashes; braces escaped."""
    text = F.regexp_replace(path, r";[^/]*", "")
    text = F.replace(F.replace(text, F.lit("{"), F.lit("%7B")), F.lit("}"), F.lit("%7D"))
    return F.regexp_replace(F.regexp_replace(text, r"/{2,}", "/"), r"(?<=.)/$", "")


def has_identifier_form(segment: Column) -> Column:
    """Whether a segment has the form of an identifier and is no version."""
    return segment.rlike(VARIABLE) & ~segment.rlike(LITERAL)


def masked(path: Column, settings: PathSettings) -> Column:
    """`/users//73519/` → `/users/{}`: one writing, and what is a variable wherever it stands is `{}`, whole or in part.

    Each form is replaced in the whole path at once: a function of every segment would be interpreted, and costs ten times more.
    """
    text = written(path)
    for pattern, replacement in (*UNRESERVED, *MASKS):  # needless escapes: RFC 3986 s. 6.2.2.2
        text = F.regexp_replace(text, pattern, replacement)
    text = F.regexp_replace(text, f"^((?:/[^/]*){{{settings.max_depth}}})/.*$", f"$1{DEEPER}")
    return F.regexp_replace(text, "^$", "/")


def steps(masked_path: Column) -> Column:
    """A masked path → array of its steps; their texts joined are the path."""
    cut = F.split(masked_path, "/")
    last, before = F.element_at(cut, -1), F.slice(cut, 2, F.size(cut) - 2)
    parts = F.when(last.rlike(ENDED), _parts(last, ENDED)).when(last.rlike(VERBED), _parts(last, VERBED))
    ordinary = F.transform(
        F.when(F.size(cut) > 2, before).otherwise(F.array().cast("array<string>")), _slashed
    )
    return F.concat(ordinary, F.coalesce(parts, F.array(_slashed(last))))


def _slashed(segment: Column) -> Column:
    return F.concat(F.lit("/"), segment)


def _parts(segment: Column, pattern: str) -> Column:
    return F.array(_slashed(F.regexp_extract(segment, pattern, 1)), F.regexp_extract(segment, pattern, 2))
