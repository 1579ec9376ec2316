"""Lines keep their text, file and number, for any name, compression and size."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from pathlib import Path

import pytest
import zstandard
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from pipelines.transactions.inputs.spark.files import find_inputs
from pipelines.transactions.sources.lines import read_lines, with_line_numbers

LIMIT = 1000


@pytest.fixture
def small_blocks(spark: SparkSession) -> Iterator[None]:
    """Sets blocks of 512 bytes, so that many tasks read a file of a few lines."""
    names = ("spark.sql.files.maxPartitionBytes", "spark.sql.files.openCostInBytes")
    before = {name: spark.conf.get(name) for name in names}
    for name in names:
        spark.conf.set(name, "512")
    yield
    for name, value in before.items():
        spark.conf.set(name, str(value))


def read_files(spark: SparkSession, *paths: Path) -> DataFrame:
    found = find_inputs([str(path) for path in paths], "combined")
    return read_lines(spark, found.files, LIMIT).withColumn("line", F.lit(None).cast("long"))


def write_and_read(rows: DataFrame, folder: Path) -> DataFrame:
    rows.write.parquet(str(folder))
    return rows.sparkSession.read.parquet(str(folder))


@pytest.mark.parametrize(
    "name",
    [
        "a b.log",
        "c,d.log",
        "e{f,g}.log",
        "h[i].log",
        "j*k?.log",
        "l%20m.log",
        "n\\o.log",
        "p#q.log",
        "é ü.log",
        "r\ts.log",
        "t:u.log",
        "_v.log",
        ".w.log",
        "day=1/x.log",
        "1:2/y[z].log",
        "q'\"<>|^`.log",
        "plain.bz2",
        "gzipped",
        "gzipped.log.gz",
        "zstd.zst",
        "zstd.gz",
        "x._COPYING_",
    ],
)
def test_file_of_any_name_is_read_and_mapped_to_its_input(
    spark: SparkSession, tmp_path: Path, name: str
) -> None:
    path = tmp_path / "in" / name
    path.parent.mkdir(parents=True)
    content = b"\xef\xbb\xbfone\r\n\n two \nl\xe9st"
    stored_as = {"gzi": gzip.compress(content), "zst": zstandard.compress(content)}.get(name[:3], content)
    path.write_bytes(stored_as)
    (entry,) = find_inputs([str(path)], "combined").files
    rows = (
        with_line_numbers(write_and_read(read_files(spark, path), tmp_path / "out")).orderBy("line").collect()
    )
    assert [row["line"] for row in rows] == [1, 2, 3, 4]
    assert [row["raw"].rstrip("\r") for row in rows] == ["one", "", " two ", "l\ufffdst"]
    assert [row["is_blank"] for row in rows] == [False, True, False, False]
    assert {row["source"] for row in rows} == {entry.uri}


def test_lines_are_numbered_exactly_across_blocks_and_files(
    spark: SparkSession, tmp_path: Path, small_blocks: None
) -> None:
    for file in range(3):
        ends = ["\n", "\r\n", "\n\n"]
        text = "".join(f"{'x' * (number % 90)} {number}{ends[file]}" for number in range(1, 200))
        (tmp_path / f"{file}.log").write_text(text, newline="")
    (tmp_path / "4:4.log").write_text("".join(f"{number}\n" for number in range(1, 200)))
    rows = write_and_read(read_files(spark, *sorted(tmp_path.glob("*.log"))), tmp_path / "out")
    assert rows.select("source", "block_start").distinct().count() > 20
    numbered = with_line_numbers(rows).where("not is_blank").collect()
    assert len(numbered) == 4 * 199
    for row in numbered:
        number = int(row["raw"].split()[-1])
        assert row["line"] == (2 * number - 1 if row["source"].endswith("/2.log") else number)


def test_numbers_of_a_part_are_those_of_the_whole(
    spark: SparkSession, tmp_path: Path, small_blocks: None
) -> None:
    (tmp_path / "a.log").write_text("".join(f"{number}\n\n" for number in range(1, 400)))
    rows = write_and_read(read_files(spark, tmp_path / "a.log"), tmp_path / "out")
    part = with_line_numbers(rows.where("raw in ('7', '50', '399')"), rows)
    assert sorted((row["raw"], row["line"]) for row in part.collect()) == [
        ("399", 797),
        ("50", 99),
        ("7", 13),
    ]


def test_known_line_number_stays(spark: SparkSession) -> None:
    rows = spark.createDataFrame(
        [("a", 7, 0, 0), ("b", None, None, None)], "source string, line long, block_start long, row_id long"
    )
    assert with_line_numbers(rows).orderBy("source").collect() == [("a", 7, 0, 0), ("b", None, None, None)]


@pytest.mark.parametrize("name", ["a.log", "b:b.log"])
def test_longer_line_is_an_error_with_its_text_cut(spark: SparkSession, tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_text(f"{'x' * LIMIT}\n{'y' * (LIMIT + 1)}\n{'z' * 100_000}\nlast\n")
    rows = (
        with_line_numbers(write_and_read(read_files(spark, path), tmp_path / "out")).orderBy("line").collect()
    )
    too_long = f"record longer than {LIMIT} bytes"
    assert [row["error"] for row in rows] == [None, too_long, too_long, None]
    assert [row["value"] is None for row in rows] == [False, True, True, False]
    assert all(
        row["raw"][:4] in {"xxxx", "yyyy", "zzzz", "last"} and len(row["raw"]) <= 65_536 for row in rows
    )


def test_damaged_file_that_python_reads_is_one_row_about_the_file(
    spark: SparkSession, tmp_path: Path
) -> None:
    lines = b"".join(b"%d %x\n" % (number, number * 7919) for number in range(60_000))
    (tmp_path / "a:a.log.gz").write_bytes(gzip.compress(lines)[:-100])
    rows = read_files(spark, tmp_path / "a:a.log.gz")
    (row,) = rows.where("error is not null").collect()
    assert row["error"].startswith("file: the gzip data is damaged: Truncated")
    assert (row["is_blank"], row["row_id"]) == (False, None)
