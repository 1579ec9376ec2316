"""Reads and creates logs of Delta tables with Delta Kernel.

No Spark job is needed to create a table or to list its files. Delta's own reader computes the state of a table with Spark:
two SQL executions for each version, and one more for each query, which for small tables costs more than their rows. Kernel
comes with Delta's jar and does this in the driver. It writes the same log entries as Delta, through the same log stores
(which make a commit atomic on each file system), so both can work on the same table in turn.
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
"""Largest number of files that the driver lists.

Each file costs a millisecond here; Delta's reader costs half a second before its first file.
"""
PLAIN_READER = 1
"""Reader version of Delta's protocol without column mapping (2), deletion vectors and other features (3)."""
ENGINE = "apicensus"
STATISTICS = "delta.dataSkippingStatsColumns"
BLOCK_BYTES = 128 * 1024 * 1024  # nothing depends on it: Spark splits files by their length


@dataclass(frozen=True, slots=True)
class LoggedFile:
    """An `add` entry of the log: one data file of a table.

    Attributes:
        path: URI relative to the table's root.
        size: Bytes.
        modified: Milliseconds since 1970.
        partition: Value of each partition column.
        deletions: Deletion vector, or None.
    """

    path: str
    size: int
    modified: int
    partition: dict[str, str | None]
    deletions: object


@dataclass(frozen=True)
class Snapshot:
    """The version of a table that was the latest when it was loaded."""

    spark: SparkSession
    root: str
    kernel: Any
    engine: Any

    @property
    def version(self) -> int:
        """Number of the latest commit."""
        return int(self.kernel.getVersion())

    @cached_property
    def schema(self) -> StructType:
        """All columns, including partition columns."""
        return StructType.fromJson(json.loads(self.kernel.getMetadata().getSchemaString()))

    @property
    def is_empty(self) -> bool:
        """Whether the table has no data file."""
        return next(self.files(), None) is None

    def files(self) -> Iterator[LoggedFile]:
        """Iterates over the data files of this version, in no particular order."""
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
        """Returns the rows, or None if Delta's own reader has to read them.

        Columns keep the schema's NOT NULL. Later commits do not change the frame: it names its files, and Delta keeps replaced
        files until VACUUM.
        """
        if self.kernel.getProtocol().getMinReaderVersion() > PLAIN_READER:
            return None
        files = list(islice(self.files(), MAX_FILES + 1))
        if len(files) > MAX_FILES or any("://" in file.path or file.path.startswith("/") for file in files):
            return None  # too many, or files of another table (a shallow clone)
        return _relation(self, files) if files else empty_frame(self.spark, self.schema)


def load_snapshot(spark: SparkSession, root: str) -> Snapshot | None:
    """Loads the latest version of the table at `root`; None if there is no table.

    Raises:
        EnvironmentMissing: Spark was started without Delta Kernel's jars.
    """
    jvm, hadoop = _driver(spark)
    if isinstance(
        jvm.io.delta.kernel.TableManager, JavaPackage
    ):  # py4j gives a package for a name that is not a class
        raise EnvironmentMissing(
            "Spark was started without Delta Kernel (delta-kernel-api, delta-kernel-defaults), which comes with Delta: name "
            "io.delta:delta-spark_4.2_2.13 in spark.jars.packages rather than single files in spark.jars."
        )
    engine = jvm.io.delta.kernel.defaults.engine.DefaultEngine.create(hadoop)
    try:
        loaded = jvm.io.delta.kernel.TableManager.loadSnapshot(root).build(engine)
    except Py4JJavaError as error:
        if error.java_exception.getClass().getSimpleName() == "TableNotFoundException":
            return None
        raise
    return Snapshot(spark, root, loaded, engine)


def create_table(
    spark: SparkSession,
    root: str,
    schema: StructType,
    partition: Sequence[str],
    skipping_columns: Sequence[str] = (),
) -> None:
    """Creates an empty table.

    Its columns keep their NOT NULL, which a first write by Spark would lose.

    Args:
        spark: The session.
        root: Folder or URI of the table.
        schema: All columns, including partition columns.
        partition: Names of the partition columns.
        skipping_columns: Columns whose minimum and maximum the log keeps for data skipping; without any, Delta's default: the
            first 32.
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
    # writes the checksum file, from which Delta reads the schema without a job
    for hook in done.getPostCommitHooks():
        hook.threadSafeInvoke(engine)


def empty_frame(spark: SparkSession, schema: StructType) -> DataFrame:
    """Returns a frame without rows.

    It is a local relation, so that Spark's optimiser also removes joins with it.
    """
    java = spark._jsparkSession
    nothing = _driver(spark)[0].java.util.ArrayList()
    return DataFrame(java.createDataFrame(nothing, java.parseDataType(schema.json())), spark)


def _relation(snapshot: Snapshot, files: Sequence[LoggedFile]) -> DataFrame:
    """Reads Parquet files with Spark's own reader, from the log's entries alone.

    Partitions are pruned, and no folder is listed. `spark.read.parquet(...)` would ask the file system for each file twice
    and lose which columns are NOT NULL.
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
    listed.invalidateAll()  # the index has them now
    relation = sources.HadoopFsRelation(
        index, of_partition, of_data, nothing, sources.parquet.ParquetFileFormat(), options, java
    )
    return DataFrame(java.baseRelationToDataFrame(relation), snapshot.spark)


def _cache_status(spark: SparkSession, uri: str, file: LoggedFile, listed: Any) -> Any:
    """Returns the file's path and caches its length and time as Spark's file status."""
    jvm, _ = _driver(spark)
    path = jvm.org.apache.hadoop.fs.Path(uri)
    status = jvm.org.apache.hadoop.fs.FileStatus
    alone = spark.sparkContext._gateway.new_array(status, 1)  # type: ignore[union-attr]
    alone[0] = status(file.size, False, 1, BLOCK_BYTES, file.modified, path)
    listed.putLeafFiles(path, alone)
    return path


def _driver(spark: SparkSession) -> tuple[Any, Any]:
    """Returns the driver's JVM and its Hadoop configuration.

    Neither Kernel nor Hadoop file systems have a Python API.
    """
    context = spark.sparkContext
    return context._jvm, context._jsc.hadoopConfiguration()
