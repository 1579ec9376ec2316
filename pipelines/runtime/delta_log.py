"""Logs of Delta tables, read and begun with Delta Kernel: no job of Spark is needed to make a table or to list its files.

Delta's own reader computes the state of a table with Spark: two SQL executions for each version, and one more for each
query, which for small tables costs more than their rows. Kernel comes with Delta's jar and does this in the driver. It
writes what Delta writes, through the same log stores (they make a commit atomic on each file system), so both work on
the same table by turns.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from typing import Any
from urllib.parse import unquote

from py4j.java_gateway import JavaPackage
from py4j.protocol import Py4JJavaError
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql.types import StructType

from pipelines.runtime.errors import EnvironmentMissing

MAX_FILES = 500
"""Files of a table up to which the driver lists them. Each costs a millisecond, Delta's reader half a second before its first."""
PLAIN_READER = 1
"""Version of the protocol for readers that know neither column mapping (2) nor deleted rows and other features (3)."""
ENGINE = "apicensus"
STATISTICS = "delta.dataSkippingStatsColumns"
BLOCK_BYTES = 128 * 1024 * 1024  # nothing depends on it: Spark splits files by their length


@dataclass(frozen=True, slots=True)
class LoggedFile:
    """A file of a table as the log has it: a URI relative to the root, bytes, milliseconds, partition, deletions."""

    path: str
    size: int
    modified: int
    partition: dict[str, str | None]
    deletions: object


@dataclass(frozen=True)
class Snapshot:
    """A version of a table: the newest when it was asked for."""

    spark: SparkSession
    root: str
    kernel: Any
    engine: Any

    @property
    def version(self) -> int:
        """Number of the last commit."""
        return int(self.kernel.getVersion())

    @cached_property
    def schema(self) -> StructType:
        """All columns, those of partitions included."""
        return StructType.fromJson(json.loads(self.kernel.getMetadata().getSchemaString()))

    @property
    def is_empty(self) -> bool:
        """Whether the table has no file."""
        return next(self.files(), None) is None

    def files(self) -> Iterator[LoggedFile]:
        """The files that make up this version, in no particular order."""
        jvm, _ = _driver(self.spark)
        to_json = jvm.io.delta.kernel.defaults.internal.json.JsonUtils.rowToJson
        batches = self.kernel.getScanBuilder().build().getScanFiles(self.engine)
        try:
            while batches.hasNext():
                rows = batches.next().getRows()
                while rows.hasNext():
                    file = json.loads(to_json(rows.next()))["add"]
                    yield LoggedFile(
                        file["path"],
                        file["size"],
                        file["modificationTime"],
                        file["partitionValues"],
                        file.get("deletionVector"),
                    )
        finally:
            batches.close()

    def frame(self) -> DataFrame | None:
        """The rows, with the schema's NOT NULL; None where they are to be read with Delta's own reader.

        Later commits do not change the frame: it names its files, and Delta keeps files that it replaced until VACUUM.
        """
        if self.kernel.getProtocol().getMinReaderVersion() > PLAIN_READER:
            return None
        files = list(islice(self.files(), MAX_FILES + 1))
        if len(files) > MAX_FILES or any("://" in file.path or file.path.startswith("/") for file in files):
            return None  # too many, or files of another table (a shallow clone)
        return _relation(self, files) if files else empty_frame(self.spark, self.schema)


def load_snapshot(spark: SparkSession, root: str) -> Snapshot | None:
    """The newest version of the table at `root`, None where there is no table.

    Raises:
        EnvironmentMissing: Spark was started without Delta Kernel's jars.
    """
    jvm, hadoop = _driver(spark)
    if isinstance(jvm.io.delta.kernel.TableManager, JavaPackage):  # what py4j makes of a name without a class
        raise EnvironmentMissing(
            "Spark was started without Delta Kernel (delta-kernel-api, delta-kernel-defaults), which comes with Delta: name "
            "io.delta:delta-spark_4.2_2.13 in spark.jars.packages rather than single files in spark.jars."
        )
    engine = jvm.io.delta.kernel.defaults.engine.DefaultEngine.create(hadoop)
    try:
        found = jvm.io.delta.kernel.TableManager.loadSnapshot(root).build(engine)
    except Py4JJavaError as error:
        if error.java_exception.getClass().getSimpleName() == "TableNotFoundException":
            return None
        raise
    return Snapshot(spark, root, found, engine)


