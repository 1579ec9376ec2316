"""The simulator: its truth is consistent, its bytes are reproducible, its signals occur on both sides."""

from __future__ import annotations

import csv
import gzip
import hashlib
import json
import os
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest
import yaml

from pipelines.errors import CensusError
from pipelines.settings import load
from pipelines.simulator import Site, Transaction, build_sites, simulate, transactions
from pipelines.simulator.formats import combined_line
from pipelines.simulator.operation import path_pattern
from pipelines.simulator.truth import settings_text
from pipelines.simulator.writers import Format

DAY = date(2026, 6, 30)
SEED = 5
print(f"simulator seed {SEED}")  # noqa: T201 - seeds are printed (house style 2.13)


@pytest.fixture(scope="module")
def sites() -> tuple[Site, ...]:
    return build_sites(40, SEED)


@pytest.fixture(scope="module")
def traffic(sites: tuple[Site, ...]) -> list[Transaction]:
    return list(transactions(sites, 30_000, SEED, days=3, end_date=DAY))


def digest(folder: Path) -> dict[str, str]:
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(folder.iterdir())}


def rows(path: Path) -> list[dict[str, str]]:
    packed = path.read_bytes()
    text = (gzip.decompress(packed) if path.suffix == ".gz" else packed).decode()
    return list(csv.DictReader(text.splitlines()))


def share(found: list[Transaction], holds: Callable[[Transaction], object]) -> float:
    return sum(bool(holds(transaction)) for transaction in found) / len(found)


def test_same_seed_gives_same_transactions_and_another_seed_others(sites: tuple[Site, ...]) -> None:
    first = list(transactions(sites, 500, 1))
    assert first == list(transactions(build_sites(40, SEED), 500, 1))
    assert first != list(transactions(sites, 500, 2))


def test_a_site_does_not_depend_on_the_number_of_sites(sites: tuple[Site, ...]) -> None:
    assert build_sites(10, SEED) == sites[:10]


def test_bytes_do_not_depend_on_the_hash_seed(tmp_path: Path) -> None:
    code = (
        "import sys; from datetime import date; from pathlib import Path;"
        "from pipelines.simulator import simulate;"
        "simulate(Path(sys.argv[1]), hosts=6, transactions=300, seed=3, days=2, end_date=date(2026, 6, 30),"
        " format='logpush')"
    )
    for hash_seed in ("1", "2"):
        subprocess.run(
            [sys.executable, "-c", code, str(tmp_path / hash_seed)],
            check=True,
            env={**os.environ, "PYTHONHASHSEED": hash_seed, "PYTHONPATH": str(Path(__file__).parents[2])},
        )
    assert digest(tmp_path / "1") == digest(tmp_path / "2")


def test_transactions_are_in_order_of_time_within_the_days(traffic: list[Transaction]) -> None:
    times = [transaction.time for transaction in traffic]
    assert times == sorted(times)
    assert 3 * 86400 > times[-1] - times[0] > 2 * 86400
    assert len({transaction.ray_id for transaction in traffic}) == len(traffic)


def test_every_path_matches_its_template(traffic: list[Transaction]) -> None:
    patterns = {t.operation.template: path_pattern(t.operation.template) for t in traffic if t.is_api}
    for transaction in traffic:
        if transaction.is_api:
            path = transaction.uri.partition("?")[0]
            assert patterns[transaction.template].fullmatch(path), (path, transaction.template)
        else:
            assert transaction.template == ""


def test_every_variable_of_a_template_is_a_stated_parameter(sites: tuple[Site, ...]) -> None:
    for site in sites:
        for operation in site.operations:
            stated = [item.name for item in operation.parameters if item.location == "path"]
            assert stated == operation.variables(), operation.template
            assert all(item.values.kind for item in operation.parameters)
            assert operation.template.startswith("/")


def test_every_query_and_body_parameter_in_traffic_is_declared(traffic: list[Transaction]) -> None:
    bodies = 0
    for transaction in traffic:
        if not transaction.is_api:
            continue
        declared = {(item.location, item.name) for item in transaction.operation.parameters}
        query = transaction.uri.partition("?")[2]
        assert {("query", part.partition("=")[0]) for part in query.split("&") if part} <= declared
        if transaction.request_body.startswith("{"):
            bodies += 1
            assert {("body", name) for name in json.loads(transaction.request_body)} <= declared
    assert bodies > 100


