"""Confident learning finds the labels that were flipped, and leaves clean ones."""

from __future__ import annotations

import numpy as np
import pytest

from ml.training.labels import (
    Classes,
    Probabilities,
    compute_thresholds,
    count_confident_joint,
    find_label_errors,
)


def draw_classes(
    rows: int, noise: tuple[float, float], apart: float, seed: int = 4
) -> tuple[Classes, Classes, Probabilities]:
    """Draws true classes, noisy labels and the true posterior of a normal mixture.

    The means are +-`apart`, the variance is 1; a given share of the labels of each class is flipped.
    """
    draw = np.random.default_rng(seed)
    truth = (draw.random(rows) < 0.4).astype(np.int64)
    value = draw.normal(np.where(truth == 1, apart, -apart))
    posterior = 1 / (1 + np.exp(-(2 * apart * value + np.log(0.4 / 0.6))))
    turned = draw.random(rows) < np.where(truth == 1, noise[1], noise[0])
    return truth, np.where(turned, 1 - truth, truth), np.column_stack([1 - posterior, posterior])


@pytest.mark.parametrize(("apart", "precision", "recall"), [(3.0, 0.95, 0.95), (2.0, 0.75, 0.8)])
def test_planted_noise_is_found(apart: float, precision: float, recall: float) -> None:
    """2 % of one class and 4 % of the other are flipped.

    The classes overlap by 0.1 % and by 2.3 %.
    """
    truth, labels, probabilities = draw_classes(20_000, (0.02, 0.04), apart)
    errors = find_label_errors(labels, probabilities, 1.0)
    wrong = labels != truth
    assert 0.025 < wrong.mean() < 0.031
    assert (errors & wrong).sum() / errors.sum() > precision
    assert (errors & wrong).sum() / wrong.sum() > recall


def test_nearly_nothing_is_found_where_labels_are_clean() -> None:
    _, labels, probabilities = draw_classes(20_000, (0.0, 0.0), 2.0)
    # those that result from the overlap of the classes
    assert find_label_errors(labels, probabilities, 1.0).mean() < 0.02
    _, labels, probabilities = draw_classes(20_000, (0.0, 0.0), 4.0)
    assert find_label_errors(labels, probabilities, 1.0).sum() <= 5


@pytest.mark.parametrize("share", [0.0, 0.01, 0.05])
def test_no_class_loses_more_than_its_share_and_the_worst_go_first(share: float) -> None:
    truth, labels, probabilities = draw_classes(4_000, (0.3, 0.3), 2.0)
    errors = find_label_errors(labels, probabilities, share)
    for given in (0, 1):
        members = labels == given
        assert errors[members].sum() == int(share * members.sum())
        if share:
            margins = probabilities[:, 1 - given] - probabilities[:, given]
            assert margins[members & errors].min() >= margins[members & ~errors].max()
    assert (labels != truth)[errors].all()


def test_joint_and_thresholds_of_a_table_that_can_be_counted_by_hand() -> None:
    labels = np.array([0, 0, 0, 1, 1])
    probabilities = np.array([[0.9, 0.1], [0.8, 0.2], [0.1, 0.9], [0.2, 0.8], [0.4, 0.6]])
    assert compute_thresholds(labels, probabilities) == pytest.approx([0.6, 0.7])
    assert count_confident_joint(labels, probabilities).tolist() == [[2, 1], [0, 1]]
    assert find_label_errors(labels, probabilities, 1.0).tolist() == [False, False, True, False, False]


def test_a_class_without_rows_and_no_rows_at_all_are_not_errors() -> None:
    probabilities = np.array([[0.9, 0.1], [0.8, 0.2]])
    assert not find_label_errors(np.array([0, 0]), probabilities, 1.0).any()
    assert find_label_errors(np.zeros(0, np.int64), np.zeros((0, 2)), 1.0).shape == (0,)
