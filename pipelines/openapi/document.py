"""The OpenAPI 3.1 document of one host.

Operation ids are unique and stay the same from run to run.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from pipelines.http.openapi_names import CENSUS, CENSUS_METHODS, PATH_ITEM_METHODS
from pipelines.http.path_template import PLACEHOLDER, Template, make_names_unique
from pipelines.http.text import replace_surrogates, to_single_line
from pipelines.openapi.endpoint import Endpoint, timestamp
from pipelines.openapi.merge import ParsedEndpoint, busiest_first, merge_endpoints, parse_endpoint
from pipelines.openapi.parameters import parameter_objects
from pipelines.openapi.request_body import build_request_body
from pipelines.requests.path_parameters import apply_path_variant
from pipelines.schemas.inference.json_schema import constraint_evidence, is_enforceable

CLEAN_LITERAL = r"[a-z][a-z0-9]*(?:-[a-z][a-z0-9]*)*"
CLEAN_NAME = r"[A-Za-z][A-Za-z0-9]*"
BY = "by"
GENERIC_SEGMENT = r"(?:api|rest|rpc|v[0-9]+(?:\.[0-9]+)*)"
ID_CHARACTERS = 100
HASH_CHARACTERS = 10
TAG_CHARACTERS = 64


def operation_id(method: str, path: str) -> str:
    """Makes an operation id from method and path alone.

    `GET /users/{userId}/order-items` → `get_users_by_userId_orderItems`. Simple paths have different ids by construction (a
    literal `by` or an underscore is not simple); all others get a hash of method and path, so that a new endpoint never changes
    the id of another.
    """
    words, is_simple = [_word(method.lower())], re.fullmatch("[A-Z]+", method) is not None
    for segment in path.split("/")[1:] if path != "/" else []:
        placeholder = re.fullmatch(PLACEHOLDER, segment)
        if placeholder:
            words += [BY, _word(placeholder[1])]
            is_simple = is_simple and re.fullmatch(CLEAN_NAME, placeholder[1]) is not None
        else:
            words.append(_word(segment))
            is_simple = is_simple and segment != BY and re.fullmatch(CLEAN_LITERAL, segment) is not None
    simple = "_".join(word for word in words if word)
    if is_simple and len(simple) <= ID_CHARACTERS:
        return simple
    digest = hashlib.sha256(f"{method} {path}".encode()).hexdigest()[:HASH_CHARACTERS]
    return f"{simple[: ID_CHARACTERS - HASH_CHARACTERS - 1]}_{digest}".lstrip("_")


def tag_of(template: Template) -> str | None:
    """Returns the first literal segment that names something; None if there is none.

    `/api/v2/users/{id}` → `users`.
    """
    for segment in template.shape.split("/"):
        if segment and "{}" not in segment and not re.fullmatch(GENERIC_SEGMENT, segment, re.IGNORECASE):
            return to_single_line(segment, TAG_CHARACTERS)
    return None


def _word(text: str) -> str:
    """Returns the letters and digits of a text in camel case."""
    first, *rest = [part for part in re.split(r"[^A-Za-z0-9]+", text) if part] or [""]
    return first + "".join(part[0].upper() + part[1:] for part in rest)


NOTHING_SUCCESSFUL = "no request had a 2xx response"
NOT_YET = "nothing was learned from its requests: `learn` has not run since, or their clients were excluded"


def unlearned_census(endpoint: Endpoint) -> dict[str, Any]:
    """Returns the members of `x-census` that say why no schema was learned.

    They are `learned: false`, the reason and the threshold; nothing where a schema was learned.
    """
    if endpoint.learned_from:
        return {}
    least = endpoint.min_to_learn
    threshold = {} if least is None else {"min_probability_to_learn": round(least, 4)}
    return {"learned": False, "not_learned_because": _reason(endpoint), **threshold}


def _reason(endpoint: Endpoint) -> str:
    found, least = endpoint.probability, endpoint.min_to_learn
    if found is not None and least is not None and found < least:
        costs = "schemas.miss_cost, schemas.false_alarm_cost"
        return f"probability {found:.4f} of being an API is below {least:.4g}, the least from which schemas are learned ({costs})"
    return NOT_YET if endpoint.statuses.get("2XX") else NOTHING_SUCCESSFUL


def document_confidence(endpoints: Iterable[Endpoint]) -> dict[str, Any]:
    """Returns the results of the back-test and the confidence of the constraints.

    `back_test`: requests held out of learning, false alarms among them, and false alarms per 10,000. `constraints`: how many are
    known, how many of them are enforceable, and their share. Each is there only where something was tested or written.
    """
    known = list(endpoints)
    tested, alarms = sum(one.tested for one in known), sum(one.false_alarms for one in known)
    sure = [
        is_enforceable(one)
        for endpoint in known
        for parameter in endpoint.parameters
        for one in constraint_evidence(parameter.schema)
    ]
    back_test = {"requests": tested, "false_alarms": alarms, "per_10000": per_10000(alarms, tested)}
    written = {
        "written": len(sure),
        "enforceable": sum(sure),
        "share": round(sum(sure) / len(sure), 4) if sure else 0.0,
    }
    return {**({"back_test": back_test} if tested else {}), **({"constraints": written} if sure else {})}


def per_10000(alarms: int, requests: int) -> float:
    """Returns false alarms per 10,000 requests."""
    return round(10_000 * alarms / requests, 3) if requests else 0.0


Document = dict[str, Any]
_METHODS = tuple(map(str.upper, PATH_ITEM_METHODS))
STATUS = r"[1-5](?:XX|[0-9]{2})"
HOST_CHARACTERS = "!$&'()*+,;=~-._:[]"
TITLE_CHARACTERS = 200
HTTP_PORT = ":80"


COUNTS = ("requests", "clients", "learned_from")
"""Counts in the `x-census` of an operation.

