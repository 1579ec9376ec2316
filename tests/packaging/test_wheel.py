"""The installed wheel and the archive on the path work without a checkout."""

from __future__ import annotations

import ast
import subprocess
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

READ_SETTINGS = """
from {package}.runtime import settings, settings_files
print(settings.__file__)
print(settings_files.conf_folder())
print(settings.load_settings().selection.miss_cost)
"""

IMPORT_ALL = """
import pkgutil, sys
import apicensus
for module in pkgutil.walk_packages(apicensus.__path__, "apicensus."):
    if not module.name.endswith("__main__"):
        __import__(module.name)
OURS = ("apicensus", "pipelines", "ml", "jobs")
print(*(name for name in sys.modules if name.partition(".")[0] in OURS))
"""


@pytest.fixture(scope="module")
def installed(wheel: Path, environment: Callable[[Path | None], Path]) -> Path:
    """Python of an environment where the wheel is installed."""
    return environment(wheel)


def test_wheel_holds_all_packages_settings_and_the_model(wheel: Path, root: Path) -> None:
    shipped = set(zipfile.ZipFile(wheel).namelist())
    sources = {
        f"apicensus/{file.relative_to(root)}"
        for name in ("pipelines", "ml", "jobs")
        for file in (root / name).rglob("*.py")
    }
    settings = {f"apicensus/pipelines/{file.relative_to(root)}" for file in (root / "conf").rglob("*.yaml")}
    assert (sources | settings) - shipped == set()
    assert "apicensus/pipelines/conf/spark-defaults.conf" in shipped
    assert [
        name for name in shipped if name.startswith("apicensus/ml/models/") and name.endswith(".cbm")
    ] != []


def test_wheel_takes_no_name_but_its_own(wheel: Path) -> None:
    tops = {name.split("/")[0] for name in zipfile.ZipFile(wheel).namelist()}
    assert {name for name in tops if not name.endswith(".dist-info")} == {"apicensus"}


def test_wheel_imports_libraries_by_their_own_names(wheel: Path, root: Path) -> None:
    """Checks the imports inside functions as well: `mlflow` begins like `ml`."""
    expected = {
        f"apicensus/{file.relative_to(root)}": imported_packages(file.read_text("utf-8"))
        for name in ("pipelines", "ml", "jobs")
        for file in (root / name).rglob("*.py")
    }
    with zipfile.ZipFile(wheel) as built:
        shipped = {name: imported_packages(built.read(name).decode()) for name in expected}
    ours = {"pipelines", "ml", "jobs"}
    namespaced = {
        name: {f"apicensus.{one}" if one in ours else one for one in packages}
        for name, packages in expected.items()
    }
    assert shipped == namespaced
    assert {"mlflow", "apicensus.ml"} <= set().union(*shipped.values())


def imported_packages(source: str) -> set[str]:
    """Returns the packages that a module imports, anywhere in it.

    Those below `apicensus` have two names.
    """
    nodes = list(ast.walk(ast.parse(source)))
    names = [node.module or "" for node in nodes if isinstance(node, ast.ImportFrom)]
    names += [alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names]
    parts = (name.split(".") for name in names)
    return {".".join(one[: 2 if one[0] == "apicensus" else 1]) for one in parts}


def test_every_module_of_the_wheel_imports_its_own_package(
    installed: Path, tmp_path: Path, clean_environment: dict[str, str]
) -> None:
    command = [str(installed), "-c", IMPORT_ALL]
    shown = subprocess.check_output(command, cwd=tmp_path, env=clean_environment, text=True)
    names = shown.split()
    assert len(names) > 200
    assert {name.partition(".")[0] for name in names} == {"apicensus"}


def test_command_explains_itself_in_an_empty_directory(
    installed: Path, tmp_path: Path, clean_environment: dict[str, str]
) -> None:
    command = [str(installed.parent / "apicensus"), "--help"]
    done = subprocess.run(
        command, cwd=tmp_path, env=clean_environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert all(step in done.stdout for step in ("run", "ingest", "discover", "learn", "export"))
    assert done.stderr == ""


def test_settings_are_read_from_the_installed_package(
    installed: Path, tmp_path: Path, clean_environment: dict[str, str]
) -> None:
    command = [str(installed), "-c", READ_SETTINGS.format(package="apicensus.pipelines")]
    shown = subprocess.check_output(command, cwd=tmp_path, env=clean_environment, text=True).splitlines()
    package = Path(shown[0]).parents[1]
    assert package.is_relative_to(installed.parents[1])
    assert Path(shown[1]) == package / "conf"
    assert float(shown[2]) == 1.5


def test_settings_are_read_from_the_archive(
    archive: Path,
    environment: Callable[[Path | None], Path],
    tmp_path: Path,
    clean_environment: dict[str, str],
) -> None:
    """`--py-files apicensus.zip` puts the archive itself on the path."""
    command = [str(environment(None)), "-c", READ_SETTINGS.format(package="pipelines")]
    env = {**clean_environment, "PYTHONPATH": str(archive)}
    shown = subprocess.check_output(command, cwd=tmp_path, env=env, text=True).splitlines()
    assert shown[0].startswith(str(archive))
    assert float(shown[2]) == 1.5
