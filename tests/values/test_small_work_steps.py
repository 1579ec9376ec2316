"""Each step measures its input files before it starts Spark."""

from __future__ import annotations

from pathlib import Path

import pytest

from jobs.__main__ import main
from pipelines.runtime.errors import EnvironmentMissing

LINE = b'192.0.2.1 - - [01/Jun/2026:00:00:00 +0000] "GET /users/1 HTTP/1.1" 200 12 "-" "curl/8"\n'


@pytest.fixture
def log(tmp_path: Path) -> Path:
    file = tmp_path / "access.log"
    file.write_bytes(LINE)
    return file


@pytest.fixture
def sessions(monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """Records for each session whether it was requested for small work.

    None is started.
    """
    asked: list[bool] = []

    def none(step: str, settings: object, *, is_small: bool) -> None:
        asked.append(is_small)
        raise EnvironmentMissing("no Spark here")

    monkeypatch.setattr("pipelines.runtime.spark.get_session", none)
    return asked


@pytest.mark.parametrize("more", [0, 1])
@pytest.mark.parametrize("step", ["run", "ingest", "discover", "validate", "score"])
def test_steps_weigh_their_inputs(
    log: Path, tmp_path: Path, sessions: list[bool], step: str, more: int
) -> None:
    settings = tmp_path / "settings.yaml"
    settings.write_text(f"spark: {{quick_below_bytes: {len(LINE) + more}}}\n")
    out = ["--out", str(tmp_path / "out.ndjson")] if step in {"run", "score"} else []
    where = [] if step == "score" else ["--warehouse", str(tmp_path / "warehouse")]
    assert main([step, str(log), *out, *where, "--settings", str(settings)]) == EnvironmentMissing.exit_code
    assert sessions == [more == 1]


def test_training_is_never_small(tmp_path: Path, sessions: list[bool]) -> None:
    settings = tmp_path / "settings.yaml"
    settings.write_text("selection: {sessions: {api.example.com: {location: header, name: authorization}}}\n")
    main(
        [
            "train",
            "--labels",
            "session",
            "--warehouse",
            str(tmp_path / "warehouse"),
            "--settings",
            str(settings),
        ]
    )
    assert sessions == [False]
