"""API styles with collections: variants of REST, OData, endpoints with a suffix.

Every builder has the same signature: (random source, conventions, number of collections) → declared operations.
"""

from __future__ import annotations

from dataclasses import replace
from random import Random

from pipelines.simulator.vocabulary.api_conventions import ApiConventions, make_values
from pipelines.simulator.vocabulary.operation import Operation, Parameter, Responses
from pipelines.simulator.vocabulary.words import NOUNS, VERBS, draw_text, join_words


def declare_operation(
    conventions: ApiConventions,
    kind: str,
    method: str,
    template: str,
    parameters: tuple[Parameter, ...],
    responses: Responses,
    *,
    request_media: str = "",
    weight: float = 1.0,
    public: bool = False,
) -> Operation:
    """Declares an API operation with the site's callers, request modes and caching."""
    return Operation(
        kind=kind,
        is_api=True,
        method=method,
        template=template,
        parameters=parameters,
        responses=responses,
        modes=conventions.modes,
        audience=conventions.audience,
        weight=weight,
        request_media=request_media,
        cache_control=conventions.cache_control,
        public=public,
    )


# Possible operations of a REST collection: method, suffix of the template ("{}" = the entity), share of collections
# that have it and weight of its traffic. GET leads: counted 34-79 % of calls in the shared API captures, 67
# % in browsers.
_REST = (
    ("GET", "", 0.9, 10), ("POST", "", 0.6, 3), ("GET", "/{}", 0.85, 9), ("PUT", "/{}", 0.25, 1.5),
    ("PATCH", "/{}", 0.25, 1.5),
    ("DELETE", "/{}", 0.35, 1.5), ("GET", "/{}/child", 0.4, 4), ("POST", "/{}/child", 0.15, 1.5), ("GET",
    "/{}/child/{}", 0.06, 2),
    ("POST", "/{}/verb", 0.2, 1), ("GET", "/search", 0.15, 3), ("GET", "/me", 0.08, 4), ("GET",
    "/count", 0.08, 1),
    ("POST", "/bulk", 0.05, 0.5), ("HEAD", "/{}", 0.03, 0.5),
)  # fmt: skip


def declare_rest(
    rng: Random, conventions: ApiConventions, size: int, kind: str = "rest-json", media: str | None = None
) -> list[Operation]:
    """Declares collections with items, sub-collections and actions.

    The media type is JSON unless `media` is given.
    """
    operations: list[Operation] = []
    sends = media if kind in ("json-api", "xml") and media is not None else "application/json"
    for noun in rng.sample(NOUNS, size):
        root, weight = f"{conventions.base}/{conventions.collection(noun)}", rng.random() ** 2 + 0.05
        owner = conventions.variable(rng, noun)
        for method, suffix, share, traffic in _REST:
            if rng.random() > share:
                continue
            template, variables = _expanded(rng, conventions, suffix, owner)
            lists = method == "GET" and not template.endswith("}")
            parameters = variables + (conventions.query(rng, 6 if lists else 2) if method == "GET" else ())
            writes = method in ("POST", "PUT", "PATCH") and not (
                suffix.endswith("verb") and rng.random() < 0.5
            )
            if writes:
                parameters += conventions.body(rng)
            responses = conventions.responses(
                rng, method, rng.choice((900, 4000, 15000) if lists else (150, 500, 1500)), media
            )
            operations.append(
                declare_operation(
                    conventions, kind, method, root + template, parameters, responses,
                    request_media=sends if writes else "", weight=weight * traffic,
                )
            )  # fmt: skip
    return operations


def _expanded(
    rng: Random, conventions: ApiConventions, suffix: str, owner: Parameter
) -> tuple[str, tuple[Parameter, ...]]:
    """Fills "child", "verb" and "{}" in the suffix; also returns its path parameters."""
    template = suffix.replace("child", conventions.collection(rng.choice(NOUNS))).replace(
        "verb", conventions.path_word(rng.choice(VERBS))
    )
    count = template.count("{}")
    if count == 2:
        second = conventions.variable(rng, rng.choice(NOUNS))
        second = replace(second, name=f"{second.name}2") if second.name == owner.name else second
        return template.replace("{}", f"{{{owner.name}}}", 1).replace("{}", f"{{{second.name}}}"), (
            owner,
            second,
        )
    return template.replace("{}", f"{{{owner.name}}}"), (owner,) if count else ()


