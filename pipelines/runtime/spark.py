"""Spark sessions; no other module makes one.

Java is found, workers run the driver's Python, and executors get the project's code.
"""

from __future__ import annotations

import atexit
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path

from pyspark.sql import SparkSession

from pipelines.runtime.errors import EnvironmentMissing
from pipelines.runtime.jvm import (
    INTERPRETING,
    JARS,
    StartPlan,
    plan_start,
    properties_for_large_work,
    replaced_conf_folder,
    save_resolved_jars,
)
from pipelines.runtime.settings import SparkSettings

JAVA_MINIMUM = 17
SHIPPED = ("pipelines", "ml") if __name__.startswith("pipelines.") else (__name__.partition(".")[0],)
"""Packages that executors import: those of a checkout, or the wheel's single one."""
JAVA_FOLDERS = (
    "/usr/lib/jvm/*",
    "/opt/java/*",
    "/opt/homebrew/opt/openjdk*",
    "/Library/Java/JavaVirtualMachines/*/Contents/Home",
)


def get_session(step: str, settings: SparkSettings, *, is_small: bool = False) -> SparkSession:
    """Returns the session of this process, which is made on first use.

    Under spark-submit its options (master, memory, packages) win, because the JVM already runs. Otherwise the JVM is
    started here with `conf/` as its configuration; if the work `is_small`, with options for a quick start.

    Raises:
        EnvironmentMissing: there is no Java 17 or newer; the message says how to get one.
    """
    os.environ["TZ"] = "UTC"  # collected times are naive and local: this makes them UTC on every machine
    time.tzset()
    submitted = "PYSPARK_GATEWAY_PORT" in os.environ
    # otherwise workers run another Python, without our libraries
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    started = StartPlan(settings.properties, {}, None)
    if not submitted and SparkSession.getActiveSession() is None:
        java = find_java_home()
        os.environ["JAVA_HOME"] = str(java)
        started = plan_start(settings, java, is_small=is_small)
    builder = SparkSession.builder.appName(f"{settings.app_name} {step}")
    if _root().is_dir():  # for workers on this machine; executors elsewhere get the archive below
        builder = builder.config("spark.executorEnv.PYTHONPATH", str(_root()))
    for key, value in started.properties.items():
        builder = builder.config(key, value)
    with nullcontext() if submitted else _own_log(), replaced_conf_folder(started.archive):
        spark = builder.getOrCreate()
    save_resolved_jars(started.unresolved, spark.sparkContext.getConf().get(JARS, ""))
    spark.sparkContext.setLogLevel("ERROR")
    if not str(spark.sparkContext.master).startswith("local["):
        spark.sparkContext.addPyFile(str(pack_archive()))
    return spark


def interprets_queries(spark: SparkSession) -> bool:
    """Whether the session was started for small work and has not met large work yet."""
    return spark.conf.get(INTERPRETING, "false") == "true"


def compile_queries(spark: SparkSession, settings: SparkSettings) -> None:
    """Plans and compiles queries as for large work from now on.

    Values of these properties in the settings and in Spark's configuration folder are kept. Java still compiles with C1 alone.
    """
    for name, value in properties_for_large_work(settings).items():
        spark.conf.set(name, value)


@contextmanager
def _own_log() -> Iterator[None]:
    """Redirects the JVM's standard error to a file, as long as the JVM lives.

    Dependency resolution alone prints 80 lines, and errors of Spark arrive as exceptions. The end of the file is shown only if
    the JVM does not start.
    """
    descriptor, name = tempfile.mkstemp(prefix="apicensus-spark-", suffix=".log")
    atexit.register(Path(name).unlink, missing_ok=True)
    kept = os.dup(2)
    os.dup2(descriptor, 2)
    try:
        yield
    except Exception as error:
        lines = " | ".join(Path(name).read_text(errors="replace").splitlines()[-5:])
        raise EnvironmentMissing(f"Spark did not start: {error}. Its last messages: {lines}") from error
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(descriptor)


def find_java_home() -> Path:
    """Finds the home of a Java of version 17 or newer.

    JAVA_HOME comes first, then PATH, then the usual folders.

    Raises:
        EnvironmentMissing: there is none.
    """
    candidates = [Path(os.environ["JAVA_HOME"])] if os.environ.get("JAVA_HOME") else []
    on_path = shutil.which("java")
    if on_path:
        candidates.append(Path(on_path).resolve().parents[1])
    candidates += [
        home for pattern in JAVA_FOLDERS for home in sorted(Path("/").glob(pattern.removeprefix("/")))
    ]
    versions: dict[str, int | None] = {}
    for home in candidates:
        versions[str(home)] = version = read_java_version(home)
        if version is not None and version >= JAVA_MINIMUM:
            return home
    found = ", ".join(f"{home} ({version or 'no java'})" for home, version in versions.items()) or "none"
    raise EnvironmentMissing(
        f"Java {JAVA_MINIMUM} or newer is needed to run Spark; found: {found}. Install it (Debian, Ubuntu: apt-get install "
        f"openjdk-17-jre-headless; macOS: brew install openjdk@17) or set JAVA_HOME; `make setup` installs it if it may."
    )


def read_java_version(home: Path) -> int | None:
    """Returns the major version of the Java in `home`, or None if none runs there."""
    java = home / "bin" / "java"
    if not java.is_file():
        return None
    try:
        done = subprocess.run(  # noqa: S603 - the program is a Java that we searched for
            [str(java), "-version"], capture_output=True, text=True, timeout=60, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    match = re.search(r'version "(?:1\.)?(\d+)', done.stderr + done.stdout)
    return int(match[1]) if match else None


def _root() -> Path:
    """Returns the entry of Python's path with this module.

    It is a checkout, site-packages, or an archive (a file).
    """
    return Path(__file__).resolve().parents[__name__.count(".")]


def pack_archive() -> Path:
    """Packs the packages that executors import into a zip file.

    A `.whl` file fails on executors; the same file named `.zip` works.
    """
    root = _root()
    if root.is_file():  # this module itself came from an archive (spark-submit --py-files): ship that one
        return root
    target = Path(tempfile.mkdtemp(prefix="apicensus-")) / "apicensus.zip"
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as out:
        for package in SHIPPED:
            for file in sorted((root / package).rglob("*.py")):
                out.write(file, file.relative_to(root))
    return target
