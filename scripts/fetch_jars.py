"""Set-up submits this: spark-submit first fetches `spark.jars.packages` of conf/; which files these are is remembered."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from pyspark import SparkConf, SparkContext

from pipelines.runtime.jvm import JARS, properties_of, remember

if __name__ == "__main__":
    SparkContext._ensure_initialized()  # the JVM that spark-submit started knows them; no session is needed
    remember(properties_of(Path(os.environ["SPARK_CONF_DIR"]), {}), SparkConf().get(JARS, ""))
    sys.stdout.write("the jars are in the Ivy cache\n")
