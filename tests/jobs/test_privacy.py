"""Secrets planted in every field of every format appear in no file of any step."""

from __future__ import annotations

import base64
import gzip
import json
import sqlite3
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from pyspark.sql import SparkSession

from tests.planted_secrets import places
from tests.small_plans import override_properties

CLIENT = "203.0.113.77"
JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJwbGFudGVkLXN1YmplY3QtNzcifQ.cGxhbnRlZHNpZ25hdHVyZTc3"
SECRETS = {
    "authorization": "PlantedAuth7x9Qw3",
    "api_key": "PlantedKey7x9Qw3",
    "cookie": "PlantedCookie7x9Qw3",
    "set_cookie": "PlantedSetCookie7x9",
    "query": "PlantedQuery7x9Qw3",
    "referer": "PlantedReferer7x9Qw",
    "userinfo": "PlantedUser7x9Qw3",
    "body": "PlantedBody7x9Qw3",
    "form": "PlantedForm7x9Qw3",
    "bearer_in_agent": "PlantedAgent7x9Qw3",
    "path": JWT,
    "raw": "PlantedRaw7x9Qw3Zz",
    "github": "ghp_PlantedGithub7x9Qw3Zz01",
    "client": CLIENT,
}


def request_headers() -> dict[str, str]:
    return {
        "authorization": f"Bearer {SECRETS['authorization']}",
        "x-api-key": SECRETS["api_key"],
        "cookie": f"sid={SECRETS['cookie']}; theme=dark",
        "x-forwarded-for": CLIENT,
        "x-amz-security-token": SECRETS["api_key"],
        "accept": f"application/json, {SECRETS['github']}",
        "origin": f"https://{SECRETS['userinfo']}:x@web.example",
    }


def uri() -> str:
    return f"/users/7?access_token={SECRETS['query']}&page=1"


def logpush_lines() -> list[str]:
    base: dict[str, Any] = {
        "RayID": "r1", "EdgeStartTimestamp": "2026-10-31T10:00:00Z", "ClientIP": CLIENT, "ClientRequestHost": "api.example",
        "ClientRequestMethod": "POST", "ClientRequestURI": uri(), "ClientRequestScheme": "https", "EdgeResponseStatus": 200,
        "ClientRequestUserAgent": f"sdk/1 Bearer {SECRETS['bearer_in_agent']}", "EdgeResponseContentType": "application/json",
        "ClientRequestReferer": f"https://u:{SECRETS['userinfo']}@web.example/a?token={SECRETS['referer']}",
        "RequestHeaders": request_headers(), "Cookies": {"sid": SECRETS["cookie"]},
        "ResponseHeaders": {"set-cookie": f"sid={SECRETS['set_cookie']}", "location": f"/x?token={SECRETS['query']}"},
        "RequestBody": json.dumps({"user": {"password": SECRETS["body"]}, "n": 1}),
    }  # fmt: skip
    reset = {**base, "RayID": "r2", "ClientRequestURI": f"/reset/{JWT}"}
    form = {**base, "RayID": "r3", "RequestBody": f"name=ann&password={SECRETS['form']}"}
    rejected = {**base, "RayID": "r4", "EdgeResponseStatus": 0}
    cut = json.dumps({**base, "RayID": "r5"})[:-90]
    torn = f'{{"RayID": "r6", "Cookies": {{"sid": "{SECRETS["cookie"]}"}}, "password": "{SECRETS["raw"]}'
    return [*(json.dumps(row) for row in (base, reset, form, rejected)), cut, torn]


