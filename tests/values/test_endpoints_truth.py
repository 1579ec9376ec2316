"""Endpoints against the truth, and agreement beyond chance.

Counted by hand, and checked by laws.
"""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.endpoints.spark.comparison import kappa
from pipelines.endpoints.truth import measure_accuracy, read_truth
from pipelines.runtime.errors import InputError

TRUTH = """RayID,is_api,host,method,template,attack
1,1,a.example,GET,/users/{userId},0
2,1,a.example,GET,/users/{userId},0
3,1,a.example,GET,/users/me,0
4,1,a.example,POST,/login,0
5,1,a.example,GET,/files/{name}.json,0
6,0,a.example,GET,/about,0
7,1,a.example,GET,/etc/passwd,1
8,1,a.example,GET,,0
"""
FOUND = [
    ("ml", "A.example", "get", "/users/{id}"),
    ("ml", "a.example", "GET", "/users/anna"),
    ("ml", "a.example", "GET", "/users/bob"),
    ("ml", "a.example", "GET", "/files/x.json/"),
    ("ml", "a.example", "GET", "/about"),
    ("ml", "a.example", "GET", "/users/anna/{id}"),
    ("session", "a.example", "GET", "/users/me"),
    ("session", "b.example", "POST", "/login"),
]


def test_templates_match_whatever_the_variables_are_called(tmp_path: Path) -> None:
    """Two more special resources belong to the template.

    A page, another depth and another host do not.
    """
    file = tmp_path / "truth.csv.gz"
    file.write_bytes(gzip.compress(TRUTH.encode()))
    truth = read_truth(file)
    assert len(truth) == 4
    figures = measure_accuracy(FOUND, truth, ("ml", "session", "none"))
    ml, session = figures["ml"], figures["session"]
    assert (ml.true, ml.found, ml.correct, ml.recovered, ml.exact_matches) == (4, 6, 4, 2, 1)
    assert (ml.precision, ml.recall) == (4 / 6, 0.5)
    assert ml.f1 == pytest.approx(4 / 7)
    assert (session.precision, session.recall, session.exact_recall) == (0.5, 0.25, 0.25)
    assert (figures["none"].precision, figures["none"].recall, figures["none"].f1) == (None, 0.0, None)


def test_endpoints_of_the_simulator_are_read_as_they_are(tmp_path: Path) -> None:
    file = tmp_path / "endpoints.csv"
    file.write_text("host,method,template,requests\na.example,GET,/x/{y},3\n")
    assert read_truth(file) == {("a.example", "GET", "/x/{}")}


@pytest.mark.parametrize(
    ("name", "content"),
    [("t.csv", b"host,method\na,b\n"), ("t.csv", b""), ("t.csv.gz", b"no gzip"), ("t.csv", b"\xff\xfe")],
)
def test_a_wrong_file_is_named_with_the_way_out(tmp_path: Path, name: str, content: bytes) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(InputError, match=r"--truth.*host, method, template"):
        read_truth(tmp_path / name)
    with pytest.raises(InputError, match="cannot be read"):
        read_truth(tmp_path / "absent.csv")


COUNT = st.integers(0, 10**9)


def test_kappa_is_the_textbooks() -> None:
    assert kappa(20, 5, 10, 15) == pytest.approx(0.4)  # Cohen 1960: (0.7 - 0.5) / (1 - 0.5)
    assert kappa(0, 0, 0, 0) is None
    assert kappa(7, 0, 0, 0) is None


@given(COUNT, COUNT, COUNT, COUNT)
def test_kappa_is_symmetric_and_bounded(both: int, one: int, other: int, neither: int) -> None:
    agreement = kappa(both, one, other, neither)
    assert agreement == kappa(both, other, one, neither)
    assert agreement is None or -1 <= agreement <= 1
    assert agreement is None or (agreement == 1) == (one == other == 0)


@given(st.integers(1, 999), st.integers(1, 999), st.integers(1, 999))
def test_kappa_of_independent_raters_is_nothing(a: int, b: int, c: int) -> None:
    assert kappa(a * b, a * c, b * b, b * c) == 0
