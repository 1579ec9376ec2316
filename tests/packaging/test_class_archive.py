"""The class archive: one JVM writes it when it ends, the next one starts with it.

Each JVM runs in a process of its own; the second one compiles with C1 alone.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from pipelines.runtime.jvm import archive_file, empty_conf_folder

WRITE_ARCHIVE = """
import sys
sys.prefix = sys.argv[1]
from scripts.archive_classes import find_archive_folder, stop_jvm
from pipelines.runtime.jvm import archive_file, archiving_options, prepare_archive_folder
from pipelines.runtime.settings import load_settings
from pipelines.runtime.spark import get_session
folder = find_archive_folder()
part = prepare_archive_folder(folder)
archiving = {"spark.driver.extraJavaOptions": archiving_options(part)}
get_session("archive", load_settings().spark.model_copy(update={"properties": archiving}))
stop_jvm()
part.replace(archive_file(folder))
"""

USE_ARCHIVE = """
import json
import os, sys
sys.prefix = sys.argv[1]
from pathlib import Path
from pipelines.runtime.settings import load_settings
from pipelines.runtime.spark import get_session
mine = {"spark.driver.extraJavaOptions": "-Dmine=kept"}
spark = get_session("use", load_settings().spark.model_copy(update={"properties": mine}), is_small=True)
spark.range(3).write.format("delta").save(sys.argv[2])
java = spark.sparkContext._jvm.java
print(json.dumps({
    "rows": spark.read.format("delta").load(sys.argv[2]).count(),
    "options": list(java.lang.management.ManagementFactory.getRuntimeMXBean().getInputArguments()),
    "mine": java.lang.System.getProperty("mine"),
    "zone": spark.conf.get("spark.sql.session.timeZone"),
    "conf": os.environ["SPARK_CONF_DIR"],
    "maps": Path(f"/proc/{spark.sparkContext._gateway.proc.pid}/maps").read_text(),
}))
"""


def run_program(root: Path, program: str, *arguments: object) -> str:
    command = [sys.executable, "-c", program, *map(str, arguments)]
    # the tests' own Java options (tests/conftest.py) would set what is tested here
    environment = {name: value for name, value in os.environ.items() if name != "JDK_JAVA_OPTIONS"}
    done = subprocess.run(command, cwd=root, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def environment_folder(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An environment's folder in which set-up made an archive."""
    folder = tmp_path_factory.mktemp("environment")
    assert run_program(root, WRITE_ARCHIVE, folder) == ""
    return folder


@pytest.fixture(scope="module")
def used(root: Path, environment_folder: Path) -> dict[str, Any]:
    """Report of a session that starts with the archive.

    Its standard output holds nothing else.
    """
    return dict(json.loads(run_program(root, USE_ARCHIVE, environment_folder, environment_folder / "table")))


def test_a_session_maps_the_archive_and_works(used: dict[str, Any], environment_folder: Path) -> None:
    (folder,) = (environment_folder / "var/apicensus").iterdir()
    assert str(archive_file(folder)) in used["maps"]
    assert used["rows"] == 3


def test_the_quick_compiler_and_the_users_options_arrive(used: dict[str, Any]) -> None:
    assert "-XX:TieredStopAtLevel=1" in used["options"]
    assert "-XX:+UseParallelGC" in used["options"]
    assert used["mine"] == "kept"


def test_conf_counts_though_the_jvm_got_an_empty_folder(used: dict[str, Any], root: Path) -> None:
    assert used["zone"] == "UTC"
    assert Path(used["conf"]) == root / "conf"


def test_an_archive_that_is_none_stops_nobody(
    root: Path, environment_folder: Path, used: dict[str, Any], tmp_path: Path
) -> None:
    (folder,) = (environment_folder / "var/apicensus").iterdir()
    kept = archive_file(folder).rename(folder / "kept")
    try:
        archive_file(folder).write_bytes(b"not an archive")
        without = json.loads(run_program(root, USE_ARCHIVE, environment_folder, tmp_path / "table"))
    finally:
        kept.replace(archive_file(folder))
    assert without["rows"] == used["rows"]
    assert [*empty_conf_folder(folder).iterdir()] == []
