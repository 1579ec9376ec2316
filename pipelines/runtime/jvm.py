"""How this process starts Spark's JVM: its properties, jars, class archive, collector and compiler."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pyspark
from pyspark.find_spark_home import _find_spark_home

from pipelines.runtime.errors import OutputError
from pipelines.runtime.files import write_atomically
from pipelines.runtime.settings import SparkSettings
from pipelines.runtime.settings_files import conf_folder

PACKAGES, JARS, CLASS_PATH = "spark.jars.packages", "spark.jars", "spark.driver.extraClassPath"
RESOLUTION = (
    PACKAGES,
    "spark.jars.excludes",
    "spark.jars.repositories",
    "spark.jars.ivy",
    "spark.jars.ivySettings",
)
"""What Ivy's answer depends on."""
VERSION_RANGE_MARKS = ("SNAPSHOT", "latest.", "[", "(", "+")
"""In versions of which Ivy may give other files the next time."""


def read_properties(folder: Path, given: Mapping[str, str]) -> dict[str, str]:
    """Spark's properties as it will see them: those of `folder`'s `spark-defaults.conf`, then those that are given."""
    read: dict[str, str] = {}
    with suppress(OSError):
        for line in (folder / "spark-defaults.conf").read_text(encoding="utf-8").splitlines():
            words = re.split(r"\s*[=:\s]\s*", line.strip(), maxsplit=1)
            if len(words) == 2 and not words[0].startswith(("#", "!")):
                read[words[0]] = words[1]
    return read | dict(given)


def load_resolved_jars(properties: Mapping[str, str]) -> list[str] | None:
    """The jars of earlier, where Ivy would resolve the same and every file is still there."""
    record = _record_file(properties)
    if record is None or properties.get(JARS):
        return None
    try:
        jars = json.loads(record.read_text(encoding="utf-8"))
        return jars if all(_path(jar).is_file() for jar in jars) and jars else None
    except (OSError, ValueError, TypeError, AttributeError):
        return None


def save_resolved_jars(properties: Mapping[str, str], resolved: str) -> None:
    """Keeps what Ivy found (comma-separated, as Spark has it); without a place to keep it, Ivy is asked each time."""
    record = _record_file(properties)
    jars = [jar for jar in resolved.split(",") if jar]
    if record is None or properties.get(JARS) or not jars:
        return
    if all(urlsplit(jar).scheme in ("", "file") for jar in jars):
        with suppress(OutputError, OSError):
            write_atomically(record, json.dumps(jars).encode())


def class_path(jars: Sequence[str]) -> str | None:
    """Class path of Spark's own jars, which win, and then `jars`; None where a path cannot be part of one.

    On it, a driver that is its own executor need not copy the jars.
    """
    own = Path(_find_spark_home()) / "jars"
    paths = [str(own / "*"), *(str(_path(jar)) for jar in jars)]
    return None if any(os.pathsep in path for path in paths) else os.pathsep.join(paths)


def _record_file(properties: Mapping[str, str]) -> Path | None:
    packages = properties.get(PACKAGES, "")
    if not packages or any(word in packages for word in VERSION_RANGE_MARKS):
        return None
    key = json.dumps([properties.get(name, "") for name in RESOLUTION])
    return cache_folder() / f"jars-{sha256(key.encode()).hexdigest()[:16]}.json"


def cache_folder() -> Path:
    """The user's own folder for what can be made again (XDG base directories)."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "apicensus"


def _path(jar: str) -> Path:
    return Path(unquote(urlsplit(jar).path)) if jar.startswith("file:") else Path(jar)


QUIET = ("-Xlog:disable", "-Xlog:all=warning:stderr")
"""Java tells on standard output why it cannot use an archive, and that belongs to results."""
DEFAULT_OPTIONS = "spark.driver.defaultJavaOptions"
"""Put before `spark.driver.extraJavaOptions`, which stay the user's and win."""
NEEDED_ON_CLASS_PATH = ("*.xml", "spark-env.sh")
"""What Spark reads of a configuration folder beside properties and the log's: it must be on the class path for these."""


def archive_folder(java: Path, class_path: str) -> Path:
    """Folder of the archive for this Java, these jars and this Spark; it need not be there."""
    with suppress(OSError):
        java = java.resolve(strict=True)
    release = java / "release"
    build = release.read_text(encoding="utf-8", errors="replace") if release.is_file() else ""
    key = json.dumps([str(java), build, class_path, pyspark.__version__, _stamps(class_path)])
    return Path(sys.prefix) / "var" / "apicensus" / sha256(key.encode()).hexdigest()[:16]


def _stamps(class_path: str) -> list[tuple[str, int, int]]:
    """Name, size and time of each jar: Java takes no archive of a jar that was written anew."""
    entries = (Path(entry) for entry in class_path.split(os.pathsep))
    jars = [jar for entry in entries for jar in (entry.parent.glob("*") if entry.name == "*" else [entry])]
    found = ((str(jar), jar.stat()) for jar in jars if jar.is_file())
    return sorted((name, stat.st_size, stat.st_mtime_ns) for name, stat in found)


def archive_file(folder: Path) -> Path:
    """The archive's file in its folder."""
    return folder / "classes.jsa"


