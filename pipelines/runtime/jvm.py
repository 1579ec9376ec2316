"""Start of Spark's JVM: properties, jars, class archive, collector and compiler."""

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
"""Properties on which Ivy's resolution depends."""
VERSION_RANGE_MARKS = ("SNAPSHOT", "latest.", "[", "(", "+")
"""Marks of versions that Ivy may resolve to other files the next time."""


def read_properties(folder: Path, given: Mapping[str, str]) -> dict[str, str]:
    """Reads `folder`'s `spark-defaults.conf`; properties in `given` win."""
    properties: dict[str, str] = {}
    with suppress(OSError):
        for line in (folder / "spark-defaults.conf").read_text(encoding="utf-8").splitlines():
            words = re.split(r"\s*[=:\s]\s*", line.strip(), maxsplit=1)
            if len(words) == 2 and not words[0].startswith(("#", "!")):
                properties[words[0]] = words[1]
    return properties | dict(given)


def load_resolved_jars(properties: Mapping[str, str]) -> list[str] | None:
    """Returns the jars of an earlier start, or None if Ivy must be asked.

    They count if Ivy would resolve the same packages and every file still exists.
    """
    record = _record_file(properties)
    if record is None or properties.get(JARS):
        return None
    try:
        jars = json.loads(record.read_text(encoding="utf-8"))
        return jars if all(_path(jar).is_file() for jar in jars) and jars else None
    except (OSError, ValueError, TypeError, AttributeError):
        return None


def save_resolved_jars(properties: Mapping[str, str], resolved: str) -> None:
    """Stores the jars that Ivy resolved for later starts.

    If they cannot be stored, each start asks Ivy.

    Args:
        properties: Properties of Spark for which the jars were resolved.
        resolved: Paths or URIs separated by commas, as in `spark.jars`.
    """
    record = _record_file(properties)
    jars = [jar for jar in resolved.split(",") if jar]
    if record is None or properties.get(JARS) or not jars:
        return
    if all(urlsplit(jar).scheme in ("", "file") for jar in jars):
        with suppress(OutputError, OSError):
            write_atomically(record, json.dumps(jars).encode())


def class_path(jars: Sequence[str]) -> str | None:
    """Returns the class path of Spark's own jars followed by `jars`.

    None if a path cannot be part of a class path. With the jars on its class path, a driver that is its own executor need not
    copy them.
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
    """Returns the user's cache folder (XDG base directories)."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "apicensus"


def _path(jar: str) -> Path:
    return Path(unquote(urlsplit(jar).path)) if jar.startswith("file:") else Path(jar)


QUIET = ("-Xlog:disable", "-Xlog:all=warning:stderr")
"""Keeps Java's messages about archives off standard output, which is for results."""
DEFAULT_OPTIONS = "spark.driver.defaultJavaOptions"
"""Options before `spark.driver.extraJavaOptions`, which stay the user's and win."""
NEEDED_ON_CLASS_PATH = ("*.xml", "spark-env.sh")
"""Files that Spark finds only if its configuration folder is on the class path.

Properties and log settings can be passed in other ways.
"""


def archive_folder(java: Path, class_path: str) -> Path:
    """Returns the archive's folder for this Java, these jars and this Spark.

    The folder need not exist.
    """
    with suppress(OSError):
        java = java.resolve(strict=True)
    release = java / "release"
    build = release.read_text(encoding="utf-8", errors="replace") if release.is_file() else ""
    key = json.dumps([str(java), build, class_path, pyspark.__version__, _stamps(class_path)])
    return Path(sys.prefix) / "var" / "apicensus" / sha256(key.encode()).hexdigest()[:16]


