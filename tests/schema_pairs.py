"""Hypothesis strategies: learned schemas, and values on each side of the limits."""

from __future__ import annotations

import re
from typing import Any

from hypothesis import strategies as st
from jsonschema import Draft202012Validator, FormatChecker

from pipelines.http.value_formats import BY_KIND, VALUE_FORMATS
from pipelines.http.value_patterns import BITS, bracket_expression
from pipelines.openapi.endpoint import Parameter

JsonSchema = dict[str, Any]
NUMBERS = [-(2**40), -(2**31) - 1, -5, -1, 0, 1, 5, 99, 100, 101, 1000, 2**31 - 1, 2**31, 2**40]
TEXTS = [
    *("", "a", "b", "abc", "A-b_c.9", "a,b", "5", "-5", "007", "99", "100", "1e5", "1.5", "true", "false", "null"),
    *("x" * 63, "x" * 65, "é", "a b", "<x>", "2026-06-01", "1.2.3.4", "1.2.3", "en-US", "https://a.example/x", "a@b.example"),
    *("550e8400-e29b-41d4-a716-446655440000", "d41d8cd98f00b204e9800998ecf8427e", "2147483648", "-2147483649", "1" * 20),
    "1718000000",
]  # fmt: skip
CLASSES = st.sets(st.sampled_from(sorted(BITS.keys() - {"other", "space", "dangerous"})), min_size=1).map(
    lambda names: f"^{bracket_expression(sum(BITS[name] for name in names))}*$"
) | st.sampled_from(
    [
        "^a[a-z]*$",
        "^A-[a-z]*$",
        "^A-b_[a-z.0-9]*$",
        r"^1\.[a-z.0-9]*$",
        "^A-[a-zA-Z0-9_.-]*$",
        "^A-b[a-zA-Z0-9_.-]*$",
    ]
)
limits = st.sampled_from([0, 1, 2, 5, 64, 65, 100])


def _with(base: JsonSchema, **optional: st.SearchStrategy[Any]) -> st.SearchStrategy[JsonSchema]:
    return st.fixed_dictionaries({}, optional=optional).map(lambda more: {**base, **more})


integers = _with(
    {"type": "integer"},
    format=st.sampled_from(["int32", "int64"]),
    minimum=st.sampled_from(NUMBERS),
    maximum=st.sampled_from(NUMBERS),
)
numbers = _with({"type": "number"}, minimum=st.sampled_from(NUMBERS), maximum=st.sampled_from(NUMBERS))
free_texts = _with({"type": "string"}, maxLength=limits, pattern=CLASSES)
enums = st.lists(st.sampled_from(TEXTS), min_size=1, max_size=5, unique=True).map(
    lambda values: {"type": "string", "enum": values}
)
formats = st.sampled_from([r.format for r in VALUE_FORMATS if r.format]).map(
    lambda name: {"type": "string", "format": name}
)
patterns = st.sampled_from([r.ecma for r in VALUE_FORMATS if r.writes_pattern]).map(
    lambda pattern: {"type": "string", "pattern": pattern}
)
scalars = st.one_of(
    integers, numbers, free_texts, enums, formats, patterns, st.just({"type": "boolean"}), st.just({})
)
unions = st.lists(scalars, min_size=2, max_size=3).map(lambda members: {"anyOf": members})
flat = scalars | unions
lists = st.builds(
    lambda items, rule: {"type": "array", "items": items, "x-census": {"rule": rule}},
    flat,
    st.sampled_from(["comma-list", "repeated-name"]),
)
in_url = flat | lists
in_body = (
    flat | _with({"type": "array"}, maxItems=limits) | st.sampled_from([{"type": "object"}, {"type": "null"}])
)


def changed_schemas(schema: JsonSchema) -> st.SearchStrategy[JsonSchema]:
    """Draws schemas near this one: one keyword less, another limit, one more branch."""
    without = [
        {key: value for key, value in schema.items() if key != name}
        for name in schema
        if name not in ("type", "items")
    ]
    limited = [
        {**schema, key: limit}
        for key in schema
        if key in ("minimum", "maximum", "maxLength")
        for limit in NUMBERS
        if limit >= 0
    ]
    near = st.sampled_from(
        [*without, *limited, schema] if "x-census" not in schema and "anyOf" not in schema else [schema]
    )
    return near | scalars.map(
        lambda other: {"anyOf": [*schema.get("anyOf", [schema]), other]} if "items" not in schema else schema
    )


