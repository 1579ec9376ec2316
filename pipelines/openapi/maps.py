"""Objects whose members' names are data → keywords of JSON Schema: one schema of all values, and a pattern of the names."""

from __future__ import annotations

from pipelines.http.json_values import JsonSchema
from pipelines.schemas.recognisers import BY_KIND, INTEGER, RECOGNISERS

_OF_FORMAT = {one.format: one.ecma for one in RECOGNISERS if one.format}


def entries(values: JsonSchema, keys: JsonSchema | None, has_names: bool) -> JsonSchema:
    """The keywords of a map whose values and keys have these schemas; `has_names` beside the keys.

    Where an object has both names and keys, only what matches the pattern of the keys is known to be an entry: a rare name that
    was left out must not be taken for one. So nothing is said without a pattern there.
    """
    pattern = pattern_of(keys or {})
    if has_names:
        return {"patternProperties": {pattern: values}} if pattern else {}
    limit = {name: keys[name] for name in ("maxLength", "x-census") if keys and name in keys}
    return {
        "additionalProperties": values,
        **({"propertyNames": {"pattern": pattern, **limit}} if pattern else {}),
    }


def pattern_of(schema: JsonSchema) -> str | None:
    """The pattern of keys that a schema of texts is about; None where they may be any."""
    if "anyOf" in schema:
        patterns = [pattern_of(one) for one in schema["anyOf"]]
        known = sorted({one for one in patterns if one is not None})
        return "|".join(known) if known and None not in patterns else None
    if schema.get("type") == "integer":
        return BY_KIND[INTEGER].ecma
    if schema.get("format") in _OF_FORMAT:
        return _OF_FORMAT[schema["format"]]
    pattern = schema.get("pattern")
    return str(pattern) if pattern is not None else None
