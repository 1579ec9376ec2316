"""Jars that Ivy resolved once: the next session of the same user starts with them, without asking Ivy again.

Resolution takes seconds of CPU and, where a repository is slow to answer, much longer, although all files are there.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from urllib.parse import unquote, urlsplit

from pyspark.find_spark_home import _find_spark_home

from pipelines.errors import OutputError
from pipelines.whole_file import write_whole

PACKAGES, JARS, CLASS_PATH = "spark.jars.packages", "spark.jars", "spark.driver.extraClassPath"
RESOLUTION = (
    PACKAGES,
    "spark.jars.excludes",
    "spark.jars.repositories",
    "spark.jars.ivy",
    "spark.jars.ivySettings",
)
"""What Ivy's answer depends on."""
CHANGING = ("SNAPSHOT", "latest.", "[", "(", "+")
"""In versions of which Ivy may give other files the next time."""


def properties_of(folder: Path, given: Mapping[str, str]) -> dict[str, str]:
    """Spark's properties as it will see them: those of `folder`'s `spark-defaults.conf`, then those that are given."""
    read: dict[str, str] = {}
    with suppress(OSError):
        for line in (folder / "spark-defaults.conf").read_text(encoding="utf-8").splitlines():
            words = re.split(r"\s*[=:\s]\s*", line.strip(), maxsplit=1)
            if len(words) == 2 and not words[0].startswith(("#", "!")):
                read[words[0]] = words[1]
    return read | dict(given)


def remembered(properties: Mapping[str, str]) -> list[str] | None:
    """The jars of earlier, where Ivy would resolve the same and every file is still there."""
    record = _record(properties)
    if record is None or properties.get(JARS):
        return None
    try:
        jars = json.loads(record.read_text(encoding="utf-8"))
        return jars if all(_path(jar).is_file() for jar in jars) and jars else None
    except (OSError, ValueError, TypeError, AttributeError):
        return None


def remember(properties: Mapping[str, str], resolved: str) -> None:
    """Keeps what Ivy found (comma-separated, as Spark has it); without a place to keep it, Ivy is asked each time."""
    record = _record(properties)
    jars = [jar for jar in resolved.split(",") if jar]
    if record is None or properties.get(JARS) or not jars:
        return
    if all(urlsplit(jar).scheme in ("", "file") for jar in jars):
        with suppress(OutputError, OSError):
            write_whole(record, json.dumps(jars).encode())


def class_path(jars: Sequence[str]) -> str | None:
    """Class path of Spark's own jars, which win, and then `jars`; None where a path cannot be part of one.

    On it, a driver that is its own executor need not copy the jars.
    """
    own = Path(_find_spark_home()) / "jars"
    paths = [str(own / "*"), *(str(_path(jar)) for jar in jars)]
    return None if any(os.pathsep in path for path in paths) else os.pathsep.join(paths)


def _record(properties: Mapping[str, str]) -> Path | None:
    packages = properties.get(PACKAGES, "")
    if not packages or any(word in packages for word in CHANGING):
        return None
    key = json.dumps([properties.get(name, "") for name in RESOLUTION])
    return cache() / f"jars-{sha256(key.encode()).hexdigest()[:16]}.json"


def cache() -> Path:
    """The user's own folder for what can be made again (XDG base directories)."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "apicensus"


def _path(jar: str) -> Path:
    return Path(unquote(urlsplit(jar).path)) if jar.startswith("file:") else Path(jar)
