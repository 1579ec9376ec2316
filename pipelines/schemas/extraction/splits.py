"""Parts of a window's evidence that test each other."""

from __future__ import annotations

from enum import StrEnum


class Split(StrEnum):
    """A part of a window's evidence.

    `EARLIER` and `LATEST` are together all evidence, and so are `TRAIN` and `HOLDOUT`. The clients of `HOLDOUT` are others than
    those of `TRAIN`.
    """

    WHOLE = "whole"
    EARLIER = "earlier"
    LATEST = "latest"
    TRAIN = "train"
    HOLDOUT = "holdout"
