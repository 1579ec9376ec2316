"""Files of the simulator can be read back, and are reproducible."""

from __future__ import annotations

import gzip
import json
import re
from collections import Counter
from pathlib import Path

import pytest
import yaml

from pipelines.runtime.errors import CensusError
from pipelines.runtime.settings import load_settings
from pipelines.simulator import Site, Transaction, simulate
from pipelines.simulator.output.formats import format_combined_line
from pipelines.simulator.output.truth import render_settings
from pipelines.simulator.output.writers import Format
from tests.simulated_files import DAY, digest, rows


@pytest.mark.parametrize("form", ["logpush", "har", "combined"])
def test_same_arguments_give_the_same_bytes(tmp_path: Path, form: Format) -> None:
    for name in ("a", "b"):
        simulate(tmp_path / name, hosts=6, transactions=400, seed=4, days=2, end_date=DAY, format=form)
    assert digest(tmp_path / "a") == digest(tmp_path / "b")


def test_logpush_records_and_truth_agree(tmp_path: Path) -> None:
    reported: list[int] = []
    summary = simulate(
        tmp_path,
        hosts=8,
        transactions=2500,
        seed=6,
        days=2,
        end_date=DAY,
        format="logpush",
        progress=reported.append,
    )
    truth = {row["RayID"]: row for row in rows(tmp_path / "truth.csv.gz")}
    records = []
    for path in sorted(tmp_path.glob("traffic-*.ndjson.gz")):
        with gzip.open(path, "rt", encoding="utf-8") as file:
            of_day = [json.loads(line) for line in file]
        assert all(record["EdgeStartTimestamp"][:10] in path.name for record in of_day)
        records += of_day
    assert [path.name for path in summary.files[:2]] == [
        "traffic-2026-06-29.ndjson.gz",
        "traffic-2026-06-30.ndjson.gz",
    ]
    assert {record["RayID"] for record in records} == set(truth)
    assert (summary.hosts, summary.transactions, sum(reported)) == (8, 2500, 2500)
    assert summary.api == sum(row["is_api"] == "1" for row in truth.values())
    for record in records:
        row = truth[record["RayID"]]
        assert (row["host"], row["method"]) == (record["ClientRequestHost"], record["ClientRequestMethod"])
    assert all(path.exists() for path in summary.files)


def test_endpoints_count_successes_and_their_parameters_are_stated(tmp_path: Path) -> None:
    summary = simulate(tmp_path, hosts=8, transactions=3000, seed=6, days=1, end_date=DAY, format="logpush")
    with gzip.open(tmp_path / "traffic-2026-06-30.ndjson.gz", "rt", encoding="utf-8") as file:
        status = {record["RayID"]: record["EdgeResponseStatus"] for record in map(json.loads, file)}
    counted = Counter(
        (row["host"], row["method"], row["template"])
        for row in rows(tmp_path / "truth.csv.gz")
        if row["is_api"] == "1" and row["attack"] == "0" and 200 <= status[row["RayID"]] < 400
    )
    endpoints = rows(tmp_path / "endpoints.csv")
    written = {(row["host"], row["method"], row["template"]): int(row["requests"]) for row in endpoints}
    assert written == dict(counted)
    assert len(written) == summary.endpoints
    assert all(int(row["with_session"]) <= int(row["requests"]) for row in endpoints)
    stated = {
        (row["host"], row["method"], row["template"], row["name"])
        for row in rows(tmp_path / "params.csv")
        if row["location"] == "path"
    }
    for host, method, template in written:
        for name in re.findall(r"\{([^{}]+)\}", template):
            assert (host, method, template, name) in stated


