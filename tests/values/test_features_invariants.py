"""Invariants of the feature matrix and its kernels, for any bytes."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from ml.requests import columns, compiling, kernels, tokens
from ml.requests.features import FEATURES, build_matrix
from tests.feature_rows import rows

HELPERS = (columns, compiling, tokens)


TEXTS = st.lists(
    st.one_of(
        st.none(),
        st.text(max_size=40),
        st.text(alphabet="/.-_=&?a1AvF:", max_size=60),
        st.builds("/{}/{}".format, st.sampled_from(["api", "v1", "users"]), st.uuids()),
    ),
    min_size=1,
    max_size=12,
)


@settings(max_examples=200, deadline=None)
@given(TEXTS)
def test_any_text_gives_finite_features_and_shares_within_one(texts: list[str | None]) -> None:
    matrix = rows(texts, texts, texts)
    assert matrix.shape == (len(texts), len(FEATURES))
    assert matrix.dtype == np.float32
    assert matrix.flags.f_contiguous
    assert np.isfinite(matrix).all()
    shares = [i for i, name in enumerate(FEATURES) if name.endswith("_share")]
    assert ((matrix[:, shares] >= 0) & (matrix[:, shares] <= 1)).all()


@settings(max_examples=100, deadline=None)
@given(TEXTS)
def test_rows_do_not_depend_on_their_neighbours_or_on_the_arrow_type(texts: list[str | None]) -> None:
    whole = rows(texts, texts, texts)
    alone = np.concatenate([rows([text], [text], [text]) for text in texts])
    wide = rows(texts, texts, texts, pa.large_string())
    empty = [text or "" for text in texts]
    np.testing.assert_array_equal(whole, alone)
    np.testing.assert_array_equal(whole, wide)
    np.testing.assert_array_equal(whole, rows(empty, empty, empty))


@settings(max_examples=100, deadline=None)
@given(TEXTS, st.integers(0, 5))
def test_slice_of_a_batch_gives_the_rows_of_the_whole(texts: list[str | None], start: int) -> None:
    column, numbers = pa.array(texts, pa.string()), pa.array(range(len(texts)), pa.int64())
    part, numbered = column.slice(start), numbers.slice(start)
    whole = build_matrix(column, column, column, numbers, numbers, numbers)
    np.testing.assert_array_equal(build_matrix(part, part, part, numbered, numbered, numbered), whole[start:])


@settings(max_examples=100, deadline=None)
@given(st.lists(st.binary(max_size=30), min_size=1, max_size=5))
def test_bytes_that_are_not_utf8_are_data_like_any_other(values: list[bytes]) -> None:
    column, numbers = pa.array(values, pa.binary()), pa.array([0] * len(values), pa.int64())
    assert np.isfinite(build_matrix(column, column, column, numbers, numbers, numbers)).all()


def test_bytes_left_in_the_slot_of_a_null_are_not_read() -> None:
    valid, ends, data = (
        pa.py_buffer(b"\x02"),
        pa.py_buffer(np.array([0, 7, 9], np.int32)),
        pa.py_buffer(b"/api/v1/x"),
    )
    column = pa.Array.from_buffers(pa.string(), 2, [valid, ends, data])  # null over "/api/v1", then "/x"
    numbers = pa.array([0, 0], pa.int64())
    assert column.to_pylist() == [None, "/x"]
    matrix = build_matrix(column, column, column, numbers, numbers, numbers)[:, FEATURES.index("path_length")]
    assert matrix.tolist() == [0, 2]


def test_empty_batch_gives_no_rows() -> None:
    assert rows([], [], []).shape == (0, len(FEATURES))


def test_a_megabyte_in_one_path_is_counted_to_its_end() -> None:
    matrix = rows(["x", "x"], ["/" * 1_000_000, "/" + "a1" * 500_000], [None, None])
    assert matrix[0, FEATURES.index("path_empty_segments")] == 999_999
    assert matrix[1, FEATURES.index("path_longest")] == 1_000_000


def test_kernels_are_renewed_with_the_helpers_they_are_compiled_from() -> None:
    text = b"".join(Path(module.__file__ or "").read_bytes() for module in HELPERS)
    assert hashlib.sha256(text).hexdigest()[:12] == kernels.KERNEL_PARTS_DIGEST, (
        "set KERNEL_PARTS_DIGEST in ml/requests/kernels.py to the left value"
    )
