"""Jars that Ivy resolved are reused only where it would resolve the same ones.

And only while the files exist.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from pipelines.runtime.jvm import (
    JARS,
    PACKAGES,
    class_path,
    load_resolved_jars,
    read_properties,
    save_resolved_jars,
)

DELTA = {PACKAGES: "io.delta:delta-spark_4.2_2.13:4.4.0"}


@pytest.fixture
def jars(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    files = [tmp_path / name for name in ("one.jar", "two three%20#.jar")]
    for file in files:
        file.write_bytes(b"PK")
    return files


def jar_names(jars: list[Path]) -> str:
    return ",".join(jar.as_uri() for jar in jars)


def test_what_was_resolved_is_known_the_next_time(jars: list[Path]) -> None:
    assert load_resolved_jars(DELTA) is None
    save_resolved_jars(DELTA, jar_names(jars))
    assert load_resolved_jars(DELTA) == [jar.as_uri() for jar in jars]


@pytest.mark.parametrize(
    "other",
    [
        {PACKAGES: f"{DELTA[PACKAGES]},org.apache.hadoop:hadoop-aws:3.5.0"},
        {**DELTA, "spark.jars.excludes": "software.amazon.awssdk:bundle"},
        {**DELTA, "spark.jars.repositories": "https://mirror.example"},
        {**DELTA, "spark.jars.ivySettings": "mirror.xml"},
        {**DELTA, "spark.jars.ivy": "elsewhere"},
        {**DELTA, JARS: "mine.jar"},
        {PACKAGES: ""},
        {},
    ],
)
def test_ivy_is_asked_where_it_might_find_something_else(jars: list[Path], other: dict[str, str]) -> None:
    save_resolved_jars(DELTA, jar_names(jars))
    assert load_resolved_jars(other) is None


def test_ivy_is_asked_where_a_jar_is_gone(jars: list[Path]) -> None:
    save_resolved_jars(DELTA, jar_names(jars))
    jars[1].unlink()
    assert load_resolved_jars(DELTA) is None


@pytest.mark.parametrize("version", ["1.0-SNAPSHOT", "latest.release", "[1.0,2.0)", "1.+"])
def test_a_version_that_may_change_is_resolved_each_time(jars: list[Path], version: str) -> None:
    changing = {PACKAGES: f"org.example:some:{version}"}
    save_resolved_jars(changing, jar_names(jars))
    assert load_resolved_jars(changing) is None


@pytest.mark.parametrize("resolved", ["", "hdfs://cluster/one.jar"])
def test_nothing_is_kept_of_what_is_not_on_this_machine(jars: list[Path], resolved: str) -> None:
    save_resolved_jars(DELTA, resolved)
    assert load_resolved_jars(DELTA) is None


@pytest.mark.parametrize("content", ["", "[", "{}", "[]", "[1]", '"one.jar"', "null"])
def test_a_record_that_is_not_one_is_passed_over(jars: list[Path], tmp_path: Path, content: str) -> None:
    save_resolved_jars(DELTA, jar_names(jars))
    (record,) = (tmp_path / "cache/apicensus").glob("jars-*.json")
    record.write_text(content)
    assert load_resolved_jars(DELTA) is None


def test_without_a_folder_for_it_ivy_is_asked_each_time(
    jars: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    save_resolved_jars(DELTA, jar_names(jars))
    assert load_resolved_jars(DELTA) is None


def test_given_properties_win_over_those_of_the_folder(tmp_path: Path) -> None:
    (tmp_path / "spark-defaults.conf").write_text(
        f"# {PACKAGES} none\n{PACKAGES}   a:b:1 \n\nspark.master\tlocal[1]\nlonely\n"
    )
    assert read_properties(tmp_path, {}) == {PACKAGES: "a:b:1", "spark.master": "local[1]"}
    assert read_properties(tmp_path, DELTA)[PACKAGES] == DELTA[PACKAGES]
    assert read_properties(tmp_path / "nowhere", DELTA) == DELTA


def test_on_the_class_path_sparks_own_jars_come_first(jars: list[Path], tmp_path: Path) -> None:
    path = class_path([jar.as_uri() for jar in jars])
    assert path is not None
    first, *others = path.split(":")
    assert first.endswith("/jars/*")
    assert [*Path(first).parent.glob("spark-sql_*.jar")] != []
    assert others == [str(jar) for jar in jars]
    assert class_path([(tmp_path / "a:b.jar").as_uri()]) is None


@pytest.mark.parametrize("line", ["a.b=c", "a.b = c", "a.b: c", "  a.b\tc  ", "a.b c", "!no\na.b c"])
def test_a_line_of_properties_is_read_as_java_reads_it(tmp_path: Path, line: str) -> None:
    (tmp_path / "spark-defaults.conf").write_text(f"{line}\n")
    assert read_properties(tmp_path, {}) == {"a.b": "c"}
