"""Labels from session identifiers, and features that do not leak the label."""

from __future__ import annotations

import json
from collections import Counter
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from ml.requests.features import FEATURES
from ml.requests.spark import with_features
from ml.training.labels import LEAKING_FEATURES, mask_leaking_features
from pipelines.paths.spark.templates import with_shape
from pipelines.runtime.settings import SessionIdentifier, Settings
from pipelines.runtime.settings_sections import LabelSettings
from pipelines.selection.columns import packed_signals
from pipelines.selection.spark import (
    API,
    ASSET_ANSWER,
    ASSET_ENDING,
    DOCUMENT,
    FEW_SESSIONS,
    NO_IDENTIFIER,
    NOT_FETCHED,
    SELDOM,
    WITHOUT,
    select_training_rows,
    with_repeats,
    with_session_label,
)
from pipelines.simulator.output.formats import format_logpush_line
from pipelines.simulator.sites.site import _SESSION_COOKIES, _SESSION_HEADERS, build_sites
from pipelines.simulator.traffic.transactions import generate_transactions
from pipelines.transactions.inputs.spark.files import find_inputs
from pipelines.transactions.spark.staging import stage_batch
from pipelines.workflows.training_data import find_host_shapes

COLUMNS = (
    "transaction_id string, host string, method string, path string, status int, response_content_type string, "
    "sec_fetch_dest string, session string"
)
OPTIONS = LabelSettings(
    min_sessions=3,
    min_session_share=0.75,
    min_header_share=0.5,
    max_rows_per_endpoint=2,
    max_transactions=100,
    simulated_share=0.2,
    max_pruned_share=0.05,
)
SESSIONS = {
    "a.example": SessionIdentifier(location="cookie", name="sid"),
    "c.example": SessionIdentifier(location="header", name="x-sid"),
}
JSON, HTML = "application/json", "text/html"


def create_transactions(spark: SparkSession, *given: tuple[Any, ...]) -> DataFrame:
    """Creates GET transactions.

    Each row: host, path, status, response content type, `Sec-Fetch-Dest`, session.
    """
    rows = [(f"t{n}", row[0], "GET", *row[1:]) for n, row in enumerate(given)]
    named = spark.createDataFrame(rows, COLUMNS)
    key = F.when(F.col("host") == "c.example", F.lit("header:x-sid")).otherwise(F.lit("cookie:sid"))
    session = F.when(F.col("session").isNotNull(), F.create_map(key, "session"))
    empty = F.create_map().cast("map<string,string>")
    return named.withColumn("identifiers", F.coalesce(session, empty)).drop("session")


def label_rows(df: DataFrame, settings: Settings) -> DataFrame:
    found = with_session_label(df, sessions=SESSIONS, paths=settings.paths, settings=OPTIONS)
    return with_repeats(found, OPTIONS)


def test_rules_come_first_then_the_endpoint_and_the_rest_is_left_out(
    spark: SparkSession, settings: Settings
) -> None:
    a, b = "a.example", "b.example"
    given = create_transactions(
        spark,
        *((a, f"/orders/{n}", 200, JSON, "empty", f"s{n}") for n in (1, 2, 3)),
        # an error of an endpoint that carries the identifier: its HTML page does not count
        (a, "/orders/4", 404, HTML, None, "s1"),
        (a, "/orders/5", 200, JSON, None, None),
        *((a, "/few", 200, JSON, None, "s1") for _ in range(9)),
        *((a, "/seldom", 200, JSON, None, session) for session in ("s1", "s2", "s3", None, None)),
        (a, "/page", 200, HTML, None, "s1"),
        (a, "/orders/6", 200, JSON, "document", "s1"),
        (a, "/app.JS", 200, JSON, "empty", "s1"),
        (a, "/picture/1", 200, "image/png", "", "s1"),
        # the caller's code sets a header, so a smaller share is enough
        *(("c.example", "/seldom", 200, JSON, None, session) for session in ("s1", "s2", "s3", None, None)),
        (b, "/orders/7", 200, JSON, None, "s1"),  # no identifier is configured for this host
        (b, "/style.css", 200, "text/css", None, None),
    )
    labels = label_rows(given, settings).collect()
    assert Counter((row["reason"], row["is_api"], row["carried"]) for row in labels) == {
        (API, True, True): 4 + 3,
        (WITHOUT, None, False): 3 + 2,
        (FEW_SESSIONS, None, True): 9,
        (SELDOM, None, True): 3,
        (DOCUMENT, False, True): 1,
        (NOT_FETCHED, False, True): 1,
        (ASSET_ENDING, False, True): 1,
        (ASSET_ENDING, False, False): 1,
        (ASSET_ANSWER, False, True): 1,
        (NO_IDENTIFIER, None, False): 1,
    }
    drawn = select_training_rows(label_rows(given.repartition(5), settings), OPTIONS).collect()
    assert Counter((row["path_shape"], row["is_api"]) for row in drawn if row["is_api"]) == {
        ("/orders/{}", True): 2,  # of 4, because of max_rows_per_endpoint
        ("/seldom", True): 2,
    }
    unrepeated = {row["transaction_id"] for row in labels if row["is_api"] is not None and not row["repeat"]}
    assert {row["transaction_id"] for row in drawn} == unrepeated  # whatever the partitions


