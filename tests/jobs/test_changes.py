"""`changes` reports each change of an API once, after all steps."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from openapi_spec_validator import validate
from pyspark.sql import SparkSession

from pipelines.changes.notifications import SECRET_VARIABLE
from tests.changing_api import CLIENTS, HOST, write_day
from tests.webhook_server import run_receiver

BEFORE, SAME, AFTER = range(5), range(5, 6), range(6, 9)
SETTINGS = "changes: {cycles: [], idle_risk: 0.1, webhook_backoff_seconds: 0}\ntracking: {enabled: false}\n"
"""Three days without calls after six are reported at a risk of 0.1: (1 + 3/5)^-5."""
Step = Callable[..., Any]


def read_lines(file: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]


def learn_days(apicensus: Step, folder: Path, days: range, root: tuple[Any, ...], *, changed: bool) -> None:
    files = [write_day(folder / "in", number, changed=changed) for number in days]
    for step, arguments in (("discover", [*files, "--variant", "ml"]), ("learn", [])):
        done = apicensus(step, *arguments, *root)
        assert done.code == 0, done.err


def summarise(changes: list[dict[str, Any]]) -> set[tuple[str, str, str, str, bool]]:
    """Summarises changes.

    Each: method and template, kind, parameter, keyword, and whether it breaks clients.
    """
    return {
        (
            f"{one['method']} {one['path_template']}",
            one["kind"],
            one["name"],
            one["keyword"],
            one["is_breaking"],
        )
        for one in changes
    }


def test_what_changed_is_told_once_with_its_day_and_its_clients(
    apicensus: Step, tmp_path: Path, spark: SparkSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(SECRET_VARIABLE, "key-of-the-hook")
    settings = tmp_path / "settings.yaml"
    settings.write_text(SETTINGS)
    root = ("--warehouse", tmp_path / "warehouse", "--settings", settings)
    learn_days(apicensus, tmp_path, BEFORE, root, changed=False)
    out = tmp_path / "first"
    first = apicensus("changes", *root, "--out", out, "--json", "--fail-on-findings")
    assert (first.code, first.summary["published_endpoints"], first.summary["changes"]) == (0, 3, 0), (
        first.err
    )
    assert (first.summary["documents"], read_lines(out / "changes.ndjson")) == (2, [])
    validate(yaml.safe_load((out / "after" / "openapi-3.1" / f"{HOST}.yaml").read_text()))

    learn_days(apicensus, tmp_path, SAME, root, changed=False)
    same = apicensus("changes", *root, "--json", "--fail-on-findings")
    assert (same.code, same.summary["changes"]) == (0, 0), same.out

    learn_days(apicensus, tmp_path, AFTER, root, changed=True)
    out = tmp_path / "out"
    with run_receiver(answers=[500] * 4) as receiver:
        hook = ("--webhook", receiver.url)
        failed = apicensus("changes", *root, "--accept", *hook)
        assert (failed.code, failed.out) == (3, "")
        assert "-secret" not in failed.err + failed.out
        done = apicensus("changes", *root, "--out", out, *hook, "--json", "--fail-on-findings")
        assert done.code == 1, done.err  # clients request /v1/legacy/rates in vain
        again = apicensus("changes", *root, "--accept", "--out", tmp_path / "again", *hook, "--json")
        assert (again.code, again.summary["notices"]) == (0, 0), again.err
        assert receiver.changes[-done.summary["changes"] :] == read_lines(out / "changes.ndjson")
        assert all("X-Apicensus-Signature" in headers for _, headers in receiver.got)
    assert_all_changes_are_reported(read_lines(out / "changes.ndjson"))
    assert_documents_show_changes(out)
    assert (tmp_path / "again" / "changes.ndjson").read_bytes() == (out / "changes.ndjson").read_bytes()
    assert (
        spark.read.format("delta").load(str(tmp_path / "warehouse" / "changes")).count()
        == done.summary["changes"]
    )

    after = apicensus("changes", *root, "--json", "--fail-on-findings")
    assert (after.code, after.summary["changes"], after.summary["publication"]) == (0, 0, 2), after.out
    looked_back = apicensus("changes", *root, "--since", "2026-06-06", "--out", tmp_path / "back", "--json")
    assert looked_back.summary["changes"] == done.summary["changes"]
    assert summarise(read_lines(tmp_path / "back" / "changes.ndjson")) == summarise(
        read_lines(out / "changes.ndjson")
    )


def assert_all_changes_are_reported(changes: list[dict[str, Any]]) -> None:
    """Checks that exactly the changes of tests.changing_api are reported.

    They have its day and clients. Limits with better evidence are reported apart, as no request shows them.
    """
    better_known = [change for change in changes if change["cause"] == "evidence"]
    assert {(change["kind"], change["first_day"], change["is_significant"]) for change in better_known} <= {
        ("narrowed", None, False)
    }
    changes = [change for change in changes if change["cause"] == "traffic"]
    orders = "GET /v1/orders"
    assert summarise(changes) == {
        ("GET /v1/legacy/rates", "endpoint-gone", "", "", True),
        (orders, "parameter-new", "expand", "", False),
        (orders, "widened", "page", "maximum", False),
        (orders, "widened", "ref", "type", False),
        ("DELETE /v1/orders/{orderId}", "method-new", "", "", False),
        ("POST /v1/refunds", "endpoint-new", "", "", False),
    }
    assert {change["first_day"] for change in changes} == {"2026-06-07"}
    assert all(change["is_significant"] for change in changes)
    by_name = {change["name"] or change["kind"]: change for change in changes}
    assert by_name["expand"]["requests"] == CLIENTS * len(AFTER)
    assert by_name["expand"]["share_of_requests"] == 1
    assert 0.8 * CLIENTS < by_name["ref"]["clients"] <= CLIENTS
    assert 0.3 < by_name["ref"]["share_of_requests"] < 0.9  # 0.6 of the values are UUIDs
    assert 0.2 < by_name["page"]["share_of_requests"] < 0.8  # half of the values are beyond the old maximum
    assert by_name["endpoint-new"]["first_seen"].startswith("2026-06-07T08:")
    assert by_name["endpoint-gone"]["share_of_requests"] is None


def assert_documents_show_changes(out: Path) -> None:
    before, after = (
        yaml.safe_load((out / side / "openapi-3.1" / f"{HOST}.yaml").read_text())
        for side in ("before", "after")
    )
    validate(before)
    validate(after)
    assert set(after["paths"]) - set(before["paths"]) == {"/v1/refunds"}
    assert "delete" not in before["paths"]["/v1/orders/{orderId}"]
    names = [
        {one["name"] for one in side["paths"]["/v1/orders"]["get"]["parameters"]} for side in (before, after)
    ]
    assert names[1] - names[0] == {"expand"}
    states = [side["paths"]["/v1/legacy/rates"]["get"]["x-census"]["state"] for side in (before, after)]
    assert states == ["new", "idle"]
    [sort_before], [sort_after] = (
        [one for one in side["paths"]["/v1/orders"]["get"]["parameters"] if one["name"] == "sort"]
        for side in (before, after)
    )
    assert sort_before == sort_after


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--webhook", "ftp://hooks.example.com/path-secret"], "changes.webhook: expected an address"),
        (["--since", "2026-06-01", "--accept"], "--since looks back"),
        (["--since", "yesterday"], "does not match the format"),
    ],
)
def test_wrong_usage_is_one_sentence_before_anything_starts(
    apicensus: Step, tmp_path: Path, arguments: list[str], message: str
) -> None:
    done = apicensus("changes", *arguments, "--warehouse", tmp_path / "warehouse")
    assert done.code == 2
    assert message in " ".join(done.err.replace("│", " ").split())
    assert "-secret" not in done.err
    assert not (tmp_path / "warehouse").exists()