def place_lines() -> Iterator[str]:
    """Yields a Logpush line for each place, on an endpoint that is learned."""
    for number, (column, text, _) in enumerate(places().values()):
        sent = {
            "path": "/api/v1/things",
            "query": f"page={number % 9}",
            "request_body": json.dumps({"n": number}),
            column: text,
        }
        yield json.dumps({
            "RayID": f"p{number}", "EdgeStartTimestamp": f"2026-10-31T11:{number % 60:02d}:00Z",
                "ClientIP": f"198.51.{number % 250}.9",
            "ClientRequestHost": "api.example", "ClientRequestMethod": "POST", "EdgeResponseStatus": 200,
            "ClientRequestURI": f"{sent['path']}?{sent['query']}", "ClientRequestScheme": "https",
            "ClientRequestUserAgent": sent.get("user_agent", "sdk/1"), "ClientRequestReferer": sent.get("referer", ""),
            "EdgeResponseContentType": "application/json", "RequestBody": sent["request_body"],
            "RequestHeaders": {"content-type": "application/json", "accept": "application/json"},
        })  # fmt: skip


def har() -> str:
    def entry(status: int, text: str, mime: str) -> dict[str, Any]:
        headers = [{"name": name, "value": value} for name, value in request_headers().items()]
        return {
            "startedDateTime": "2026-10-31T10:00:00Z", "time": 1, "comment": SECRETS["raw"], "serverIPAddress": CLIENT,
            "request": {
                "method": "POST", "url": f"https://u:{SECRETS['userinfo']}@api.example{uri()}", "headers": headers,
                "cookies": [{"name": "sid", "value": SECRETS["cookie"]}], "queryString": [],
                "postData": {"mimeType": mime, "text": text},
            },
            "response": {
                "status": status, "headers": [{"name": "Set-Cookie", "value": f"sid={SECRETS['set_cookie']}"}],
                "cookies": [{"name": "sid", "value": SECRETS["set_cookie"]}],
                "content": {"mimeType": "application/json", "text": json.dumps({"token": SECRETS["raw"]})},
            },
        }  # fmt: skip

    bodies = [(200, json.dumps({"api_key": SECRETS["body"]}), "application/json"),
              (0, f"pw={SECRETS['form']}", "application/x-www-form-urlencoded")]  # fmt: skip
    return json.dumps({"log": {"version": "1.2", "entries": [entry(*body) for body in bodies]}})


def combined_lines() -> list[str]:
    stamp = "[31/Oct/2026:10:00:00 +0000]"
    good = f'{CLIENT} - ann {stamp} "GET {uri()} HTTP/1.1" 200 10 "https://x.example/?token={SECRETS["referer"]}" "sdk"'
    bad = f'{CLIENT} - {SECRETS["userinfo"]} {stamp} "{SECRETS["raw"]}" 400 0 "-" "Bearer {SECRETS["bearer_in_agent"]}"'
    lines = [good, bad]
    for column, text, _ in places().values():
        sent = {
            "path": "/a",
            "query": "page=1",
            "referer": "-",
            "user_agent": "sdk",
            column: text.replace('"', "%22"),
        }
        target = f"{sent['path']}?{sent['query']}".replace(" ", "%20").replace("\n", "%0A")
        line = (
            f'{CLIENT} - - {stamp} "GET {target} HTTP/1.1" 200 10 "{sent["referer"]}" "{sent["user_agent"]}"'
        )
        if column != "request_body":
            lines += [line, line.replace(" 200 ", " 0 ")]  # the text of a rejected line is kept
    return lines


@pytest.fixture
def event_log(spark: SparkSession, tmp_path: Path) -> Iterator[Path]:
    """Folder of the shared session's event log, as with `spark.eventLog.enabled`.

    Adaptive execution is on, so that changed plans are logged, too.
    """
    folder = tmp_path / "events"
    folder.mkdir()
    context, jvm = spark.sparkContext._jsc.sc(), spark.sparkContext._jvm
    assert jvm is not None
    conf = (
        context.getConf()
        .set("spark.eventLog.rolling.enabled", "false")
        .set("spark.eventLog.compress", "false")
    )
    hadoop = spark.sparkContext._jsc.hadoopConfiguration()
    listener = jvm.org.apache.spark.scheduler.EventLoggingListener(
        "planted", jvm.scala.Option.empty(), jvm.java.net.URI(folder.as_uri()), conf, hadoop
    )
    listener.start()
    context.addSparkListener(listener)
    with override_properties(spark, {"spark.sql.adaptive.enabled": "true"}):
        yield folder
    context.removeSparkListener(listener)
    listener.stop()


