"""Thin scripts, one a step: read → transform → write. `apicensus STEP`, `python` and spark-submit run the same code."""
