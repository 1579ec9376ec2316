"""Jobs as a user runs them: `main(argv)` in this process, on the shared session, with its own warehouse."""

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
class Done:
    """What a command left: exit code, both streams."""

    code: int
    out: str
    err: str

    @property
    def summary(self) -> dict[str, Any]:
        """The JSON summary: the last line of standard output."""
        return dict(json.loads(self.out.strip().splitlines()[-1]))


@pytest.fixture
def apicensus(spark: SparkSession, capfd: pytest.CaptureFixture[str]) -> Callable[..., Done]:
    """Runs a step: `apicensus("ingest", path, "--warehouse", folder)`."""

    def run(step: str, *arguments: object) -> Done:
        assert spark is not None
        code = main([step, *map(str, arguments)])
        said = capfd.readouterr()
        return Done(code, said.out, said.err)

    return run


@pytest.fixture(scope="session")
def prepare(spark: SparkSession) -> Callable[..., Done]:
    """As `apicensus`, for fixtures of a module that run a step once for many tests; the step has to succeed."""

    def run(step: str, *arguments: object) -> Done:
        assert spark is not None
        out, err = StringIO(), StringIO()
        with redirect_stdout(out), redirect_stderr(err):
            code = main([step, *map(str, arguments)])
        assert code == 0, err.getvalue()
        return Done(code, out.getvalue(), err.getvalue())

    return run