def test_an_api_endpoint_is_declared_once_per_method_and_shape_of_path(sites: tuple[Site, ...]) -> None:
    for site in sites:
        shapes = Counter((item.method, path_pattern(item.template).pattern) for item in site.endpoints())
        assert max(shapes.values(), default=1) == 1


def test_hosts_are_unique_and_of_reserved_domains() -> None:
    hosts = [site.host for site in build_sites(300, 1)]
    assert len(set(hosts)) == 300
    reserved = re.compile(r"([a-z0-9-]+\.)+(example(\.(com|org|net))?|test)")  # RFC 2606
    assert all(reserved.fullmatch(host) for host in hosts)


def test_small_fleets_have_every_shape_of_site() -> None:
    assert {site.shape for site in build_sites(6, 9)} == {"api", "mixed", "web", "assets"}


# Shortcuts, if one class never showed them: name, test, least share among calls and among the rest.
Row = tuple[str, Callable[[Transaction], object], float, float]
SIGNALS: list[Row] = [
    ("browser user agent", lambda t: t.user_agent.startswith("Mozilla/5.0 ("), 0.15, 0.5),
    ("no browser user agent", lambda t: not t.user_agent.startswith("Mozilla/5.0 ("), 0.15, 0.05),
    ("JSON answer", lambda t: "json" in t.content_type, 0.3, 0.01),
    ("no content type", lambda t: not t.content_type, 0.05, 0.05),
    ("HTML answer", lambda t: "html" in t.content_type, 0.002, 0.1),
    ("api or version in path", lambda t: re.search(r"/(api|rest|v\d)", t.uri), 0.3, 0.01),
    ("no api or version in path", lambda t: not re.search(r"/(api|rest|v\d)", t.uri), 0.15, 0.5),
    ("api. host", lambda t: t.host.startswith("api"), 0.02, 0.001),
    ("www. host", lambda t: t.host.startswith("www."), 0.02, 0.02),
    ("query", lambda t: "?" in t.uri, 0.1, 0.1),
    ("sec-fetch-dest: empty", lambda t: t.request_headers.get("sec-fetch-dest") == "empty", 0.02, 0.001),
    ("no sec-fetch-dest", lambda t: "sec-fetch-dest" not in t.request_headers, 0.3, 0.2),
    ("x-requested-with", lambda t: "x-requested-with" in t.request_headers, 0.01, 0.0005),
    ("accept */*", lambda t: t.request_headers.get("accept") == "*/*", 0.05, 0.02),
    ("post", lambda t: t.method == "POST", 0.1, 0.003),
    ("cookies", lambda t: t.cookies, 0.02, 0.05),
    ("referer", lambda t: t.referer, 0.1, 0.3),
    ("an extension", lambda t: re.search(r"\.[a-z]{2,5}(\?|$)", t.uri), 0.005, 0.3),
    ("session of its host", lambda t: t.has_session, 0.1, 0.02),
    ("redirect", lambda t: t.status in (301, 302), 0.0, 0.01),
    ("error", lambda t: t.status >= 400, 0.01, 0.01),
    ("cache-control no-cache", lambda t: "no-" in t.response_headers.get("cache-control", ""), 0.02, 0.005),
]  # fmt: skip


@pytest.fixture(scope="module")
def fleet_traffic() -> list[Transaction]:
    return list(transactions(build_sites(200, SEED), 30_000, SEED))


@pytest.mark.parametrize(("name", "holds", "calls", "rest"), SIGNALS, ids=[row[0] for row in SIGNALS])
def test_no_signal_separates_the_classes(
    fleet_traffic: list[Transaction],
    name: str,
    holds: Callable[[Transaction], object],
    calls: float,
    rest: float,
) -> None:
    api = share([t for t in fleet_traffic if t.is_api], holds)
    other = share([t for t in fleet_traffic if not t.is_api], holds)
    assert api >= calls, f"{name}: {api:.4f} of API calls"
    assert other >= rest, f"{name}: {other:.4f} of other traffic"


