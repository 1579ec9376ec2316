"""Line formats: files → lines, read once, in parallel and with exact line numbers."""

from __future__ import annotations

import codecs
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, BinaryIO

from pyspark.sql import Column, DataFrame, SparkSession, Window
from pyspark.sql import functions as F
from pyspark.sql.types import BooleanType, LongType, StringType, StructField, StructType

from pipelines.transactions.inputs.spark.files import Input
from pipelines.transactions.sources.files import escape_glob, read_files
from pipelines.transactions.tables import RAW_CHARACTERS

_SKIP_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class Line:
    """A line without its line feed, cut to the limit if `is_too_long`.

    `number` counts from 1.
    """

    number: int
    content: bytes
    is_too_long: bool

    @property
    def text(self) -> str:
        """The content as UTF-8; invalid bytes become U+FFFD."""
        return self.content.decode("utf-8", "replace")


def split_lines(stream: BinaryIO, max_bytes: int) -> Iterator[Line]:
    """Yields the lines of a stream, without its byte order mark.

    The last line may lack a line feed. Uses memory for `max_bytes`.
    """
    number = 0
    while piece := stream.readline(max_bytes + 1):
        number += 1
        is_too_long = len(piece) > max_bytes and not piece.endswith(b"\n")
        if is_too_long:
            _skip_rest(stream)
        content = piece.removesuffix(b"\n")
        if number == 1:
            content = content.removeprefix(codecs.BOM_UTF8)
        yield Line(number, content[:max_bytes], is_too_long)


def _skip_rest(stream: BinaryIO) -> None:
    while (piece := stream.readline(_SKIP_BYTES)) and not piece.endswith(b"\n"):
        pass


LINES = StructType(
    [
        StructField("source", StringType()),
        StructField(
            "value", StringType()
        ),  # the line without its line break; null when it is too long or the file is damaged
        StructField("raw", StringType()),  # the line, cut to RAW_CHARACTERS
        StructField("error", StringType()),
        StructField("is_blank", BooleanType()),
        StructField("block_start", LongType()),
        StructField("row_id", LongType()),
    ]
)
_BINARY_BYTES = (
    1 << 30
)  # limit of a file that Spark passes to Python as one value, which has 2 GiB at most and is in memory twice
_BLANK_BYTES = 256  # a longer line of only white space is not a blank line but a damaged record
_CODEC_SUFFIX = {"gzip": ".gz", "zstd": ".zst"}
_CODEC_SUFFIXES = (".gz", ".gzip", ".zst", ".zstd", ".bz2", ".deflate", ".snappy", ".lz4")


def read_lines(
    spark: SparkSession, inputs: Sequence[Input], max_bytes: int, unpacked_bytes: int = sys.maxsize
) -> DataFrame:
    """Reads all lines of `inputs` -> LINES.

    Blank lines are flagged, lines longer than `max_bytes` have an `error`. A file that Python reads and that exceeds
    `unpacked_bytes` when decompressed becomes one row about the file.

    Spark's text source reads the files that it can; the others (see `_is_readable_by_spark`) are read in Python, one task each.
    """
    parts = []
    by_spark = [entry for entry in inputs if _is_readable_by_spark(entry)]
    by_python = [entry for entry in inputs if not _is_readable_by_spark(entry)]
    if by_spark:
        parts.append(_by_spark(spark, by_spark, max_bytes))
    if by_python:
        parts.append(_by_python(spark, by_python, max_bytes, unpacked_bytes))
    return parts[0] if len(parts) == 1 else parts[0].unionByName(parts[1])