def declare_json_api(rng: Random, conventions: ApiConventions, size: int) -> list[Operation]:
    """Declares JSON:API 1.1."""
    return declare_rest(rng, conventions, size, "json-api", "application/vnd.api+json")


def declare_hal(rng: Random, conventions: ApiConventions, size: int) -> list[Operation]:
    """Declares HAL (draft-kelly-json-hal)."""
    return declare_rest(
        rng,
        conventions,
        size,
        "hal",
        rng.choice(("application/hal+json", "application/hal+json;charset=UTF-8")),
    )


def declare_xml_endpoints(rng: Random, conventions: ApiConventions, size: int) -> list[Operation]:
    """Declares plain XML over REST.

    Counted: 8 % of the Azure responses are XML.
    """
    return declare_rest(
        rng,
        conventions,
        size,
        "xml",
        rng.choice(("application/xml", "text/xml; charset=utf-8", "application/xml;charset=UTF-8")),
    )


def declare_odata(rng: Random, conventions: ApiConventions, size: int) -> list[Operation]:
    """Declares OData 4: `/odata/Orders('x')` and `$` options."""
    media = rng.choice(
        (
            "application/json;odata.metadata=minimal",
            "application/json; odata.streaming=true",
            "application/atom+xml",
        )
    )
    base, operations = rng.choice(("/odata", "/odata/v4", "/service.svc", conventions.base)), []
    options = tuple(
        Parameter("query", name, make_values(rng, kind), 0.4)
        for name, kind in (
            ("$top", "choice"),
            ("$skip", "step"),
            ("$select", "enum-list"),
            ("$filter", "words"),
            ("$orderby", "enum"),
        )
    )
    for noun in rng.sample(NOUNS, size):
        root, key = f"{base}/{join_words(noun, 'pascal')}s", conventions.variable(rng, noun)
        responses = conventions.responses(rng, "GET", 6000, media)
        operations.append(declare_operation(conventions, "odata", "GET", root, options, responses, weight=4))
        operations.append(
            declare_operation(
                conventions, "odata", "GET", f"{root}({{{key.name}}})", (key,), responses, weight=3
            )
        )
        if rng.random() < 0.5:
            responses = conventions.responses(rng, "PATCH", 300, media)
            body = (key, *conventions.body(rng))
            operations.append(
                declare_operation(
                    conventions,
                    "odata",
                    "PATCH",
                    f"{root}({{{key.name}}})",
                    body,
                    responses,
                    request_media="application/json",
                )
            )
    return operations


_SUFFIXES = ".json .json .json .json .php .php .asp .aspx .ashx .do .jsp .cgi .action .xml"
_FORM_OR_JSON = ("application/x-www-form-urlencoded", "application/json")


def declare_suffixed_endpoints(rng: Random, conventions: ApiConventions, size: int) -> list[Operation]:
    """Declares endpoints with an extension.

    Counted: 20 % of the browser calls end in `.json`.
    """
    suffix, operations = draw_text(rng, _SUFFIXES), []
    kind = "suffix-json" if suffix == ".json" else "script-api"
    media = "text/xml" if suffix == ".xml" else None
    for noun in rng.sample(NOUNS, size):
        root, weight = f"{conventions.base}/{conventions.collection(noun)}", rng.random() + 0.1
        responses, query = conventions.responses(rng, "GET", 2500, media), conventions.query(rng, 8)
        operations.append(
            declare_operation(conventions, kind, "GET", root + suffix, query, responses, weight=weight * 4)
        )
        if suffix in (".json", ".xml"):
            key = conventions.variable(rng, noun)
            item = f"{root}/{{{key.name}}}{suffix}"
            operations.append(
                declare_operation(conventions, kind, "GET", item, (key,), responses, weight=weight * 3)
            )
        if rng.random() < 0.6:
            path = f"{conventions.base}/{conventions.path_word(f'{rng.choice(VERBS)}-{noun}')}{suffix}"
            sends, responses = rng.choice(_FORM_OR_JSON), conventions.responses(rng, "POST", 300, media)
            body, share = conventions.body(rng), weight * 2
            operations.append(
                declare_operation(
                    conventions, kind, "POST", path, body, responses, request_media=sends, weight=share
                )
            )
    return operations
