"""Set-up's search for Java: which one it chooses, and its message without one."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

TOOLS = ("bash", "awk", "cat", "dirname", "env", "id")


@pytest.fixture
def tools(tmp_path: Path) -> Path:
    """A folder for PATH with the few programs that the script needs, and no Java."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for name in TOOLS:
        found = shutil.which(name)
        assert found is not None
        (folder / name).symlink_to(found)
    return folder


def write_program(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{text}\n", encoding="utf-8")
    path.chmod(0o755)


def write_java(home: Path, version: str) -> Path:
    """Writes a stand-in for `java -XshowSettings:properties -version`."""
    write_program(
        home / "bin/java",
        f'echo "    java.home = {home}" >&2; echo "    java.specification.version = {version}" >&2',
    )
    return home


def find_java(root: Path, tools: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    env = {
        "PATH": str(tools),
        "APICENSUS_DRY_RUN": "1",
        "APICENSUS_JAVA_SEARCH": "",
        "HOME": "/",
        **environment,
    }
    script = str(root / "scripts/find_java.sh")
    return subprocess.run([str(tools / "bash"), script], env=env, capture_output=True, text=True, check=False)


def test_java_home_wins_where_it_is_new_enough(root: Path, tools: Path, tmp_path: Path) -> None:
    chosen, other = write_java(tmp_path / "chosen", "21"), write_java(tmp_path / "jvm/17", "17")
    found = find_java(root, tools, JAVA_HOME=str(chosen), APICENSUS_JAVA_SEARCH=str(other))
    assert (found.returncode, found.stdout.strip()) == (0, str(chosen))


def test_java_hidden_from_path_is_found_in_the_usual_folders(root: Path, tools: Path, tmp_path: Path) -> None:
    for version in ("25", "21", "17", "1.8"):
        write_java(tmp_path / "jvm" / version, version)
    found = find_java(root, tools, APICENSUS_JAVA_SEARCH=f"{tmp_path}/nothing:{tmp_path}/jvm/*")
    assert (found.returncode, found.stdout.strip()) == (0, str(tmp_path / "jvm/17"))


@pytest.mark.parametrize("old", ["1.8", "11"])
def test_java_that_is_too_old_is_passed_over(root: Path, tools: Path, tmp_path: Path, old: str) -> None:
    found = find_java(
        root,
        tools,
        JAVA_HOME=str(write_java(tmp_path / "old", old)),
        APICENSUS_JAVA_SEARCH=str(write_java(tmp_path / "new", "25")),
    )
    assert (found.returncode, found.stdout.strip()) == (0, str(tmp_path / "new"))


def test_package_manager_is_asked_where_there_is_no_java(root: Path, tools: Path) -> None:
    write_program(tools / "apt-get", "exit 99")
    write_program(tools / "sudo", 'shift; exec "$@"')
    (tools / "true").symlink_to("/bin/true")
    found = find_java(root, tools)
    assert (
        "would run: env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends openjdk-17"
        in found.stderr
    )
    assert found.returncode == 1


def test_message_says_how_to_get_java_where_nothing_may_be_installed(
    root: Path, tools: Path, tmp_path: Path
) -> None:
    found = find_java(root, tools, JAVA_HOME=str(write_java(tmp_path / "old", "11")))
    assert found.returncode == 1
    assert found.stdout == ""
    assert "Java 17 or newer" in found.stderr
    assert f"Too old: {tmp_path}/old/bin/java (version 11)" in found.stderr
    assert "apt-get install openjdk-17-jre-headless" in found.stderr
    assert "JAVA_HOME" in found.stderr
