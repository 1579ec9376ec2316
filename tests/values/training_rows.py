"""Small labelled frames of features for tests of training and tracking."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pandas as pd

from ml.requests.features import FEATURES

OPTIONS = SimpleNamespace(
    seed=3, folds=3, trees=12, depth=3, learning_rate=0.3, l2_leaf_reg=3.0, feature_share=1.0
)


def frame(rows: int = 400, hosts: int = 12, seed: int = 1, noise: float = 0.1) -> pd.DataFrame:
    """Returns random features; a row with a JSON response is an API call.

    Except for a share `noise` of mistakes.
    """
    draw = np.random.default_rng(seed)
    values = draw.integers(0, 2, (rows, len(FEATURES))).astype(np.float32)
    found = pd.DataFrame(values, columns=list(FEATURES))
    wrong = draw.random(rows) < noise
    return found.assign(
        is_api=(found["response_json"].to_numpy() == 1) ^ wrong,
        host=[f"h{n % hosts}.example" for n in range(rows)],
        kind=np.where(wrong, "odd", "plain"),
    )
