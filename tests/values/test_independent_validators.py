"""Learned documents as independent validators read them.

Validators of other projects accept held-out valid requests and refuse mutated ones.
"""

from __future__ import annotations

import json
import random
import uuid
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

import pytest

from pipelines.conformance.request_check import Request
from pipelines.openapi.document import Origin, build_document
from pipelines.openapi.endpoint import Endpoint, Parameter
from pipelines.openapi.profiles import convert_to_profile
from pipelines.runtime.settings import Profile
from pipelines.schemas.inference.json_schema import COMMA_LIST, to_json_schema
from tests.conformance_examples import HOST, checker
from tests.independent_validators import Sent, connexion_accepts, openapi_core_accepts
from tests.inferred_schemas import infer_values

LEARNED, HELD_BACK = 400, 60
DAY = datetime(2026, 6, 1, tzinfo=UTC)
FORM = "application/x-www-form-urlencoded"
Draw = Callable[[random.Random], str]
Accepts = Callable[[dict[str, Any], Sequence[Sent]], list[bool]]

QUERY: dict[str, Draw] = {
    "limit": lambda rng: str(rng.randint(1, 100)),
    "price": lambda rng: f"{rng.uniform(1, 50):.2f}",
    "day": lambda rng: f"2026-0{rng.randint(1, 9)}-{rng.randint(10, 28)}",
    "deep": lambda rng: rng.choice(("true", "false")),
    "sort": lambda rng: rng.choice(("name", "date", "size")),
    "code": lambda rng: "".join(rng.choices("ABCDEFGHJK", k=8)),
}
USER: Draw = lambda rng: str(uuid.UUID(int=rng.getrandbits(128)))  # noqa: E731  # one of many like it
BODY: dict[str, Draw] = {"count": QUERY["limit"], "name": QUERY["code"], "isNew": QUERY["deep"]}
TEXTS = {"name"}


def learn_schema(name: str, draw: Draw) -> dict[str, Any]:
    """Learns the schema of values that `draw` produces."""
    rng = random.Random(name)  # noqa: S311  # a simulation
    return to_json_schema(infer_values([draw(rng) for _ in range(LEARNED)], name=name, clients=60))


def parameter(location: str, name: str, draw: Draw, required: bool = False) -> Parameter:
    return Parameter(location, name, learn_schema(name, draw), required, LEARNED)


def lists() -> tuple[Parameter, Parameter]:
    item = learn_schema("limit", QUERY["limit"])
    return (
        Parameter(
            "query", "ids", {"type": "array", "items": item, "x-census": {"rule": COMMA_LIST}}, False, 9
        ),
        Parameter("query", "tag", {"type": "array", "items": learn_schema("sort", QUERY["sort"])}, False, 9),
    )


def endpoint(method: str, path: str, *parameters: Parameter) -> Endpoint:
    return Endpoint(HOST, method, path, LEARNED, 60, DAY, DAY, learned_from=LEARNED, parameters=parameters)


def learned_document(profile: Profile) -> dict[str, Any]:
    """Returns the document of the learned endpoints in this profile."""
    in_body = [parameter("body", f"/{name}", draw, name == "count") for name, draw in BODY.items()]
    whole = Parameter("body", "", {"type": "object"}, True, LEARNED)
    in_form = [parameter("form", name, draw, name == "count") for name, draw in BODY.items()]
    user = parameter("path", "userId", USER, True)
    known = [
        endpoint(
            "GET",
            "/users/{userId}/files",
            user,
            *(parameter("query", *one) for one in QUERY.items()),
            *lists(),
        ),
        endpoint("POST", "/users/{userId}/files", user, whole, *in_body),
        endpoint("POST", "/forms", *in_form),
    ]
    return convert_to_profile(build_document(HOST, known, Origin("1", "ml")), profile)


def parse_value(name: str, text: str) -> Any:
    return text if name in TEXTS else json.loads(text)


