"""Constraints of a schema: enums, ranges, lengths, characters, lists. No Spark.

Those of bodies as well; attackers move none.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from pipelines.schemas.inference.infer import infer_schema
from pipelines.schemas.inference.json_schema import to_json_schema, without_evidence
from tests.inferred_schemas import DAY, SETTINGS, accepts, infer_observations, infer_values, schema_of
from tests.oracles.parameter_state import fold, observe


def test_few_values_of_many_clients_become_an_enum_with_its_proof() -> None:
    schema = to_json_schema(infer_values(["asc", "desc", "none"] * 100, clients=80))
    assert without_evidence(schema) == {"type": "string", "enum": ["asc", "desc", "none"]}
    entry = schema["x-census"]["constraints"]["enum"]
    assert entry["proof"] == "closed set"
    assert (entry["status"], entry["confidence"] < 0.999) == ("provisional", True)
    assert entry["waits_for"] > 300


def test_identifiers_get_a_length_and_refuse_the_characters_of_injections() -> None:
    schema = schema_of([f"sku_{n}x{n * 7}" for n in range(60)], clients=20)
    # ten times the longest, as 60 values need for 99.9 %
    assert schema == {"type": "string", "maxLength": 100, "pattern": "^[a-zA-Z0-9_.-]*$"}
    assert not accepts(schema, "' OR '1'='1")
    assert not accepts(schema, "a" * 600)
    # harmless characters that never occurred are refused from 1,000 values on
    assert accepts(schema, "SKU-99.b")


def test_free_text_gets_a_length_only() -> None:
    assert schema_of([f"blue shoes {n}" for n in range(60)], clients=20) == {
        "type": "string",
        "maxLength": 150,
    }


def test_addresses_among_texts_allow_the_characters_of_addresses() -> None:
    texts = [*(f"user-{n}" for n in range(60)), *(f"a{{{n}|b@mail.example" for n in range(40))]
    schema = schema_of(texts, clients=20)
    assert "pattern" not in schema
    assert all(accepts(schema, text) for text in texts)


def test_attackers_among_values_of_a_format_change_nothing() -> None:
    uuids = [f"7f577081-0c1e-4b2f-9d3a-{n:012d}" for n in range(500)]
    attacks = ["' OR 1=1", "<script>", "x;sleep 5", "999999999999", "A" * 600]
    rows = [(value, f"c{n % 40}", DAY, True) for n, value in enumerate(uuids)]
    rows += [(value, f"attacker{n}", DAY, True) for n, value in enumerate(attacks)]
    assert without_evidence(to_json_schema(infer_observations(rows))) == {"type": "string", "format": "uuid"}


def test_one_client_with_two_hundred_answers_does_not_move_a_limit() -> None:
    honest = [(str(n % 100), f"c{n % 61}", DAY, True) for n in range(4000)]  # no client has values of its own
    hostile = [(value, "attacker", DAY, True) for value in ("99999999", "-5")]
    assert (
        to_json_schema(infer_observations([*honest, *hostile]))["maximum"]
        == to_json_schema(infer_observations(honest))["maximum"]
        <= 200
    )
    assert to_json_schema(infer_observations([*honest, *hostile]))["minimum"] == 0


def test_values_with_commas_are_lists_of_what_their_parts_are() -> None:
    values = [("red,green", "blue", "green,blue,red")[n % 3] for n in range(300)]
    rows = [(value, f"c{n % 70}", DAY, True) for n, value in enumerate(values)]
    parts = [
        (part, client, day, False)
        for value, client, day, _ in rows
        if "," in value
        for part in value.split(",")
    ]
    items = fold(observe(value, client, day, is_first=first) for value, client, day, first in parts)
    whole = fold(observe(value, client, day, is_first=first) for value, client, day, first in rows)
    judgement = infer_schema("tags", whole.evidence(), SETTINGS, "query", items.evidence())
    assert without_evidence(to_json_schema(judgement)) == {
        "type": "array",
        "items": {"type": "string", "enum": ["blue", "green", "red"]},
    }


def in_body(values: Iterable[tuple[str, str]], name: str = "/x") -> dict[str, Any]:
    """Returns the schema of (value, JSON type) pairs at one place of a body."""
    state = fold(observe(value, f"c{i % 60}", DAY, json_type=kind) for i, (value, kind) in enumerate(values))
    schema: dict[str, Any] = without_evidence(
        to_json_schema(infer_schema(name, state.evidence(), SETTINGS, "body"))
    )
    return schema


def test_types_of_a_json_body_are_its_own() -> None:
    assert in_body([("7", "string")] * 30)["type"] == "string"
    assert in_body([("7", "number")] * 30)["type"] == "integer"
    assert in_body([("7", "number")] * 5) == {"type": "number"}  # too few to exclude fractions
    both = in_body([*[("7", "number")] * 30, *[("null", "null")] * 30])
    assert sorted(one["type"] for one in both["anyOf"]) == ["integer", "null"]
    assert in_body([("", "object")] * 30) == {"type": "object"}
    assert in_body([(str(n % 3), "array") for n in range(60)]) == {"type": "array", "maxItems": 20}


def test_secret_members_of_a_body_have_an_empty_schema() -> None:
    """Ingest masks `"pin_required": true` by a string.

    A learned type would be that of the mask.
    """
    assert in_body([("redacted", "string")] * 200, "/card/pin_required") == {}
    assert in_body([("hunter2", "string")] * 200, "/login/password") == {}
