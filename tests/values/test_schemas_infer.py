"""Inference of a JSON Schema from evidence.

Every schema is valid, and accepts the values it was learned from.
"""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from pipelines.http.value_formats import PIPED, SUSPICIOUS, detect_kind
from pipelines.schemas.inference.infer import Level, Rule, infer_schema
from pipelines.schemas.inference.json_schema import to_json_schema, without_evidence
from pipelines.schemas.statistics.evidence import Evidence, KindEvidence
from tests import strategies
from tests.inferred_schemas import (
    DAY,
    SETTINGS,
    Observation,
    accepts,
    infer_observations,
    infer_values,
    schema_of,
)


@given(strategies.observations | strategies.similar_observations)
def test_learned_schema_is_valid_and_accepts_all_that_was_seen(observations: list[Observation]) -> None:
    judgement = infer_observations(observations)
    schema = to_json_schema(judgement)
    Draft202012Validator.check_schema(schema)
    one_value = schema["items"] if judgement.is_repeated else schema
    refused = [value for value, *_ in observations if not accepts(one_value, value[:2048])]
    assert len(refused) <= judgement.trimmed
    # of all values: a validator's definition of a format may accept what looks like an attack
    attacks = sum(detect_kind(value) in (SUSPICIOUS, PIPED) for value, *_ in observations)
    # few observations: at most two are left out in addition to attacks, and counted
    assert judgement.trimmed <= 2 + attacks


@given(strategies.observations | strategies.similar_observations, st.randoms())
def test_order_of_observations_does_not_change_the_schema(
    observations: list[Observation], random: Any
) -> None:
    shuffled = random.sample(observations, len(observations))
    assert infer_observations(shuffled) == infer_observations(observations)


@given(strategies.observations | strategies.similar_observations)
def test_nothing_that_clients_sent_is_written(observations: list[Observation]) -> None:
    marked = [(f"needle-{value}", client, day, first) for value, client, day, first in observations]
    assert "needle" not in str(to_json_schema(infer_observations(marked)))


@pytest.mark.parametrize(
    ("values", "schema"),
    [
        ([str(n) for n in range(25)], {"type": "integer", "format": "int32"}),
        ([str(2**31 + n) for n in range(25)], {"type": "integer", "format": "int64"}),
        ([str(-(2**31) - n) for n in range(25)], {"type": "integer", "format": "int64"}),
        ([f"{n}.5" for n in range(25)] + ["3"] * 5, {"type": "number"}),
        (["true", "false"] * 10, {"type": "boolean"}),
        (
            [f"00{n}" for n in range(10)] + [str(n) for n in range(100, 115)],
            {"type": "string", "pattern": "^[0-9]{1,64}$"},
        ),
        ([f"00{n}" for n in range(10)] + ["-5"] * 15, {"type": "string", "maxLength": 256}),
        ([f"2026-06-{n:02}" for n in range(1, 31)], {"type": "string", "format": "date"}),
        ([f"10.0.0.{n}" for n in range(25)], {"type": "string", "format": "ipv4"}),
        ([f"{n:024x}" for n in range(25)], {"type": "string", "pattern": "^[0-9a-fA-F]{24}$"}),
        ([f"word {n}" for n in range(25)], {"type": "string", "maxLength": 64}),
        (
            ["7f577081-0c1e-4b2f-9d3a-000000000000"] * 20,
            {"type": "string", "format": "uuid"},
        ),  # one value is enough
        (["1.2.3"] * 25, {"type": "string"}),  # a constant may look like a version by chance
    ],
)
def test_type_and_format_follow_the_values(values: list[str], schema: dict[str, Any]) -> None:
    assert schema_of(values) == schema


def test_below_the_minimum_the_schema_is_a_string_with_a_length() -> None:
    judgement = infer_values(["1"] * (SETTINGS.min_observations - 1))
    assert (judgement.level, judgement.rule) == (Level.GUESS, Rule.FEW)
    few = ["1"] * (SETTINGS.min_observations - 1)
    assert schema_of(few) == {"type": "string", "maxLength": 64}
    assert schema_of(few[: SETTINGS.length_observations - 1]) == {"type": "string"}
    assert schema_of(["1"] * SETTINGS.min_observations) == {"type": "integer", "format": "int32"}


