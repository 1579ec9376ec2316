"""Folds of cross-validation over whole hosts and stacks, never single rows.

A stack is a set of hosts that run the same software; it is used if the frame has it.
"""

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
    """Assigns each row the number of its group, from 0.

    `frame` has the column `host`, and optionally `stack`.

    Hosts of one stack are one group, because the same software on another domain is not a new site. A host with two stacks
    merges their groups: no host and no stack is ever in two groups. A null stack merges nothing.
    """
    hosts = pd.factorize(frame[HOST])[0].astype(np.int64)
    if STACK not in frame:
        return hosts
    stacks = pd.factorize(frame[STACK])[0]
    named = stacks >= 0
    group = pd.Series(hosts)
    while True:  # the smallest number spreads along hosts and stacks until nothing changes
        before = group.copy()
        group = group.groupby(hosts).transform("min")
        group[named] = group[named].groupby(stacks[named]).transform("min")
        if group.equals(before):
            return pd.factorize(group, sort=True)[0].astype(np.int64)


def split_folds(
    labels: npt.NDArray[np.bool_], group_of_row: npt.NDArray[Any], *, count: int, seed: int
) -> Iterator[tuple[Indices, Indices]]:
    """Yields the rows to train on and the rows to evaluate for each fold.

    Folds consist of whole groups and have similar shares of the classes.

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
