"""Copies of training rows as poorer logs would have them.

The same request is logged with all its headers by one operator and as a line of an access log by another. A copy without
content types, headers or user agent has the features that such a log would give, with the same label, so the model learns
from one request what it looks like with and without that evidence.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np
import pandas as pd

from ml.requests.features import FEATURES, FLAGS, Matrix

LEVELS: Final = ("no media type", "combined", "common")
"""No media type: the content type of responses is not logged. Combined and common: the formats of Apache, which also have no
header of responses and of requests only user agent and referer, or not even those."""

_OF_RESPONSES: Final = (
    "cache", "set_cookie", "etag", "accept_ranges", "allow_origin", "content_encoding", "rate_limit",
    "headers_logged",
)  # fmt: skip
_OF_REQUESTS: Final = ("request_type", "accept", "fetch_dest", "fetch_mode", "requested_with", "origin")
_REMOVED: Final[Mapping[str, tuple[str, ...]]] = {
    "no media type": ("response_type",),
    "combined": ("response_type", *_OF_RESPONSES, *_OF_REQUESTS),
    "common": ("response_type", *_OF_RESPONSES, *_OF_REQUESTS, "agent", "referer"),
}
"""Signals (`pipelines.http.signals`) that each level does not log."""


def remove_evidence(features: Matrix, level: str) -> Matrix:
    """Returns a copy of (rows, features) as a log of one of `LEVELS` has it."""
    poorer = np.array(features, np.float32, order="F")
    for flag in FLAGS:
        if flag.signal in _REMOVED[level]:
            poorer[:, FEATURES.index(flag.name)] = "none" in flag.classes
    if level != "no media type":
        poorer[:, FEATURES.index("request_bytes_log")] = -1.0
    return poorer


def add_poorer_copies(frame: pd.DataFrame, share: float, seed: int) -> pd.DataFrame:
    """Appends copies of a share of the rows, those of a host at one level.

    Args:
        frame: Columns `FEATURES` and `host` at least; rows without a media type are not copied, as they are poor already.
        share: Probability (0-1) that a row is copied.
        seed: Seed of the choice of rows and levels.
    """
    draw = np.random.default_rng(seed)
    hosts = sorted(frame["host"].unique())
    level = frame["host"].map(dict(zip(hosts, draw.choice(LEVELS, len(hosts)), strict=True))).to_numpy()
    chosen = (draw.random(len(frame)) < share) & (frame["response_untyped"].to_numpy() == 0)
    parts = [frame]
    for name in LEVELS:
        rows = frame[chosen & (level == name)]
        values = remove_evidence(rows[list(FEATURES)].to_numpy(np.float32), name)
        parts.append(rows.assign(**dict(zip(FEATURES, values.T, strict=True))))
    return pd.concat(parts, ignore_index=True)
