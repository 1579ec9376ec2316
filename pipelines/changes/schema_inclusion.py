"""Inclusion: whether one learned schema accepts every value of another.

This partial order decides whether a change widens or narrows. It errs on one side only: a yes is proven, and whatever cannot be
proven is a no. Keywords have the meaning of JSON Schema 2020-12 (Validation, s. 6 and 7). In a URL all values are strings, so
there the digits of an integer fit a string, and a single value fits an array.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from typing import Any, NamedTuple

from jsonschema import Draft202012Validator

from pipelines.http.numbers import parse_number
from pipelines.http.openapi_names import CENSUS
from pipelines.http.value_formats import BY_KIND, VALUE_FORMATS
from pipelines.http.value_patterns import BITS, bracket_expression, classes_of
from pipelines.schemas.inference.json_schema import COMMA_LIST, PIPE_LIST, SPACE_LIST
from pipelines.schemas.statistics.prefix import escape_for_pattern

JsonSchema = Mapping[str, Any]
URL = ("path", "query", "item", "key", "form", "header", "cookie", "part", "file")
"""Locations whose values are serialised as strings."""
AT_MOST = ("maximum", "maxLength", "maxItems")
AT_LEAST = ("minimum", "minLength", "minItems")
INTEGER_RANGES = {"int32": (-(2**31), 2**31 - 1), "int64": (-(2**63), 2**63 - 1)}
"""OpenAPI Format Registry."""
NUMBER_CHARACTERS = BY_KIND["number"].longest
SEPARATORS = {COMMA_LIST: BITS["punctuation"], PIPE_LIST: BITS["dangerous"], SPACE_LIST: BITS["space"]}
"""Character classes of the separators between the items of an array."""
_LETTERS = BITS["lower"] | BITS["upper"]
_WORD = _LETTERS | BITS["digit"]
CLASSES_OF_KINDS = {
    "uuid": _WORD | BITS["hyphen"], "date": BITS["digit"] | BITS["hyphen"], "ipv4": BITS["digit"] | BITS["dot"],
    "digits": BITS["digit"], "ulid": _WORD, "objectid": _WORD, "hex32": _WORD, "hex40": _WORD, "hex64": _WORD,
}  # fmt: skip
"""Kinds of string whose syntax limits characters and length, whether or not a validator checks the format."""
_FORMATS = {recogniser.format: recogniser.kind for recogniser in VALUE_FORMATS if recogniser.format}
_PATTERNS = {recogniser.ecma: recogniser.kind for recogniser in VALUE_FORMATS if recogniser.writes_pattern}


def contains(new: JsonSchema, old: JsonSchema, in_url: bool) -> bool:
    """Whether `new` provably accepts every value that `old` accepts. Reflexive."""
    return all(
        any(_is_included(one, other, in_url) for other in list_branches(new)) for one in list_branches(old)
    )


def list_branches(schema: JsonSchema) -> list[JsonSchema]:
    """Lists the alternatives of a schema: those of its `anyOf`, or else itself."""
    return list(schema["anyOf"]) if "anyOf" in schema else [schema]


def drop_annotations(schema: JsonSchema) -> dict[str, Any]:
    """Returns the schema without the extensions that only describe it (`x-...`)."""
    return {key: value for key, value in schema.items() if not key.startswith("x-")}


def find_kind(schema: JsonSchema) -> str | None:
    """Returns the kind of value that a `format` or a recogniser's pattern stands for."""
    return _FORMATS.get(str(schema.get("format"))) or _PATTERNS.get(str(schema.get("pattern")))


class AllowedCharacters(NamedTuple):
    """The strings that start with `prefix` and continue with characters of `classes`.

    `classes` is a set of bits (`value_patterns.BITS`).
    """

    classes: int
    prefix: str = ""

    def contains(self, other: AllowedCharacters) -> bool:
        """Whether every string of `other` is one of these."""
        rest = other.prefix.removeprefix(self.prefix)
        has_prefix = other.prefix.startswith(self.prefix)
        return has_prefix and (classes_of(rest) | other.classes) & ~self.classes == 0


def parse_character_pattern(pattern: str | None) -> AllowedCharacters | None:
    """Parses a pattern that learning made of a prefix and character classes.

    None if it is another pattern.
    """
    if pattern is None:
        return None
    for place, sign in enumerate(pattern):
        if sign == "[" and (classes := _classes_by_ending().get(pattern[place:])) is not None:
            prefix = re.sub(r"\\(.)", r"\1", pattern[1:place])
            return (
                AllowedCharacters(classes, prefix)
                if pattern[:place] == f"^{escape_for_pattern(prefix)}"
                else None
            )
    return None


def keyword_contains(keyword: str, new: JsonSchema, old: JsonSchema, in_url: bool) -> bool:
    """Whether one keyword of `new` holds for every value that `old` accepts.

    Both schemas are of one type.
    """
    if keyword not in new or new[keyword] == old.get(keyword):
        return True
    if keyword == "type":
        return new["type"] == "number" and old.get("type") == "integer"
    if keyword in AT_MOST:
        most = _upper_limit(keyword, old)
        return most is not None and most <= new[keyword]
    if keyword in AT_LEAST:
        least = _number_range(old)[0] if keyword == "minimum" else old.get(keyword)
        return least is not None and least >= new[keyword]
    if keyword == "items":
        return contains(new["items"], old.get("items", {}), in_url)
    if keyword == "pattern":
        allowed, possible = parse_character_pattern(new["pattern"]), _characters(old)
        return allowed is not None and possible is not None and allowed.contains(possible)
    if keyword == "format" and new["format"] in INTEGER_RANGES:
        low, high = INTEGER_RANGES[new["format"]]
        least, most = _number_range(old)
        return least is not None and most is not None and low <= least and most <= high
    return False  # also for a keyword that learning does not write: it must be unchanged


