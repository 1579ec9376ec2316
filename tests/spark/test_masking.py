"""Masking in Spark takes bounded time on hostile text.

This holds for Java's expressions and for the Arrow pass.
"""

from __future__ import annotations

import time

from pyspark.sql import SparkSession

from pipelines.runtime.settings import Settings
from tests.record_rows import validate_records


def test_hostile_texts_are_masked_in_bounded_time(spark: SparkSession, settings: Settings) -> None:
    parts = ("eyJ", "a@", "?", "&a=%25", '{"password":')
    hostile = [part * ((1 << 16) // len(part)) for part in parts]
    changes = [
        {"url": f"/x?{text}", "referer": f"https://x.example/{text}", "user_agent": text, "request_body": text[:60_000],
         "request_headers": {text[:60_000]: "v", "authorization": f"Bearer {text}"}, "cookies": {text[:60_000]: "v"}}
        for text in hostile
    ]  # fmt: skip
    start = time.perf_counter()
    assert len(validate_records(spark, settings, *changes)) == len(parts)
    # three seconds on a quiet machine; `eyJ` in one column alone took 40
    assert time.perf_counter() - start < 90


def test_a_query_is_cut_before_it_is_read(spark: SparkSession, settings: Settings) -> None:
    (row,) = validate_records(spark, settings, {"url": "/x?" + "a=1&" * 500_000})
    assert len(row["query"]) <= 65_536