They are reported once, in however many spellings the path is written.
"""
CLIENT = (
    "a session identifier; without one, the network of the address (IPv4 /24, IPv6 /48, unless settings privacy say otherwise) "
    "with user agent and TLS fingerprint"
)
"""Says what every `clients` of a document counts.

See pipelines/transactions/spark/identifiers.py.
"""


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a document comes from.

    Attributes:
        version: The version of the generator.
        variant: How API requests were selected.
        merged_hosts: Further hosts that are merged into the document.
        least_confidence: The least confidence of the constraints that it was given; 0: any.
    """

    version: str
    variant: str
    merged_hosts: tuple[str, ...] = ()
    least_confidence: float = 0.0


def build_document(host: str, endpoints: Sequence[Endpoint], origin: Origin) -> Document:
    """Builds the document of one host.

    The order of `endpoints` does not matter.

    Raises:
        ValueError: There are no endpoints.
    """
    if not endpoints:
        raise ValueError("a document needs at least one endpoint")
    by_shape: dict[str, list[ParsedEndpoint]] = {}
    for endpoint in endpoints:
        one = parse_endpoint(endpoint)
        by_shape.setdefault(one.template.shape, []).append(one)
    items = dict(sorted(found for group in by_shape.values() for found in _path_items(group)))
    _number_operations(items)
    first, last = min(e.first_seen for e in endpoints), max(e.last_seen for e in endpoints)
    transactions = sum(endpoint.requests for endpoint in endpoints)
    window = {"first_seen": timestamp(first), "last_seen": timestamp(last)}
    tags = sorted(
        {
            tag
            for item in items.values()
            for operation in _operations(item)
            for tag in operation.get("tags", ())
        }
    )
    return {
        "openapi": "3.1.0",
        "info": {
            "title": to_single_line(host, TITLE_CHARACTERS) or "unnamed host",
            "description": f"Learned from {transactions} transactions. `x-census` says how sure each constraint is.",
            "version": window["last_seen"][:10],
        },
        "servers": _servers(host, endpoints),
        **({"tags": [{"name": tag} for tag in tags]} if tags else {}),
        "paths": items,
        CENSUS: {
            "generator": {"name": "API Census", "version": origin.version},
            "variant": origin.variant,
            "window": window,
            "transactions": transactions,
            "endpoints": len(endpoints),
            "client": CLIENT,
            **({"least_confidence": origin.least_confidence} if origin.least_confidence else {}),
            **document_confidence(endpoints),
            "hosts": [replace_surrogates(name) for name in (host, *origin.merged_hosts)],
        },
    }


def _servers(host: str, endpoints: Sequence[Endpoint]) -> list[dict[str, str]]:
    """Returns one server per scheme seen, https first.

    If no log has a scheme, it is http for a host with port 80, otherwise https. Braces in a host are escaped, as they would be
    server variables.
    """
    schemes = {
        scheme for endpoint in endpoints for scheme in endpoint.schemes if scheme in ("http", "https")
    } or {"http" if host.endswith(HTTP_PORT) else "https"}
    authority = quote(replace_surrogates(host), safe=HOST_CHARACTERS)
    return [{"url": f"{scheme}://{authority}"} for scheme in sorted(schemes, reverse=True)]


