"""The console command: help without starting anything, unknown steps, exit codes."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from py4j.protocol import Py4JNetworkError

from jobs.__main__ import STEPS, main
from jobs.cli.command import explain_failure
from pipelines.runtime.errors import CensusError, OutputError, WarehouseError
from pipelines.workflows.run import ensure_writable

ROOT = Path(__file__).resolve().parents[2]
SHARED = {
    "days",
    "inventory",
    "model",
    "path_training",
    "standing",
    "templates",
    "training_data",
}  # modules that several steps use, not steps


def test_help_lists_every_step(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--help"]) == 0
    output = capsys.readouterr().out
    assert all(f"  {step} " in output for step in STEPS)
    assert "Examples:" in output


def test_an_unknown_step_is_exit_code_2_with_the_steps_that_exist(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["discovr"]) == 2
    assert "discover" in capsys.readouterr().err


def test_no_step_shows_the_help_and_is_wrong_usage() -> None:
    assert main([]) == 2


def test_every_step_is_a_script_and_every_script_a_step() -> None:
    files = {file.stem for file in (ROOT / "jobs").glob("*.py")}
    assert files - {"__init__", "__main__", *SHARED} == set(STEPS)


@pytest.mark.parametrize("step", sorted(STEPS))
def test_help_of_every_step_has_examples(step: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([step, "--help"]) == 0
    output = capsys.readouterr().out
    assert "Examples:" in output
    assert f"apicensus {step}" in output
    assert "--settings" in output


HEAVY = (
    "pyspark", "py4j", "pandas", "numpy", "pyarrow", "catboost", "mlflow", "great_expectations", "scipy", "sklearn", "delta"
)  # fmt: skip
WRONG = (["run"], ["discover", "--variant", "none"], ["decide"], ["changes", "--since", "2026-06-01", "--accept"],
         ["export", "--out", "x", "--profile", "swagger"], ["explain", "users"], ["score", "x", "--out", "x.txt"],
         ["report", "--out", "x", "--settings", "missing.yaml"], ["report", "--out", "x", "--nonsense"], ["unknown"])  # fmt: skip
LIGHT = f"""
import runpy, sys
from jobs.__main__ import STEPS, main

def light(arguments, code):
    assert code == wanted, (arguments, code)
    heavy = set({HEAVY!r}) & set(sys.modules)
    assert not heavy, (arguments, heavy)

wanted = 0
for arguments in (["--help"], ["--version"], *([step, "--help"] for step in STEPS)):
    light(arguments, main(arguments))
for step in STEPS:
    sys.argv = [f"jobs/{{step}}.py", "--help"]
    try:
        runpy.run_path(sys.argv[0], run_name="__main__")
    except SystemExit as done:
        light(sys.argv, done.code)
    else:
        raise AssertionError(step)
wanted = 2
for arguments in {WRONG!r}:
    light(arguments, main(arguments))
"""


def test_help_and_wrong_usage_of_every_step_import_nothing_heavy() -> None:
    """Checks imports, not time.

    With these libraries the help of a step took five seconds.
    """
    done = subprocess.run(
        [sys.executable, "-c", LIGHT], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(("option", "kind"), [("--out", OutputError), ("--warehouse", WarehouseError)])
def test_a_folder_that_cannot_be_written_is_reported_with_its_option(
    tmp_path: Path, option: str, kind: type[CensusError]
) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(kind, match=f"^{option} .*: cannot be written .* Give {option} a folder"):
        ensure_writable(str(tmp_path / "file" / "below"), option)


def test_the_end_of_the_jvm_is_reported_with_a_message() -> None:
    for error in (
        Py4JNetworkError("Answer from Java side is empty"),
        ConnectionRefusedError(111, "Connection refused"),
    ):
        assert "Java process has ended, most likely for lack of memory" in str(explain_failure(error))


ENOUGH = {
    "run": ["x", "--out", "x"], "ingest": ["x"], "export": ["--out", "x"], "report": ["--out", "x"], "simulate": ["--out", "x"],
    "explain": ["/users/1"], "score": ["x", "--out", "x.ndjson"], "decide": ["--show"],
}  # fmt: skip


@pytest.mark.parametrize("step", sorted(STEPS))
def test_a_variable_names_the_settings_of_every_step(
    step: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Serves schedules, whose commands not every user can edit."""
    file = tmp_path / "settings.yaml"
    file.write_text("selection: {treshold: 0.4}", encoding="utf-8")
    monkeypatch.setenv("APICENSUS_SETTINGS", str(file))
    assert main([step, *ENOUGH.get(step, [])]) == 2
    output = capsys.readouterr().err
    assert f"{file}: selection.treshold: unknown setting" in output


def test_an_option_wins_over_the_variable(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("APICENSUS_SETTINGS", str(tmp_path / "of the variable.yaml"))
    assert main(["report", "--out", "x", "--settings", str(tmp_path / "of the option.yaml")]) == 2
    assert "of the option.yaml" in capsys.readouterr().err


def test_an_empty_variable_names_no_settings(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Crontabs may leave the variable empty."""
    monkeypatch.setenv("APICENSUS_SETTINGS", "")
    assert main(["decide", str(tmp_path / "missing.yaml")]) == 2
    assert "missing.yaml" in capsys.readouterr().err
