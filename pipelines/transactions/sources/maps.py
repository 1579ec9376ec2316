"""Maps of names and values that hostile JSON filled: repeated names, any case. Columns only.

`transform_keys`, `map_from_entries` and their kin fail on repeated keys unless a session setting says
otherwise; `from_json` lets them pass. So names are made unique first, and only where they are not (each check
costs next to nothing, rebuilding a map some microseconds).
"""

from __future__ import annotations

from collections.abc import Callable

from pyspark.sql import Column
from pyspark.sql import functions as F

_JOINT = "\n"
_REPEATED = r"(?:\A|\n)([^\n]*+)\n\1(?:\n|\z)"
"""Of sorted names, joined: one that may stand there twice. Spark's sets of texts are not compiled and cost ten times as much."""


def with_lower_names(names: Column) -> Column:
    """map<string,string> -> with lower-case names; of names that become equal the first. Null stays null."""
    keys = F.map_keys(names)
    joined = F.array_join(keys, _JOINT)
    is_clean = (F.lower(joined) == joined) & _are_unique(keys)
    return F.when(is_clean, names).otherwise(_first_of_each(F.map_entries(names), F.lower))


def with_unique_names(names: Column) -> Column:
    """map<string,string> -> the same, of a repeated name the first. Null stays null."""
    return F.when(_are_unique(F.map_keys(names)), names).otherwise(
        _first_of_each(F.map_entries(names), lambda name: name)
    )


def _are_unique(keys: Column) -> Column:
    """Whether no name is there twice. Null of null."""
    joined = F.array_join(F.sort_array(keys), _JOINT)
    return (
        (F.size(keys) < 2)
        | ~joined.rlike(_REPEATED)
        | (F.size(F.array_distinct(keys)) == F.size(keys))  # a name may hold the joint itself
    )


def cookies_of(header: Column) -> Column:
    """A Cookie header (RFC 6265 s. 4.2.1) -> map, of a repeated name the first. Null stays null."""
    entries = F.transform(
        F.split(header, "; ?"),
        lambda pair: F.struct(
            F.trim(F.substring_index(pair, "=", 1)).alias("key"),
            F.when(pair.contains("="), F.trim(F.substring(pair, F.locate("=", pair) + 1, F.length(pair))))
            .otherwise("")
            .alias("value"),
        ),
    )
    return _first_of_each(F.filter(entries, lambda entry: entry["key"] != ""), lambda name: name)


def _first_of_each(entries: Column, folded: Callable[[Column], Column]) -> Column:
    """array<struct<key,value>> -> a map of the first entry of each folded key; n log n in hostile input."""
    numbered = F.transform(
        entries,
        lambda entry, at: F.struct(
            folded(entry["key"]).alias("key"), at.alias("at"), entry["value"].alias("value")
        ),
    )
    # A lambda's argument is computed once: the only way to name an intermediate array within an expression.
    kept = F.transform(
        F.array(F.array_sort(numbered)),
        lambda ordered: F.filter(
            ordered, lambda entry, at: (at == 0) | (entry["key"] != F.get(ordered, at - 1)["key"])
        ),
    )[0]
    return F.map_from_entries(F.transform(kept, lambda entry: F.struct(entry["key"], entry["value"])))
