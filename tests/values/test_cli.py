"""The console command: help without starting anything, unknown steps, exit codes."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from py4j.protocol import Py4JNetworkError

from jobs.__main__ import STEPS, main
from pipelines.cli import writable
from pipelines.errors import CensusError, OutputError, WarehouseError
from pipelines.failures import explained

ROOT = Path(__file__).resolve().parents[2]
SHARED = {
    "inventory",
    "model",
    "path_training",
    "templates",
    "training_data",
}  # what several steps use; no steps


def test_help_lists_every_step(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--help"]) == 0
    said = capsys.readouterr().out
    assert all(f"  {step} " in said for step in STEPS)
    assert "Examples:" in said


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
    said = capsys.readouterr().out
    assert "Examples:" in said
    assert f"apicensus {step}" in said
    assert "--settings" in said


def test_help_starts_neither_spark_nor_mlflow() -> None:
    program = "import sys; from jobs.__main__ import main; main(['--help']); assert not {'pyspark', 'mlflow'} & set(sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(("option", "kind"), [("--out", OutputError), ("--warehouse", WarehouseError)])
def test_a_folder_that_cannot_be_written_is_told_by_the_option_that_names_it(
    tmp_path: Path, option: str, kind: type[CensusError]
) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(kind, match=f"^{option} .*: cannot be written .* Give {option} a folder"):
        writable(str(tmp_path / "file" / "below"), option)


def test_the_end_of_the_jvm_is_told_in_words() -> None:
    for error in (
        Py4JNetworkError("Answer from Java side is empty"),
        ConnectionRefusedError(111, "Connection refused"),
    ):
        assert "Java process has ended, most likely for want of memory" in str(explained(error))