def _is_included(old: JsonSchema, new: JsonSchema, in_url: bool) -> bool:
    old, new = _unwrap(old), _unwrap(new)
    wanted = drop_annotations(new)
    if not wanted or wanted == drop_annotations(old):
        return _same_style(old, new)
    if "enum" in old:
        return all(accepts(new, value, in_url) for value in old["enum"])
    if "type" not in old:
        return False
    if in_url and new.get("type") == "array" and old["type"] != "array":
        return _is_one_item(old, new) and contains(new.get("items", {}), old, in_url)
    if in_url and new.get("type") == "string" and old["type"] in ("integer", "number", "boolean"):
        return _is_included(_string_schema(old), new, in_url)
    return _same_style(old, new) and all(keyword_contains(key, new, old, in_url) for key in wanted)


def accepts(schema: JsonSchema, value: Any, in_url: bool) -> bool:
    """Whether a schema accepts a value.

    In a URL, whether it accepts any reading of the string.
    """
    validator = Draft202012Validator(dict(schema), format_checker=Draft202012Validator.FORMAT_CHECKER)
    readings = [value, *_other_readings(value)] if in_url and isinstance(value, str) else [value]
    return any(validator.is_valid(reading) for reading in readings)


def _other_readings(text: str) -> list[Any]:
    """Returns the other values that a string in a URL may stand for."""
    readings: list[Any] = [text == "true"] if text in ("true", "false") else []
    number = parse_number(text)
    return readings if number is None else [*readings, number]


def _unwrap(schema: JsonSchema) -> JsonSchema:
    """Unwraps `anyOf` with a single alternative; what describes the whole is dropped."""
    while len(schema.get("anyOf", ())) == 1 and not drop_annotations(schema).keys() - {"anyOf"}:
        schema = schema["anyOf"][0]
    return schema


def _same_style(old: JsonSchema, new: JsonSchema) -> bool:
    """Whether both are arrays of one style, separated or repeated.

    Only the rule in `x-census` shows the style.
    """
    return old.get("type") != "array" or "type" not in new or _separator(old) == _separator(new)


def _separator(schema: JsonSchema) -> int:
    """Returns the character class of an array's separator; 0 if it has none."""
    return SEPARATORS.get(str(schema.get(CENSUS, {}).get("rule")), 0)


def _is_one_item(old: JsonSchema, new: JsonSchema) -> bool:
    """Whether every value of `old` is a single item, as it cannot hold the separator."""
    separator = _separator(new)
    characters = _characters(old)
    has_none = old["type"] != "string" or (
        characters is not None and not _all_classes(characters) & separator
    )
    return has_none or not separator


def _all_classes(characters: AllowedCharacters) -> int:
    return characters.classes | classes_of(characters.prefix)


def _string_schema(schema: JsonSchema) -> dict[str, Any]:
    """Returns a string schema that accepts the serialised numbers or booleans."""
    if schema["type"] == "boolean":
        return {"type": "string", "enum": ["true", "false"]}
    if schema["type"] == "integer":
        least, most = _number_range(schema)
        longest = (
            BY_KIND["integer"].longest if least is None or most is None else max(map(_digits, (least, most)))
        )
        allowed = BITS["digit"] | (0 if least is not None and least >= 0 else BITS["hyphen"])
        return {"type": "string", "maxLength": longest, "pattern": f"^{bracket_expression(allowed)}*$"}
    return {"type": "string", "maxLength": NUMBER_CHARACTERS}


def _digits(number: float) -> int:
    return len(str(int(number)))


def _number_range(schema: JsonSchema) -> tuple[float | None, float | None]:
    """Returns the smallest and the greatest number by limits and format; None: any."""
    low, high = INTEGER_RANGES.get(str(schema.get("format")), (None, None))
    least, most = schema.get("minimum", low), schema.get("maximum", high)
    return (least if low is None else max(least, low)), (most if high is None else min(most, high))


def _upper_limit(keyword: str, schema: JsonSchema) -> float | None:
    if keyword == "maximum":
        return _number_range(schema)[1]
    stated = schema.get(keyword)
    kind = find_kind(schema)
    if keyword != "maxLength" or kind not in CLASSES_OF_KINDS:
        return None if stated is None else float(stated)
    longest = BY_KIND[kind].longest
    return float(longest if stated is None else min(longest, stated))


def _characters(schema: JsonSchema) -> AllowedCharacters | None:
    """Returns the characters that a string of this schema can have; None: any."""
    if schema.get("maxLength") == 0:
        return AllowedCharacters(0)
    classes = CLASSES_OF_KINDS.get(find_kind(schema) or "")
    return parse_character_pattern(schema.get("pattern")) if classes is None else AllowedCharacters(classes)


@cache
def _classes_by_ending() -> dict[str, int]:
    """Maps every ending of a pattern that learning can write to its character classes."""
    written = BITS["other"]  # a complement, which no bracket holds
    return {f"{bracket_expression(bits)}*$": bits for bits in range(1, 1 << len(BITS)) if not bits & written}