def valid_requests() -> list[Sent]:
    """Returns held-out requests with values from the same distributions."""
    rng = random.Random(7)  # noqa: S311  # a simulation
    requests = []
    for _ in range(HELD_BACK):
        files = f"/users/{USER(rng)}/files"
        chosen = rng.sample(sorted(QUERY), rng.randint(0, len(QUERY)))
        pairs = [(name, QUERY[name](rng)) for name in chosen]
        pairs += [("tag", QUERY["sort"](rng)) for _ in range(rng.randint(0, 2))]
        ids = [("ids", ",".join(QUERY["limit"](rng) for _ in range(rng.randint(1, 4))))]
        body = {name: draw(rng) for name, draw in BODY.items() if name == "count" or rng.random() < 0.7}
        requests.append(Sent("GET", f"{files}?{urlencode(pairs + ids, safe=',')}"))
        requests.append(
            Sent("POST", files, json.dumps({name: parse_value(name, text) for name, text in body.items()}))
        )
        requests.append(Sent("POST", "/forms", urlencode(body), FORM))
    return requests


FILES = f"/users/{uuid.UUID(int=5)}/files"
WRONG_FORMAT = [Sent("GET", "/users/abc/files"), Sent("GET", f"{FILES}?day=yesterday")]
"""Wrong by their format (uuid, date) alone, which connexion does not check."""
INVALID = [
    *WRONG_FORMAT,
    Sent("GET", f"{FILES}?limit=many"),
    Sent("GET", f"{FILES}?limit=100000000"),
    Sent("GET", f"{FILES}?deep=maybe"),
    Sent("GET", f"{FILES}?sort=owner"),
    Sent("GET", f"{FILES}?tag=name&tag=owner"),
    Sent("GET", f"{FILES}?ids=1,x"),
    Sent("GET", f"{FILES}?code={'A' * 600}"),
    Sent("GET", f"{FILES}?code=%27%20OR%201=1"),
    Sent("POST", FILES, '{"count":"many"}'),
    Sent("POST", FILES, '{"name":"ABCDEFGH"}'),
    Sent("POST", FILES, '{"count":1,"name":"<script>"}'),
    Sent("POST", FILES, '{"count":1,"isNew":"perhaps"}'),
    Sent("POST", FILES, "[1]"),
    Sent("POST", "/forms", "count=many", FORM),
    Sent("POST", "/forms", "name=ABCDEFGH", FORM),
]


def ours_accepts(given: dict[str, Any], requests: Sequence[Sent]) -> list[bool]:
    """Returns whether this project accepts each request."""
    check = checker(given)
    asked = (
        Request(HOST, one.method, *_split(one.target), one.media if one.body else None, one.body)
        for one in requests
    )
    return [check.check_request(one).outcome == "conform" for one in asked]


def _split(target: str) -> tuple[str, str | None]:
    path, _, query = target.partition("?")
    return path, query or None


VALIDATORS: list[Any] = [
    pytest.param("openapi-3.1", ours_accepts, id="ours-3.1"),
    pytest.param("openapi-3.0", ours_accepts, id="ours-3.0"),
    pytest.param("cloudflare", ours_accepts, id="ours-cloudflare"),
    pytest.param("openapi-3.1", openapi_core_accepts, id="openapi-core-3.1"),
    pytest.param("openapi-3.0", openapi_core_accepts, id="openapi-core-3.0"),
    pytest.param("openapi-3.0", connexion_accepts, id="connexion-3.0"),
]


@pytest.mark.parametrize(("profile", "accepts"), VALIDATORS)
def test_held_back_valid_requests_are_accepted(profile: Profile, accepts: Accepts) -> None:
    requests = valid_requests()
    refused = [
        one
        for one, good in zip(requests, accepts(learned_document(profile), requests), strict=True)
        if not good
    ]
    assert refused == []


@pytest.mark.parametrize(("profile", "accepts"), [one for one in VALIDATORS if one.values[0] != "cloudflare"])
def test_mutated_requests_are_refused(profile: Profile, accepts: Accepts) -> None:
    """The cloudflare profile is excluded.

    Its parameters have one type each, so it is wider by design.
    """
    spoilt = [one for one in INVALID if accepts is not connexion_accepts or one not in WRONG_FORMAT]
    accepted = [
        one for one, good in zip(spoilt, accepts(learned_document(profile), spoilt), strict=True) if good
    ]
    assert accepted == []
