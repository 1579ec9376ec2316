"""A batch on its way into the tables, in Parquet.

It is parsed and validated once, inspected, then published or dropped. Parsing is most of the cost of ingest, and a gzip file
is one task; all later steps read the staged columns in parallel.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from shutil import rmtree
from typing import NoReturn

from py4j.protocol import Py4JJavaError
from pyspark.errors import PySparkException
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from pipelines.runtime.errors import InputError
from pipelines.runtime.settings import Settings
from pipelines.transactions.inputs.spark.files import Input, find_damaged
from pipelines.transactions.sources.lines import with_line_numbers
from pipelines.transactions.sources.registry import read
from pipelines.transactions.spark.counts import FileCounts, count_files, find_file_problems
from pipelines.transactions.spark.rows import validate_rows


@dataclass(frozen=True, slots=True)
class Batch:
    """A staged batch of complete files.

    Attributes:
        files: the files.
        rows: columns of `transactions`, plus source, `violations`, `raw`.
        counted: counts of each file.
        unreadable: "path: problem" of each file that was left out because of `ingest.unreadable_files: skip`.
    """

    files: tuple[Input, ...]
    rows: DataFrame
    counted: tuple[FileCounts, ...]
    unreadable: tuple[str, ...] = ()


@contextmanager
def stage_batch(
    spark: SparkSession,
    inputs: Sequence[Input],
    folder: str,
    *,
    key: bytes,
    now: datetime,
    settings: Settings,
) -> Iterator[Batch]:
    """Stages the validated rows of those `inputs` that can be read to their end.

    The folder is removed at the end.

    Raises:
        InputError: a file cannot be read to its end, and `ingest.unreadable_files` is error or no file is left.
    """
    skips, most = settings.ingest.unreadable_files == "skip", settings.ingest.unpacked_max_bytes
    broken = {entry.uri: problem for entry, problem in find_damaged(inputs, most)} if skips else {}
    whole = [entry for entry in inputs if entry.uri not in broken]
    if not whole:
        raise_problem(sorted(broken.items()), inputs)
    try:
        rows = _read_validated(spark, whole, key=key, now=now, settings=settings)
        _write(rows, folder, whole, most)
        found = _with_ids(spark.read.schema(rows.schema).parquet(folder), spark, whole)
        counted = count_files(found)
        problems = find_file_problems(counted)
        files = tuple(entry for entry in whole if entry.uri not in problems)
        if problems and not (skips and files):
            raise_problem(sorted((broken | problems).items()), inputs)
        kept = found.where(~F.col("source").isin(*problems)) if problems else found
        names = _names(inputs)
        left_out = sorted((broken | problems).items())
        yield Batch(
            files,
            kept,
            tuple(file for file in counted if file["source"] not in problems),
            tuple(f"{names.get(source, source)}: {why}" for source, why in left_out),
        )
    finally:
        remove_folder(spark, folder)


def _read_validated(
    spark: SparkSession, inputs: Sequence[Input], *, key: bytes, now: datetime, settings: Settings
) -> DataFrame:
    """Returns the records of `inputs`, typed and validated; lazy."""
    host = F.coalesce("host", F.lit(settings.ingest.default_host))
    records = read(spark, inputs, settings.ingest)
    named = records.withColumn("host", F.when(F.col("format") == "combined", host).otherwise(F.col("host")))
    return validate_rows(
        named,
        key=key,
        now=now,
        ingest=settings.ingest,
        privacy_settings=settings.privacy,
        paths=settings.paths,
        sessions=tuple(settings.selection.sessions.values()),
    )


def _write(rows: DataFrame, folder: str, inputs: Sequence[Input], max_bytes: int) -> None:
    """Writes the rows to the staging folder.

    If Spark fails on a damaged file, the file is located and named.
    """
    try:
        rows.write.mode("overwrite").parquet(folder)
    except (Py4JJavaError, PySparkException) as error:
        broken = [(entry.uri, problem) for entry, problem in find_damaged(inputs, max_bytes)]
        if not broken:
            raise
        raise_problem(broken, inputs, error)


def _names(inputs: Sequence[Input]) -> Mapping[str, str]:
    """Maps the URI of each input to the name that a person knows it by."""
    return {entry.uri: entry.name for entry in inputs}


def _with_ids(rows: DataFrame, spark: SparkSession, inputs: Sequence[Input]) -> DataFrame:
    """Adds source_id, exact line numbers, and transaction_id if the log has none.

    Blank lines are dropped. Lines written after the file was scanned are dropped, too: the next ingest reads on from there and
    would add them again.
    """
    ids = spark.createDataFrame(
        [
            (
                item.uri,
                item.checksum,
                item.lines_before
                if item.start
                else 0,  # lines of a file that is read from its beginning are numbered from there
                item.lines_before + 1,
                item.scan and item.scan.all_lines,
            )
            for item in inputs
        ],
        "source string, source_id string, _unread long, _first_line long, _last_line long",
    )
    numbered = with_line_numbers(rows).where(~F.col("is_blank")).join(F.broadcast(ids), "source", "left")
    in_file = numbered.withColumn("line", F.col("line") + F.col("_unread")).where(
        F.col("line").isNull()  # a row about the file as a whole
        | F.col("line").between(F.col("_first_line"), F.coalesce("_last_line", "line"))
    )
    derived = F.concat_ws("-", F.substring("source_id", 1, 16), F.col("line"))
    return in_file.withColumns(
        {"transaction_id": F.coalesce("transaction_id", derived), "day": F.to_date("time")}
    ).drop("_unread", "_first_line", "_last_line")


def raise_problem(
    problems: Sequence[tuple[str, str]], inputs: Sequence[Input], cause: BaseException | None = None
) -> NoReturn:
    """Raises the InputError of the first of `problems`, each (source, problem)."""
    source, problem = problems[0]
    more = f" ({len(problems) - 1} more files like it)" if len(problems) > 1 else ""
    way_out = "Copy or export the file again, or leave it out with ingest.unreadable_files: skip"
    raise InputError(_names(inputs).get(source, source), problem + more, way_out) from cause


def remove_folder(spark: SparkSession, path: str) -> None:
    """Deletes a folder on any file system; a missing folder is not an error."""
    if "://" not in path:  # needs no JVM, which may have failed
        rmtree(path, ignore_errors=True)
        return
    jvm = spark.sparkContext._jvm  # the Hadoop file system has no Python API
    if jvm is None:
        return
    target = jvm.org.apache.hadoop.fs.Path(path)
    target.getFileSystem(spark.sparkContext._jsc.hadoopConfiguration()).delete(target, True)
