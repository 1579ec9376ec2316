"""`validate` on held-out traffic, by learned schemas and by written documents."""

from __future__ import annotations

import csv
import gzip
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml
from pyspark.sql import SparkSession

from jobs.__main__ import main
from pipelines.runtime.tables import Warehouse
from pipelines.schemas.tables import SCHEMAS
from pipelines.simulator.output.writers import simulate
from pipelines.transactions.tables import TRANSACTIONS
from tests.conformance_examples import checker, get, openapi, query
from tests.independent_validators import Sent, connexion_accepts, openapi_core_accepts

LEARNED = 3000
REPLAYED = 150


@dataclass(frozen=True)
class Learned:
    """Results of learning from the first part of simulated traffic, and the rest.

    Attributes:
        warehouse: Warehouse of the first part.
        openapi: Documents of the first part.
        rest: File of the rest.
        records: Records of the rest.
        valid: Those of them that are valid.
    """

    warehouse: Path
    openapi: Path
    rest: Path
    records: list[dict[str, Any]]
    valid: list[dict[str, Any]]


@pytest.fixture(scope="module")
def learned(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> Learned:
    assert spark is not None
    folder = tmp_path_factory.mktemp("validate")
    simulate(
        folder / "all",
        hosts=6,
        transactions=6000,
        seed=5,
        days=2,
        end_date=date(2026, 6, 30),
        format="logpush",
    )
    packed = [file.read_bytes() for file in sorted((folder / "all").glob("*.ndjson.gz"))]
    records = [json.loads(line) for part in packed for line in gzip.decompress(part).splitlines()]
    records.sort(key=lambda record: str(record["EdgeStartTimestamp"]))
    for name, part in (("learn", records[:LEARNED]), ("rest", records[LEARNED:])):
        write_records(folder / f"{name}.ndjson", part)
    found = folder / "found"
    profiles = [option for name in ("openapi-3.1", "openapi-3.0") for option in ("--profile", name)]
    steps: tuple[tuple[object, ...], ...] = (
        ("discover", folder / "learn.ndjson", "--variant", "ml"),
        ("learn",),
        ("export", "--out", found / "openapi", *profiles),
    )
    for step in steps:
        assert main([*map(str, step), "--warehouse", str(found / "warehouse"), "--json"]) == 0
    with gzip.open(folder / "all/truth.csv.gz", "rt") as file:
        truth = {row["RayID"]: row for row in csv.DictReader(file)}
    valid = [one for one in records[LEARNED:] if is_valid(one, truth[one["RayID"]])]
    return Learned(found / "warehouse", found / "openapi", folder / "rest.ndjson", records[LEARNED:], valid)


def is_valid(record: dict[str, Any], truth: dict[str, str]) -> bool:
    if record["ClientRequestMethod"] == "OPTIONS":  # `validate` leaves preflights of browsers out
        return False
    return truth["is_api"] == "1" and truth["attack"] == "0" and 200 <= record["EdgeResponseStatus"] < 300


def write_records(file: Path, records: list[dict[str, Any]]) -> Path:
    file.write_text("".join(json.dumps(record) + "\n" for record in records))
    return file


def test_held_back_valid_traffic_has_no_violations_and_teaches_nothing(
    apicensus: Callable[..., Any], spark: SparkSession, learned: Learned, tmp_path: Path
) -> None:
    warehouse = Warehouse(spark, str(learned.warehouse))
    before = [table.read(warehouse).count() for table in (TRANSACTIONS, SCHEMAS)]
    valid = write_records(tmp_path / "valid.ndjson", learned.valid)
    done = apicensus("validate", valid, "--warehouse", learned.warehouse, "--fail-on-findings", "--json")
    assert done.code == 0, done.err
    assert done.summary["requests"] == len(learned.valid) > 300
    assert done.summary["violate"] == 0
    # the others are for endpoints that the first part did not have
    assert done.summary["conform"] / done.summary["requests"] > 0.8
    assert [table.read(warehouse).count() for table in (TRANSACTIONS, SCHEMAS)] == before
    assert list((learned.warehouse / "_staging").iterdir()) == []


def test_learned_schemas_and_written_documents_say_the_same(
    apicensus: Callable[..., Any], learned: Learned, tmp_path: Path
) -> None:
    findings = {}
    for name, options in (
        ("learned", ()),
        *((form, ("--schemas", learned.openapi / form)) for form in ("openapi-3.1", "openapi-3.0")),
    ):
        out = tmp_path / f"{name}.ndjson"
        common = ("--out", out, "--warehouse", learned.warehouse, "--json")
        done = apicensus("validate", learned.rest, *options, *common)
        assert done.code == 0, done.err
        rows = [json.loads(line) for line in out.read_text().splitlines()]
        assert done.summary["written"] == len(rows) == sum(done.summary["findings"].values())
        findings[name] = [{**row, "path_template": "", "confidence": None} for row in rows]
    assert findings["learned"] == findings["openapi-3.1"] == findings["openapi-3.0"]


def test_findings_fail_where_asked_and_are_shown_without_values(
    apicensus: Callable[..., Any], learned: Learned, tmp_path: Path
) -> None:
    first = learned.records[0] | {
        "ClientRequestHost": "api.example.com",
        "ClientRequestMethod": "GET",
        "RequestBody": "",
    }
    bad = write_records(
        tmp_path / "bad.ndjson", [first | {"ClientRequestURI": "/x?n=PlantedValue7x9", "RayID": "planted"}]
    )
    (tmp_path / "api.json").write_text(json.dumps(openapi({"/x": get(query("n", {"type": "integer"}))})))
    common = (bad, "--schemas", tmp_path / "api.json", "--warehouse", tmp_path / "warehouse")
    assert apicensus("validate", *common, "--fail-on-findings", "--json").code == 1
    assert apicensus("validate", *common, "--json").code == 0
    shown = apicensus(
        "validate", *common, "--fail-on-findings", "--severity", "high", "--out", tmp_path / "f.ndjson"
    )
    assert shown.code == 1
    assert "query n breaks type (text)" in shown.out
    row = json.loads((tmp_path / "f.ndjson").read_text())
    assert (row["name"], row["rule"], row["severity"], row["transaction_ids"]) == (
        "n",
        "type",
        "high",
        ["planted"],
    )
    files = [file for file in (tmp_path / "warehouse").rglob("*") if file.is_file()]
    assert [file for file in files if b"PlantedValue7x9" in file.read_bytes()] == []


def test_provisional_rule_is_reported_but_fails_only_where_asked(
    apicensus: Callable[..., Any], learned: Learned, tmp_path: Path
) -> None:
    stated = {"n": 40, "clients": 9, "confidence": 0.95, "status": "provisional", "waits_for": 60}
    schema = {"type": "integer", "x-census": stated}
    first = learned.records[0] | {"ClientRequestHost": "api.example.com", "ClientRequestMethod": "GET"}
    bad = write_records(
        tmp_path / "bad.ndjson", [first | {"ClientRequestURI": "/x?n=abc", "RequestBody": ""}]
    )
    (tmp_path / "api.json").write_text(json.dumps(openapi({"/x": get(query("n", schema))})))
    common = (bad, "--schemas", tmp_path / "api.json", "--warehouse", tmp_path / "warehouse", "--json")
    done = apicensus("validate", *common, "--fail-on-findings")
    assert (done.code, done.summary["findings"]["high"], done.summary["enforceable"]["high"]) == (0, 1, 0)
    assert apicensus("validate", *common, "--fail-on-findings", "--confidence", "0.9").code == 1


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--schemas", "nowhere"), "nowhere: no such file or folder"),
        (
            (),
            "has no endpoints to check against. Run `apicensus discover` and `learn` first, or give --schemas DIR",
        ),
    ],
)
def test_nothing_to_check_against_is_wrong_usage(
    apicensus: Callable[..., Any], tmp_path: Path, options: tuple[str, ...], message: str
) -> None:
    done = apicensus("validate", *options, "--warehouse", tmp_path / "warehouse")
    assert done.code == 2
    assert message in done.err


