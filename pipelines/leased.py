"""Warehouses with their lease: taken once by a command, or for the time of one call by whoever uses the library."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from pyspark.sql import SparkSession

from pipelines.lease import Lease, acquire
from pipelines.lease_files import FolderLease, HadoopLease
from pipelines.sections import LeaseSettings
from pipelines.tables import Warehouse


def taken(
    spark: Callable[[], SparkSession],
    root: str,
    step: str,
    settings: LeaseSettings,
    tell: Callable[[str], None],
) -> Lease:
    """The lease of the warehouse at `root`, wherever that is; of a folder without starting Spark.

    Raises:
        WarehouseBusy: a living process holds it.
    """
    if "://" in root:
        return acquire(HadoopLease(spark(), root), root, step, settings, tell)
    folder = Path(root)
    folder.mkdir(parents=True, exist_ok=True)
    return acquire(FolderLease(folder), root, step, settings, tell)


def with_lease(spark: SparkSession, root: str, lease: Lease | None) -> Warehouse:
    """The warehouse of a running session, whose Java process the lease names where it was started here."""
    java = getattr(spark.sparkContext._gateway, "proc", None)
    if lease is not None and java is not None:
        lease.include(java.pid)
    return Warehouse(spark, root, lease)


@contextmanager
def leased(warehouse: Warehouse, step: str, settings: LeaseSettings) -> Iterator[Warehouse]:
    """`warehouse` with a lease: its own, else one for the time of the block."""
    if warehouse.lease is not None:
        yield warehouse
        return
    lease = taken(lambda: warehouse.spark, warehouse.root, step, settings, lambda _: None)
    try:
        yield with_lease(warehouse.spark, warehouse.root, lease)
    finally:
        lease.release()