def read_texts(folder: Path) -> Iterator[tuple[Path, str]]:
    """Yields every file below a folder as clear text.

    Parquet row by row, SQLite cell by cell, compressed files decompressed.
    """
    for file in sorted(path for path in folder.rglob("*") if path.is_file()):
        if file.suffix == ".parquet":
            yield file, str(pq.ParquetFile(file).read().to_pylist())
        elif file.suffix == ".db":
            with sqlite3.connect(file) as db:
                yield file, "\n".join(db.iterdump())
        else:
            content = file.read_bytes()
            yield (
                file,
                (zlib.decompress(content, 31) if content[:2] == b"\x1f\x8b" else content).decode("latin-1"),
            )


@pytest.fixture
def traffic(tmp_path: Path) -> Path:
    folder = tmp_path / "traffic"
    folder.mkdir()
    lines = [*logpush_lines(), *place_lines()]
    (folder / "logs.ndjson.gz").write_bytes(gzip.compress("\n".join(lines).encode()))
    (folder / "capture.har").write_text(har())
    (folder / "access.log").write_text("\n".join(combined_lines()))
    return folder


def test_no_planted_secret_reaches_a_table_a_log_or_an_output(
    apicensus: Callable[..., Any], traffic: Path, tmp_path: Path, spark: SparkSession, event_log: Path
) -> None:
    out, scores, docs = tmp_path / "out", tmp_path / "scores" / "s.ndjson", tmp_path / "docs"
    warehouse = out / "warehouse"
    checked = apicensus(
        "ingest", traffic, "--warehouse", warehouse, "--data-docs", docs, "--host", "logs.example", "--json"
    )
    assert checked.code == 0, checked.err
    assert checked.summary["quarantined"] >= 4
    ran = apicensus("run", traffic, "--out", out, "--host", "logs.example", "--json")
    assert ran.code == 0, ran.err
    assert ran.summary["transactions"] >= 5
    scored = apicensus("score", traffic, "--out", scores)
    assert scored.code == 0, scored.err
    findings, changed = tmp_path / "findings" / "f.ndjson", tmp_path / "changed"
    validated = apicensus(
        "validate", traffic, "--out", findings, "--host", "logs.example", "--warehouse", warehouse
    )
    assert validated.code == 0, validated.err
    assert findings.read_text()
    for _ in range(2):  # the first run publishes, the second compares
        compared = apicensus("changes", "--out", changed, "--warehouse", warehouse)
        assert compared.code == 0, compared.err
    spark.sparkContext._jsc.sc().listenerBus().waitUntilEmpty()
    written = [
        (file, text)
        for folder in (out, scores.parent, docs, findings.parent, changed, event_log)
        for file, text in read_texts(folder)
    ]
    assert sum(file.suffix == ".parquet" for file, _ in written) >= 6
    assert any(file.parent == event_log and "SparkListenerTaskEnd" in text for file, text in written)
    assert any("parameter_slices" in str(file) and "things" in text for file, text in written)
    printed = "".join(done.out + done.err for done in (ran, scored, checked, validated, compared))
    whole = "\n".join([printed, *(text for _, text in written)])
    everything = SECRETS | {name: held for name, (_, _, held) in places().items()}
    leaked = {}
    for name, secret in everything.items():
        encoded = base64.b64encode(secret.encode()).decode()
        if secret in whole or encoded in whole:
            leaked[name] = [
                str(file) for file, text in written if secret in text or encoded in text
            ] or "printed"
    assert not leaked


def test_the_same_search_finds_what_is_there(traffic: Path) -> None:
    whole = "".join(text for _, text in read_texts(traffic))
    assert all(secret in whole for name, secret in SECRETS.items())
    assert [name for name, (_, _, held) in places().items() if held not in whole] == []
    assert len(places()) > 90
