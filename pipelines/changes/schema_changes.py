"""Comparing two versions of an endpoint's schema, keyword by keyword.

Each change comes with the stored values that would show it (`Probe`), and is breaking if requests that fitted the old schema do
not fit the new one. Endpoints that are new, removed or inactive: `spark.changes`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from pipelines.changes.schema_inclusion import (
    INTEGER_RANGES,
    URL,
    JsonSchema,
    contains,
    drop_annotations,
    find_kind,
    keyword_contains,
    list_branches,
    parse_character_pattern,
)
from pipelines.http.openapi_names import CENSUS
from pipelines.http.value_formats import (
    ARRAY,
    BY_KIND,
    JSON_ONLY,
    LIST_KINDS,
    NUMBER_KINDS,
    TEXT,
    UNFORMATTED_KINDS,
    type_of,
)
from pipelines.http.value_patterns import BITS
from pipelines.openapi.endpoint import Parameter
from pipelines.requests.json_body import ITEM, last_token, parent_pointer
from pipelines.requests.path_parameters import PLAIN
from pipelines.schemas.statistics.evidence import NAMED_KINDS, SIZED_KINDS

Effect = Literal["widened", "narrowed", "changed"]
KEYWORD_ORDER = (
    "type",
    "format",
    "enum",
    "minimum",
    "maximum",
    "minLength",
    "maxLength",
    "pattern",
    "items",
    "maxItems",
)
KINDS = (*BY_KIND, *JSON_ONLY)


@dataclass(frozen=True, slots=True)
class Probe:
    """The stored values that show a widening: those that the old schema refuses.

    If all fields are None, any value of the parameter shows it. `kinds` are kinds of value; of these values, those that show
    it are numbers or lengths `above` or `below` a limit, values that are not in `known`, characters of `classes` (indices in
    `value_patterns.CLASSES`), or values that do not start with `prefix`.
    """

    kinds: tuple[str, ...] | None = None
    above: float | None = None
    below: float | None = None
    known: tuple[str, ...] | None = None
    classes: tuple[int, ...] | None = None
    prefix: str | None = None


@dataclass(frozen=True, slots=True)
class Difference:
    """The change of one keyword.

    `keyword` may have a path before it (`items/maximum`, `string/enum`).

    `risk` is the one that the new schema states: the probability that the next honest value violates the keyword.
    """

    keyword: str
    before: Any
    after: Any
    effect: Effect
    probe: Probe | None = None
    risk: float | None = None


def find_differences(old: JsonSchema, new: JsonSchema, in_url: bool) -> list[Difference]:
    """Compares two schemas of one value.

    There are no differences if both provably accept the same values. Swapping the arguments swaps widened and narrowed.
    """
    narrowed, widened = not contains(new, old, in_url), not contains(old, new, in_url)
    if not narrowed and not widened:
        return []
    pairs = _pair_alternatives(old, new)
    differences = [
        each
        for path, before, after in pairs
        for each in _compare_keywords(path, before, after, in_url, narrowed, widened)
    ]
    narrowed &= all(each.effect == "widened" for each in differences)
    widened &= all(each.effect == "narrowed" for each in differences)
    if narrowed or widened:  # no keyword shows it: other types, or arrays of another style
        probe = _find_type_probe(old, in_url) if widened else None
        differences.append(
            Difference("type", _describe_kinds(old), _describe_kinds(new), _effect(narrowed, widened), probe)
        )
    return differences


def _pair_alternatives(old: JsonSchema, new: JsonSchema) -> list[tuple[str, JsonSchema, JsonSchema]]:
    """Pairs the alternatives of both schemas by type or format.

    Each pair comes with the path that names it.

    Empty if the types or formats of both differ.
    """
    before, after = list_branches(old), list_branches(new)
    if len(before) == len(after) == 1:
        return [("", before[0], after[0])] if before[0].get("type") == after[0].get("type") else []
    for label in (_type_name, _describe_kind):
        old_by_label, new_by_label = ({label(each): each for each in side} for side in (before, after))
        if (
            old_by_label.keys() == new_by_label.keys()
            and len(old_by_label) == len(before)
            and len(new_by_label) == len(after)
        ):
            return [(f"{name}/", old_by_label[name], new_by_label[name]) for name in sorted(old_by_label)]
    return []


def _compare_keywords(
    path: str, old: JsonSchema, new: JsonSchema, in_url: bool, narrowed: bool, widened: bool
) -> Iterator[Difference]:
    old_keywords, new_keywords = drop_annotations(old), drop_annotations(new)
    names = sorted(
        old_keywords.keys() | new_keywords.keys(),
        key=lambda name: (KEYWORD_ORDER.index(name) if name in KEYWORD_ORDER else 99, name),
    )
    for name in names:
        before, after = old_keywords.get(name), new_keywords.get(name)
        if name == "items":
            for inner in find_differences(before or {}, after or {}, in_url):
                yield Difference(
                    f"{path}items/{inner.keyword}",
                    inner.before,
                    inner.after,
                    inner.effect,
                    inner.probe,
                    inner.risk,
                )
            continue
        is_narrower = narrowed and not keyword_contains(name, new, old, in_url)
        is_wider = widened and not keyword_contains(name, old, new, in_url)
        if is_narrower or is_wider:
            probe = _find_probe(name, old, new, in_url) if is_wider else None
            risk = new.get(CENSUS, {}).get("constraints", {}).get(name, {}).get("risk")
            yield Difference(f"{path}{name}", before, after, _effect(is_narrower, is_wider), probe, risk)


def _effect(narrowed: bool, widened: bool) -> Effect:
    return "changed" if narrowed and widened else "narrowed" if narrowed else "widened"


def _type_name(schema: JsonSchema) -> str:
    return str(schema.get("type", "any"))


def _describe_kind(schema: JsonSchema) -> str:
    return find_kind(schema) or _type_name(schema)


def _describe_kinds(schema: JsonSchema) -> str:
    """Describes the alternatives of a schema: `integer or uuid`."""
    inner = sorted({_describe_kind(branch) for branch in list_branches(schema)})
    items = [
        f"array of {_describe_kinds(branch['items'])}"
        for branch in list_branches(schema)
        if branch.get("items")
    ]
    return " or ".join([form for form in inner if form != "array" or not items] + sorted(items))


def _find_probe(keyword: str, old: JsonSchema, new: JsonSchema, in_url: bool) -> Probe | None:
    """Returns the probe for the values that the old keyword refused.

    None if the stored evidence cannot show them.
    """
    before: Any = old.get(keyword)
    if keyword in ("maximum", "minimum"):
        is_top = keyword == "maximum"
        return Probe(
            NUMBER_KINDS, above=float(before) if is_top else None, below=None if is_top else float(before)
        )
    if keyword == "maxLength":
        return Probe(SIZED_KINDS, above=float(before))
    if keyword == "maxItems":
        return Probe((ARRAY,), above=float(before))
    if keyword == "enum":
        return Probe(NAMED_KINDS, known=tuple(str(value) for value in before))
    if keyword == "pattern" and (characters := parse_character_pattern(before)) is not None:
        wider = parse_character_pattern(new.get("pattern"))
        if characters.prefix and (wider is None or not wider.prefix.startswith(characters.prefix)):
            return Probe((TEXT,), prefix=characters.prefix)
        places = tuple(place for place, bit in enumerate(BITS.values()) if not bit & characters.classes)
        return Probe(UNFORMATTED_KINDS, classes=places)
    if keyword == "format" and before in INTEGER_RANGES:
        low, high = INTEGER_RANGES[before]
        return (
            Probe(NUMBER_KINDS, above=float(high))
            if new.get("minimum", low) >= low
            else Probe(NUMBER_KINDS, below=float(low))
        )
    return _find_type_probe(old, in_url) if keyword in ("format", "pattern", "type") else None


def _find_type_probe(old: JsonSchema, in_url: bool) -> Probe | None:
    """Returns the probe for kinds that the old types and formats refuse.

    None if they refuse none.
    """
    of_lists = (
        [branch.get("items", {}) for branch in list_branches(old) if branch.get("type") == "array"]
        if in_url
        else []
    )
    shapes = [shape for item in of_lists for shape in list_branches(item)] + list_branches(old)
    loose = [_drop_limits(shape) for shape in shapes]
    refused = tuple(
        kind
        for kind in KINDS
        if not any(contains(shape, _schema_of_kind(kind), in_url) for shape in loose)
        and not (of_lists and kind in LIST_KINDS)
    )
    return Probe(refused) if refused else None


def _drop_limits(schema: JsonSchema) -> dict[str, Any]:
    """Keeps the type and format of a schema.

    Limits are dropped: 32 bits are a limit, and so are the characters of free text.
    """
    kept = {"type": schema["type"]} if "type" in schema else {}
    if (kind := find_kind(schema)) is not None:
        kept |= _schema_of_kind(kind)
    return kept


def _schema_of_kind(kind: str) -> dict[str, Any]:
    recogniser = BY_KIND.get(kind)
    if recogniser is None:
        return {"type": type_of(kind)}
    if recogniser.format:
        return {"type": recogniser.type, "format": recogniser.format}
    return {"type": recogniser.type, **({"pattern": recogniser.ecma} if recogniser.writes_pattern else {})}


Kind = Literal[
    "endpoint-new", "method-new", "endpoint-removed", "endpoint-gone",
    "parameter-new", "parameter-removed", "parameter-gone",
    "widened", "narrowed", "changed",
]  # fmt: skip
"""`removed`: the new document no longer has it. `gone`: the document has it, but it is no longer in the traffic."""
Place = tuple[str, str]
REQUIRED, PATH, MEDIA_TYPE = "required", "path", "content"
"""Keywords in addition to those of JSON Schema: a parameter is required; variants of the path; media types of bodies."""


@dataclass(frozen=True, slots=True)
class SchemaVersion:
    """An endpoint's schema in one version."""

    parameters: tuple[Parameter, ...] = ()
    path_variants: tuple[str, ...] = (PLAIN,)
    media_types: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Change:
    """One change of an endpoint's schema.

    `before` and `after` are the JSON values in the documents.
    """

    kind: Kind
    location: str
    name: str
    keyword: str
    before: Any
    after: Any
    is_breaking: bool
    probe: Probe | None = None
    risk: float | None = None