def test_the_size_of_a_number_is_not_a_length() -> None:
    numbers = [str(10**15 + n) for n in range(300)]
    assert schema_of(numbers[: SETTINGS.min_observations - 1])["maxLength"] == 64
    texts = [f"word {n}" for n in range(300)]
    unions = [f"10.0.0.{n % 250}" for n in range(300)]
    assert schema_of([*numbers, *texts, *unions, *(f"2026-06-{n % 30 + 1:02}" for n in range(300))]) == {
        "type": "string",
        "maxLength": 80,
    }


def test_unix_time_or_date_gets_both() -> None:
    times = [str(1_718_000_000 + 3600 * n) for n in range(30)] + [
        f"2026-06-0{n}T00:00:00Z" for n in range(1, 10)
    ]
    assert schema_of(times) == {
        "anyOf": [{"type": "integer", "format": "int64"}, {"type": "string", "format": "date-time"}]
    }


def test_unix_time_is_a_64_bit_integer_without_maximum_and_says_so() -> None:
    schema = to_json_schema(infer_values(str(1_718_000_000 + 600 * n) for n in range(30)))
    assert without_evidence(schema) == {"type": "integer", "format": "int64"}
    assert schema["x-census"]["kind"] == "unix-seconds"
    assert "no maximum" in schema["x-census"]["note"]


def test_a_negative_number_among_times_is_not_refused() -> None:
    times = [str(1_718_000_000 + 600 * n) for n in range(30)]
    schema = to_json_schema(infer_values([*times, *["0"] * 20]))
    assert (schema["minimum"], schema["x-census"]["constraints"]["minimum"]["proof"]) == (
        0,
        "fleet prior",
    )
    assert accepts(to_json_schema(infer_values([*times, *["0"] * 20, "-1"], clients=1)), "-1")


def test_number_that_looks_like_a_time_but_stands_still_is_an_integer() -> None:
    assert "kind" not in to_json_schema(infer_values([str(1_718_000_000 + n) for n in range(30)]))["x-census"]


def test_empty_values_stay_allowed_next_to_a_type() -> None:
    assert schema_of([*map(str, range(25)), "", ""]) == {
        "anyOf": [{"type": "integer", "format": "int32"}, {"type": "string", "maxLength": 0}]
    }
    assert schema_of([*(f"word {n}" for n in range(25)), ""]) == {"type": "string", "maxLength": 64}


def test_numbers_are_a_branch_next_to_text_only_where_they_are_the_rule() -> None:
    words = {"type": "string", "maxLength": 64, "pattern": "^[a-zA-Z0-9_.-]*$"}
    assert schema_of([*map(str, range(40)), "me", "self"]) == {
        "anyOf": [{"type": "integer", "format": "int32"}, words]
    }
    assert schema_of([*(f"a{n}" for n in range(25)), "1", "2"]) == {"type": "string", "maxLength": 64}


def test_one_attack_of_one_client_does_not_change_the_type() -> None:
    values = [*map(str, range(199)), "1' OR '1'='1"]
    judgement = infer_values(values, clients=20)
    limits = {"minimum": 0, "maximum": 20000}  # a hundred times the largest of fewer than 200
    assert schema_of(values, clients=20) == {"type": "integer", "format": "int32", **limits}
    assert judgement.trimmed == 1
    assert to_json_schema(judgement)["x-census"]["trimmed"] == 1
    assert to_json_schema(judgement)["x-census"]["share"] == 0.995


def test_rare_type_that_three_clients_send_is_kept() -> None:
    integers = [(str(n), f"c{n % 20}", DAY, True) for n in range(4000)]
    dates = [("2026-06-01T00:00:00Z", f"c{n}", DAY, True) for n in range(3)]
    assert "anyOf" in to_json_schema(infer_observations([*integers, *dates]))
    assert "anyOf" not in to_json_schema(infer_observations([*integers, *dates[:2]]))


def test_where_clients_are_too_few_to_recognise_an_attacker_every_type_is_kept() -> None:
    assert accepts(schema_of([*map(str, range(199)), "' OR 1=1"], clients=1), "x' OR 2=2")


