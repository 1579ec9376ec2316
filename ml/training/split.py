"""Who is left out together: whole hosts, and whole stacks where the frame names them; never single rows."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.model_selection import StratifiedGroupKFold

from pipelines.runtime.errors import InputError

HOST: Final = "host"
STACK: Final = "stack"

Indices = npt.NDArray[np.int64]


def assign_groups(frame: pd.DataFrame) -> Indices:
    """Rows with `host` and perhaps `stack` -> the number of the group of each, from 0.

    Hosts of one stack are one group (the same software on another domain is no new site), and a host with
    two stacks ties these together: no host and no stack is ever in two groups. No stack (null) ties nothing.
    """
    hosts = pd.factorize(frame[HOST])[0].astype(np.int64)
    if STACK not in frame:
        return hosts
    stacks = pd.factorize(frame[STACK])[0]
    named = stacks >= 0
    found = pd.Series(hosts)
    while True:  # the smallest number spreads along hosts and stacks until nothing changes
        before = found.copy()
        found = found.groupby(hosts).transform("min")
        found[named] = found[named].groupby(stacks[named]).transform("min")
        if found.equals(before):
            return pd.factorize(found, sort=True)[0].astype(np.int64)


def split_folds(
    labels: npt.NDArray[np.bool_], group_of_row: npt.NDArray[Any], *, count: int, seed: int
) -> Iterator[tuple[Indices, Indices]]:
    """(rows to learn from, rows to judge) for each fold: whole groups, shares of classes alike.

    Raises:
        InputError: fewer groups than folds, or all calls of a class are in one fold.
    """
    enough = f"Give labelled traffic of at least {count} hosts of different stacks, API calls and others on several."
    if len(np.unique(group_of_row)) < count:
        raise InputError(
            "training data", f"fewer hosts than folds ({count}), hosts of one stack counted once", enough
        )
    splitter = StratifiedGroupKFold(count, shuffle=True, random_state=seed)
    for learn, check in splitter.split(np.zeros(len(labels)), labels, group_of_row):
        if labels[learn].all() or not labels[learn].any():
            raise InputError(
                "training data", "one class of label is on too few hosts to leave some out", enough
            )
        yield learn, check
