r"""Steps of a path: segments, and the parts of the last one that say something by themselves. Column layer.

A path is cut into steps whose texts, joined, are the path again: `/users`, `/{}`, `.json` or `:cancel`. An ordinary segment
begins with `/`, an extension with `.`, a custom method with `:`.
"""

from __future__ import annotations

from collections.abc import Sequence

from pyspark.sql import Column
from pyspark.sql import functions as F

from pipelines.http.segment_formats import (
    DEEPER,
    LITERAL,
    MASKS,
    SUFFIX_START,
    TYPED_SEGMENT,
    UNRESERVED,
    UNUSUAL_MASKS,
    UNUSUAL_SIGNS,
    VARIABLE,
    VARIABLE_STEP,
)
from pipelines.runtime.settings_sections import PathSettings


def normalise_path(path: Column) -> Column:
    """One writing of a path: no matrix parameters (RFC 3986 s. 3.3), doubled or last slashes, so none for `/`; braces escaped."""
    text = F.regexp_replace(path, r";[^/]*", "")
    text = F.replace(F.replace(text, F.lit("{"), F.lit("%7B")), F.lit("}"), F.lit("%7D"))
    return F.rtrim(F.regexp_replace(text, r"/{2,}", "/"), F.lit("/"))


def has_identifier_form(segment: Column) -> Column:
    """Whether a segment has the form of an identifier and is no version."""
    return segment.rlike(VARIABLE) & ~segment.rlike(LITERAL)


def mask_path(path: Column, settings: PathSettings) -> Column:
    """`/users//73519/` → `/users/{}`: one writing, and what is a variable wherever it stands is `{}`, whole or in part.

    Each form is replaced in the whole path at once: a function of every segment would be interpreted, and costs ten times more.
    Most paths hold no sign that half of the patterns are about: one search for any of them spares those.
    """
    usual = _replaced(
        F.rtrim(path, F.lit("/")), [mask for mask in MASKS if mask not in UNUSUAL_MASKS], settings
    )
    # needless escapes: RFC 3986 s. 6.2.2.2
    return F.when(
        path.rlike(UNUSUAL_SIGNS), _replaced(normalise_path(path), [*UNRESERVED, *MASKS], settings)
    ).otherwise(usual)


def _replaced(text: Column, patterns: Sequence[tuple[str, str]], settings: PathSettings) -> Column:
    for pattern, replacement in patterns:
        text = F.regexp_replace(text, pattern, replacement)
    text = F.regexp_replace(text, f"^((?:/[^/]*){{{settings.max_depth}}})/.*$", f"$1{DEEPER}")
    return F.regexp_replace(text, "^$", "/")


def split_steps(masked_path: Column) -> Column:
    """A masked path → array of its steps; their texts joined are the path.

    A part is marked by what no such path holds, a doubled slash: searched for by itself it costs a third of one pattern for all.
    """
    marked = F.regexp_replace(masked_path, f"(?=[.:]){SUFFIX_START}", "//")
    return F.split(marked, "//|(?=/)")


def guess_steps(masked_path: Column) -> Column:
    """The first guess: the steps, with `/{}` for what has the form of an identifier and is no version."""
    return split_steps(F.regexp_replace(masked_path, TYPED_SEGMENT, VARIABLE_STEP))
