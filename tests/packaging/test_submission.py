"""`spark-submit` to a cluster of processes, without the project installed."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pyspark
import pytest

from pipelines.runtime.spark import find_java_home

# One executor with one core and 1,024 MB: a separate process, which cannot import what only the driver can.
# Spark's default of 200 shuffle partitions would take most of the time.
CLUSTER = ["--master", "local-cluster[1,1,1024]", "--conf", "spark.sql.shuffle.partitions=2"]


@pytest.fixture(scope="module")
def traffic(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("traffic")
    size = ["--hosts", "2", "--transactions", "200", "--format", "logpush"]
    command = [sys.executable, "-m", "jobs", "simulate", "--out", str(folder), *size]
    subprocess.run(command, cwd=root, check=True, capture_output=True)
    return folder


@pytest.fixture(scope="module")
def spark_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Spark home of symbolic links into the pyspark package.

    Workers make a folder in their Spark home, which must not be the package.
    """
    home = tmp_path_factory.mktemp("spark")
    for part in Path(pyspark.__file__).parent.iterdir():
        (home / part.name).symlink_to(part)
    return home


@pytest.fixture
def submit(
    root: Path,
    traffic: Path,
    spark_home: Path,
    environment: Callable[[Path | None], Path],
    tmp_path: Path,
    clean_environment: dict[str, str],
) -> Callable[..., dict[str, int]]:
    """Runs a discovery script from an empty directory and returns its summary."""
    empty = tmp_path / "empty"
    empty.mkdir()
    surroundings = {
        "SPARK_HOME": str(spark_home),
        "SPARK_CONF_DIR": str(root / "conf"),
        "PYSPARK_PYTHON": str(environment(None)),
        "JAVA_HOME": str(find_java_home()),
    }

    def discover(script: Path, *options: str) -> dict[str, int]:
        command = [str(spark_home / "bin/spark-submit"), *CLUSTER, *options, str(script)]
        # one pass only: a cluster of processes is slow with small jobs, and the test is about shipping code
        settings = tmp_path / "quick.yaml"
        settings.write_text("paths: {passes: 1}\n")
        command += [
            str(traffic),
            "--warehouse",
            str(tmp_path / "warehouse"),
            "--settings",
            str(settings),
            "--json",
        ]
        done = subprocess.run(
            command,
            cwd=empty,
            env=clean_environment | surroundings,
            capture_output=True,
            text=True,
            check=False,
            timeout=1200,
        )
        assert done.returncode == 0, done.stderr[-3000:]
        assert list(empty.iterdir()) == [], "a run leaves nothing where it was started"
        summary: dict[str, int] = json.loads(done.stdout.splitlines()[-1])
        return summary

    return discover


def test_script_of_a_checkout_finds_endpoints_on_a_cluster(
    submit: Callable[..., dict[str, int]], root: Path, spark_home: Path, tmp_path: Path
) -> None:
    assert submit(root / "jobs/discover.py")["endpoints_ml"] > 0
    assert (tmp_path / "warehouse/endpoint_slices/_delta_log").is_dir()
    assert list(spark_home.glob("work/app-*/*/stderr")) != [], "no executor ran"


def test_archive_alone_is_enough_on_a_cluster(
    submit: Callable[..., dict[str, int]], root: Path, archive: Path, tmp_path: Path
) -> None:
    """As on a machine without a checkout: one script and `--py-files apicensus.zip`."""
    script = shutil.copy(root / "jobs/discover.py", tmp_path / "discover.py")
    assert submit(Path(script), "--py-files", str(archive))["endpoints_ml"] > 0