def _stamps(class_path: str) -> list[tuple[str, int, int]]:
    """Returns name, size and time of each jar, sorted.

    Java refuses an archive if one of its jars was written again.
    """
    entries = (Path(entry) for entry in class_path.split(os.pathsep))
    jars = [jar for entry in entries for jar in (entry.parent.glob("*") if entry.name == "*" else [entry])]
    stats = ((str(jar), jar.stat()) for jar in jars if jar.is_file())
    return sorted((name, stat.st_size, stat.st_mtime_ns) for name, stat in stats)


def archive_file(folder: Path) -> Path:
    """Returns the path of the archive in its folder."""
    return folder / "classes.jsa"


def empty_conf_folder(folder: Path) -> Path:
    """Returns the empty folder that replaces Spark's configuration folder.

    Java refuses an archive if a folder on the class path has files.
    """
    return folder / "conf"


def is_usable(folder: Path, conf: Path) -> bool:
    """Whether a session with this configuration can use the archive.

    Set-up must have made the folder, and `conf` must have nothing that Spark reads from its class path only.
    """
    try:
        is_empty = not any(empty_conf_folder(folder).iterdir())
    except OSError:
        return False
    return is_empty and not any(file for pattern in NEEDED_ON_CLASS_PATH for file in conf.glob(pattern))


def archive_options(folder: Path, conf: Path) -> list[str]:
    """Returns Java's options for the archive and for `conf`'s log settings.

    With the archive, the configuration folder is not on the class path, so Java does not find the log settings by itself.
    """
    archive, log = archive_file(folder), conf / "log4j2.properties"
    sharing = [f"-XX:SharedArchiveFile={archive}", "-Xshare:auto", *QUIET] if archive.is_file() else []
    return sharing + ([f"-Dlog4j2.configurationFile={log}"] if log.is_file() else [])


def archiving_options(part: Path) -> str:
    """Returns options by which a JVM writes an archive of its classes when it ends."""
    return prepend_options("", [f"-XX:ArchiveClassesAtExit={part}", *QUIET])


def prepend_options(given: str, ours: list[str]) -> str:
    """Returns all options on one line, ours first: the last of two options wins."""
    return " ".join([*map(shlex.quote, ours), *([given] if given else [])])


@contextmanager
def replaced_conf_folder(folder: Path | None) -> Iterator[None]:
    """Makes the empty folder Spark's configuration folder during the block.

    Afterwards child processes inherit the real one again.
    """
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
    """Makes the archive's folder and returns the file to write the new archive to.

    Archives for other Javas or jars are deleted.
    """
    for other in folder.parent.glob("*") if folder.parent.is_dir() else ():
        if other != folder:
            shutil.rmtree(other, ignore_errors=True)
    empty_conf_folder(folder).mkdir(parents=True, exist_ok=True)
    part = archive_file(folder).with_suffix(".part")
    part.unlink(missing_ok=True)
    return part


QUICK_COMPILER = "-XX:TieredStopAtLevel=1"
"""C1 alone: C2's better code pays off only if code runs for minutes."""

COLLECTOR = "-XX:+UseParallelGC"
"""The parallel collector, as short pauses do not matter here and G1, Java's default, costs more.

A run on a million simulated transactions took 305 and 306 CPU seconds with G1, 277 and 288 with this one; the demo took 56 and
61, then 54 and 55 (two cores).
"""

OPTION_VARIABLES = ("JDK_JAVA_OPTIONS", "JAVA_TOOL_OPTIONS", "_JAVA_OPTIONS", "SPARK_SUBMIT_OPTS")
"""Environment variables whose options reach Spark's Java, in addition to properties."""
EXTRA_OPTIONS = "spark.driver.extraJavaOptions"

SHUFFLE = "spark.sql.shuffle.partitions"
INTERPRETING = "spark.apicensus.interpreting"
"""Property of a session that was started with SMALL: "true" while queries are interpreted."""

