r"""Steps of a path: segments, and the parts of the last one that say something by themselves. Column layer.

A path is cut into steps whose texts, joined, are the path again: `/users`, `/{}`, `.json` or `:cancel`. An ordinary segment
begins with `/`, an extension with `.`, a custom method with `:`.
"""

from __future__ import annotations

from pyspark.sql import Column
from pyspark.sql import functions as F

from pipelines.paths.segments import (
    DATE_PART,
    ENDED,
    ENDINGS,
    KEY,
    PLACEHOLDER,
    SURE_FORMS,
    VERB,
    VERBED,
    YEAR_PART,
)
from pipelines.sections import PathSettings

VARIABLE_STEP = "/" + PLACEHOLDER
ROOT = ""
"""Prefix of a path's first step."""

_END = r"(?=/|$)"
_MASKS = (
    (rf"/(?:{SURE_FORMS}){_END}", VARIABLE_STEP),
    (rf"{KEY}{_END}", "({})"),
    (rf"{DATE_PART}(?=(?:{ENDINGS})?(?:/|$))", PLACEHOLDER),
    (rf"{YEAR_PART}(?={ENDINGS}$)", PLACEHOLDER),
    (rf"/(?:{SURE_FORMS})({ENDINGS}|{VERB})$", "/{}$1"),
)
"""Form, and what stands for it. No condition around them: Spark would write out the text before once for each use."""

_UNRESERVED = (("%2[Dd]", "-"), ("%2[Ee]", "."), ("%5[Ff]", "_"), ("%7[Ee]", "~"))


def normalised(path: Column) -> Column:
    """One writing of a path (RFC 3986 s. 6.2): no matrix parameters, doubled slashes or needless escapes; braces escaped."""
    text = F.regexp_replace(path, r";[^/]*", "")  # matrix parameters (RFC 3986 s. 3.3)
    text = F.replace(F.replace(text, F.lit("{"), F.lit("%7B")), F.lit("}"), F.lit("%7D"))
    text = F.regexp_replace(F.regexp_replace(text, r"/{2,}", "/"), r"(?<=.)/$", "")
    for escape, character in _UNRESERVED:
        text = F.regexp_replace(text, escape, character)
    return text


def masked(path: Column, settings: PathSettings) -> Column:
    """`/users//73519/` → `/users/{}`: normalised, and what is a variable wherever it stands is `{}`, whole or in part.

    Each form is replaced in the whole path at once: a function of every segment would be interpreted, and costs ten times more.
    """
    text = normalised(path)
    for pattern, replacement in _MASKS:
        text = F.regexp_replace(text, pattern, replacement)
    text = F.regexp_replace(text, f"^((?:/[^/]*){{{settings.max_depth}}})/.*$", "$1/**")
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
