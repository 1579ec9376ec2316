"""Delta tables of a warehouse: declared once, read and written by contract.

No other module imports delta. A write is idempotent: it replaces the rows that the same slice wrote before, so a rerun changes
nothing.
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
    """A folder of tables.

    Attributes:
        spark: The session.
        root: Folder, or URI that Hadoop understands (`s3a://`, `abfss://`, `gs://`, `hdfs://`).
        lease: Lease that is checked before each write, if there is one.
    """

    spark: SparkSession
    root: str
    lease: Lease | None = field(default=None, compare=False)

    def path(self, name: str) -> str:
        """Returns the path of the table `name`."""
        return f"{self.root.rstrip('/')}/{name}"

    def confirm(self) -> None:
        """Checks before a write that no other process has taken over.

        Raises:
            WarehouseError: another process has.
        """
        if self.lease is not None:
            self.lease.confirm()


@dataclass(frozen=True, slots=True)
class Table:
    """One Delta table.

    Attributes:
        name: Folder below the warehouse's root.
        schema: All columns; Delta enforces NOT NULL at write time.
        partition: Partition columns.
        skipping_columns: Columns by whose minimum and maximum files are skipped; if none are named, Delta's default: the
            first 32.
    """

    name: str
    schema: StructType
    partition: tuple[str, ...] = ()
    skipping_columns: tuple[str, ...] = ()

    def exists(self, warehouse: Warehouse) -> bool:
        """Whether it was ever written."""
        return self._latest(warehouse) is not None

    def version(self, warehouse: Warehouse) -> int | None:
        """Number of its latest commit, None if it was never written."""
        snapshot = self._latest(warehouse)
        return None if snapshot is None else snapshot.version

    def digests_by_day(self, warehouse: Warehouse) -> dict[date, str]:
        """Digests each day's files, from the log alone: equal digests mean equal rows.

        For a table with partition column `day`.

        Returns:
            Day → the first 32 hexadecimal digits of a SHA-256.
        """
        return {
            day: sha256(
                "\n".join(sorted(f"{each.path} {each.deletions}" for each in files)).encode()
            ).hexdigest()[:32]
            for day, files in self._by_day(warehouse).items()
        }

    def bytes_by_day(self, warehouse: Warehouse) -> dict[date, int]:
        """Sums the bytes of each day's files, from the log alone.

        For a table with partition column `day`.
        """
        return {day: sum(each.size for each in files) for day, files in self._by_day(warehouse).items()}

    def partitions(self, warehouse: Warehouse) -> list[dict[str, str]]:
        """Returns the partition values, as texts, of each partition with a file.

        They come from the log alone.
        """
        snapshot = self._latest(warehouse)
        partitions = (
            {tuple(sorted(file.partition.items())) for file in snapshot.files()} if snapshot else set()
        )
        return [{name: value or "" for name, value in each} for each in sorted(partitions)]

    def read(self, warehouse: Warehouse) -> DataFrame:
        """Returns the table's rows; none if it was never written.

        Later writes do not change the frame.

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
        """Adds `rows`; for tables whose ledger (`batches`) records what was added."""
        self._begin(warehouse)
        self._writer(rows).mode("append").save(warehouse.path(self.name))

    def delete(self, warehouse: Warehouse, where: Column) -> None:
        """Deletes the rows that match `where`, if the table exists."""
        snapshot = self._latest(warehouse)
        if snapshot is not None and not snapshot.is_empty:
            warehouse.confirm()
            DeltaTable.forPath(warehouse.spark, warehouse.path(self.name)).delete(where)

    def replace(self, rows: DataFrame, warehouse: Warehouse, where: str) -> None:
        """Replaces the rows that match the SQL predicate `where` by `rows`.

        Every new row must satisfy `where`, which is built from enumerations, dates and checksums only, never from traffic.
        """
        if self._begin(warehouse):
            matches = F.coalesce(F.expr(where), F.lit(False))
            mismatch = F.raise_error(F.lit(f"table {self.name}: a row does not satisfy {where}"))
            self._writer(rows.where(matches | mismatch)).mode("append").save(warehouse.path(self.name))
        else:
            self._writer(rows).option("replaceWhere", where).save(warehouse.path(self.name))

    def replace_all(self, rows: DataFrame, warehouse: Warehouse) -> None:
        """Replaces all rows by `rows`."""
        is_empty = self._begin(warehouse)
        self._writer(rows).mode("append" if is_empty else "overwrite").save(warehouse.path(self.name))

    def _writer(self, rows: DataFrame) -> DataFrameWriter:
        writable = StructType([StructField(f.name, f.dataType, True) for f in self.schema])
        return conform(rows, writable, self.name).write.format("delta").mode("overwrite")

    def _begin(self, warehouse: Warehouse) -> bool:
        """Creates the table if it does not exist; returns whether it is empty.

        An empty table needs an append only, which costs a quarter of a replacement.
        """
        warehouse.confirm()
        snapshot = self._latest(warehouse)
        if snapshot is None:
            delta_log.create_table(
                warehouse.spark, warehouse.path(self.name), self.schema, self.partition, self.skipping_columns
            )
            return True
        # refuse a table of another version before anything is written
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
    """Selects exactly `schema`'s columns, with its order and types.

    Raises:
        ContractError: with every missing column (`DataFrame.to` would fill them with NULL silently).
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
