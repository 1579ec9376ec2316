"""The wheel, and environments with the locked packages but without the project.

Nothing is downloaded.
"""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
import venv
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def root() -> Path:
    return ROOT


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel that `make package` builds."""
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    (built,) = folder.glob("*.whl")
    return built


@pytest.fixture(scope="session")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The archive that `make package` packs for spark-submit."""
    target = tmp_path_factory.mktemp("archive") / "apicensus.zip"
    subprocess.run([sys.executable, "scripts/archive.py", str(target)], cwd=ROOT, check=True)
    return target


@pytest.fixture(scope="session")
def environment(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Path | None], Path]:
    """Makes a virtual environment with this one's packages, without the project.

    The function returns the environment's Python; it installs the wheel, if one is given. A `.pth` file adds this site-packages
    folder to the path, but does not run the `.pth` files inside it, of which the project's editable install is one.
    """

    def make(wheel: Path | None) -> Path:
        home = tmp_path_factory.mktemp("environment")
        venv.EnvBuilder(with_pip=wheel is not None, symlinks=True).create(home)
        python = home / "bin" / "python"
        if wheel is not None:
            install = [str(python), "-m", "pip", "install", "--quiet", "--no-deps", "--no-index", str(wheel)]
            subprocess.run(install, check=True, capture_output=True, env=environment_without_checkout())
        own = subprocess.check_output(
            [str(python), "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"], text=True
        )
        Path(own.strip(), "packages.pth").write_text(sysconfig.get_path("purelib") + "\n", encoding="utf-8")
        return python

    return make


def environment_without_checkout() -> dict[str, str]:
    """Returns the environment variables without those that lead to the checkout."""
    hints = (
        "PYTHONPATH",
        "VIRTUAL_ENV",
        "PYSPARK_PYTHON",
        "PYSPARK_DRIVER_PYTHON",
        "SPARK_CONF_DIR",
        "SPARK_HOME",
    )
    return {name: value for name, value in os.environ.items() if name not in hints}


@pytest.fixture
def clean_environment() -> dict[str, str]:
    return environment_without_checkout()
