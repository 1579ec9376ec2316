"""Set-up runs this after the jars are there: one run on the demo's smallest file, whose JVM leaves an archive of its classes.

Later sessions of this environment start with it (pipelines/runtime/jvm.py). What cannot be made is done without.
"""

from __future__ import annotations

import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import yaml
from pyspark import SparkContext

from jobs.__main__ import main
from pipelines.runtime.jvm import (
    archive_file,
    archive_folder,
    archiving_options,
    class_path,
    load_resolved_jars,
    prepare_archive_folder,
    read_properties,
)
from pipelines.runtime.settings_files import conf_folder
from pipelines.runtime.spark import find_java_home

DEMO = Path(__file__).resolve().parents[1] / "examples" / "demo"
DUMP_SECONDS = 300
"""Java writes the archive in 5 to 10 seconds when it ends; a JVM that takes much longer hangs."""


def place_of_this_environment() -> Path | None:
    """Where sessions will look for the archive, None where the jars are not all known."""
    jars = load_resolved_jars(read_properties(Path(str(conf_folder())), {}))
    path = class_path(jars) if jars else None
    return archive_folder(find_java_home(), path) if path else None


def run_demo(part: Path) -> int:
    """A whole run in this process, so that all that a run needs is in the archive; returns its exit code."""
    spark = {"properties": {"spark.driver.extraJavaOptions": archiving_options(part)}}
    with TemporaryDirectory() as name:
        settings = Path(name) / "settings.yaml"
        settings.write_text(yaml.safe_dump({"spark": spark}), encoding="utf-8")
        smallest = min(DEMO.glob("traffic-*"), key=lambda file: file.stat().st_size)
        done = main(["run", str(smallest), "--out", f"{name}/out", "--settings", str(settings)])
        ended()
    return done


def ended() -> None:
    """Ends the JVM of this process, which Python else leaves to end by itself, and waits for it."""
    java = SparkContext._gateway.proc if SparkContext._gateway else None
    if SparkContext._active_spark_context is not None:  # else its end is told as a failure
        SparkContext._active_spark_context.stop()
    if java is not None:
        java.stdin.close()
        java.wait(DUMP_SECONDS)


def archive_classes() -> str:
    """Makes the archive where there is none; says what came of it."""
    folder = place_of_this_environment()
    if folder is None:
        return "no archive of classes: the jars are not all known"
    if archive_file(folder).is_file():
        return "the archive of classes is there"
    part = prepare_archive_folder(folder)
    if run_demo(part) or not part.is_file():
        part.unlink(missing_ok=True)
        return "no archive of classes: Java wrote none"
    part.replace(archive_file(folder))
    return f"archive of classes: {archive_file(folder).stat().st_size / 1e6:.0f} MB"


if __name__ == "__main__":
    sys.stdout.write(f"{archive_classes()}\n")