def with_line_numbers(rows: DataFrame, scan: DataFrame | None = None) -> DataFrame:
    """Fills in `line` where it is null.

    Columns used: `source, line, block_start, row_id`. `rows` is any part of `scan` (by default all of it). `scan` must hold
    *every* row that was read, blank lines included, and must be stored: computing it again may number the rows differently. Costs
    one aggregation over three columns of `scan`, now, and one broadcast join (a row per block of a file).
    """
    earlier = Window.partitionBy("source").orderBy("block_start").rowsBetween(Window.unboundedPreceding, -1)
    blocks = (
        (rows if scan is None else scan)
        .groupBy("source", "block_start")
        .agg(F.min("row_id").alias("_first"), F.count("row_id").alias("_lines"))
        .withColumn("_before", F.coalesce(F.sum("_lines").over(earlier), F.lit(0)))
        .drop("_lines")
        .localCheckpoint()  # the batch is used four times: counted, checked, sampled and published
    )
    line = F.coalesce("line", F.col("row_id") - F.col("_first") + F.col("_before") + 1)
    joined = rows.join(F.broadcast(blocks), ["source", "block_start"], "left")
    return joined.withColumn("line", line).select(*rows.columns)


def _by_spark(spark: SparkSession, inputs: Sequence[Input], max_bytes: int) -> DataFrame:
    # lineSep: by default a lone CR also ends a line, and line numbers would differ from those in an editor.
    # recursiveFileLookup: no columns from folders named like `day=1`.
    reader = spark.read.option("lineSep", "\n").option("recursiveFileLookup", "true")
    scan = reader.text(
        [
            escape_glob(entry.location or entry.uri)
            if entry.path is None
            else f"file:{escape_glob(str(entry.path.absolute()))}"
            for entry in inputs
        ]
    )
    # Invalid UTF-8 becomes U+FFFD, because Arrow readers reject it.
    value, size = F.make_valid_utf8("value"), F.octet_length("value")
    return scan.select(
        F.col("_metadata.file_path").alias("source"),
        F.when(size <= max_bytes, value).alias("value"),
        _raw(value).alias("raw"),
        F.when(size > max_bytes, F.lit(_too_long(max_bytes))).alias("error"),
        ((size <= _BLANK_BYTES) & ~value.rlike(r"\S")).alias("is_blank"),
        F.col("_metadata.file_block_start").alias("block_start"),
        F.monotonically_increasing_id().alias("row_id"),
    )


def _raw(value: Column) -> Column:
    """Returns the text that quarantine may show, cut to `RAW_CHARACTERS`."""
    return F.when(F.octet_length(value) > RAW_CHARACTERS, F.substring(value, 1, RAW_CHARACTERS)).otherwise(
        value
    )


def _by_python(
    spark: SparkSession, inputs: Sequence[Input], max_bytes: int, unpacked_bytes: int
) -> DataFrame:
    def rows(plain: BinaryIO) -> Iterator[dict[str, Any]]:
        for line in split_lines(plain, max_bytes):
            text = line.text
            yield {
                "value": None if line.is_too_long else text,
                "raw": text[:RAW_CHARACTERS],
                "error": _too_long(max_bytes) if line.is_too_long else None,
                "is_blank": len(line.content) <= _BLANK_BYTES and not text.strip(),
                "block_start": 0,
                "row_id": line.number - 1,
            }

    return read_files(spark, inputs, rows, LINES, unpacked_bytes)


def _too_long(max_bytes: int) -> str:
    return f"record longer than {max_bytes} bytes"


def _is_readable_by_spark(entry: Input) -> bool:
    """Whether Spark's text source can read the file.

    Spark holds a line as a whole, and starts at the beginning of a file. Hadoop chooses codecs by the suffix of the name, hides
    names that begin with `_` or `.`, and fails on colons. The decompressed size of a remote file is unknown, so Python reads it
    with bounded lines if it fits into one value.
    """
    if entry.start or (entry.scan is not None and entry.scan.has_long_line):
        return False
    if entry.path is None and entry.compression != "none":
        return (entry.bytes or 0) > _BINARY_BYTES and entry.uri.endswith(_CODEC_SUFFIX[entry.compression])
    if entry.path is None:
        return not entry.uri.lower().endswith(_CODEC_SUFFIXES)
    name = entry.path.name
    if name.startswith(("_", ".")) or name.endswith("._COPYING_") or ":" in str(entry.path.absolute()):
        return False
    if entry.compression == "none":
        return not name.lower().endswith(_CODEC_SUFFIXES)
    return name.endswith(_CODEC_SUFFIX[entry.compression])