def test_both_classes_have_a_substantial_share(fleet_traffic: list[Transaction]) -> None:
    assert 0.25 < share(fleet_traffic, lambda t: t.is_api) < 0.6


def test_every_kind_is_of_one_class_and_most_kinds_are_seen(
    fleet_traffic: list[Transaction],
) -> None:
    classes = {(t.kind, t.is_api) for t in fleet_traffic}
    assert len(classes) == len({kind for kind, _ in classes})
    assert len([kind for kind, is_api in classes if is_api]) >= 18
    assert len([kind for kind, is_api in classes if not is_api]) >= 24


def test_public_operations_never_carry_a_session_header(
    sites: tuple[Site, ...], traffic: list[Transaction]
) -> None:
    headers = {site.host for site in sites if site.session is not None and site.session.location == "header"}
    public = [t for t in traffic if t.operation.public and t.host in headers]
    assert public
    assert not any(t.has_session for t in public)


def test_page_views_carry_the_session_cookie_too(traffic: list[Transaction]) -> None:
    assert any(t.has_session and t.kind == "page" for t in traffic)


def test_poor_logs_hold_neither_headers_nor_content_type(
    sites: tuple[Site, ...], traffic: list[Transaction]
) -> None:
    poor = {site.host for site in sites if site.logging.level in ("combined", "common")}
    found = [t for t in traffic if t.host in poor]
    assert found
    assert not any(t.content_type or t.request_headers or t.response_headers or t.cookies for t in found)


def test_attacks_are_marked_and_write_hostile_values_into_calls() -> None:
    found = [t for t in transactions(build_sites(60, 2), 40_000, 2) if t.attack]
    assert {t.kind for t in found if not t.is_api} == {"scan"}
    assert any(t.is_api and re.search("%27%20OR|%3Cscript|%24%7Bjndi|%7B%7B7", t.uri) for t in found)


@pytest.mark.parametrize("form", ["logpush", "har", "combined"])
def test_same_arguments_give_the_same_bytes(tmp_path: Path, form: Format) -> None:
    for name in ("a", "b"):
        simulate(tmp_path / name, hosts=6, transactions=400, seed=4, days=2, end_date=DAY, format=form)
    assert digest(tmp_path / "a") == digest(tmp_path / "b")


def test_logpush_records_and_truth_agree(tmp_path: Path) -> None:
    told: list[int] = []
    summary = simulate(
        tmp_path,
        hosts=8,
        transactions=2500,
        seed=6,
        days=2,
        end_date=DAY,
        format="logpush",
        progress=told.append,
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
    assert (summary.hosts, summary.transactions, sum(told)) == (8, 2500, 2500)
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
            found = COMBINED.fullmatch(line)
            assert found, line
            assert path.name.startswith(truth[found[2]]["host"])
            joined.add(found[2])
    assert joined == set(truth)
    assert all(row["with_session"] == "0" for row in rows(tmp_path / "endpoints.csv"))


def test_quotes_and_line_ends_cannot_break_out_of_a_combined_line(traffic: list[Transaction]) -> None:
    hostile = traffic[0]._replace(user_agent='x" 200 1\n"evil\\', referer="", uri='/a"b')
    line = combined_line(hostile)
    assert "\n" not in line
    assert line.endswith(r'"x\" 200 1\x0a\"evil\\"')


def test_settings_file_loads_and_names_the_sessions_of_the_hosts(tmp_path: Path) -> None:
    simulate(tmp_path, hosts=12, transactions=50, seed=6, days=1, end_date=DAY, format="logpush")
    sessions = load(tmp_path / "settings.yaml").selection.sessions
    hosts = {row["host"]: row for row in rows(tmp_path / "hosts.csv")}
    assert len(hosts) == 12
    assert set(sessions) == {host for host, row in hosts.items() if row["session_name"]}
    for host, identifier in sessions.items():
        expected = (hosts[host]["session_location"], hosts[host]["session_name"])
        assert (identifier.location, identifier.name) == expected


def test_no_session_gives_an_empty_mapping(sites: tuple[Site, ...]) -> None:
    without = [site for site in sites if site.session is None]
    assert without
    assert yaml.safe_load(settings_text(without)) == {"selection": {"sessions": {}}}


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