def test_shapes_of_a_host_are_its_busiest_without_what_was_not_there(
    spark: SparkSession, settings: Settings
) -> None:
    given = create_transactions(
        spark,
        *(("a.example", f"/users/{n}", 200, JSON, None, None) for n in range(3)),
        *(("a.example", "/cart/", 304, HTML, None, None) for _ in range(2)),
        ("a.example", "/rare", 200, HTML, None, None),
        *(("a.example", "/wp-login.php", 404, HTML, None, None) for _ in range(9)),
        ("b.example", "/.env", 403, HTML, None, None),
    )
    found = {
        row["host"]: row["shapes"] for row in find_host_shapes(with_shape(given, settings.paths), 2).collect()
    }
    assert found == {"a.example": ["GET /cart", "GET /users/{}"]}


@pytest.fixture(scope="module")
def variants(
    spark: SparkSession, settings: Settings, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, pd.DataFrame]:
    """Features of the same 400 simulated records in four variants.

    They are read from Logpush lines without an identifier, with one in headers, with one in cookies, and with traces of it.
    """
    folder: Path = tmp_path_factory.mktemp("variants")
    names = {name.lower() for name in (*_SESSION_HEADERS, *_SESSION_COOKIES)}
    sites = build_sites(8, 21, "full")
    with (folder / "in.ndjson").open("w") as file:
        for transaction in generate_transactions(sites, 400, 21, end_date=date(2026, 6, 30)):
            record = json.loads(format_logpush_line(transaction))
            headers = {k: v for k, v in record["RequestHeaders"].items() if k.lower() not in names}
            cookies = {k: v for k, v in record["Cookies"].items() if k.lower() not in names}
            secret = dict.fromkeys(_SESSION_HEADERS, "Bearer 8Kd0fq2Lx7Tn5vYw3zRb9QmC1aHs6Ue4")
            held = {"RequestHeaders": headers | secret}
            carried = {
                "Cookies": cookies | dict.fromkeys(_SESSION_COOKIES, "8Kd0fq2Lx7Tn5vYw3zRb9QmC1aHs6Ue4")
            }
            traces = {
                "ResponseHeaders": record["ResponseHeaders"] | {"set-cookie": "sid=1"},
                "ClientRequestBytes": record["ClientRequestBytes"] + 1200,
            }
            bare = record | {"RequestHeaders": headers, "Cookies": cookies}
            versions = (bare, bare | held, bare | carried, bare | held | carried | traces)
            for name, version in zip(("bare", "header", "cookie", "traces"), versions, strict=True):
                file.write(json.dumps(version | {"RayID": f"{name}-{transaction.ray_id}"}) + "\n")
    files = find_inputs([str(folder / "in.ndjson")], "logpush").files
    now = datetime.now(UTC)
    with stage_batch(
        spark, files, str(folder / "rows"), key=b"k" * 16, now=now, settings=settings
    ) as staging:
        valid = staging.rows.where(F.size("violations") == 0)
        carrying = valid.where(F.size("identifiers") > 0).select("transaction_id").toPandas()
        kept = ("transaction_id",)
        frame = with_features(valid.withColumn("signals", packed_signals()), kept).toPandas()
    carriers = carrying["transaction_id"].str.partition("-")[0].value_counts().to_dict()
    assert {"header", "cookie", "traces"} <= {name for name, count in carriers.items() if count == 400}
    assert len(frame) == 4 * 400
    frame[["variant", "id"]] = frame["transaction_id"].str.split("-", expand=True)
    return {str(name): part.sort_values("id") for name, part in frame.groupby("variant")}


@pytest.mark.parametrize("variant", ["header", "cookie"])
def test_features_are_the_same_bytes_with_and_without_the_session_identifier(
    variants: dict[str, pd.DataFrame], variant: str
) -> None:
    bare, other = (variants[name][list(FEATURES)].to_numpy(np.float32) for name in ("bare", variant))
    assert bare.tobytes() == other.tobytes()


def test_traces_that_the_identifier_leaves_are_seen_when_scoring_but_never_learned_from_such_labels(
    variants: dict[str, pd.DataFrame],
) -> None:
    bare, traces = variants["bare"].reset_index(), variants["traces"].reset_index()
    changed = {name for name in FEATURES if not np.array_equal(bare[name], traces[name])}
    assert {"set_cookie", "request_bytes_log"} <= changed
    assert changed <= set(LEAKING_FEATURES) | {"headers_logged"}
    learned = [mask_leaking_features(frame)[list(FEATURES)].to_numpy(np.float32) for frame in (bare, traces)]
    assert learned[0].tobytes() == learned[1].tobytes()
