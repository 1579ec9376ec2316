"""One thin script for each step: read, transform, write.

`apicensus STEP`, `python jobs/STEP.py` and spark-submit run the same code.
"""
