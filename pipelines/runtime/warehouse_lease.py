"""The lease of a warehouse: storage of its file, and how a step holds it."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from py4j.protocol import Py4JJavaError
from pyspark.sql import SparkSession

from pipelines.runtime.files import write_atomically
from pipelines.runtime.lease import LEASE_FILE, Holder, Lease, acquire_lease, decode_holder, encode_holder
from pipelines.runtime.remote_file import RemoteFile
from pipelines.runtime.settings_sections import LeaseSettings
from pipelines.runtime.tables import Warehouse


class FolderLease:
    """A lease in a folder.

    It is read and written under one lock of the system (flock), which ends with its process.
    """

    def __init__(self, folder: Path) -> None:
        self._file, self._lock = folder / LEASE_FILE, folder / f"{LEASE_FILE}.lock"

    def read(self) -> Holder | None:
        """Returns its holder, or None."""
        try:
            return decode_holder(self._file.read_bytes())
        except FileNotFoundError:
            return None

    def claim(self, mine: Holder, instead_of: Holder | None) -> bool:
        """Writes it if it is still what was read."""
        with self._locked():
            if self.read() != instead_of:
                return False
            write_atomically(self._file, encode_holder(mine))
            return True

    def refresh(self, mine: Holder) -> None:
        """Writes it again with a later time."""
        with self._locked():
            write_atomically(self._file, encode_holder(mine))

    def remove(self) -> None:
        """Deletes the lease but not the lock's file.

        All waiting processes must lock the same file.
        """
        self._file.unlink(missing_ok=True)

    @contextmanager
    def _locked(self) -> Iterator[None]:
        descriptor = os.open(self._lock, os.O_RDWR | os.O_CREAT, 0o666)
        try:
            with suppress(
                OSError
            ):  # a file system without locks: only the comparison with the read lease is left
                fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)


class HadoopLease:
    """A lease on a Hadoop file system, created without overwriting and read again.

    HDFS decides in its name node, GCS, ABFS and S3 (since 2024, by `If-None-Match: *`) in the store: if two processes create the
    file, one fails. A store that only checks before it writes (older S3 clones) lets the later one win; the other notices in
    `Lease.confirm` before it writes. The same holds for two processes that take over a dead lease at the same time.
    """

    def __init__(self, spark: SparkSession, root: str) -> None:
        self._file = RemoteFile(spark, f"{root.rstrip('/')}/{LEASE_FILE}")

    def read(self) -> Holder | None:
        """Returns its holder, or None."""
        content = self._file.read()
        return None if content is None else decode_holder(content)

    def claim(self, mine: Holder, instead_of: Holder | None) -> bool:
        """Creates it, after deleting the lease of a dead holder."""
        if instead_of is not None:
            if self.read() != instead_of:
                return False
            self._file.delete()
        try:
            builder = self._file.system.createFile(self._file.path).overwrite(False).recursive()
            # without this S3A itself checks for an older object, not the store (other file systems ignore the option)
            builder = builder.opt("fs.option.create.conditional.overwrite", True)
            self._file.write(encode_holder(mine), builder)
        except Py4JJavaError as error:
            if self.read() is None:
                raise
            del error
            return False
        holder = self.read()
        return holder is not None and holder.owner == mine.owner

    def refresh(self, mine: Holder) -> None:
        """Writes it again with a later time."""
        self._file.write(encode_holder(mine))

    def remove(self) -> None:
        """Deletes it."""
        self._file.delete()


def acquire_warehouse_lease(
    spark: Callable[[], SparkSession],
    root: str,
    step: str,
    settings: LeaseSettings,
    report: Callable[[str], None],
) -> Lease:
    """Acquires the lease of the warehouse at `root`.

    The lease of a folder needs no Spark.

    Raises:
        WarehouseBusy: a living process holds it.
    """
    if "://" in root:
        return acquire_lease(HadoopLease(spark(), root), root, step, settings, report)
    folder = Path(root)
    folder.mkdir(parents=True, exist_ok=True)
    return acquire_lease(FolderLease(folder), root, step, settings, report)


def attach_lease(spark: SparkSession, root: str, lease: Lease | None) -> Warehouse:
    """Returns the warehouse of a running session.

    If the session's Java process was started here, the lease names it.
    """
    java = getattr(spark.sparkContext._gateway, "proc", None)
    if lease is not None and java is not None:
        lease.include_java(java.pid)
    return Warehouse(spark, root, lease)


@contextmanager
def ensure_lease(warehouse: Warehouse, step: str, settings: LeaseSettings) -> Iterator[Warehouse]:
    """Gives the warehouse with its own lease, or with one for the time of the block."""
    if warehouse.lease is not None:
        yield warehouse
        return
    lease = acquire_warehouse_lease(lambda: warehouse.spark, warehouse.root, step, settings, lambda _: None)
    try:
        yield attach_lease(warehouse.spark, warehouse.root, lease)
    finally:
        lease.release()
