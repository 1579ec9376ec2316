"""Days one at a time cost a day each and give the result of one pass.

The seven days come shuffled, one of them twice, and one file late.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from datetime import datetime, time, timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F
from pyspark.sql.types import BinaryType

from pipelines.endpoints.keys import ENDPOINT_KEY
from pipelines.endpoints.tables import CLIENT_DAYS, CLIENTS, ENDPOINT_REASONS, ENDPOINT_SLICES
from pipelines.paths.tables import PATH_TEMPLATES
from pipelines.runtime.columns import estimate_distinct
from pipelines.runtime.tables import Warehouse
from pipelines.schemas.tables import (
    LEARNED_CELLS,
    OUTLIER_CLIENTS,
    PARAMETER_SENDERS,
    PARAMETER_SLICES,
    SCHEMAS,
    latest,
)
from tests.changing_api import FIRST, line, write_day

DAYS = 7
SHUFFLED = (3, 0, 5, 6, 1, 4, 2)
LEARNED_AFTER = (0, 5)
"""Days of the shuffled ones after which schemas are learned, as well."""
TABLES = (
    CLIENT_DAYS, CLIENTS, PATH_TEMPLATES, ENDPOINT_SLICES, ENDPOINT_REASONS,
    PARAMETER_SENDERS, PARAMETER_SLICES, OUTLIER_CLIENTS, LEARNED_CELLS,
)  # fmt: skip
PROVENANCE = ("inputs", "content")
"""Columns that record what a row was made from, not its content."""


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """One file per day; the API changes on the fifth."""
    folder = tmp_path_factory.mktemp("days")
    return [write_day(folder, number, changed=number >= 4) for number in range(DAYS)]


@pytest.fixture(scope="module")
def late(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A late file of the second day.

    It has calls of known clients before their first ones, and of a new path.
    """
    file = tmp_path_factory.mktemp("late") / "late.ndjson"
    moment = datetime.combine(FIRST + timedelta(days=1), time(1))
    asked = [(f"/v1/orders/{10_000 + client}", client) for client in range(5)]
    asked += [("/v1/stock", client) for client in range(3, 9)]
    records = [
        line(f"late{number:04x}", moment, client, "GET", path, 200)
        for number, (path, client) in enumerate(asked)
    ]
    file.write_bytes(b"\n".join(map(orjson.dumps, records)) + b"\n")
    return file


@pytest.fixture(scope="module")
def settings_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Settings with one key for both warehouses, so that hashes of clients are equal."""
    folder = tmp_path_factory.mktemp("settings")
    (folder / "key").write_bytes(bytes(range(64)))
    file = folder / "settings.yaml"
    file.write_text(f"privacy:\n  key_file: {folder / 'key'}\n  client_ipv4_prefix: 32\n")
    return file


def comparable_rows(frame: DataFrame) -> list[str]:
    """Returns rows as sorted texts, with the estimates of sketches.

    Sketches of the same clients may have them in another order.
    """
    sketches = [field.name for field in frame.schema if isinstance(field.dataType, BinaryType)]
    estimated = frame.withColumns({name: estimate_distinct(name) for name in sketches})
    shown = estimated.select(*(name for name in frame.columns if name not in PROVENANCE))
    return sorted(str(row) for row in shown.collect())


@pytest.fixture(scope="module")
def once(
    prepare: Callable[..., Any],
    files: list[Path],
    late: Path,
    settings_file: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> Path:
    """A warehouse of all files, discovered and learned in one pass.

    Tests read it, or change a copy.
    """
    folder = tmp_path_factory.mktemp("once") / "warehouse"
    root = ("--warehouse", folder, "--settings", settings_file)
    prepare("discover", *files, late, *root)
    prepare("learn", *root)
    return folder


def test_any_order_of_days_gives_what_one_pass_gives(
    apicensus: Callable[..., Any], spark: SparkSession, files: list[Path], late: Path, settings_file: Path,
    once: Path, tmp_path: Path,
) -> None:  # fmt: skip
    def step(name: str, *arguments: object) -> dict[str, Any]:
        root = ("--warehouse", tmp_path / "daily", "--settings", settings_file, "--json")
        done = apicensus(name, *arguments, *root)
        assert done.code == 0, done.err
        return dict(done.summary)

    read, learned = [], []
    for number in SHUFFLED:
        read.append(step("discover", files[number])["days_read"])
        learned += [step("learn")["days_learned"]] * (number in LEARNED_AFTER)
    step("ingest", files[3])  # delivered again
    assert step("discover")["days_read"] == 0
    assert step("discover", late)["days_read"] == 1
    assert read == [1] * DAYS
    learned.append(step("learn")["days_learned"])
    assert step("learn")["days_learned"] == 0
    daily, whole = Warehouse(spark, str(tmp_path / "daily")), Warehouse(spark, str(once))
    for table in TABLES:
        assert comparable_rows(table.read(daily)) == comparable_rows(table.read(whole)), table.name
    # a version records the evidence at the time of inference; schemas inferred from the same slices are equal
    found = [
        comparable_rows(latest(SCHEMAS.read(each)).select(*ENDPOINT_KEY, "fingerprint"))
        for each in (daily, whole)
    ]
    assert found[0] == found[1]
    assert found[0]
    assert learned[:2] == [2, 1]


def test_a_new_rule_is_applied_to_stored_days_without_reading_them_again(
    apicensus: Callable[..., Any], spark: SparkSession, once: Path, settings_file: Path, tmp_path: Path
) -> None:
    shutil.copytree(once, tmp_path / "w")
    root = ("--warehouse", tmp_path / "w", "--settings", settings_file, "--json")
    decisions = tmp_path / "decisions.yaml"
    decisions.write_text("decisions:\n  - merge: /v1/legacy/{code}\n    host: api.shop.example\n")
    decided = apicensus("decide", decisions, *root)
    assert decided.code == 0, decided.err
    done = apicensus("discover", *root).summary
    assert (done["days_read"], done["days_rewritten"]) == (0, DAYS)
    for option, count in ((("--since", "2026-06-06"), 2), (("--days", "2026-06-02"), 1), (("--full",), DAYS)):
        again = apicensus("discover", *option, *root)
        assert again.code == 0, again.err
        found = again.summary
        assert (found["days_read"], found["days_rewritten"]) == (count, count), option
    slices = ENDPOINT_SLICES.read(Warehouse(spark, str(tmp_path / "w")))
    legacy = slices.where(F.col("path_template").contains("legacy")).select("path_template", "day").distinct()
    assert {(row["path_template"], row["day"]) for row in legacy.collect()} == {
        ("/v1/legacy/{code}", FIRST + timedelta(days=number)) for number in range(DAYS)
    }
