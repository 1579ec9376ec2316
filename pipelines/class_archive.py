"""Class data sharing: Java maps an archive of loaded classes in place of reading and checking the jars' classes anew.

Set-up makes one beside Spark's own Python environment, so that it goes when that goes. Nothing depends on it: Java starts
without where it is gone, or made by another Java or of other jars.
"""

from __future__ import annotations

import json
import os
import shlex
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from hashlib import sha256
from pathlib import Path

import pyspark

QUIET = ("-Xlog:disable", "-Xlog:all=warning:stderr")
"""Java tells on standard output why it cannot use an archive, and that belongs to results."""
DEFAULT_OPTIONS = "spark.driver.defaultJavaOptions"
"""Put before `spark.driver.extraJavaOptions`, which stay the user's and win."""
UNKNOWN = ("*.xml", "spark-env.sh")
"""What Spark reads of a configuration folder beside properties and the log's: it must be on the class path for these."""


def place(java: Path, class_path: str) -> Path:
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


def archive(folder: Path) -> Path:
    """The archive's file in its folder."""
    return folder / "classes.jsa"


def empty_conf(folder: Path) -> Path:
    """Folder that stands for Spark's configuration: Java takes no archive where a folder on the class path holds files."""
    return folder / "conf"


def is_usable(folder: Path, conf: Path) -> bool:
    """Whether set-up made the place, and all of `conf` can be given to Spark without its being on the class path."""
    try:
        is_empty = not any(empty_conf(folder).iterdir())
    except OSError:
        return False
    return is_empty and not any(found for pattern in UNKNOWN for found in conf.glob(pattern))


def options(folder: Path, conf: Path) -> list[str]:
    """Java's options for a start with the archive, and with the settings of the log that it does not find itself then."""
    found, log = archive(folder), conf / "log4j2.properties"
    sharing = [f"-XX:SharedArchiveFile={found}", "-Xshare:auto", *QUIET] if found.is_file() else []
    return sharing + ([f"-Dlog4j2.configurationFile={log}"] if log.is_file() else [])


def leaving(part: Path) -> str:
    """Options by which a JVM leaves an archive of its classes when it ends."""
    return with_options("", [f"-XX:ArchiveClassesAtExit={part}", *QUIET])


def with_options(given: str, ours: list[str]) -> str:
    """Options as Spark takes them, on one line: ours first, since of two the last one wins."""
    return " ".join([*map(shlex.quote, ours), *([given] if given else [])])


@contextmanager
def conf_of(folder: Path | None) -> Iterator[None]:
    """Spark's configuration folder is the empty one meanwhile; child processes shall inherit the true one again."""
    kept = os.environ.get("SPARK_CONF_DIR")
    if folder is not None:
        os.environ["SPARK_CONF_DIR"] = str(empty_conf(folder))
    try:
        yield
    finally:
        if folder is not None and kept is not None:
            os.environ["SPARK_CONF_DIR"] = kept
        elif folder is not None:
            del os.environ["SPARK_CONF_DIR"]


def prepare(folder: Path) -> Path:
    """Makes the place, without the archives of other Javas or jars; returns the file to write the new archive to."""
    for other in folder.parent.glob("*") if folder.parent.is_dir() else ():
        if other != folder:
            shutil.rmtree(other, ignore_errors=True)
    empty_conf(folder).mkdir(parents=True, exist_ok=True)
    part = archive(folder).with_suffix(".part")
    part.unlink(missing_ok=True)
    return part
