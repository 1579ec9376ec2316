"""Groups that are held out together: no host or stack is on both sides.

Whatever the ties between them.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ml.requests.features import FEATURES
from ml.training.split import assign_groups, split_folds
from ml.training.train import train
from pipelines.runtime.errors import InputError
from tests.values.training_rows import OPTIONS, frame

PAIRS = st.lists(
    st.tuples(st.integers(0, 12), st.one_of(st.none(), st.integers(0, 6))), min_size=1, max_size=40
)


@given(PAIRS)
def test_no_host_and_no_stack_is_in_two_groups(pairs: list[tuple[int, int | None]]) -> None:
    rows = pd.DataFrame({"host": [f"h{host}" for host, _ in pairs], "stack": [stack for _, stack in pairs]})
    grouped = rows.assign(group=assign_groups(rows))
    assert (grouped.groupby("host")["group"].nunique() == 1).all()
    assert (grouped.dropna(subset=["stack"]).groupby("stack")["group"].nunique() == 1).all()


@given(PAIRS)
def test_groups_are_no_larger_than_the_ties_demand(pairs: list[tuple[int, int | None]]) -> None:
    rows = pd.DataFrame({"host": [f"h{host}" for host, _ in pairs], "stack": [stack for _, stack in pairs]})
    parts: list[set[object]] = []  # merged one pair at a time: slow and plain
    for host, stack in zip(rows["host"], rows["stack"], strict=True):
        here: set[object] = {host} if pd.isna(stack) else {host, ("stack", stack)}
        for part in [part for part in parts if part & here]:
            parts.remove(part)
            here |= part
        parts.append(here)
    assert len(set(assign_groups(rows).tolist())) == len(parts)


def test_without_stacks_each_host_is_a_group() -> None:
    assert assign_groups(pd.DataFrame({"host": ["b", "a", "b"]})).tolist() == [0, 1, 0]


def test_a_stack_on_two_domains_is_never_on_both_sides_of_a_fold() -> None:
    rows = frame()
    rows["stack"] = rows["host"].map(lambda host: int(host[1:].split(".")[0]) // 2)
    held_out = train(rows, OPTIONS).out_of_fold
    assert (held_out.groupby("stack")["fold"].nunique() == 1).all()
    assert held_out["group"].nunique() == 6


def test_memory_of_a_stack_does_not_help_out_of_fold() -> None:
    rows = frame(noise=0.5, hosts=64)  # labels are coin tosses ...
    stack = rows["host"].str[1:].str.split(".").str[0].astype(int) % 8
    rows["is_api"] = stack.isin([0, 1, 4, 7])  # ... but for the stack, which eight hosts share
    for number in range(8):
        rows[FEATURES[number]] = (stack == number).astype(np.float32)
    by_host = train(rows, OPTIONS).metrics["roc_auc"]
    by_stack = train(rows.assign(stack=stack), OPTIONS).metrics["roc_auc"]
    assert by_stack < 0.8 < 0.95 < by_host


def test_fewer_groups_than_folds_are_refused() -> None:
    rows = frame().assign(stack="one for all")
    with pytest.raises(InputError, match="hosts of one stack counted once"):
        train(rows, OPTIONS)


def test_a_class_on_one_host_only_is_refused() -> None:
    labels = np.array([True] * 10 + [False] * 30)
    with pytest.raises(InputError, match="one class of label is on too few hosts"):
        list(split_folds(labels, np.repeat([0, 1, 2, 3], 10), count=3, seed=1))
