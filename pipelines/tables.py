"""Delta tables under one warehouse root: declared once, read and written by contract. The only importer of delta.

A write is idempotent: it replaces the rows that the same slice wrote before, so a rerun changes nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from delta.tables import DeltaTable
from pyspark.sql import Column, DataFrame, DataFrameWriter, SparkSession
from pyspark.sql.types import StructField, StructType

from pipelines.errors import ContractError
from pipelines.lease import Lease


@dataclass(frozen=True, slots=True)
class Warehouse:
    """Root of the tables: a folder or a URI that Hadoop understands (`s3a://`, `abfss://`, `gs://`, `hdfs://`)."""

    spark: SparkSession
    root: str
    lease: Lease | None = field(default=None, compare=False)

    def path(self, name: str) -> str:
        """Where the table `name` is."""
        return f"{self.root.rstrip('/')}/{name}"

    def confirm(self) -> None:
        """Makes sure, before anything is written, that no other process took over.

        Raises:
            WarehouseError: one did.
        """
        if self.lease is not None:
            self.lease.confirm()


@dataclass(frozen=True, slots=True)
class Table:
    """One Delta table: name, schema, partition columns. NOT NULL columns are enforced by Delta at write time."""

    name: str
    schema: StructType
    partition: tuple[str, ...] = ()

    def exists(self, warehouse: Warehouse) -> bool:
        """Whether it was ever written."""
        return DeltaTable.isDeltaTable(warehouse.spark, warehouse.path(self.name))

    def read(self, warehouse: Warehouse) -> DataFrame:
        """The table's rows; no rows where it was never written.

        Raises:
            ContractError: the stored table lacks a column (it was written by another version).
        """
        if not self.exists(warehouse):
            return warehouse.spark.createDataFrame([], self.schema)
        stored = warehouse.spark.read.format("delta").load(warehouse.path(self.name))
        return conform(stored, self.schema, self.name)

    def append(self, rows: DataFrame, warehouse: Warehouse) -> None:
        """Adds `rows`; for tables whose ledger (`batches`) says what was added."""
        self._create(warehouse)
        self._writer(rows).mode("append").save(warehouse.path(self.name))

    def delete(self, warehouse: Warehouse, where: Column) -> None:
        """Deletes the rows that match, where the table exists."""
        if self.exists(warehouse):
            warehouse.confirm()
            DeltaTable.forPath(warehouse.spark, warehouse.path(self.name)).delete(where)

    def replace(self, rows: DataFrame, warehouse: Warehouse, where: str) -> None:
        """Writes `rows` in place of those that match the SQL predicate `where` (which every row must satisfy).

        `where` is built from enumerations, dates and checksums only, never from traffic.
        """
        self._create(warehouse)
        self._writer(rows).option("replaceWhere", where).save(warehouse.path(self.name))

    def replace_all(self, rows: DataFrame, warehouse: Warehouse) -> None:
        """Writes `rows` in place of everything."""
        self._create(warehouse)
        self._writer(rows).save(warehouse.path(self.name))

    def _writer(self, rows: DataFrame) -> DataFrameWriter:
        writable = StructType([StructField(f.name, f.dataType, True) for f in self.schema])
        return conform(rows, writable, self.name).write.format("delta").mode("overwrite")

    def _create(self, warehouse: Warehouse) -> None:
        warehouse.confirm()
        if self.exists(warehouse):
            self.read(warehouse)  # a table of another version is refused before anything is written
            return
        builder = (
            DeltaTable.createIfNotExists(warehouse.spark)
            .location(warehouse.path(self.name))
            .addColumns(self.schema)
        )
        (builder.partitionedBy(*self.partition) if self.partition else builder).execute()


def conform(rows: DataFrame, schema: StructType, name: str) -> DataFrame:
    """Exactly `schema`'s columns in its order and types.

    Raises:
        ContractError: naming every missing column (`DataFrame.to` would fill them with NULL silently).
    """
    missing = [column for column in schema.names if column not in rows.columns]
    if missing:
        raise ContractError(
            f"table {name}: missing columns {missing}, found {rows.columns}. "
            "The warehouse was written by another version: use a new --warehouse or ingest again."
        )
    return rows.select(*schema.names).to(schema)
