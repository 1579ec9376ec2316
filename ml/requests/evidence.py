"""Calibration by the evidence that the log of a transaction has.

A model is less certain of what it sees less of, and is more often wrong when it is certain. So one calibration for all
logs is right on average only. The model's file has one line per kind of evidence, log-odds → slope · log-odds + offset,
beside the general calibration in its leaves (`ml.training.calibration`).
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from ml.requests.features import FEATURES, Matrix

EVIDENCE: Final = ("response headers", "media type", "request headers", "user agent", "request line")
"""The most informative field that a row has. "Request headers" without a media type is a response without content in
a log of headers; the last two are access logs."""
EVIDENCE_FEATURES: Final = (
    "headers_logged",
    "response_untyped",
    "accept_none",
    "fetch_dest_none",
    "agent_none",
)
EVIDENCE_COLUMNS: Final = np.array([FEATURES.index(name) for name in EVIDENCE_FEATURES])
METADATA: Final = "calibration_by_evidence"
"""Name of the lines in the metadata of the CatBoost file."""

Codes = npt.NDArray[np.int64]
LogOdds = npt.NDArray[np.float64]


def find_evidence(flags: npt.NDArray[Any]) -> Codes:
    """Returns the index in `EVIDENCE` of each row.

    `flags` is (rows, 5): the columns `EVIDENCE_FEATURES`.
    """
    headers, untyped, no_accept, no_fetch, no_agent = (flags > 0).T
    return np.select([headers, ~untyped, ~(no_accept & no_fetch), ~no_agent], [0, 1, 2, 3], 4).astype(
        np.int64
    )


@dataclass(frozen=True, slots=True)
class EvidenceLines:
    """One line per kind of evidence, in the order of `EVIDENCE`.

    Invariant: every slope is > 0, so that the ranking of rows of equal evidence does not change.
    """

    slopes: tuple[float, ...]
    offsets: tuple[float, ...]

    def look_up(self, features: Matrix) -> tuple[LogOdds, LogOdds]:
        """Returns slope and offset of each row."""
        codes = find_evidence(features[:, EVIDENCE_COLUMNS])
        return np.array(self.slopes)[codes], np.array(self.offsets)[codes]

    def apply(self, log_odds: LogOdds, features: Matrix) -> LogOdds:
        """Returns the calibrated log-odds of each row."""
        slope, offset = self.look_up(features)
        return np.asarray(slope * log_odds + offset, np.float64)


def store_lines(model: Any, lines: EvidenceLines) -> None:
    """Writes the lines into the metadata of a CatBoost model, in place."""
    text = {name: pair for name, *pair in zip(EVIDENCE, lines.slopes, lines.offsets, strict=True)}
    model.get_metadata()[METADATA] = json.dumps(text)


def read_lines(model: Any) -> EvidenceLines | None:
    """Reads the lines of a CatBoost model; None if it has none."""
    metadata = model.get_metadata()
    if METADATA not in [*metadata.keys()]:
        return None
    pairs = json.loads(metadata[METADATA])
    slopes, offsets = zip(*(pairs[name] for name in EVIDENCE), strict=True)
    return EvidenceLines(tuple(map(float, slopes)), tuple(map(float, offsets)))
