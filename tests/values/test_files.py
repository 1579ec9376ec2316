"""Output files appear complete or not at all.

No code writes them in another way.
"""

from __future__ import annotations

import ast
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipelines.runtime.errors import OutputError
from pipelines.runtime.files import atomic_file, partial_path, write_atomically

ROOT = Path(__file__).resolve().parents[2]
WRITING = {
    "write_text",
    "write_bytes",
    "to_csv",
    "to_parquet",
    "savefig",
    "mkstemp",
    "NamedTemporaryFile",
}
# Files written there are not outputs: temporary, or written atomically in another way, for the reason given.
ALLOWED = {
    "pipelines/runtime/files.py": "the one place",
    "pipelines/runtime/spark.py": "log and archive in the system's temporary folder",
    "pipelines/transactions/secret_key.py": "linked when whole, so that the first process wins and no later one",
    "ml/explanation/reasons.py": "temporary folder",
    "ml/registry/promotion.py": "temporary folder",
    "ml/registry/tracking.py": "temporary folder, from which MLflow copies",
    "ml/training/train.py": "temporary folder",
    "ml/paths/training.py": "temporary folder",
}


def test_the_old_file_stays_when_writing_fails_or_is_killed(tmp_path: Path) -> None:
    out = tmp_path / "endpoints.ndjson"
    write_atomically(out, "the last good one\n")
    with pytest.raises(TypeError), atomic_file(out) as file:
        file.writelines([b"half of", None])  # type: ignore[list-item]
    assert [file.name for file in tmp_path.iterdir()] == ["endpoints.ndjson"]
    program = (
        "import os, sys; from pathlib import Path; from pipelines.runtime.files import atomic_file\n"
        f"with atomic_file(Path({str(out)!r})) as file: file.write(b'half of'); file.flush(); os.kill(os.getpid(), 9)"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, check=False)
    assert done.returncode == -signal.SIGKILL
    assert out.read_text() == "the last good one\n"
    write_atomically(out, b"new\n")  # the file of the dead process does not interfere
    assert out.read_text() == "new\n"
    assert [file.name for file in tmp_path.iterdir()] == ["endpoints.ndjson"]


def test_two_writers_of_one_file_do_not_mix(tmp_path: Path) -> None:
    out = tmp_path / "new" / "a.txt"
    with atomic_file(out) as file:
        file.write(b"one")
        with pytest.raises(OutputError, match="another process is writing this file"):
            write_atomically(out, "two")
    assert out.read_bytes() == b"one"


def test_a_place_that_cannot_be_written_is_reported(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(
        OutputError, match=r"--out .*file/a: cannot be written \(Not a directory\)|File exists"
    ):
        write_atomically(tmp_path / "file" / "a", "")
    (tmp_path / "folder").mkdir()
    with pytest.raises(OutputError, match="cannot be written"):
        write_atomically(tmp_path / "folder", "")
    assert not partial_path(tmp_path / "folder").exists()


def test_a_new_file_has_the_mode_that_the_process_gives_to_files(tmp_path: Path) -> None:
    write_atomically(tmp_path / "a", "")
    (tmp_path / "b").touch()
    assert (tmp_path / "a").stat().st_mode == (tmp_path / "b").stat().st_mode


def writing_calls(file: Path) -> Iterator[str]:
    """Yields the calls in `file` that write to a file by its name."""
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if not isinstance(node, ast.Call):
            continue
        name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        texts = [
            one.value
            for one in [*node.args, *(word.value for word in node.keywords if word.arg == "mode")]
            if isinstance(one, ast.Constant) and isinstance(one.value, str)
        ]
        mode = next((text for text in texts if text.strip("rwxabt+") == "" and set(text) & set("wxa+")), "")
        if name in WRITING or (name in {"open", "fdopen", "GzipFile", "ZipFile"} and mode):
            yield f"{file.relative_to(ROOT)}:{node.lineno} {name} {mode}".strip()


def test_every_output_goes_through_the_one_function_that_writes_atomic_files() -> None:
    found = [
        call
        for folder in ("pipelines", "ml", "jobs")
        for file in sorted((ROOT / folder).rglob("*.py"))
        if str(file.relative_to(ROOT)) not in ALLOWED
        for call in writing_calls(file)
        if "GzipFile" not in call  # of the simulator: into an atomically written file that is open already
    ]
    assert found == [], "use pipelines.runtime.files"


def test_the_search_finds_what_it_looks_for(tmp_path: Path) -> None:
    file = ROOT / "tests/values/test_files.py"
    assert any("write_text" in call for call in writing_calls(file))