def create_table(
    spark: SparkSession,
    root: str,
    schema: StructType,
    partition: Sequence[str],
    skipping_columns: Sequence[str] = (),
) -> None:
    """Makes an empty table; its columns keep their NOT NULL, which a first write by Spark would lose.

    The log has least and greatest values of the columns `skipping_columns`, none: of the first 32, as Delta does by itself.
    """
    jvm, hadoop = _driver(spark)
    kernel = jvm.io.delta.kernel
    engine = kernel.defaults.engine.DefaultEngine.create(hadoop)
    columns = kernel.internal.types.DataTypeJsonSerDe.deserializeStructType(schema.json())
    table = kernel.TableManager.buildCreateTableTransaction(root, columns, ENGINE)
    if partition:
        by = jvm.java.util.ArrayList()
        for name in partition:
            by.add(kernel.expressions.Column(name))
        table = table.withDataLayoutSpec(kernel.transaction.DataLayoutSpec.partitioned(by))
    if skipping_columns:
        properties = jvm.java.util.HashMap()
        properties.put(STATISTICS, ",".join(skipping_columns))
        table = table.withTableProperties(properties)
    done = table.build(engine).commit(engine, kernel.utils.CloseableIterable.emptyIterable())
    for hook in done.getPostCommitHooks():  # the check sum file: from it Delta knows the schema without a job
        hook.threadSafeInvoke(engine)


def empty_frame(spark: SparkSession, schema: StructType) -> DataFrame:
    """No rows: a local relation, with which Spark's optimiser also drops what is joined to it."""
    java = spark._jsparkSession
    nothing = _driver(spark)[0].java.util.ArrayList()
    return DataFrame(java.createDataFrame(nothing, java.parseDataType(schema.json())), spark)


def _relation(snapshot: Snapshot, files: Sequence[LoggedFile]) -> DataFrame:
    """Parquet files as Spark's own reader sees them, partitions pruned; made of what the log says, without listing folders.

    `spark.read.parquet(...)` would ask the file system for each file twice and forget which columns are NOT NULL.
    """
    jvm, hadoop = _driver(snapshot.spark)
    java, sources = snapshot.spark._jsparkSession, jvm.org.apache.spark.sql.execution.datasources
    root = jvm.org.apache.hadoop.fs.Path(snapshot.root)
    root = root.getFileSystem(hadoop).makeQualified(root).toString()
    listed = sources.FileStatusCache.getOrCreate(java)
    paths = [_cache_status(snapshot.spark, f"{root}/{unquote(file.path)}", file, listed) for file in files]
    partition = list(snapshot.kernel.getPartitionColumnNames())
    columns, of_partition, of_data = (
        java.parseDataType(StructType([snapshot.schema[name] for name in names]).json())
        for names in (
            snapshot.schema.names,
            partition,
            [name for name in snapshot.schema.names if name not in partition],
        )
    )
    options, nothing = jvm.PythonUtils.toScalaMap({"basePath": root}), jvm.scala.Option.empty()
    some = jvm.scala.Option.apply(columns)
    index = sources.InMemoryFileIndex(
        java, jvm.PythonUtils.toSeq(paths), options, some, listed, nothing, nothing
    )
    listed.invalidateAll()  # the index holds them
    relation = sources.HadoopFsRelation(
        index, of_partition, of_data, nothing, sources.parquet.ParquetFileFormat(), options, java
    )
    return DataFrame(java.baseRelationToDataFrame(relation), snapshot.spark)


def _cache_status(spark: SparkSession, uri: str, file: LoggedFile, listed: Any) -> Any:
    """The file's path, after its length and time have been written into Spark's cache of listed files."""
    jvm, _ = _driver(spark)
    path = jvm.org.apache.hadoop.fs.Path(uri)
    status = jvm.org.apache.hadoop.fs.FileStatus
    alone = spark.sparkContext._gateway.new_array(status, 1)  # type: ignore[union-attr]
    alone[0] = status(file.size, False, 1, BLOCK_BYTES, file.modified, path)
    listed.putLeafFiles(path, alone)
    return path


def _driver(spark: SparkSession) -> tuple[Any, Any]:
    """The driver's JVM and its Hadoop configuration: Kernel and file systems have no API in Python."""
    context = spark.sparkContext
    return context._jvm, context._jsc.hadoopConfiguration()
