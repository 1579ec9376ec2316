"""Every dependency declares a range that has both ends.

The locked versions are within the ranges (test_repository.py).
"""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement

ROOT = Path(__file__).resolve().parents[2]
DECLARED = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["dependencies"]


@pytest.mark.parametrize("declared", DECLARED)
def test_dependency_has_a_lower_and_an_upper_end(declared: str) -> None:
    operators = {part.operator for part in Requirement(declared).specifier}
    assert operators == {">=", "<"}
