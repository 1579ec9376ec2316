"""Tables read without a Spark job equal those of Delta's own reader.

Names and values are hostile.
"""

from __future__ import annotations

import json
from datetime import date, timedelta
from pathlib import Path

import pytest
from py4j.protocol import Py4JJavaError
from pyspark.errors import PySparkException
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F
from pyspark.sql.types import DateType, LongType, StringType, StructField, StructType

from pipelines.runtime import delta_log
from pipelines.runtime.errors import ContractError
from pipelines.runtime.tables import Table, Warehouse

DAY = date(2026, 6, 1)
SCHEMA = StructType(
    [
        StructField("key", StringType(), False),
        StructField("day", DateType(), False),
        StructField("number", LongType(), False),
        StructField("note", StringType(), True),
    ]
)
DAYS = Table("days", SCHEMA, ("day",))
KEYS = Table("keys [1] {x} 100%25 ä", SCHEMA, ("key",))
WHOLE = Table("whole", SCHEMA)
HOSTILE = ("a b", "a%2Fb", "..", "x=y/z", "é{1}[2]*?", 'c:\\"d"', "#?&+'")
Row = tuple[str, date, int, str | None]


def create_rows(spark: SparkSession, *values: Row) -> DataFrame:
    return spark.createDataFrame([*values], SCHEMA)


def read_checked(table: Table, warehouse: Warehouse) -> list[Row]:
    """Reads a table after checking that Delta's own reader returns the same."""
    read = sorted((tuple(row) for row in table.read(warehouse).collect()), key=repr)
    by_delta = warehouse.spark.read.format("delta").load(warehouse.path(table.name)).select(*SCHEMA.names)
    assert read == sorted((tuple(row) for row in by_delta.collect()), key=repr)
    return read


def count_executions(spark: SparkSession) -> int:
    """Returns the number of SQL executions so far, by the last one's number.

    Spark keeps only the last thousand of a long session.
    """
    spark.sparkContext._jsc.sc().listenerBus().waitUntilEmpty()
    kept = spark._jsparkSession.sharedState().statusStore().executionsList()
    return int(kept.last().executionId()) + 1 if kept.nonEmpty() else 0


@pytest.fixture
def many_versions(spark: SparkSession, warehouse: Warehouse) -> Warehouse:
    """A table with rewritten files and enough versions for a checkpoint of its log."""
    for number in range(12):
        DAYS.append(
            create_rows(spark, ("a", DAY + timedelta(number % 3), number, None), ("b", DAY, number, "n")),
            warehouse,
        )
    DAYS.delete(warehouse, F.col("number") == 3)
    DAYS.replace(create_rows(spark, ("b", DAY, 100, None)), warehouse, "key = 'b' AND number > 9")
    return warehouse


def test_a_table_is_made_listed_and_read_without_an_execution(
    spark: SparkSession, warehouse: Warehouse
) -> None:
    before = count_executions(spark)
    delta_log.create_table(spark, warehouse.path(DAYS.name), SCHEMA, DAYS.partition)
    DAYS.read(warehouse)
    assert DAYS.exists(warehouse)
    assert DAYS.version(warehouse) == 0
    assert DAYS.digests_by_day(warehouse) == {}
    assert count_executions(spark) == before


def test_writing_is_appending_and_reading_plans_nothing(spark: SparkSession, warehouse: Warehouse) -> None:
    before = count_executions(spark)
    WHOLE.replace(create_rows(spark, ("a", DAY, 1, None)), warehouse, "key = 'a'")
    assert count_executions(spark) == before + 2  # Delta's command, and the write within
    WHOLE.read(warehouse).collect()
    assert count_executions(spark) == before + 3


def test_a_table_that_was_never_written_has_no_rows(warehouse: Warehouse) -> None:
    read = DAYS.read(warehouse)
    assert read.schema == SCHEMA
    assert read.collect() == []
    assert not DAYS.exists(warehouse)
    assert DAYS.version(warehouse) is None
    assert DAYS.digests_by_day(warehouse) == {}
    DAYS.delete(warehouse, F.lit(True))
    assert not DAYS.exists(warehouse)