@pytest.mark.parametrize(
    ("profile", "accepts"),
    [
        ("openapi-3.1", openapi_core_accepts),
        ("openapi-3.0", openapi_core_accepts),
        ("openapi-3.0", connexion_accepts),
    ],
    ids=["openapi-core-3.1", "openapi-core-3.0", "connexion-3.0"],
)
def test_independent_validators_accept_held_back_valid_traffic(
    learned: Learned, profile: str, accepts: Any
) -> None:
    refused, replayed = [], 0
    for file in sorted((learned.openapi / profile).glob("*.yaml")):
        document = yaml.safe_load(file.read_text())
        host = document["x-census"]["hosts"][0]
        mine = (one for one in learned.valid if one["ClientRequestHost"] == host)
        requests = [to_request(one) for one in mine if is_logged_whole(one)]
        find = checker(document).routes.find
        found = ((one, find(host, one.method, one.target.partition("?")[0])) for one in requests)
        known = [one for one, match in found if match.route is not None and match.method_known][:REPLAYED]
        replayed += len(known)
        refused += [one for one, good in zip(known, accepts(document, known), strict=True) if not good]
    assert replayed > 100
    assert refused == []


def is_logged_whole(record: dict[str, Any]) -> bool:
    """Whether the log has the request's body, if there was one.

    Only then it can be sent again.
    """
    return ("content-type" in record["RequestHeaders"]) == bool(record.get("RequestBody"))


def to_request(record: dict[str, Any]) -> Sent:
    media = record["RequestHeaders"].get("content-type", "application/json")
    return Sent(
        record["ClientRequestMethod"], record["ClientRequestURI"], record.get("RequestBody") or None, media
    )
