"""Delta tables under one warehouse root: declared once, read and written by contract. The only importer of delta.

A write is idempotent: it replaces the rows that the same slice wrote before, so a rerun changes nothing.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from hashlib import sha256

from delta.tables import DeltaTable
from pyspark.sql import Column, DataFrame, DataFrameWriter, SparkSession
from pyspark.sql import functions as F
from pyspark.sql.types import StructField, StructType

from pipelines.runtime import delta_log
from pipelines.runtime.errors import ContractError
from pipelines.runtime.lease import Lease


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
    """One Delta table: name, schema, partition columns. NOT NULL columns are enforced by Delta at write time.

    `skipping_columns`: columns by whose least and greatest values files are left out; where none are named, Delta's choice of 32.
    """

    name: str
    schema: StructType
    partition: tuple[str, ...] = ()
    skipping_columns: tuple[str, ...] = ()

    def exists(self, warehouse: Warehouse) -> bool:
        """Whether it was ever written."""
        return self._latest(warehouse) is not None

    def version(self, warehouse: Warehouse) -> int | None:
        """Number of its last commit, None where it was never written."""
        snapshot = self._latest(warehouse)
        return None if snapshot is None else snapshot.version

    def digests_by_day(self, warehouse: Warehouse) -> dict[date, str]:
        """A digest of each day's files, from the log alone: a day whose digest is the same has the same rows.

        Of a table with partition column `day`: day → the first 32 hexadecimal digits of a SHA-256.
        """
        return {
            day: sha256(
                "\n".join(sorted(f"{each.path} {each.deletions}" for each in files)).encode()
            ).hexdigest()[:32]
            for day, files in self._by_day(warehouse).items()
        }

    def bytes_by_day(self, warehouse: Warehouse) -> dict[date, int]:
        """Size of each day's files, from the log alone, of a table with partition column `day`."""
        return {day: sum(each.size for each in files) for day, files in self._by_day(warehouse).items()}

    def partitions(self, warehouse: Warehouse) -> list[dict[str, str]]:
        """The values of the partition columns, as texts, of each partition that has a file; from the log alone."""
        snapshot = self._latest(warehouse)
        found = {tuple(sorted(file.partition.items())) for file in snapshot.files()} if snapshot else set()
        return [{name: value or "" for name, value in each} for each in sorted(found)]

    def read(self, warehouse: Warehouse) -> DataFrame:
        """The table's rows; no rows where it was never written.

        What is written later does not change them.

        Raises:
            ContractError: the stored table lacks a column (it was written by another version).
        """
        snapshot = self._latest(warehouse)
        if snapshot is None:
            return delta_log.empty_frame(warehouse.spark, self.schema)
        stored = snapshot.frame()
        if stored is None:
            stored = warehouse.spark.read.format("delta").load(warehouse.path(self.name))
        return conform(stored, self.schema, self.name)

    def append(self, rows: DataFrame, warehouse: Warehouse) -> None:
        """Adds `rows`; for tables whose ledger (`batches`) says what was added."""
        self._begin(warehouse)
        self._writer(rows).mode("append").save(warehouse.path(self.name))

    def delete(self, warehouse: Warehouse, where: Column) -> None:
        """Deletes the rows that match, where the table exists."""
        snapshot = self._latest(warehouse)
        if snapshot is not None and not snapshot.is_empty:
            warehouse.confirm()
            DeltaTable.forPath(warehouse.spark, warehouse.path(self.name)).delete(where)

    def replace(self, rows: DataFrame, warehouse: Warehouse, where: str) -> None:
        """Writes `rows` in place of those that match the SQL predicate `where` (which every row must satisfy).

        `where` is built from enumerations, dates and checksums only, never from traffic.
        """
        if self._begin(warehouse):
            matches = F.coalesce(F.expr(where), F.lit(False))
            strange = F.raise_error(F.lit(f"table {self.name}: a row that is not of {where}"))
            self._writer(rows.where(matches | strange)).mode("append").save(warehouse.path(self.name))
        else:
            self._writer(rows).option("replaceWhere", where).save(warehouse.path(self.name))

    def replace_all(self, rows: DataFrame, warehouse: Warehouse) -> None:
        """Writes `rows` in place of everything."""
        is_empty = self._begin(warehouse)
        self._writer(rows).mode("append" if is_empty else "overwrite").save(warehouse.path(self.name))

    def _writer(self, rows: DataFrame) -> DataFrameWriter:
        writable = StructType([StructField(f.name, f.dataType, True) for f in self.schema])
        return conform(rows, writable, self.name).write.format("delta").mode("overwrite")

    def _begin(self, warehouse: Warehouse) -> bool:
        """Creates the table if need be. Whether it is empty: then an append does, at a quarter of a replacement's cost."""
        warehouse.confirm()
        snapshot = self._latest(warehouse)
        if snapshot is None:
            delta_log.create_table(
                warehouse.spark, warehouse.path(self.name), self.schema, self.partition, self.skipping_columns
            )
            return True
        # a table of another version is refused before anything is written
        _require_columns(snapshot.schema.names, self.schema, self.name)
        return snapshot.is_empty

    def _by_day(self, warehouse: Warehouse) -> dict[date, list[delta_log.LoggedFile]]:
        snapshot = self._latest(warehouse)
        days = defaultdict[date, list[delta_log.LoggedFile]](list)
        for file in snapshot.files() if snapshot else ():
            days[date.fromisoformat(file.partition["day"] or "")].append(file)
        return dict(sorted(days.items()))

    def _latest(self, warehouse: Warehouse) -> delta_log.Snapshot | None:
        return delta_log.load_snapshot(warehouse.spark, warehouse.path(self.name))


def conform(rows: DataFrame, schema: StructType, name: str) -> DataFrame:
    """Exactly `schema`'s columns in its order and types.

    Raises:
        ContractError: naming every missing column (`DataFrame.to` would fill them with NULL silently).
    """
    _require_columns(rows.columns, schema, name)
    return rows.select(*schema.names).to(schema)


def _require_columns(columns: Sequence[str], schema: StructType, name: str) -> None:
    missing = [column for column in schema.names if column not in columns]
    if missing:
        raise ContractError(
            f"table {name}: missing columns {missing}, found {[*columns]}. "
            "The warehouse was written by another version: use a new --warehouse or ingest again."
        )
