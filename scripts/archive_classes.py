"""Makes the archive of Java classes with which later sessions start faster.

Set-up runs this once the jars are there: a run on the demo's smallest file, whose JVM writes the archive when it ends
(pipelines/runtime/jvm.py). Sessions also work without the archive if it cannot be made.
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
"""Java writes the archive in 5 to 10 seconds when it ends; a JVM that takes this long hangs."""


def find_archive_folder() -> Path | None:
    """Returns the archive's folder for this environment, None if jars are unknown."""
    jars = load_resolved_jars(read_properties(Path(str(conf_folder())), {}))
    path = class_path(jars) if jars else None
    return archive_folder(find_java_home(), path) if path else None


def run_demo(part: Path) -> int:
    """Runs the demo in this process and returns its exit code.

    It is a complete run, so that the archive has every class that a run needs.
    """
    spark = {"properties": {"spark.driver.extraJavaOptions": archiving_options(part)}}
    with TemporaryDirectory() as name:
        settings = Path(name) / "settings.yaml"
        settings.write_text(yaml.safe_dump({"spark": spark}), encoding="utf-8")
        smallest = min(DEMO.glob("traffic-*"), key=lambda file: file.stat().st_size)
        done = main(["run", str(smallest), "--out", f"{name}/out", "--settings", str(settings)])
        stop_jvm()
    return done


def stop_jvm() -> None:
    """Ends the JVM of this process and waits for it.

    Python by itself would not wait.
    """
    java = SparkContext._gateway.proc if SparkContext._gateway else None
    if SparkContext._active_spark_context is not None:  # otherwise its end is reported as a failure
        SparkContext._active_spark_context.stop()
    if java is not None:
        java.stdin.close()
        java.wait(DUMP_SECONDS)


def archive_classes() -> str:
    """Makes the archive if there is none; returns a message about the result."""
    folder = find_archive_folder()
    if folder is None:
        return "no class archive: some jars are unknown"
    if archive_file(folder).is_file():
        return "the class archive exists already"
    part = prepare_archive_folder(folder)
    if run_demo(part) or not part.is_file():
        part.unlink(missing_ok=True)
        return "no class archive: Java wrote none"
    part.replace(archive_file(folder))
    return f"class archive: {archive_file(folder).stat().st_size / 1e6:.0f} MB"


if __name__ == "__main__":
    sys.stdout.write(f"{archive_classes()}\n")
