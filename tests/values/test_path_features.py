"""Features of path steps, compared with a plain calculation of each.

They are computed for many texts at once.
"""

from __future__ import annotations

import math
import re
from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ml.paths.features import CONTEXT_FEATURES, FEATURES, MAX_CHARACTERS, MAX_SIBLINGS, Floats, build_matrix
from ml.paths.score import load_path_classifier
from ml.registry.bundled import load_bundled_path_model
from pipelines.paths.children import CONTEXT
from pipelines.runtime.errors import ModelMismatch


def row(step: str, prefix: str = "", **place: float) -> dict[str, float]:
    numbers = np.array([[place.get(name, 1.0) for name in CONTEXT_FEATURES]], np.float32)
    return dict(zip(FEATURES, build_matrix([step], [prefix], numbers)[0].tolist(), strict=True))


def test_the_numbers_of_place_are_those_that_spark_counts() -> None:
    assert CONTEXT_FEATURES == CONTEXT


@given(st.text(alphabet=st.characters(min_codepoint=33, max_codepoint=126), max_size=80))
def test_texts_are_measured_as_a_plain_calculation_does(text: str) -> None:
    found, seen = row("/" + text), text[:MAX_CHARACTERS]
    size = max(len(seen), 1)
    assert found["length"] == size
    assert found["digits"] == sum(c.isdigit() for c in seen)
    assert found["upper_share"] == pytest.approx(sum(c.isupper() for c in seen) / size)
    assert found["numbers"] == len(re.findall(r"[0-9]+", seen))
    assert found["longest_number"] == max(map(len, re.findall(r"[0-9]+", seen)), default=0)
    assert found["longest_consonants"] == max(
        map(len, re.findall(r"(?i)[bcdfghjklmnpqrstvwxz]+", seen)), default=0
    )
    entropy = -sum(n / size * math.log2(n / size) for n in Counter(seen).values())
    assert found["entropy"] == pytest.approx(entropy, abs=1e-4)
    assert (found["dashes"], found["dots"]) == (seen.count("-"), seen.count("."))


@given(st.lists(st.tuples(st.text(max_size=70), st.text(max_size=20)), min_size=1, max_size=8))
def test_any_text_gives_finite_numbers_and_a_row_does_not_depend_on_its_neighbours(
    texts: list[tuple[str, str]],
) -> None:
    steps, prefixes = ["/" + step for step, _ in texts], ["/" + prefix for _, prefix in texts]
    place: Floats = np.ones((len(texts), len(CONTEXT_FEATURES)), np.float32)
    together = build_matrix(steps, prefixes, place)
    assert np.isfinite(together).all()
    alone = [
        build_matrix([step], [prefix], place[:1])[0] for step, prefix in zip(steps, prefixes, strict=True)
    ]
    np.testing.assert_array_equal(together, np.array(alone))


def test_forms_parents_and_crowds() -> None:
    assert row("/v2.1")["is_version"] == row("/2024-01-01")["is_version"] == row("/en-US")["is_locale"] == 1
    assert (
        row("/Name.Space")["is_dotted_name"]
        == row("/a.json")["has_extension"]
        == row("/1f3a9c")["is_hexadecimal"]
        == 1
    )
    parents = row("/x", "/users/{}")
    assert (
        parents["parent_is_variable"],
        row("/x", "/v1/users")["parent_is_plural"],
        row("/x", "/v1")["parent_is_version"],
    ) == (1, 1, 1)
    assert (row(".json")["kind"], row(":cancel")["kind"], row("/17")["value"]) == (1, 2, 17)
    assert row("/x", siblings=1e6)["log_siblings"] == pytest.approx(math.log(MAX_SIBLINGS))


def test_a_model_of_other_features_is_refused() -> None:
    assert load_path_classifier(load_bundled_path_model()).feature_names_ == list(FEATURES)
    with pytest.raises(ModelMismatch, match="cannot be loaded"):
        load_path_classifier(b"no model")