SMALL = {
    INTERPRETING: "true",
    "spark.sql.adaptive.enabled": "false",
    SHUFFLE: "2",
    "spark.sql.codegen.wholeStage": "false",
    "spark.sql.codegen.factoryMode": "NO_CODEGEN",
}
"""Properties for small work, which spends most of its time planning between stages and compiling Java for few rows.

The demo took 81 CPU seconds without them and 69 with them. Results do not depend on them: tests/jobs/test_run.py compares.
"""


LARGE = {
    "spark.sql.adaptive.enabled": "true",
    "spark.sql.codegen.wholeStage": "true",
    "spark.sql.codegen.factoryMode": "FALLBACK",
}
"""Spark's defaults for the properties that SMALL changes."""


@dataclass(frozen=True, slots=True)
class StartPlan:
    """Properties for the start of a session.

    Attributes:
        properties: Properties of the session.
        unresolved: The properties for which Ivy has to resolve jars; empty if the jars are known.
        archive: Folder of the class archive, if it is used.
    """

    properties: dict[str, str]
    unresolved: dict[str, str]
    archive: Path | None


def plan_start(settings: SparkSettings, java: Path, *, is_small: bool) -> StartPlan:
    """Plans the start of a session in this process.

    Properties of the settings win over ours, and ours over those of conf/.
    """
    own = conf_folder()
    if isinstance(own, Path):
        os.environ.setdefault("SPARK_CONF_DIR", str(own))
    conf = _conf()
    configured = read_properties(conf, settings.properties)
    is_local = re.fullmatch(r"local(\[.*\])?", configured.get("spark.master", settings.master)) is not None
    jars, unresolved = _jars(configured, is_local=is_local)
    options = [QUICK_COMPILER] if is_small and is_local else []
    options += _collector(configured) if is_local else []
    archive = archive_folder(java, jars[CLASS_PATH]) if jars.get(CLASS_PATH) and conf == own else None
    if archive is not None and is_usable(archive, conf):
        options += archive_options(archive, conf)
    else:
        archive = None
    properties = {
        **(configured if archive else {}),
        "spark.master": settings.master,
        "spark.driver.memory": settings.driver_memory,
        "spark.ui.enabled": "false",
        SHUFFLE: str(settings.local_shuffle_partitions),
        **(SMALL if is_small and is_local else {}),
        **settings.properties,
        **jars,
    }
    if options:
        given = configured.get(DEFAULT_OPTIONS, "")
        properties[DEFAULT_OPTIONS] = prepend_options(given, options)
    return StartPlan(properties, unresolved, archive)


def properties_for_large_work(settings: SparkSettings) -> dict[str, str]:
    """Returns the properties that undo SMALL if a session turns out to have more work."""
    configured = read_properties(_conf(), settings.properties)
    shuffle = settings.properties.get(SHUFFLE, str(settings.local_shuffle_partitions))
    return {name: configured.get(name, value) for name, value in LARGE.items()} | {
        INTERPRETING: "false",
        SHUFFLE: shuffle,
    }


def _conf() -> Path:
    return Path(os.environ.get("SPARK_CONF_DIR", ""))


def _jars(configured: dict[str, str], *, is_local: bool) -> tuple[dict[str, str], dict[str, str]]:
    """Returns properties that name known jars, and properties that Ivy has to resolve.

    One of the two is empty.
    """
    jars = load_resolved_jars(configured)
    if jars is None:
        return {}, configured
    path = class_path(jars) if is_local and CLASS_PATH not in configured else None
    return {PACKAGES: ""} | ({CLASS_PATH: path} if path else {JARS: ",".join(jars)}), {}


def _collector(configured: dict[str, str]) -> list[str]:
    """Returns the option of our collector, unless the user chose one.

    With two collectors Java does not start.
    """
    given = [configured.get(name, "") for name in (DEFAULT_OPTIONS, EXTRA_OPTIONS)]
    given += [os.environ.get(name, "") for name in OPTION_VARIABLES]
    return [] if any(re.search(r"-XX:\+Use\w+GC\b", options) for options in given) else [COLLECTOR]
