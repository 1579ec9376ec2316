"""Without the jars of Delta Kernel, the error names the missing package.

Not a class that py4j does not find.
"""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any
from unittest.mock import MagicMock

import pytest
from py4j.java_gateway import JavaPackage

from pipelines.runtime.delta_log import load_snapshot
from pipelines.runtime.errors import EnvironmentMissing


def test_a_session_without_kernel_says_which_package_has_it() -> None:
    absent = JavaPackage("io.delta.kernel.TableManager", None)
    delta = SimpleNamespace(kernel=SimpleNamespace(TableManager=absent))
    jvm = SimpleNamespace(io=SimpleNamespace(delta=delta))
    spark: Any = SimpleNamespace(sparkContext=SimpleNamespace(_jvm=jvm, _jsc=MagicMock()))
    with pytest.raises(
        EnvironmentMissing, match=r"io\.delta:delta-spark_4\.2_2\.13 in spark\.jars\.packages"
    ):
        load_snapshot(spark, "warehouse/batches")