def test_an_emptied_table_has_no_rows(spark: SparkSession, warehouse: Warehouse) -> None:
    DAYS.append(create_rows(spark, ("a", DAY, 1, None)), warehouse)
    DAYS.delete(warehouse, F.lit(True))
    assert read_checked(DAYS, warehouse) == []
    assert DAYS.read(warehouse).schema == SCHEMA
    DAYS.replace_all(create_rows(spark, ("b", DAY, 2, None)), warehouse)
    assert read_checked(DAYS, warehouse) == [("b", DAY, 2, None)]


def test_names_of_folders_and_values_of_partitions_are_taken_as_they_are(
    spark: SparkSession, warehouse: Warehouse
) -> None:
    values = [(key, DAY, number, key) for number, key in enumerate(HOSTILE)]
    KEYS.append(create_rows(spark, *values), warehouse)
    assert read_checked(KEYS, warehouse) == sorted(values, key=repr)


def test_columns_have_the_declared_order_type_and_not_null(spark: SparkSession, warehouse: Warehouse) -> None:
    for table in (DAYS, WHOLE):
        table.append(create_rows(spark, ("a", DAY, 1, None)), warehouse)
        assert table.read(warehouse).schema == SCHEMA
        assert spark.read.format("delta").load(warehouse.path(table.name)).schema == SCHEMA


def test_null_is_refused_where_a_column_must_not_be(spark: SparkSession, warehouse: Warehouse) -> None:
    bad = create_rows(spark, ("a", DAY, 1, None)).withColumn("number", F.lit(None).cast("long"))
    with pytest.raises((PySparkException, Py4JJavaError), match="number"):
        DAYS.append(bad, warehouse)
    assert read_checked(DAYS, warehouse) == []


def test_filters_on_the_partition_leave_files_out(many_versions: Warehouse) -> None:
    some = DAYS.read(many_versions).where(F.col("day") == DAY + timedelta(1))
    plan = some._jdf.queryExecution().executedPlan().toString()
    assert f"(day#{plan.split('PartitionFilters: [(day#')[1].split(' ')[0]} = 2026-06-02)" in plan
    assert {row["number"] for row in some.collect()} == {1, 4, 7, 10}


def test_a_log_with_checkpoints_and_rewritten_files_reads_as_delta_reads_it(many_versions: Warehouse) -> None:
    found = read_checked(DAYS, many_versions)
    assert sorted(row[2] for row in found if row[0] == "b") == [0, 1, 2, 4, 5, 6, 7, 8, 9, 100]
    assert sorted(row[2] for row in found if row[0] == "a") == [0, 1, 2, *range(4, 12)]