def test_har_files_hold_the_same_transactions_with_bodies(tmp_path: Path) -> None:
    simulate(tmp_path, hosts=6, transactions=1500, seed=8, days=1, end_date=DAY, format="har")
    rays, bodies = set(), 0
    for path in tmp_path.glob("*.har"):
        log = json.loads(path.read_text(encoding="utf-8"))["log"]
        assert log["version"] == "1.2"
        for entry in log["entries"]:
            assert entry["request"]["url"].split("/")[2] == path.name.removesuffix(".har")
            rays.add(entry["_ray"])
            bodies += "postData" in entry["request"]
    assert rays == {row["RayID"] for row in rows(tmp_path / "truth.csv.gz")}
    assert bodies > 20


COMBINED = re.compile(
    r'(\S+) (\S+) - \[([^]]+)\] "(\S+) (\S+) HTTP/1\.1" (\d{3}) (\d+|-) "([^"]*)" "([^"]*)"'
)


def test_combined_lines_parse_and_join_with_the_truth_by_the_second_field(tmp_path: Path) -> None:
    simulate(tmp_path, hosts=6, transactions=1500, seed=8, days=2, end_date=DAY, format="combined")
    truth = {row["RayID"]: row for row in rows(tmp_path / "truth.csv.gz")}
    joined = set()
    for path in tmp_path.glob("*.log"):
        for line in path.read_text(encoding="utf-8").splitlines():
            match = COMBINED.fullmatch(line)
            assert match, line
            assert path.name.startswith(truth[match[2]]["host"])
            joined.add(match[2])
    assert joined == set(truth)
    assert all(row["with_session"] == "0" for row in rows(tmp_path / "endpoints.csv"))


def test_quotes_and_line_ends_cannot_break_out_of_a_combined_line(traffic: list[Transaction]) -> None:
    hostile = traffic[0]._replace(user_agent='x" 200 1\n"evil\\', referer="", uri='/a"b')
    line = format_combined_line(hostile)
    assert "\n" not in line
    assert line.endswith(r'"x\" 200 1\x0a\"evil\\"')


def test_settings_file_loads_and_names_the_sessions_of_the_hosts(tmp_path: Path) -> None:
    simulate(tmp_path, hosts=12, transactions=50, seed=6, days=1, end_date=DAY, format="logpush")
    sessions = load_settings(tmp_path / "settings.yaml").selection.sessions
    hosts = {row["host"]: row for row in rows(tmp_path / "hosts.csv")}
    assert len(hosts) == 12
    assert set(sessions) == {host for host, row in hosts.items() if row["session_name"]}
    for host, identifier in sessions.items():
        expected = (hosts[host]["session_location"], hosts[host]["session_name"])
        assert (identifier.location, identifier.name) == expected


def test_no_session_gives_an_empty_mapping(sites: tuple[Site, ...]) -> None:
    without = [site for site in sites if site.session is None]
    assert without
    assert yaml.safe_load(render_settings(without)) == {"selection": {"sessions": {}}}


def test_a_second_run_replaces_the_traffic_of_the_first(tmp_path: Path) -> None:
    simulate(tmp_path, hosts=3, transactions=90, seed=1, days=3, end_date=DAY, format="logpush")
    simulate(tmp_path, hosts=3, transactions=90, seed=1, days=1, end_date=DAY, format="logpush")
    assert [path.name for path in tmp_path.glob("traffic-*")] == ["traffic-2026-06-30.ndjson.gz"]


def test_a_directory_with_other_things_is_refused_and_left_alone(tmp_path: Path) -> None:
    (tmp_path / "mine.log").write_text("precious", encoding="utf-8")
    with pytest.raises(CensusError, match="not empty and not from an earlier simulation"):
        simulate(tmp_path, hosts=2, transactions=10, seed=1, days=1, end_date=DAY, format="combined")
    assert (tmp_path / "mine.log").read_text(encoding="utf-8") == "precious"


def test_a_file_in_place_of_the_directory_is_a_clear_error(tmp_path: Path) -> None:
    file = tmp_path / "out"
    file.write_text("", encoding="utf-8")
    with pytest.raises(CensusError, match="cannot be written"):
        simulate(file, hosts=2, transactions=10, seed=1, days=1, end_date=DAY, format="logpush")
