"""One small file on any file system of Hadoop, read and written as a whole."""

from __future__ import annotations

from typing import Any

from py4j.protocol import Py4JJavaError
from pyspark.sql import SparkSession


class RemoteFile:
    """A file, by its URI.

    Hadoop's file systems have no Python API, so every call goes through the driver's JVM.
    """

    def __init__(self, spark: SparkSession, uri: str) -> None:
        context = spark.sparkContext
        jvm: Any = context._jvm
        self.path = jvm.org.apache.hadoop.fs.Path(uri)
        self.system = self.path.getFileSystem(context._jsc.hadoopConfiguration())

    def read(self) -> bytes | None:
        """Returns its bytes, or None if there is no such file."""
        try:
            stream = self.system.open(self.path)
        except Py4JJavaError as error:
            if "FileNotFoundException" in str(error.java_exception.getClass().getName()):
                return None
            raise
        try:
            return bytes(stream.readAllBytes())
        finally:
            stream.close()

    def write(self, content: bytes, builder: Any = None) -> None:
        """Replaces the content, or writes it to the file that `builder` creates."""
        stream = builder.build() if builder is not None else self.system.create(self.path, True)
        try:
            stream.write(bytearray(content))
        finally:
            stream.close()

    def delete(self) -> None:
        """Deletes it; a missing file is not an error."""
        self.system.delete(self.path, False)
