"""One small file on whatever file system Hadoop has a client for, read and written whole."""

from __future__ import annotations

from typing import Any

from py4j.protocol import Py4JJavaError
from pyspark.sql import SparkSession


class RemoteFile:
    """A file by its URI. The Hadoop file system has no Python API, so all goes through the driver's JVM."""

    def __init__(self, spark: SparkSession, uri: str) -> None:
        context = spark.sparkContext
        jvm: Any = context._jvm
        self.path = jvm.org.apache.hadoop.fs.Path(uri)
        self.system = self.path.getFileSystem(context._jsc.hadoopConfiguration())

    def read(self) -> bytes | None:
        """Its bytes, None where there is no such file."""
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
        """Stores `content` in place of what was there, or as a `builder` of the file system makes the file."""
        stream = builder.build() if builder is not None else self.system.create(self.path, True)
        try:
            stream.write(bytearray(content))
        finally:
            stream.close()

    def delete(self) -> None:
        """Deletes it; one that is not there is no error."""
        self.system.delete(self.path, False)
