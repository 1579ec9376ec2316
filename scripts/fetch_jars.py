"""Fetches the jars of `spark.jars.packages` and stores their paths.

Set-up submits this script: spark-submit itself fetches the jars before the script runs.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from pyspark import SparkConf, SparkContext

from pipelines.runtime.jvm import JARS, read_properties, save_resolved_jars

if __name__ == "__main__":
    SparkContext._ensure_initialized()  # spark-submit's JVM knows the jars; no session is needed
    save_resolved_jars(read_properties(Path(os.environ["SPARK_CONF_DIR"]), {}), SparkConf().get(JARS, ""))
    sys.stdout.write("the jars are in the Ivy cache\n")