def test_text_that_may_be_anything_never_stands_beside_another_alternative() -> None:
    """It would accept what the others refuse, so that only the text is left."""
    assert schema_of([*map(str, range(25)), "me", "self"]) == {"type": "string", "maxLength": 64}
    assert schema_of([*map(str, range(60)), *(f"word {n}" for n in range(20))]) == {
        "type": "string",
        "maxLength": 64,
    }


def test_decimal_among_integers_widens_and_is_never_trimmed() -> None:
    assert schema_of([*map(str, range(199)), "9.99"], clients=20)["type"] == "number"


@pytest.mark.parametrize("name", ["token", "api_key", "password", "X-Signature", "sessionId", "access_token"])
def test_value_of_a_secret_name_is_a_string_whatever_it_looks_like(name: str) -> None:
    judgement = infer_values([str(n) for n in range(50)], name=name)
    assert judgement.rule is Rule.SECRET
    assert schema_of([str(n) for n in range(50)], name=name) == {"type": "string"}


@pytest.mark.parametrize("value", ["redacted", "redacted-0123abcd", "eyJhbGciOi.eyJzdWIi.c2ln"])
def test_masked_value_or_credential_is_a_string(value: str) -> None:
    assert schema_of([value] * 50) == {"type": "string"}
    assert infer_values([*map(str, range(50)), *[value] * 50]).rule is Rule.SECRET


def test_masked_token_is_a_text_of_the_characters_that_its_mask_stands_for() -> None:
    schema = schema_of(["redacted-token"] * 40, name="access_token")
    assert schema == {"type": "string", "maxLength": 512, "pattern": "^[A-Za-z0-9._~+/=-]*$"}
    assert schema_of(["redacted-token"] * 9, name="access_token") == {"type": "string"}
    assert schema_of(["redacted-token", "redacted"] * 20, name="access_token") == {"type": "string"}


def test_repeated_names_make_an_array() -> None:
    twice = [(str(n), f"c{n % 5}", DAY, n % 2 == 0) for n in range(60)]
    schema = to_json_schema(infer_observations(twice))
    assert without_evidence(schema) == {
        "type": "array",
        "items": {"type": "integer", "format": "int32", "minimum": 0, "maximum": 600},
    }
    assert schema["x-census"]["n"] == 30


def test_too_many_types_have_no_common_one() -> None:
    forms = [
        "2026-06-01",
        "a@b.example",
        "10.0.0.1",
        "::1",
        "https://a.example/",
        "7f577081-0c1e-4b2f-9d3a-000000000000",
    ]
    judgement = infer_values(forms * 10)
    assert judgement.rule is Rule.MIXED
    assert schema_of(forms * 10) == {"type": "string"}


def test_every_constraint_carries_its_evidence() -> None:
    schema = to_json_schema(infer_values([*map(str, range(20)), *["2026-06-01"] * 5], clients=5))
    wanted = {"n", "distinct", "clients", "days", "share", "level", "rule"}
    assert wanted <= set(schema["x-census"])
    assert all(wanted <= set(member["x-census"]) for member in schema["anyOf"])
    assert schema["x-census"] == {
        "n": 25,
        "distinct": 21,
        "clients": 5,
        "days": 1,
        "share": 1.0,
        "level": "L1",
        "rule": "several-types",
    }
    assert [member["x-census"]["share"] for member in schema["anyOf"]] == [0.8, 0.2]


@pytest.mark.parametrize(
    ("n", "level"), [(0, "L0"), (19, "L0"), (20, "L1"), (999, "L1"), (1000, "L2"), (10_000, "L3")]
)
def test_level_grows_with_the_evidence(n: int, level: str) -> None:
    evidence = Evidence(n, n, 5, 1, (KindEvidence("uuid", n, 5, n, 1),) if n else ())
    assert infer_schema("q", evidence, SETTINGS).level == level


def test_kind_of_a_later_version_is_a_string() -> None:
    evidence = Evidence(50, 50, 5, 1, (KindEvidence("colour", 50, 5, 9, 1),))
    assert without_evidence(to_json_schema(infer_schema("q", evidence, SETTINGS))) == {"type": "string"}
