"""Set-up submits this: spark-submit first fetches `spark.jars.packages` of conf/, then nothing is left."""

import sys

if __name__ == "__main__":
    sys.stdout.write("the jars are in the Ivy cache\n")
