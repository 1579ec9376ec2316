"""Hostile requests and documents: no error, bounded work, no value in findings."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pipelines.conformance.findings import INFO, SEVERITIES, RequestCheck
from pipelines.conformance.openapi_schema import compile_validator
from pipelines.conformance.request_check import MAX_FINDINGS, RequestChecker
from pipelines.http.value_formats import BY_KIND, JSON_ONLY
from tests.conformance_examples import check_request, checker, get, openapi, post, query, query_findings

FIELDS: dict[str, Any] = {
    "n": {"type": "integer", "maximum": 9},
    "s": {"type": "string", "maxLength": 2},
    "o": {
        "anyOf": [
            {"type": "object", "properties": {"k": {"enum": ["v"]}}},
            {"type": "array", "items": {"type": "null"}},
        ]
    },
}
SCHEMA = {"type": "object", "properties": FIELDS, "required": ["n"]}


def checker_of_all_styles() -> RequestChecker:
    """Builds a checker whose document has path, query, JSON and form values."""
    parameters = [query(name, schema) for name, schema in FIELDS.items()]
    path = {"name": "id", "in": "path", "required": True, "schema": FIELDS["n"]}
    form = post(SCHEMA, "application/x-www-form-urlencoded")["post"]["requestBody"]["content"]
    item = {**get(path, *parameters), **post(SCHEMA)}
    item["post"]["requestBody"]["content"] |= form
    return checker(openapi({"/x/{id}": item, "/x/a-{id}.json": item}))


CHECK = checker_of_all_styles()
SECRET = "zq7Secret"
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text()
    | st.just(SECRET),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from([*FIELDS, "k", "other"]), inner, max_size=4)
    ),
)


def finding_text(result: RequestCheck) -> str:
    """Returns the findings as text, to search for values."""
    return repr(result.findings)


@given(
    st.text(),
    st.text(),
    st.sampled_from(["GET", "POST", "HEAD", "X"]),
    st.text(),
    st.sampled_from([None, "a/json", "application/json"]),
)
@example("/x/%ff%00", "n=%ff&%=&=&n[=&n]=&o[k]=1&o[[]]]=2", "GET", "", None)
@example("/x/1", "n=" + "9" * 5000 + "&s=1e999", "GET", "", None)
@example("/x/1", "", "POST", '{"n":1e400,"o":{"k":"\\ud800"}}', "application/json")
@example("/x/a-.json", "&".join(f"{n}=1" for n in range(2000)), "GET", "", None)
def test_no_request_is_an_error(path: str, sent: str, method: str, body: str, media: str | None) -> None:
    result = check_request(CHECK, f"/x/{path}?{sent}", method, body, media)
    assert result.outcome in ("conform", "violate", "unknown")
    assert len(result.findings) <= MAX_FINDINGS
    for one in result.findings:
        assert one.severity in SEVERITIES
        assert one.value_class in {*BY_KIND, *JSON_ONLY, ""}
        assert len(one.name) <= 128
    assert (result.outcome == "violate") == any(one.rule not in INFO for one in result.findings)


@given(VALUES)
def test_no_finding_on_a_body_holds_a_value(value: Any) -> None:
    result = check_request(CHECK, "/x/1", "POST", json.dumps({"n": SECRET, "o": value}), "application/json")
    assert ("body", "/n", "type") in [(one.location, one.name, one.rule) for one in result.findings]
    assert SECRET not in finding_text(result)


@given(st.sampled_from(["n", "s", "o"]), st.text(min_size=1))
def test_a_value_is_in_no_finding_wherever_it_was_sent(name: str, more: str) -> None:
    value = quote(SECRET + more)
    assert SECRET not in finding_text(check_request(CHECK, f"/x/{value}?{name}={value}&{name}={value}"))
    form = check_request(CHECK, "/x/1", "POST", f"{name}={value}", "application/x-www-form-urlencoded")
    assert SECRET not in finding_text(form)


@pytest.mark.parametrize("pattern", ["^(a+)+$", "^(a|a)*$", "^(a|aa)+$", "(.*a){20}", r"^(\w+\s?)*$"])
def test_patterns_that_blow_up_elsewhere_take_no_time_here(pattern: str) -> None:
    """The proof is that the test ends.

    In a backtracking engine, forty characters would take years.
    """
    assert query_findings({"type": "string", "pattern": pattern}, "q=" + "a" * 40 + "!" * 4000) in (
        [("pattern", "medium")],
        [],  # an incomplete pattern
    )


def test_pattern_that_takes_too_many_steps_says_nothing() -> None:
    schema = {"type": "string", "pattern": r"^(a|a)*\1$"}
    assert query_findings(schema, "q=" + "a" * 40 + "!") == []
    assert query_findings(schema, "q=b") == [("pattern", "medium")]


def test_nothing_is_fetched() -> None:
    assert query_findings({"$ref": "http://127.0.0.1:9/schema.json"}, "q=1") == []
    with pytest.raises(ValueError, match="Retrieval is disabled"):
        compile_validator({"$ref": "http://127.0.0.1:9/schema.json"})


def test_wide_body_is_read_within_bounds() -> None:
    body = json.dumps({"n": 1, **{f"k{n}": n for n in range(50_000)}})
    assert len(check_request(CHECK, "/x/1", "POST", body, "application/json").findings) == MAX_FINDINGS