def empty_conf_folder(folder: Path) -> Path:
    """Folder that stands for Spark's configuration: Java takes no archive where a folder on the class path holds files."""
    return folder / "conf"


def is_usable(folder: Path, conf: Path) -> bool:
    """Whether set-up made the place, and all of `conf` can be given to Spark without its being on the class path."""
    try:
        is_empty = not any(empty_conf_folder(folder).iterdir())
    except OSError:
        return False
    return is_empty and not any(found for pattern in NEEDED_ON_CLASS_PATH for found in conf.glob(pattern))


def archive_options(folder: Path, conf: Path) -> list[str]:
    """Java's options for a start with the archive, and with the settings of the log that it does not find itself then."""
    found, log = archive_file(folder), conf / "log4j2.properties"
    sharing = [f"-XX:SharedArchiveFile={found}", "-Xshare:auto", *QUIET] if found.is_file() else []
    return sharing + ([f"-Dlog4j2.configurationFile={log}"] if log.is_file() else [])


def archiving_options(part: Path) -> str:
    """Options by which a JVM leaves an archive of its classes when it ends."""
    return prepend_options("", [f"-XX:ArchiveClassesAtExit={part}", *QUIET])


def prepend_options(given: str, ours: list[str]) -> str:
    """Options as Spark takes them, on one line: ours first, since of two the last one wins."""
    return " ".join([*map(shlex.quote, ours), *([given] if given else [])])


@contextmanager
def replaced_conf_folder(folder: Path | None) -> Iterator[None]:
    """Spark's configuration folder is the empty one meanwhile; child processes shall inherit the true one again."""
    kept = os.environ.get("SPARK_CONF_DIR")
    if folder is not None:
        os.environ["SPARK_CONF_DIR"] = str(empty_conf_folder(folder))
    try:
        yield
    finally:
        if folder is not None and kept is not None:
            os.environ["SPARK_CONF_DIR"] = kept
        elif folder is not None:
            del os.environ["SPARK_CONF_DIR"]


def prepare_archive_folder(folder: Path) -> Path:
    """Makes the place, without the archives of other Javas or jars; returns the file to write the new archive to."""
    for other in folder.parent.glob("*") if folder.parent.is_dir() else ():
        if other != folder:
            shutil.rmtree(other, ignore_errors=True)
    empty_conf_folder(folder).mkdir(parents=True, exist_ok=True)
    part = archive_file(folder).with_suffix(".part")
    part.unlink(missing_ok=True)
    return part


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
class StartPlan:
    """Spark's properties; those where Ivy must be asked for jars (else none); folder of the class archive, if used."""

    properties: dict[str, str]
    unresolved: dict[str, str]
    archive: Path | None


def plan_start(settings: SparkSettings, java: Path, *, is_small: bool) -> StartPlan:
    """What Spark is to be started with; the properties of the settings win over all others, then ours, then those of conf/."""
    own = conf_folder()
    if isinstance(own, Path):
        os.environ.setdefault("SPARK_CONF_DIR", str(own))
    conf = _conf()
    seen = read_properties(conf, settings.properties)
    is_local = re.fullmatch(r"local(\[.*\])?", seen.get("spark.master", settings.master)) is not None
    jars, unresolved = _jars(seen, is_local=is_local)
    options = [QUICK_COMPILER] if is_small and is_local else []
    options += _collector(seen) if is_local else []
    archive = archive_folder(java, jars[CLASS_PATH]) if jars.get(CLASS_PATH) and conf == own else None
    if archive is not None and is_usable(archive, conf):
        options += archive_options(archive, conf)
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
        given = seen.get(DEFAULT_OPTIONS, "")
        properties[DEFAULT_OPTIONS] = prepend_options(given, options)
    return StartPlan(properties, unresolved, archive)


def properties_for_large_work(settings: SparkSettings) -> dict[str, str]:
    """What a session that was started with SMALL is set to when it turns out to have more to do: as if it were not small."""
    seen = read_properties(_conf(), settings.properties)
    shuffle = settings.properties.get(SHUFFLE, str(settings.local_shuffle_partitions))
    return {name: seen.get(name, value) for name, value in LARGE.items()} | {
        INTERPRETING: "false",
        SHUFFLE: shuffle,
    }


def _conf() -> Path:
    return Path(os.environ.get("SPARK_CONF_DIR", ""))


def _jars(seen: dict[str, str], *, is_local: bool) -> tuple[dict[str, str], dict[str, str]]:
    """Properties by which Spark finds the jars of earlier; the properties it has where Ivy must be asked instead."""
    jars = load_resolved_jars(seen)
    if jars is None:
        return {}, seen
    path = class_path(jars) if is_local and CLASS_PATH not in seen else None
    return {PACKAGES: ""} | ({CLASS_PATH: path} if path else {JARS: ",".join(jars)}), {}


def _collector(seen: dict[str, str]) -> list[str]:
    """Our collector, unless the user chose one: with two of them Java does not start."""
    given = [seen.get(name, "") for name in (DEFAULT_OPTIONS, EXTRA_OPTIONS)]
    given += [os.environ.get(name, "") for name in OPTION_VARIABLES]
    return [] if any(re.search(r"-XX:\+Use\w+GC\b", options) for options in given) else [COLLECTOR]
