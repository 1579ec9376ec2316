"""Ingest from S3 with the real S3A client and moto's server on this machine.

Spark runs in a process of its own. S3A and the parts of the AWS SDK that it needs (18 MB; the SDK's bundle has 600) come from
Maven Central through `spark.jars.packages`, once (some 20 s), then from the Ivy cache.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pyspark
import pytest
import yaml
from moto.server import ThreadedMotoServer

from tests.small_plans import SMALL

ROOT = Path(__file__).resolve().parents[2]
SDK = "2.35.4"  # the version that hadoop-aws 3.5.0 was built with (aws-java-sdk-v2.version of hadoop-project)


def packages() -> str:
    """Returns Delta as in conf/, S3A of Spark's Hadoop version and SDK modules."""
    conf = (ROOT / "conf/spark-defaults.conf").read_text()
    delta = next(line.split()[1] for line in conf.splitlines() if line.startswith("spark.jars.packages"))
    (jar,) = (Path(pyspark.__file__).parent / "jars").glob("hadoop-client-api-*.jar")
    hadoop = jar.stem.rpartition("-")[2]
    modules = [f"software.amazon.awssdk:{name}:{SDK}" for name in ("s3", "s3-transfer-manager", "sts")]
    accelerator = "software.amazon.s3.analyticsaccelerator:analyticsaccelerator-s3:1.3.1"
    return ",".join([delta, f"org.apache.hadoop:hadoop-aws:{hadoop}", *modules, accelerator])


@pytest.fixture(scope="module")
def output(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The output of `tests.s3_program`."""
    folder = tmp_path_factory.mktemp("s3")
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    endpoint = "http://{}:{}".format(*server.get_host_and_port())
    s3a = {
        "endpoint": endpoint, "endpoint.region": "us-east-1", "path.style.access": "true",
        "access.key": "test", "secret.key": "test",
        "aws.credentials.provider": "org.apache.hadoop.fs.s3a.SimpleAWSCredentialsProvider",
    }  # fmt: skip
    properties = SMALL | {f"spark.hadoop.fs.s3a.{name}": value for name, value in s3a.items()}
    properties |= {
        "spark.jars.packages": packages(),
        "spark.jars.excludes": "software.amazon.awssdk:bundle",
    }
    spark = {
        "master": "local[2]",
        "driver_memory": "2g",
        "local_shuffle_partitions": 2,
        "properties": properties,
    }
    settings = folder / "settings.yaml"
    settings.write_text(yaml.safe_dump({"spark": spark}))
    arguments = [str(settings), str(folder / "warehouse"), "s3a://logs", endpoint]
    try:
        command = [sys.executable, "-m", "tests.s3_program", *arguments]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=500, check=False)
    finally:
        server.stop()
    assert done.returncode == 0, done.stderr[-3000:]
    return dict(json.loads(done.stdout.splitlines()[-1]))


def test_each_file_of_a_remote_folder_is_an_input_of_its_own(output: dict[str, Any]) -> None:
    first, again, added = output["first"], output["again"], output["added"]
    assert (first["files"], first["valid"], first["quarantined"]) == (3, 10 + 5 + 3, 0)
    assert [(one["file"], one["reason"].split(":")[0]) for one in first["left_out"]] == [
        ("s3a://logs/day/notes.txt", "has no known format")
    ]
    assert (again["files"], again["files_known"], again["records"]) == (0, 3, 0)
    assert (added["files"], added["files_known"], added["valid"]) == (1, 3, 4)
    assert (output["grown"]["files"], output["grown"]["valid"]) == (1, 2)
    assert output["rows"] == 10 + 5 + 3 + 4 + 2 + 1
    assert [tuple(row) for row in output["ledger"]] == [
        ("s3a://logs/day/a.ndjson.gz", 10, "published"),
        ("s3a://logs/day/access.log", 2, "published"),
        ("s3a://logs/day/access.log", 3, "published"),
        ("s3a://logs/day/deep%20er/b:c.ndjson", 5, "published"),
        ("s3a://logs/day/late.ndjson.gz", 4, "published"),
        ("s3a://logs/day/line.ndjson.gz", 1, "published"),
    ]


def test_a_long_line_and_an_absent_folder_are_told(output: dict[str, Any]) -> None:
    assert (output["long"]["valid"] + output["long"]["repeated"], output["long"]["quarantined"]) == (1, 1)
    assert output["absent"]["code"] == 2


def test_a_lease_in_a_bucket_is_created_without_overwriting(output: dict[str, Any]) -> None:
    lease = output["lease"]
    assert lease["claimed"] == [True, False]
    assert "`learn`" in lease["busy"]
    assert "its last sign of life was at" in lease["taken"][0]
    assert lease["left"] is None


def test_tables_and_intentions_may_be_in_a_bucket(output: dict[str, Any]) -> None:
    tables = output["tables"]
    days = [f"2026-06-0{number}" for number in range(1, 5)]
    assert not tables["before"]
    assert tables["ours"] == tables["deltas"] == tables["days"] == days
    assert tables["declared"] == [[], ["a", "b"], []]
