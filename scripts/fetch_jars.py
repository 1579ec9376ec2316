"""Set-up submits this: spark-submit first fetches `spark.jars.packages` of conf/; which files these are is remembered."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from pyspark import SparkConf, SparkContext

from pipelines.runtime.jvm import JARS, read_properties, save_resolved_jars

if __name__ == "__main__":
    SparkContext._ensure_initialized()  # the JVM that spark-submit started knows them; no session is needed
    save_resolved_jars(read_properties(Path(os.environ["SPARK_CONF_DIR"]), {}), SparkConf().get(JARS, ""))
    sys.stdout.write("the jars are in the Ivy cache\n")