words = CLASSES.map(lambda pattern: {"type": "string", "pattern": pattern})
sized = st.sampled_from(["int32", "int64"]).map(lambda name: {"type": "integer", "format": name}) | integers
families = (
    integers,
    numbers,
    sized,
    words,
    free_texts,
    enums | free_texts,
    patterns | words,
    formats | words,
    in_url,
)
"""Strangers rarely contain each other, relatives do."""
listed = words | enums
relatives = st.sampled_from(families).flatmap(lambda family: st.tuples(family, family)) | st.tuples(
    listed, listed.map(lambda items: {"type": "array", "items": items, "x-census": {"rule": "comma-list"}})
)
url_pairs = relatives | in_url.flatmap(lambda old: st.tuples(st.just(old), changed_schemas(old) | in_url))
body_pairs = relatives | in_body.flatmap(lambda old: st.tuples(st.just(old), changed_schemas(old) | in_body))
BODY_VALUES: list[Any] = [
    *NUMBERS,
    *TEXTS,
    1.5,
    99.5,
    True,
    False,
    None,
    {},
    *([1] * size for size in (0, 1, 3, 70, 101)),
]
URL_VALUES: list[str | tuple[str, ...]] = [
    *TEXTS,
    *map(str, NUMBERS),
    ("a",),
    ("5", "100"),
    ("a", "1.5"),
    ("a,b", "x"),
]
"""A text, or several of one name."""


def _is_within(low: int, high: int) -> Any:
    return lambda value: not isinstance(value, int) or isinstance(value, bool) or low <= value <= high


CHECKER = FormatChecker(formats=Draft202012Validator.FORMAT_CHECKER.checkers.keys())
CHECKER.checkers = {
    **Draft202012Validator.FORMAT_CHECKER.checkers,
    "int32": (_is_within(-(2**31), 2**31 - 1), ()),
    "int64": (_is_within(-(2**63), 2**63 - 1), ()),
}


def is_valid(schema: JsonSchema, value: Any) -> bool:
    """Returns whether a validator that knows all formats accepts the value.

    The oracle, which shares no code with the tested module.
    """
    return bool(Draft202012Validator(schema, format_checker=CHECKER).is_valid(value))


def fits_url(schema: JsonSchema, value: str | tuple[str, ...]) -> bool:
    """Returns whether a gateway accepts a text for a parameter with this schema.

    Several texts are values of one repeated name.
    """
    if isinstance(value, tuple):
        if len(value) == 1:
            return fits_url(schema, value[0])
        return any(_takes_names(one, value) for one in schema.get("anyOf", [schema]))
    if "anyOf" in schema:
        return any(fits_url(one, value) for one in schema["anyOf"])
    if schema.get("type") == "array":
        parts = value.split(",") if schema["x-census"]["rule"] == "comma-list" else [value]
        return all(fits_url(schema["items"], part) for part in parts)
    readings: list[Any] = [value]
    if re.fullmatch(BY_KIND["number"].python, value):
        readings.append(float(value) if re.search("[.eE]", value) else int(value))
    if value in ("true", "false"):
        readings.append(value == "true")
    return any(is_valid(schema, reading) for reading in readings)


def _takes_names(schema: JsonSchema, values: tuple[str, ...]) -> bool:
    """Accepts several values of one name for arrays, and for undescribed parameters."""
    if schema.get("type") == "array":
        return schema["x-census"]["rule"] != "comma-list" and all(
            fits_url(schema["items"], value) for value in values
        )
    return not schema


def parameters(names: st.SearchStrategy[tuple[str, str]]) -> st.SearchStrategy[tuple[Parameter, ...]]:
    """Draws parameters of one endpoint, each location and name once."""

    def built(place: tuple[str, str]) -> st.SearchStrategy[Parameter]:
        schema = in_body if place[0] == "body" else in_url
        return st.builds(Parameter, st.just(place[0]), st.just(place[1]), schema, st.booleans(), st.just(1))

    places = st.lists(names, unique=True, max_size=4).map(sorted)
    return places.flatmap(lambda found: st.tuples(*map(built, found)))
