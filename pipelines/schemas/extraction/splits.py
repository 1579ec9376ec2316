"""The parts of a window's evidence that test each other (`views` on Spark, `backtest` for values)."""

from __future__ import annotations

from enum import StrEnum


class Split(StrEnum):
    """`PAST` and `NEWEST` are all evidence, and so are `TAUGHT` and `HELD` (of other clients than those that taught)."""

    WHOLE = "whole"
    EARLIER = "past"
    LATEST = "newest"
    TRAIN = "taught"
    HOLDOUT = "held"