def compare_versions(old: SchemaVersion, new: SchemaVersion) -> list[Change]:
    """Returns all changes from `old` to `new`, in order of location, name and keyword.

    There are no changes if both accept the same requests. If none is breaking, `new` accepts every request that `old` accepts.
    """
    before, after = (
        {(parameter.location, parameter.name): parameter for parameter in side.parameters}
        for side in (old, new)
    )
    changes = [
        *_compare_sets(("path", "", PATH), old.path_variants, new.path_variants),
        *_compare_sets(("body", "", MEDIA_TYPE), old.media_types, new.media_types),
    ]
    for place in sorted(before.keys() | after.keys()):
        if place not in after:
            changes.append(Change("parameter-removed", *place, "", None, None, is_breaking=True))
        elif place not in before:
            changes.append(_describe_new_parameter(place, after[place], before))
        else:
            changes.extend(_compare_parameters(place, before[place], after[place]))
    return changes


def _compare_sets(
    place: tuple[str, str, str], old: tuple[str, ...], new: tuple[str, ...]
) -> Iterator[Change]:
    """Compares two sets: variants of the path, or media types of bodies.

    Losing an element is breaking, as it is then refused.
    """
    before, after = set(old), set(new)
    if before != after:
        kind: Kind = "widened" if before < after else "narrowed" if after < before else "changed"
        yield Change(kind, *place, sorted(before), sorted(after), is_breaking=kind != "widened")