def test_a_table_of_very_many_files_is_read_by_delta(
    many_versions: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = read_checked(DAYS, many_versions)
    monkeypatch.setattr(delta_log, "MAX_FILES", 2)
    assert read_checked(DAYS, many_versions) == expected
    assert "InMemoryFileIndex" not in DAYS.read(many_versions)._jdf.queryExecution().toString()


@pytest.mark.parametrize(
    "properties",
    [{"delta.enableDeletionVectors": "true"}, {"delta.columnMapping.mode": "name"}],
    ids=["deleted rows", "renamed columns"],
)
def test_what_plain_files_do_not_say_is_read_by_delta(
    spark: SparkSession, warehouse: Warehouse, properties: dict[str, str]
) -> None:
    DAYS.append(create_rows(spark, *(("a", DAY, number, None) for number in range(9))), warehouse)
    settings = ", ".join(f"'{key}' = '{value}'" for key, value in properties.items())
    spark.sql(f"ALTER TABLE delta.`{warehouse.path(DAYS.name)}` SET TBLPROPERTIES ({settings})")
    before = DAYS.digests_by_day(warehouse)
    DAYS.delete(warehouse, F.col("number") == 5)
    assert [row[2] for row in read_checked(DAYS, warehouse)] == [0, 1, 2, 3, 4, 6, 7, 8]
    assert DAYS.digests_by_day(warehouse)[DAY] != before[DAY]


def test_what_was_read_before_a_write_stays_as_it_was(spark: SparkSession, warehouse: Warehouse) -> None:
    WHOLE.append(create_rows(spark, ("a", DAY, 1, None)), warehouse)
    before = WHOLE.read(warehouse)
    WHOLE.replace_all(before.withColumn("number", F.col("number") + 1), warehouse)  # of its own rows
    WHOLE.append(create_rows(spark, ("b", DAY, 5, None)), warehouse)
    assert [tuple(row) for row in before.collect()] == [("a", DAY, 1, None)]
    assert read_checked(WHOLE, warehouse) == [("a", DAY, 2, None), ("b", DAY, 5, None)]


@pytest.mark.parametrize("is_first", [True, False])
def test_a_row_outside_the_predicate_is_never_written(
    spark: SparkSession, warehouse: Warehouse, is_first: bool
) -> None:
    if not is_first:
        WHOLE.append(create_rows(spark, ("a", DAY, 1, None)), warehouse)
    with pytest.raises(PySparkException):
        WHOLE.replace(create_rows(spark, ("a", DAY, 2, None), ("b", DAY, 2, None)), warehouse, "key = 'a'")
    assert [row[2] for row in read_checked(WHOLE, warehouse)] == ([] if is_first else [1])


def test_a_table_of_another_version_is_refused(spark: SparkSession, warehouse: Warehouse) -> None:
    old = Table(WHOLE.name, StructType(SCHEMA.fields[:3]))
    old.append(create_rows(spark, ("a", DAY, 1, None)).drop("note"), warehouse)
    with pytest.raises(ContractError, match="missing columns \\['note'\\]"):
        WHOLE.read(warehouse)
    with pytest.raises(ContractError, match="missing columns \\['note'\\]"):
        WHOLE.append(create_rows(spark, ("a", DAY, 1, None)), warehouse)
    assert old.version(warehouse) == 1


def test_digests_tell_which_days_have_changed(spark: SparkSession, many_versions: Warehouse) -> None:
    before = DAYS.digests_by_day(many_versions)
    assert [*before] == [DAY, DAY + timedelta(1), DAY + timedelta(2)]
    assert all(len(digest) == 32 for digest in before.values())
    assert DAYS.digests_by_day(many_versions) == before
    DAYS.append(create_rows(spark, ("c", DAY + timedelta(1), 1, None)), many_versions)
    added = DAYS.digests_by_day(many_versions)
    assert {day for day in before if added[day] != before[day]} == {DAY + timedelta(1)}
    DAYS.delete(many_versions, F.col("day") == DAY)
    assert [*DAYS.digests_by_day(many_versions)] == [DAY + timedelta(1), DAY + timedelta(2)]


def test_the_log_has_extremes_of_the_columns_that_are_searched_alone(
    spark: SparkSession, tmp_path: Path
) -> None:
    warehouse = Warehouse(spark, str(tmp_path))
    table = Table("searched", SCHEMA, ("day",), skipping_columns=("number",))
    table.append(create_rows(spark, ("a", DAY, 1, "x"), ("b", DAY, 7, "y")).coalesce(1), warehouse)
    assert read_checked(table, warehouse) == [("a", DAY, 1, "x"), ("b", DAY, 7, "y")]
    log = "".join(file.read_text() for file in (tmp_path / "searched" / "_delta_log").glob("*.json"))
    (added,) = (entry["add"] for entry in map(json.loads, log.splitlines()) if "add" in entry)
    statistics = json.loads(added["stats"])
    assert (statistics["minValues"], statistics["maxValues"]) == ({"number": 1}, {"number": 7})