def _path_items(group: Sequence[ParsedEndpoint]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yields paths and Path Items of one shape, one for each spelling of the path."""
    naming_one = busiest_first(group)[0].template
    names = make_names_unique(naming_one.names)
    by_path: dict[str, list[ParsedEndpoint]] = {}
    for one in group:
        for path in dict.fromkeys(
            apply_path_variant(naming_one.path(names), way) for way in one.endpoint.path_variants
        ):
            by_path.setdefault(path, []).append(one)
    counted: dict[int, str] = {}
    for path, same in by_path.items():
        yield path, _path_item(path, same, names, counted)
        counted |= {id(one): counted.get(id(one), path) for one in same}


def _path_item(
    path: str, group: Sequence[ParsedEndpoint], names: tuple[str, ...], counted: Mapping[int, str]
) -> dict[str, Any]:
    """Returns the operations of a path.

    The counts of endpoints in `counted` stand at another spelling of the path, so they are left out here.
    """
    by_method: dict[str, list[ParsedEndpoint]] = {}
    for one in group:
        by_method.setdefault(replace_surrogates(one.endpoint.method), []).append(one)
    item: dict[str, Any] = {}
    others: dict[str, Any] = {}
    for method in sorted(
        by_method, key=lambda name: (_METHODS.index(name) if name in _METHODS else len(_METHODS), name)
    ):
        operation = _operation(method, path, by_method[method], names)
        elsewhere_paths = {counted.get(id(one)) for one in by_method[method]}
        if len(elsewhere_paths) == 1 and (elsewhere := elsewhere_paths.pop()) is not None:
            _refer_to_counts(operation, elsewhere)
        if method in _METHODS:
            item[method.lower()] = operation
        else:
            others[method] = operation
    return {**item, **({CENSUS_METHODS: others} if others else {})}


def _operation(
    method: str, path: str, group: Sequence[ParsedEndpoint], names: tuple[str, ...]
) -> dict[str, Any]:
    endpoint = merge_endpoints(group, names)
    parameters = parameter_objects(endpoint.parameters, endpoint.learned_from)
    body = build_request_body(endpoint.parameters, endpoint.media_types)
    tag = tag_of(group[0].template)
    templates = sorted({replace_surrogates(one.endpoint.path_template) for one in group})
    return {
        "operationId": operation_id(method, path),
        **({"tags": [tag]} if tag else {}),
        "summary": to_single_line(f"{method} {path}", TITLE_CHARACTERS),
        **({"parameters": parameters} if parameters else {}),
        **({"requestBody": body} if body else {}),
        "responses": _responses(endpoint.statuses),
        CENSUS: {
            "requests": endpoint.requests,
            "clients": endpoint.clients,
            "learned_from": endpoint.learned_from,
            "first_seen": timestamp(endpoint.first_seen),
            "last_seen": timestamp(endpoint.last_seen),
            "state": endpoint.state,
            **unlearned_census(endpoint),
            **({"probability": round(endpoint.probability, 4)} if endpoint.probability is not None else {}),
            **({"reasons": list(endpoint.reasons)} if endpoint.reasons else {}),
            **(
                {"false_alarms_per_10000": per_10000(endpoint.false_alarms, endpoint.tested)}
                if endpoint.tested
                else {}
            ),
            **({"parameters_left_out": endpoint.left_out} if endpoint.left_out else {}),
            **({"merged_templates": templates} if templates != [path] else {}),
        },
    }


def _refer_to_counts(operation: dict[str, Any], path: str) -> None:
    """Replaces the counts of an operation by the path at which they stand.

    So sums over a document count each request once.
    """
    evidence = operation[CENSUS]
    operation[CENSUS] = {
        "counted_at": path, **{key: value for key, value in evidence.items() if key not in COUNTS}
    }  # fmt: skip
    for response in operation["responses"].values():
        response["description"] = f"counted at {to_single_line(path, TITLE_CHARACTERS)}"


def _responses(statuses: Mapping[str, int]) -> dict[str, Any]:
    """Returns the Responses Object, by class or code.

    OpenAPI requires at least one response and knows 1XX to 5XX.
    """
    total = sum(statuses.values())
    known = {status: n for status, n in sorted(statuses.items()) if re.fullmatch(STATUS, status)}
    responses: dict[str, Any] = {
        status: {"description": f"{n} of {total} responses seen"} for status, n in known.items()
    }
    rest = total - sum(known.values())
    if rest or not known:
        responses["default"] = {
            "description": f"{rest} of {total} responses seen" if rest else "no response was seen"
        }
    return responses


def _operations(item: Mapping[str, Any]) -> list[dict[str, Any]]:
    others = item.get(CENSUS_METHODS, {})
    return [operation for field, operation in item.items() if field != CENSUS_METHODS] + list(others.values())


def _number_operations(items: Mapping[str, Any]) -> None:
    """Makes operation ids unique where an invented path has the hash of another one."""
    taken: set[str] = set()
    for item in items.values():
        for operation in _operations(item):
            while operation["operationId"] in taken:
                operation["operationId"] += "_2"
            taken.add(operation["operationId"])
