"""Steps that tests/jobs/test_ingest_s3.py runs in a separate process.

Spark has an S3 client there. The steps print what they left behind.

Arguments: settings, warehouse, bucket URI, endpoint. Prints one JSON object.
"""

from __future__ import annotations

import gzip
import json
import sys
import time
from collections.abc import Callable
from contextlib import redirect_stdout
from dataclasses import replace
from io import StringIO
from pathlib import Path
from typing import Any

import boto3
from pyspark.sql import SparkSession
from pyspark.sql.types import DateType, IntegerType, StructField, StructType

from jobs.__main__ import main as apicensus
from pipelines.runtime.errors import WarehouseBusy
from pipelines.runtime.lease import acquire_lease, describe_this_process
from pipelines.runtime.settings_sections import LeaseSettings
from pipelines.runtime.tables import Table, Warehouse
from pipelines.runtime.warehouse_lease import HadoopLease
from pipelines.transactions.spark import publication
from pipelines.transactions.tables import BATCHES, TRANSACTIONS
from tests.input_files import COMBINED, LOGPUSH

LINE = LOGPUSH.replace(
    b'"a.example"', b'"a.example","ClientRequestMethod":"GET","EdgeStartTimestamp":"2026-10-31T10:00:00Z"'
)


def lines(first: int, count: int) -> bytes:
    """Returns Logpush records with distinct ids."""
    return b"".join(LINE.replace(b'"RayID":"1"', b'"RayID":"r%d"' % n) for n in range(first, first + count))


def run(*arguments: str) -> dict[str, Any]:
    """Returns the summary of an ingest, with its exit code."""
    output = StringIO()
    with redirect_stdout(output):
        code = apicensus(["ingest", *arguments, "--json"])
    return {"code": code} | (json.loads(output.getvalue().splitlines()[-1]) if code == 0 else {})


def ingests(put: Callable[[str, bytes], Any], settings: str, warehouse: str, bucket: str) -> dict[str, Any]:
    """Ingests a folder, repeats it, then with a file added, and with one grown."""
    given = (f"{bucket}/day/", "--settings", settings, "--warehouse", warehouse)
    put("day/a.ndjson.gz", gzip.compress(lines(0, 10)))
    put("day/deep er/b:c.ndjson", lines(10, 5))
    put("day/access.log", COMBINED * 3)
    put("day/_SUCCESS", b"")
    put("day/notes.txt", b"hello")
    summaries = {"first": run(*given), "again": run(*given)}
    put("day/late.ndjson.gz", gzip.compress(lines(15, 4)))
    summaries["added"] = run(*given)
    put("day/access.log", COMBINED * 5)
    summaries["grown"] = run(*given)
    put("day/line.ndjson.gz", gzip.compress(LINE + b'{"a":"' + b"x" * (8 << 20)))
    summaries["long"] = run(f"{bucket}/day/li*.gz", *given[1:])
    summaries["absent"] = run(f"{bucket}/nothing/", *given[1:])
    return summaries


def leases(spark: SparkSession, root: str) -> dict[str, Any]:
    """Uses a lease in the bucket.

    It is acquired, refused to another machine, taken over, confirmed and released.
    """
    file, settings = HadoopLease(spark, root), LeaseSettings(stale_seconds=300, wait_seconds=0)
    theirs = replace(describe_this_process("learn"), place="elsewhere", host="elsewhere")
    outcome: dict[str, Any] = {
        "claimed": [file.claim(theirs, None), file.claim(describe_this_process("other"), None)]
    }
    try:
        acquire_lease(file, root, "ingest", settings, print)
    except WarehouseBusy as error:
        outcome["busy"] = str(error)
    file.refresh(replace(theirs, seen=time.time() - 1000))
    messages: list[str] = []
    lease = acquire_lease(file, root, "ingest", settings, messages.append)
    lease.confirm()
    lease.release()
    return outcome | {"taken": messages, "left": file.read()}


def tables(spark: SparkSession, root: str) -> dict[str, Any]:
    """Uses a table in the bucket.

    It is created, appended to, replaced, and read by this project and by Delta; and a publication is declared.
    """
    columns = [StructField("day", DateType(), False), StructField("number", IntegerType(), False)]
    table = Table("days of s3", StructType(columns), ("day",))
    held = Warehouse(spark, root)
    outcome: dict[str, Any] = {"before": table.exists(held)}
    days = spark.sql("SELECT explode(sequence(DATE'2026-06-01', DATE'2026-06-04')) AS day, 1 AS number")
    table.replace(days.limit(3), held, "day < '2026-07-01'")
    table.replace(days.where("day = '2026-06-02'"), held, "day = '2026-06-02'")
    table.append(days.where("day = '2026-06-04'"), held)
    stored = spark.read.format("delta").load(held.path(table.name))
    for name, frame in (("ours", table.read(held)), ("deltas", stored)):
        outcome[name] = sorted(row["day"].isoformat() for row in frame.collect())
    outcome["days"] = [day.isoformat() for day in table.digests_by_day(held)]
    outcome["declared"] = [publication.read_intent(spark, f"{root}/_staging")]
    publication.write_intent(spark, f"{root}/_staging", ["b", "a"])
    outcome["declared"].append(publication.read_intent(spark, f"{root}/_staging"))
    publication.delete_intent(spark, f"{root}/_staging")
    outcome["declared"].append(publication.read_intent(spark, f"{root}/_staging"))
    return outcome


def main(settings: str, warehouse: str, bucket: str, endpoint: str) -> None:
    """Runs everything in one session."""
    store = boto3.client(
        "s3",
        endpoint_url=endpoint,
        aws_access_key_id="test",
        aws_secret_access_key="test",
        region_name="us-east-1",
    )
    name = bucket.partition("://")[2]
    store.create_bucket(Bucket=name)

    def put(key: str, body: bytes) -> None:
        store.put_object(Bucket=name, Key=key, Body=body)

    results = ingests(put, settings, str(Path(warehouse)), bucket)
    spark = SparkSession.getActiveSession()
    assert spark is not None
    held = Warehouse(spark, warehouse)
    results["rows"] = TRANSACTIONS.read(held).count()
    ledger = BATCHES.read(held).select("source", "valid", "state").orderBy("source", "valid").collect()
    results["ledger"] = [tuple(row) for row in ledger]
    results["lease"] = leases(spark, f"{bucket}/warehouse")
    results["tables"] = tables(spark, f"{bucket}/warehouse")
    sys.stdout.write(json.dumps(results) + "\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
