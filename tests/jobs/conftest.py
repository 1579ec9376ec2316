"""Runs jobs as a user does, in this process and on the shared session."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from io import StringIO
from typing import Any

import pytest
from pyspark.sql import SparkSession

from jobs.__main__ import main


@dataclass(frozen=True)
class Result:
    """Result of a command: exit code and both streams."""

    code: int
    out: str
    err: str

    @property
    def summary(self) -> dict[str, Any]:
        """The JSON summary, the last line of standard output."""
        return dict(json.loads(self.out.strip().splitlines()[-1]))


@pytest.fixture
def apicensus(spark: SparkSession, capfd: pytest.CaptureFixture[str]) -> Callable[..., Result]:
    """Runs a step: `apicensus("ingest", path, "--warehouse", folder)`."""

    def run(step: str, *arguments: object) -> Result:
        assert spark is not None
        code = main([step, *map(str, arguments)])
        streams = capfd.readouterr()
        return Result(code, streams.out, streams.err)

    return run


@pytest.fixture(scope="session")
def prepare(spark: SparkSession) -> Callable[..., Result]:
    """Runs a step for fixtures of a module that many tests share.

    Unlike with `apicensus`, the step must succeed.
    """

    def run(step: str, *arguments: object) -> Result:
        assert spark is not None
        out, err = StringIO(), StringIO()
        with redirect_stdout(out), redirect_stderr(err):
            code = main([step, *map(str, arguments)])
        assert code == 0, err.getvalue()
        return Result(code, out.getvalue(), err.getvalue())

    return run
