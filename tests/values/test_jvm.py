"""Properties and options of the JVM, by the files found and the size of the work."""

from __future__ import annotations

import os
import shlex
from datetime import date
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from pipelines.runtime import jvm
from pipelines.runtime.jvm import CLASS_PATH, PACKAGES, read_properties, save_resolved_jars
from pipelines.runtime.settings import SparkSettings, load_settings
from pipelines.runtime.spark import compile_queries, interprets_queries
from pipelines.workflows.run import Run
from pipelines.workflows.small_work import PACKED

OPTIONS, EXTRA = jvm.DEFAULT_OPTIONS, jvm.EXTRA_OPTIONS


@pytest.fixture
def conf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A separate configuration folder with jars that Ivy resolved for it.

    The environment has no class archive.
    """
    folder = tmp_path / "conf"
    folder.mkdir()
    (folder / "spark-defaults.conf").write_text(f"{PACKAGES} a:b:1\nspark.some yes\nspark.driver.memory 1g\n")
    (folder / "log4j2.properties").write_text("status = error\n")
    jar = tmp_path / "one.jar"
    jar.write_bytes(b"PK")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(jvm, "conf_folder", lambda: folder)
    monkeypatch.setattr("sys.prefix", str(tmp_path / "environment"))
    monkeypatch.setenv("SPARK_CONF_DIR", str(folder))
    for name in jvm.OPTION_VARIABLES:  # the variables of the tests (tests/conftest.py) choose a collector
        monkeypatch.delenv(name, raising=False)
    save_resolved_jars(read_properties(folder, {}), jar.as_uri())
    return folder


@pytest.fixture
def java(tmp_path: Path) -> Path:
    home = tmp_path / "java"
    home.mkdir()
    (home / "release").write_text('JAVA_VERSION="17.0.1"\n')
    return home


def settings(**properties: str) -> SparkSettings:
    return load_settings().spark.model_copy(update={"properties": properties})


def make_archive(java: Path) -> Path:
    """Returns the folder of the archive as set-up leaves it."""
    folder = jvm.archive_folder(java, jvm.plan_start(settings(), java, is_small=False).properties[CLASS_PATH])
    jvm.prepare_archive_folder(folder)
    jvm.archive_file(folder).write_bytes(b"archive")
    return folder


def test_without_an_archive_spark_finds_conf_itself(conf: Path, java: Path) -> None:
    started = jvm.plan_start(settings(), java, is_small=False)
    assert started.archive is None
    assert started.properties[OPTIONS] == jvm.COLLECTOR
    assert "spark.some" not in started.properties


def test_with_an_archive_all_of_conf_is_given_and_the_log_is_found(conf: Path, java: Path) -> None:
    folder = make_archive(java)
    started = jvm.plan_start(settings(), java, is_small=False)
    assert started.archive == folder
    assert started.properties["spark.some"] == "yes"
    assert started.properties["spark.driver.memory"] == load_settings().spark.driver_memory
    assert started.properties[PACKAGES] == ""
    assert shlex.split(started.properties[OPTIONS]) == [
        jvm.COLLECTOR,
        f"-XX:SharedArchiveFile={folder / 'classes.jsa'}",
        "-Xshare:auto",
        *jvm.QUIET,
        f"-Dlog4j2.configurationFile={conf / 'log4j2.properties'}",
    ]


def test_an_archive_of_another_java_or_of_other_jars_is_not_looked_at(conf: Path, java: Path) -> None:
    make_archive(java)
    (java / "release").write_text('JAVA_VERSION="17.0.2"\n')
    assert jvm.plan_start(settings(), java, is_small=False).archive is None
    (java / "release").write_text('JAVA_VERSION="17.0.1"\n')
    assert jvm.plan_start(settings(), java, is_small=False).archive is not None
    assert jvm.plan_start(settings(**{PACKAGES: "c:d:1"}), java, is_small=False).archive is None


def test_jars_that_were_written_anew_want_another_archive(conf: Path, java: Path, tmp_path: Path) -> None:
    make_archive(java)
    (tmp_path / "one.jar").write_bytes(b"PK another")
    assert jvm.plan_start(settings(), java, is_small=False).archive is None


@pytest.mark.parametrize("name", ["hive-site.xml", "spark-env.sh"])
def test_a_conf_that_must_be_on_the_class_path_wins_over_the_archive(
    conf: Path, java: Path, name: str
) -> None:
    make_archive(java)
    (conf / name).write_text("")
    assert jvm.plan_start(settings(), java, is_small=False).archive is None


def test_another_conf_of_the_user_wins_over_the_archive(
    conf: Path, java: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_archive(java)
    other = tmp_path / "other"
    other.mkdir()
    (other / "spark-defaults.conf").write_text((conf / "spark-defaults.conf").read_text())
    monkeypatch.setenv("SPARK_CONF_DIR", str(other))
    assert jvm.plan_start(settings(), java, is_small=False).archive is None


def test_a_folder_that_is_no_longer_empty_is_not_put_on_the_class_path(conf: Path, java: Path) -> None:
    (jvm.empty_conf_folder(make_archive(java)) / "hive-site.xml").write_text("")
    assert jvm.plan_start(settings(), java, is_small=False).archive is None


def test_small_work_is_compiled_quickly_and_large_work_well(conf: Path, java: Path) -> None:
    assert jvm.plan_start(settings(), java, is_small=True).properties[OPTIONS].split() == [
        jvm.QUICK_COMPILER,
        jvm.COLLECTOR,
    ]
    make_archive(java)
    assert jvm.QUICK_COMPILER in jvm.plan_start(settings(), java, is_small=True).properties[OPTIONS].split()
    assert (
        jvm.QUICK_COMPILER not in jvm.plan_start(settings(), java, is_small=False).properties[OPTIONS].split()
    )


def test_a_cluster_gets_neither_archive_nor_quick_compiler(conf: Path, java: Path) -> None:
    make_archive(java)
    started = jvm.plan_start(settings(**{"spark.master": "spark://host:7077"}), java, is_small=True)
    assert started.archive is None
    assert OPTIONS not in started.properties


def test_options_of_the_user_stay_and_come_last(conf: Path, java: Path) -> None:
    make_archive(java)
    mine = settings(**{EXTRA: "-Xss8m", OPTIONS: "-Da='b c'"})
    started = jvm.plan_start(mine, java, is_small=True).properties
    assert started[EXTRA] == "-Xss8m"
    assert started[OPTIONS].endswith(" -Da='b c'")
    assert started[OPTIONS].startswith(jvm.QUICK_COMPILER)


@pytest.mark.parametrize("name", [EXTRA, OPTIONS, *jvm.OPTION_VARIABLES])
def test_a_collector_of_the_user_is_the_only_one(
    conf: Path, java: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    make_archive(java)
    chosen = "-Xss8m -XX:+UseZGC"
    if name in jvm.OPTION_VARIABLES:
        monkeypatch.setenv(name, chosen)
    given = {} if name in jvm.OPTION_VARIABLES else {name: chosen}
    for is_small in (True, False):
        assert (
            jvm.COLLECTOR
            not in jvm.plan_start(settings(**given), java, is_small=is_small).properties[OPTIONS]
        )
    assert conf.is_dir()


def test_a_place_with_blanks_stays_one_option(conf: Path) -> None:
    assert shlex.split(jvm.prepend_options("", ["-Da=b c", "-Xe"])) == ["-Da=b c", "-Xe"]


def test_children_inherit_the_true_folder_again(
    conf: Path, java: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = make_archive(java)
    with jvm.replaced_conf_folder(folder):
        assert os.environ["SPARK_CONF_DIR"] == str(jvm.empty_conf_folder(folder))
    assert os.environ["SPARK_CONF_DIR"] == str(conf)
    with jvm.replaced_conf_folder(None):
        assert os.environ["SPARK_CONF_DIR"] == str(conf)
    monkeypatch.delenv("SPARK_CONF_DIR")
    with pytest.raises(ValueError, match="stop"), jvm.replaced_conf_folder(folder):
        raise ValueError("stop")
    assert "SPARK_CONF_DIR" not in os.environ


def test_a_new_archive_takes_the_place_of_older_ones(conf: Path, java: Path) -> None:
    first = make_archive(java)
    second = first.parent / "another"
    part = jvm.prepare_archive_folder(second)
    assert not first.exists()
    assert part.parent == second
    assert [*jvm.empty_conf_folder(second).iterdir()] == []


def test_small_work_is_planned_once_and_not_compiled_unless_settings_say_otherwise(
    conf: Path, java: Path
) -> None:
    assert conf.is_dir()
    small = jvm.plan_start(settings(), java, is_small=True).properties
    assert jvm.SMALL.items() <= small.items()
    assert not jvm.SMALL.items() & jvm.plan_start(settings(), java, is_small=False).properties.items()
    kept = {"spark.sql.adaptive.enabled": "true", "spark.sql.shuffle.partitions": "7"}
    own = jvm.plan_start(settings(**kept), java, is_small=True).properties
    assert kept.items() <= own.items()
    on_a_cluster = jvm.plan_start(
        settings(**{"spark.master": "spark://one:7077"}), java, is_small=True
    ).properties
    assert not jvm.SMALL.items() & on_a_cluster.items()


class Conf:
    """Replaces the settings of a session."""

    def __init__(self, **given: str) -> None:
        self.conf, self.found = self, given

    def get(self, name: str, default: str) -> str:
        return self.found.get(name, default)

    def set(self, name: str, value: str) -> None:
        self.found[name] = value


def test_a_session_that_has_more_to_do_than_was_guessed_compiles_its_queries(conf: Path) -> None:
    with (conf / "spark-defaults.conf").open("a") as file:
        file.write("spark.sql.codegen.factoryMode CODEGEN_ONLY\n")
    chosen = settings(**{"spark.sql.adaptive.enabled": "false"})
    spark: Any = Conf(**jvm.SMALL)
    assert interprets_queries(spark)
    compile_queries(spark, chosen)
    assert not interprets_queries(spark)
    assert spark.found == {
        **jvm.LARGE,
        jvm.INTERPRETING: "false",
        "spark.sql.shuffle.partitions": str(chosen.local_shuffle_partitions),
        "spark.sql.adaptive.enabled": "false",
        "spark.sql.codegen.factoryMode": "CODEGEN_ONLY",
    }
    assert not interprets_queries(cast(Any, Conf()))  # one that spark-submit or a test started


@pytest.mark.parametrize(("share", "more"), [(0.5, 0), (0.5, 1), (0.0, 10**9)])
def test_what_a_step_expects_to_read_is_weighed_by_its_share(conf: Path, share: float, more: int) -> None:
    assert conf.is_dir()
    below = load_settings().spark.quick_below_bytes
    spark, day = Conf(**jvm.SMALL), date(2026, 1, 1)
    sizes = {day: below // PACKED * 2 - 2 + 2 * more, date(2026, 1, 2): 10**12}
    table: Any = SimpleNamespace(bytes_by_day=lambda _: sizes)
    run = Run("learn", load_settings(), "warehouse", _warehouse=cast(Any, SimpleNamespace(spark=spark)))
    run.expect(table, {day: share, date(2026, 1, 3): 1.0})
    assert interprets_queries(cast(Any, spark)) == (share == 0 or more == 0)
