"""Documents of enforceable constraints, with short evidence. No Spark."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from pipelines.conformance.documents import Document, load_documents
from pipelines.conformance.openapi_schema import STATED_KEYWORDS
from pipelines.openapi.confidence import (
    keep_confident,
    keep_confident_schema,
    short_evidence,
    split_evidence,
)
from pipelines.openapi.document import Origin, build_document
from pipelines.openapi.endpoint import Parameter
from pipelines.openapi.files import evidence_file_name, file_name
from pipelines.openapi.profiles import convert_to_profile
from pipelines.schemas.inference.confidence import AlwaysPresent, Standard
from pipelines.schemas.inference.json_schema import with_presence, with_status
from tests.document_evidence import evidence_in
from tests.values.test_openapi_document import endpoint

TEXT: dict[str, Any] = {"type": "string"}
STANDARD = Standard(1e-3, 0.999)


def stated(**confidences: float) -> dict[str, Any]:
    """Returns the evidence of a schema whose constraints have these confidences."""
    constraints = {
        keyword: {
            "risk": 1e-5,
            "confidence": confidence,
            "proof": "fleet prior",
            **(
                {"status": "enforceable"}
                if confidence >= 0.999
                else {"status": "provisional", "waits_for": 500}
            ),
        }
        for keyword, confidence in confidences.items()
    }
    return {"n": 300, "clients": 40, "distinct": 9, "rule": "one-type", "constraints": constraints}


INTEGER: dict[str, Any] = {"type": "integer", "format": "int32", "minimum": 0, "maximum": 900}


def limits(schema: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in schema.items() if key != "x-census"}


@pytest.mark.parametrize(
    ("confidences", "kept"),
    [
        ({"type": 0.9995, "minimum": 0.9995, "maximum": 0.9995}, INTEGER),
        (
            {"type": 0.9995, "minimum": 0.9995, "maximum": 0.97},
            {"type": "integer", "format": "int64", "minimum": 0},
        ),
        ({"type": 0.9, "minimum": 0.9995, "maximum": 0.9995}, TEXT),
    ],
)
def test_only_confident_constraints_are_kept(confidences: dict[str, float], kept: dict[str, Any]) -> None:
    found = keep_confident_schema({**INTEGER, "x-census": stated(**confidences)}, 0.999, TEXT)
    assert limits(found) == kept
    of_census = found["x-census"].get("constraints", {})
    assert all(one["confidence"] >= 0.999 for one in of_census.values())


def test_uncertain_alternative_makes_a_choice_accept_anything() -> None:
    alternatives = [
        {**INTEGER, "x-census": stated(type=0.99, minimum=0.9999)},
        {"type": "string", "format": "uuid", "x-census": stated(type=0.99)},
    ]
    choice = {"anyOf": alternatives, "x-census": {"n": 300, "clients": 40}}
    assert limits(keep_confident_schema(choice, 0.999, {})) == {}
    assert limits(keep_confident_schema(choice, 0.999, TEXT)) == TEXT
    assert keep_confident_schema(choice, 0.9, TEXT) == choice


def test_items_of_an_array_are_kept_apart() -> None:
    array = {"type": "array", "items": {**INTEGER, "x-census": stated(type=0.9)}, "x-census": {"n": 300}}
    assert limits(keep_confident_schema(array, 0.999, TEXT)) == {
        "type": "array",
        "items": {
            "type": "string",
            "x-census": {key: value for key, value in stated().items() if key != "constraints"},
        },
    }


def test_required_needs_its_own_confidence() -> None:
    schema = with_presence({**TEXT, "x-census": {"n": 7000}}, AlwaysPresent(7000), STANDARD)
    given = endpoint("GET", "/x", parameters=(Parameter("query", "q", schema, True, 7000),))
    assert keep_confident(given, 0.999).parameters[0].required
    assert not keep_confident(given, 0.9999).parameters[0].required
    assert keep_confident(given, 0.0) is given


def test_anything_of_a_body_has_no_type_but_elsewhere_it_is_a_text() -> None:
    uncertain = {**INTEGER, "x-census": stated(type=0.9)}
    given = endpoint(
        "POST",
        "/x",
        parameters=(
            Parameter("query", "q", uncertain, False, 9),
            Parameter("body", "/n", uncertain, False, 9),
        ),
    )
    kept = keep_confident(given, 0.999)
    assert [limits(one.schema) for one in kept.parameters] == [TEXT, {}]


@pytest.mark.parametrize(
    ("census", "short"),
    [
        (stated(type=0.99951, maxLength=0.99987), {"confidence": 0.9995, "status": "enforceable"}),
        (stated(type=0.91239), {"confidence": 0.9123, "status": "provisional", "waits_for": 500}),
        (
            stated(type=0.99951, maxLength=0.97),
            {"confidence": {"type": 0.9995, "maxLength": 0.97}, "status": "mixed", "waits_for": 500},
        ),
        (stated(type=0.99899999), {"confidence": 0.9989, "status": "provisional", "waits_for": 500}),
    ],
)
def test_evidence_of_a_document_is_short(census: dict[str, Any], short: dict[str, Any]) -> None:
    assert short_evidence(census) == {"n": 300, "clients": 40, **short}


def document_of(confidence: float) -> dict[str, Any]:
    schema = {**INTEGER, "x-census": stated(type=0.9995, minimum=0.9995, maximum=confidence)}
    body = {"type": "object", "x-census": stated(type=0.9995)}
    parameters = (
        Parameter("query", "q", schema, False, 9),
        Parameter("body", "", body, False, 9),
        Parameter("body", "/items", {"type": "array", "x-census": stated(type=0.9995)}, False, 9),
        Parameter("body", "/items/*", schema, False, 9),
        Parameter("query", "text", {**TEXT, "x-census": {"n": 9, "clients": 9}}, False, 9),
    )
    given = endpoint("POST", "/a/b", parameters=parameters, reasons=("for: answers with JSON",))
    return build_document("h", [given], Origin("1", "ml"))


@pytest.mark.parametrize("profile", ["openapi-3.1", "openapi-3.0", "cloudflare"])
def test_evidence_is_split_from_a_document_and_found_by_pointer(profile: Any) -> None:
    document = convert_to_profile(document_of(0.9), profile)
    short, evidence = split_evidence(document)
    whole = [found for level, found in evidence_in(document) if level != "the document"]
    assert sorted(map(str, evidence.values())) == sorted(map(str, whole))
    assert len(evidence) == 8
    for pointer, census in evidence.items():
        node: Any = short
        for token in pointer.split("/")[1:]:
            key = token.replace("~1", "/").replace("~0", "~")
            node = node[int(key)] if isinstance(node, list) else node[key]
        short_one = node.get("x-census", {})
        if "constraints" in census:
            assert short_one == short_evidence(census)
        assert short_one.keys() <= census.keys() | {"confidence", "status", "waits_for"}
        assert "reasons" not in short_one


def test_findings_of_a_short_document_state_the_confidence_of_their_rule() -> None:
    from collections import Counter

    from pipelines.conformance.operations import build_routes
    from pipelines.conformance.request_check import Request, RequestChecker

    for whole in (document_of(0.9), document_of(0.9995)):
        checks = [
            RequestChecker(build_routes([Document("d", tree)], Counter()), 100).check_request(
                Request("h", "POST", "/a/b", f"q={value}", "application/json", '{"items": [1]}')
            )
            for tree in (whole, split_evidence(whole)[0])
            for value in ("abc", "5000")
        ]
        stated_by_rule = [(one.findings[0].rule, one.findings[0].confidence) for one in checks]
        least = 0.9 if stated_by_rule[1][1] == 0.9 else 0.9995
        assert stated_by_rule == [("type", 0.9995), ("maximum", least)] * 2
    assert "required" not in STATED_KEYWORDS


def test_status_is_part_of_what_distinguishes_versions() -> None:
    before, after = ({**INTEGER, "x-census": stated(type=one)} for one in (0.99, 0.9991))
    assert with_status(before) != with_status(after)
    assert with_status(after) == with_status({**INTEGER, "x-census": {**stated(type=0.9999), "n": 999}})


def test_no_host_has_the_file_of_anothers_evidence() -> None:
    assert evidence_file_name("a.example") == "a.example.evidence.json"
    assert file_name("a.example.evidence").startswith("a-example-evidence~")


def test_files_of_evidence_are_not_documents(tmp_path: Any) -> None:
    (tmp_path / "h.json").write_text('{"openapi": "3.1.0", "paths": {}}')
    (tmp_path / "h.evidence.json").write_text("{}")
    documents, others = load_documents(tmp_path)
    assert (len(documents), others) == (1, [])
