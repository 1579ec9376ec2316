"""How this process starts Spark's JVM: with which properties, jars, class archive and compiler."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path

from pipelines import class_archive
from pipelines.conf_files import conf_folder
from pipelines.settings import SparkSettings
from pipelines.spark_jars import CLASS_PATH, JARS, PACKAGES, class_path, properties_of, remembered

QUICK_COMPILER = "-XX:TieredStopAtLevel=1"
"""C1 alone: C2's better code is paid for only where code runs for minutes."""

COLLECTOR = "-XX:+UseParallelGC"
"""Nobody waits for an answer within milliseconds, so Java's own choice, G1, only costs: 305 and 306 CPU seconds of a run on
a million simulated transactions, 277 and 288 with this (two cores; the demo 56 and 61, 54 and 55)."""

OPTION_VARIABLES = ("JDK_JAVA_OPTIONS", "JAVA_TOOL_OPTIONS", "_JAVA_OPTIONS", "SPARK_SUBMIT_OPTS")
"""Environment variables whose options reach Spark's Java besides those of Spark's properties."""
EXTRA_OPTIONS = "spark.driver.extraJavaOptions"

SHUFFLE = "spark.sql.shuffle.partitions"
INTERPRETING = "spark.apicensus.interpreting"
"""Of a session that was started with SMALL: "true" while its queries are interpreted."""

SMALL = {
    INTERPRETING: "true",
    "spark.sql.adaptive.enabled": "false",
    SHUFFLE: "2",
    "spark.sql.codegen.wholeStage": "false",
    "spark.sql.codegen.factoryMode": "NO_CODEGEN",
}
"""Of small work, most is planning between stages and compiling Java for few rows: 81 CPU seconds of the demo, 69 without.

Results do not depend on it: tests/jobs/test_run.py compares."""


LARGE = {
    "spark.sql.adaptive.enabled": "true",
    "spark.sql.codegen.wholeStage": "true",
    "spark.sql.codegen.factoryMode": "FALLBACK",
}
"""Spark's own values of what SMALL changes, where nobody says otherwise."""


@dataclass(frozen=True, slots=True)
class Start:
    """Spark's properties; those where Ivy must be asked for jars (else none); folder of the class archive, if used."""

    properties: dict[str, str]
    unresolved: dict[str, str]
    archive: Path | None


def start(settings: SparkSettings, java: Path, *, is_small: bool) -> Start:
    """What Spark is to be started with; the properties of the settings win over all others, then ours, then those of conf/."""
    own = conf_folder()
    if isinstance(own, Path):
        os.environ.setdefault("SPARK_CONF_DIR", str(own))
    conf = _conf()
    seen = properties_of(conf, settings.properties)
    is_local = re.fullmatch(r"local(\[.*\])?", seen.get("spark.master", settings.master)) is not None
    jars, unresolved = _jars(seen, is_local=is_local)
    options = [QUICK_COMPILER] if is_small and is_local else []
    options += _collector(seen) if is_local else []
    archive = class_archive.place(java, jars[CLASS_PATH]) if jars.get(CLASS_PATH) and conf == own else None
    if archive is not None and class_archive.is_usable(archive, conf):
        options += class_archive.options(archive, conf)
    else:
        archive = None
    properties = {
        **(seen if archive else {}),
        "spark.master": settings.master,
        "spark.driver.memory": settings.driver_memory,
        "spark.ui.enabled": "false",
        SHUFFLE: str(settings.local_shuffle_partitions),
        **(SMALL if is_small and is_local else {}),
        **settings.properties,
        **jars,
    }
    if options:
        given = seen.get(class_archive.DEFAULT_OPTIONS, "")
        properties[class_archive.DEFAULT_OPTIONS] = class_archive.with_options(given, options)
    return Start(properties, unresolved, archive)


def large(settings: SparkSettings) -> dict[str, str]:
    """What a session that was started with SMALL is set to when it turns out to have more to do: as if it were not small."""
    seen = properties_of(_conf(), settings.properties)
    shuffle = settings.properties.get(SHUFFLE, str(settings.local_shuffle_partitions))
    return {name: seen.get(name, value) for name, value in LARGE.items()} | {
        INTERPRETING: "false",
        SHUFFLE: shuffle,
    }


def _conf() -> Path:
    return Path(os.environ.get("SPARK_CONF_DIR", ""))


def _jars(seen: dict[str, str], *, is_local: bool) -> tuple[dict[str, str], dict[str, str]]:
    """Properties by which Spark finds the jars of earlier; the properties it has where Ivy must be asked instead."""
    jars = remembered(seen)
    if jars is None:
        return {}, seen
    path = class_path(jars) if is_local and CLASS_PATH not in seen else None
    return {PACKAGES: ""} | ({CLASS_PATH: path} if path else {JARS: ",".join(jars)}), {}


def _collector(seen: dict[str, str]) -> list[str]:
    """Our collector, unless the user chose one: with two of them Java does not start."""
    given = [seen.get(name, "") for name in (class_archive.DEFAULT_OPTIONS, EXTRA_OPTIONS)]
    given += [os.environ.get(name, "") for name in OPTION_VARIABLES]
    return [] if any(re.search(r"-XX:\+Use\w+GC\b", options) for options in given) else [COLLECTOR]
