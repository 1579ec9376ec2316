"""Thin scripts, one a step: read → transform → write. `apicensus STEP`, `python jobs/STEP.py` and spark-submit run the same code."""
