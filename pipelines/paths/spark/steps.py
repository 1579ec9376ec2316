r"""Steps of a path: segments and the extension or custom method of the last one.

Column layer. A path is split into steps whose texts, joined, are the path again: `/users`, `/{}`, `.json` or `:cancel`. An
ordinary segment begins with `/`, an extension with `.`, a custom method with `:`.
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
    """Normalises a path, so that equal paths are written alike.

    Removes matrix parameters (RFC 3986 s. 3.3) and doubled and trailing slashes (so `/` becomes empty); escapes braces.
    """
    text = F.regexp_replace(path, r";[^/]*", "")
    text = F.replace(F.replace(text, F.lit("{"), F.lit("%7B")), F.lit("}"), F.lit("%7D"))
    return F.rtrim(F.regexp_replace(text, r"/{2,}", "/"), F.lit("/"))


def has_identifier_form(segment: Column) -> Column:
    """Whether a segment looks like an identifier and is not a version."""
    return segment.rlike(VARIABLE) & ~segment.rlike(LITERAL)


def mask_path(path: Column, settings: PathSettings) -> Column:
    """Normalises a path and masks its identifiers: `/users//73519/` → `/users/{}`.

    Segments, and parts of segments, that are identifiers wherever they occur become `{}`. Each format is replaced in the
    whole path at once: a function of every segment would be interpreted, and costs ten times more. Most paths hold no
    character that half of the patterns look for: one search for any of these characters saves those.
    """
    usual = _replaced(
        F.rtrim(path, F.lit("/")), [mask for mask in MASKS if mask not in UNUSUAL_MASKS], settings
    )
    # unnecessary escapes: RFC 3986 s. 6.2.2.2
    return F.when(
        path.rlike(UNUSUAL_SIGNS), _replaced(normalise_path(path), [*UNRESERVED, *MASKS], settings)
    ).otherwise(usual)


def _replaced(text: Column, patterns: Sequence[tuple[str, str]], settings: PathSettings) -> Column:
    for pattern, replacement in patterns:
        text = F.regexp_replace(text, pattern, replacement)
    text = F.regexp_replace(text, f"^((?:/[^/]*){{{settings.max_depth}}})/.*$", f"$1{DEEPER}")
    return F.regexp_replace(text, "^$", "/")


def split_steps(masked_path: Column) -> Column:
    """Splits a masked path into an array of steps, which joined are the path.

    Parts are marked first, with a doubled slash, which no such path holds: this costs a third of one pattern for everything.
    """
    marked = F.regexp_replace(masked_path, f"(?=[.:]){SUFFIX_START}", "//")
    return F.split(marked, "//|(?=/)")


def guess_steps(masked_path: Column) -> Column:
    """Splits a path into steps, with `/{}` for identifiers that are not versions.

    This is the first guess, from the format of each segment alone.
    """
    return split_steps(F.regexp_replace(masked_path, TYPED_SEGMENT, VARIABLE_STEP))
