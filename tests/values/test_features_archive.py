"""The kernels as executors import them.

From a zip archive, by a user whose home directory is not writable.
"""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PROGRAM = """
import time, sys
import pyarrow as pa
import ml.requests.features
assert ".zip" in ml.requests.features.__file__, ml.requests.features.__file__
column, sizes = pa.array(["/api/v1/users/1"]), pa.array([1])
first = time.perf_counter()
found = ml.requests.features.build_matrix(column, column, column, sizes, sizes, sizes)
second = time.perf_counter()
more = ml.requests.features.build_matrix(column, column, column, sizes, sizes, sizes)
third = time.perf_counter()
assert found[0, ml.requests.features.FEATURES.index("path_word_api")] == 1
assert third - second < (second - first) / 10, "compiled again"
"""


@pytest.mark.parametrize("is_writable", [True, False], ids=["home", "no-home"])
def test_features_work_from_an_archive_and_compile_once(tmp_path: Path, is_writable: bool) -> None:
    archive = tmp_path / "code.zip"
    with zipfile.ZipFile(archive, "w") as file:
        for package in ("ml", "pipelines"):
            for source in (ROOT / package).rglob("*.py"):
                file.write(source, source.relative_to(ROOT))
    home = tmp_path / "home" if is_writable else Path("/proc/no-home")  # no user can create a folder in /proc
    environment = os.environ | {
        "PYTHONPATH": str(archive),
        "HOME": str(home),
        "XDG_CACHE_HOME": str(home / "cache"),
    }
    done = subprocess.run(  # noqa: PLW1510 - the return code is asserted
        [sys.executable, "-W", "error", "-c", PROGRAM],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert is_writable == any((tmp_path / "home").rglob("*.nbi"))
