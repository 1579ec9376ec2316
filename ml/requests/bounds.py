"""Bounds on what names can do to a score: words of the host, words of the path.

A name is a hint of what a site is for; the response is what it did. The model relies on names more than real ones justify,
because the simulator's vocabulary is smaller than the world's. So the log-odds with and without a group of words differ by at
most its bound.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from ml.requests.features import FEATURES, Matrix

LogOdds = npt.NDArray[np.float64]
Rows = npt.NDArray[np.int64]
Predict = Callable[[Matrix], LogOdds]


def _columns(*prefixes: str) -> Rows:
    return np.array([n for n, name in enumerate(FEATURES) if name.startswith(prefixes)])


HOST_WORDS: Final = _columns("host_word_")
PATH_WORDS: Final = _columns("path_word_", "early_word_")
UNTYPED: Final = FEATURES.index("response_untyped")

HOST_BOUND: Final = 2.0
"""Maximum change of the log-odds by the words of a host's name, in either direction: odds of 7, a hint and not a proof.

The simulator names sites by what they serve, and the model relies on that more than real names justify: without a bound, `shop.`
subtracted 5.5 from some simulated requests, more than an API's path adds. Training on hosts with arbitrary names bounds it as
well, but loses the real information in names (docs/accuracy.md)."""
PATH_BOUND: Final = 3.0
"""Maximum change of the log-odds by the words of a path where the log has the response's media type: odds of 20.

Without a media type they are most of what there is, and are not bounded. Padded JSON under `/data/service` got +6.7 from its
path, more than a response that is a script subtracts. Bounds of 1 to 4 were compared in docs/accuracy.md."""


class WordBound(NamedTuple):
    """The bound on one group of words.

    `columns`: features of the words · `limit`: in log-odds · `only_typed`: whether it holds only where the media type of the
    response is known.
    """

    columns: Rows
    limit: float
    only_typed: bool = False

    def find_rows(self, features: Matrix) -> Rows:
        """Returns positions of the rows to which the bound applies."""
        has_word = features.T[self.columns].any(axis=0)
        return np.flatnonzero(has_word & (features[:, UNTYPED] == 0) if self.only_typed else has_word)

    def clear(self, features: Matrix, rows: Rows) -> Matrix:
        """Returns a copy of these rows without the words of the group, column-major."""
        wordless = features.T.take(rows, axis=1)
        wordless[self.columns] = 0
        return wordless.T

    def compute_excess(self, with_words: LogOdds, without: LogOdds) -> LogOdds:
        """Returns the effect of the words on the log-odds beyond the limit."""
        moved = with_words - without
        return np.asarray(moved - np.clip(moved, -self.limit, self.limit), np.float64)


BOUNDS: Final = (WordBound(PATH_WORDS, PATH_BOUND, only_typed=True), WordBound(HOST_WORDS, HOST_BOUND))
"""In the order in which they apply: each holds exactly for the log-odds that the ones before it leave, the last for the score."""


def predict_bounded(predict: Predict, features: Matrix, bounds: Sequence[WordBound] = BOUNDS) -> LogOdds:
    """Predicts log-odds that no group of words moves beyond its bound.

    `predict` gives the unbounded log-odds of (rows, features). Rows with words of n groups are predicted 2ⁿ times.
    """
    if not bounds:
        return predict(features)
    before, bound = bounds[:-1], bounds[-1]
    odds, rows = predict_bounded(predict, features, before), bound.find_rows(features)
    if len(rows):
        without = predict_bounded(predict, bound.clear(features, rows), before)
        odds[rows] -= bound.compute_excess(odds[rows], without)
    return odds
