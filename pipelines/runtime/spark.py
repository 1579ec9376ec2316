"""Spark sessions: the only place that makes one. Java found or explained, workers run the driver's Python, code shipped."""

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
"""Packages that executors import: those of a checkout, or the one of the wheel."""
JAVA_FOLDERS = (
    "/usr/lib/jvm/*",
    "/opt/java/*",
    "/opt/homebrew/opt/openjdk*",
    "/Library/Java/JavaVirtualMachines/*/Contents/Home",
)


def get_session(step: str, settings: SparkSettings, *, is_small: bool = False) -> SparkSession:
    """The session of this process, made on first use.

    Under spark-submit its options (master, memory, packages) win, because the JVM already runs; otherwise the JVM is
    started here with `conf/` as its configuration, and for work that `is_small` so that it starts quickly.

    Raises:
        EnvironmentMissing: there is no Java 17 or newer, with how to get one.
    """
    os.environ["TZ"] = "UTC"  # collected times are naive local ones: with this they are UTC on every machine
    time.tzset()
    submitted = "PYSPARK_GATEWAY_PORT" in os.environ
    # else workers run another Python, without our libraries
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
    """Whether the session was started for small work, and nothing was found yet that is not."""
    return spark.conf.get(INTERPRETING, "false") == "true"


def compile_queries(spark: SparkSession, settings: SparkSettings) -> None:
    """From now on queries are planned and compiled as for large work; Java still compiles with C1 alone.

    What the settings and Spark's configuration folder say of these properties is kept.
    """
    for name, value in properties_for_large_work(settings).items():
        spark.conf.set(name, value)


@contextmanager
def _own_log() -> Iterator[None]:
    """Sends what the JVM prints (its whole life long) to a file: dependency resolution alone prints 80 lines.

    What goes wrong in Spark reaches us as exceptions; the file is shown only where the JVM did not start.
    """
    descriptor, name = tempfile.mkstemp(prefix="apicensus-spark-", suffix=".log")
    atexit.register(Path(name).unlink, missing_ok=True)
    kept = os.dup(2)
    os.dup2(descriptor, 2)
    try:
        yield
    except Exception as error:
        told = " | ".join(Path(name).read_text(errors="replace").splitlines()[-5:])
        raise EnvironmentMissing(f"Spark did not start: {error}. Its last words: {told}") from error
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(descriptor)


def find_java_home() -> Path:
    """Home of a Java of at least version 17: JAVA_HOME, then PATH, then the usual folders.

    Raises:
        EnvironmentMissing: none is there.
    """
    candidates = [Path(os.environ["JAVA_HOME"])] if os.environ.get("JAVA_HOME") else []
    on_path = shutil.which("java")
    if on_path:
        candidates.append(Path(on_path).resolve().parents[1])
    candidates += [
        home for pattern in JAVA_FOLDERS for home in sorted(Path("/").glob(pattern.removeprefix("/")))
    ]
    found: dict[str, int | None] = {}
    for home in candidates:
        found[str(home)] = version = read_java_version(home)
        if version is not None and version >= JAVA_MINIMUM:
            return home
    seen = ", ".join(f"{home} ({version or 'no java'})" for home, version in found.items()) or "none"
    raise EnvironmentMissing(
        f"Java {JAVA_MINIMUM} or newer is needed to run Spark; found: {seen}. Install it (Debian, Ubuntu: apt-get install "
        f"openjdk-17-jre-headless; macOS: brew install openjdk@17) or set JAVA_HOME; `make setup` does it where it may."
    )


def read_java_version(home: Path) -> int | None:
    """Major version of the Java in `home`, None where there is none that runs."""
    java = home / "bin" / "java"
    if not java.is_file():
        return None
    try:
        done = subprocess.run(  # noqa: S603 - the program is a Java that was looked for by us
            [str(java), "-version"], capture_output=True, text=True, timeout=60, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    match = re.search(r'version "(?:1\.)?(\d+)', done.stderr + done.stdout)
    return int(match[1]) if match else None


def _root() -> Path:
    """What is on Python's path to find this module: a checkout, site-packages, or an archive (a file)."""
    return Path(__file__).resolve().parents[__name__.count(".")]


def pack_archive() -> Path:
    """A zip of the packages that executors import; a `.whl` fails on executors, the same file named `.zip` works."""
    root = _root()
    if root.is_file():  # this module itself came from an archive (spark-submit --py-files): ship that one
        return root
    target = Path(tempfile.mkdtemp(prefix="apicensus-")) / "apicensus.zip"
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as out:
        for package in SHIPPED:
            for file in sorted((root / package).rglob("*.py")):
                out.write(file, file.relative_to(root))
    return target