def _describe_new_parameter(place: Place, parameter: Parameter, before: Mapping[Place, Parameter]) -> Change:
    is_breaking = parameter.required and _is_expected(place, before)
    return Change(
        "parameter-new", *place, "", None, REQUIRED if parameter.required else None, is_breaking, Probe()
    )


def _is_expected(place: Place, before: Mapping[Place, Parameter]) -> bool:
    """Whether requests that were valid before may lack a new parameter.

    A member of a body is expected only inside its object, which must have been known.
    """
    location, name = place
    return location != "body" or ("body", parent_pointer(name)) in before


def _compare_parameters(place: Place, old: Parameter, new: Parameter) -> list[Change]:
    location, name = place
    changes = [_to_change(place, each) for each in find_differences(old.schema, new.schema, location in URL)]
    if old.required != new.required and not (location == "body" and last_token(name) == ITEM):
        kind: Kind = "narrowed" if new.required else "widened"
        changes.append(
            Change(kind, location, name, REQUIRED, old.required, new.required, is_breaking=new.required)
        )
    return changes


def _to_change(place: Place, difference: Difference) -> Change:
    return Change(
        difference.effect,
        *place,
        difference.keyword,
        difference.before,
        difference.after,
        is_breaking=difference.effect != "widened",
        probe=difference.probe,
        risk=difference.risk,
    )


def carry_over(
    old: Sequence[Parameter], new: Sequence[Parameter], changes: Sequence[Change]
) -> list[Parameter]:
    """Returns the old parameters, with the new evidence for those that did not change.

    The two documents then differ by the changes alone.
    """
    touched = {(change.location, change.name) for change in changes}
    now = {(parameter.location, parameter.name): parameter for parameter in new}
    return [
        parameter if (place := (parameter.location, parameter.name)) in touched else now.get(place, parameter)
        for parameter in old
    ]
