"""Entries that are not requests count apart, and unusable files are refused.

A refused file is reported with its reason, advice and exit code 3.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from pipelines.runtime.tables import Warehouse
from pipelines.transactions.tables import BATCHES, QUARANTINE, TRANSACTIONS


def har(*entries: tuple[str, int | None]) -> str:
    recorded = [
        {
            "startedDateTime": "Fri Nov 27 2026 10:00:00 GMT+0100 (CET)",
            "request": {
                "method": "POST",
                "url": url,
                "headers": [],
                "postData": {"mimeType": "", "text": '{"a": 1}'},
            },
            "response": {"status": status, "headers": []},
        }
        for url, status in entries
    ]
    return json.dumps({"log": {"version": "1.2", "entries": recorded}})


def test_what_never_was_a_request_counts_apart_and_a_log_without_zones_is_not_ingested(
    apicensus: Callable[..., Any], warehouse: Warehouse, tmp_path: Path
) -> None:
    traffic = tmp_path / "traffic"
    traffic.mkdir()
    never = [
        ("data:image/png;base64,AA", 200),
        ("chrome-extension://a/b.js", 200),
        ("https://a.example/x", 0),
    ]
    (traffic / "a.har").write_text(
        har(*never * 50, ("https://a.example/y", None), *[("https://a.example/v1/a", 200)] * 9)
    )
    log = traffic / "access.log"
    log.write_text('203.0.113.7 - - [24/Nov/2026:10:00:00] "GET /a HTTP/1.1" 200 10\n' * 4)
    ingest = ("ingest", traffic, "--warehouse", warehouse.root, "--json")
    done = apicensus(*ingest)
    assert done.code == 3, done.err
    assert {k: done.summary[k] for k in ("files", "records", "valid", "quarantined", "not_requests")} == {
        "files": 1,
        "records": 9,
        "valid": 9,
        "quarantined": 0,
        "not_requests": 151,
    }
    assert done.summary["not_requests_by_reason"]["data: address"] == 50
    assert f"not ingested: {log}: 4 of 4 records cannot be used" in done.err
    assert "Set ingest.time_zone" in done.err
    rows = (
        TRANSACTIONS.read(warehouse).select("request_content_type", "request_content_type_guessed").distinct()
    )
    assert [tuple(row) for row in rows.collect()] == [("application/json", True)]
    assert not QUARANTINE.exists(warehouse)
    (batch,) = BATCHES.read(warehouse).collect()
    assert (batch["records"], batch["not_requests"]) == (9, 151)
    alone = apicensus(*ingest)  # nothing else is new
    assert alone.code == 3
    assert "4 of 4 records cannot be used, 4 of them for one reason: time has no time zone" in alone.err
    mine = tmp_path / "mine.yaml"
    mine.write_text("ingest: {time_zone: Europe/Berlin}")
    again = apicensus(*ingest, "--settings", mine)  # as advised
    assert (again.code, again.summary["valid"]) == (0, 4), again.err
    assert TRANSACTIONS.read(warehouse).where("hour(time) = 9").count() == 13
