"""The simulator: consistent truth, reproducible bytes, no separating signal."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from pipelines.simulator import Site, Transaction, build_sites, generate_transactions
from pipelines.simulator.traffic.attacks import AttackPlan
from pipelines.simulator.vocabulary.operation import compile_path_pattern
from tests.simulated_files import SEED, digest


def share_of(transactions: list[Transaction], holds: Callable[[Transaction], object]) -> float:
    """Returns the share of transactions for which the condition holds."""
    return sum(bool(holds(transaction)) for transaction in transactions) / len(transactions)


def test_same_seed_gives_same_transactions_and_another_seed_others(sites: tuple[Site, ...]) -> None:
    first = list(generate_transactions(sites, 500, 1))
    assert first == list(generate_transactions(build_sites(40, SEED), 500, 1))
    assert first != list(generate_transactions(sites, 500, 2))


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
    patterns = {t.operation.template: compile_path_pattern(t.operation.template) for t in traffic if t.is_api}
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
        shapes = Counter(
            (item.method, compile_path_pattern(item.template).pattern) for item in site.endpoints()
        )
        assert max(shapes.values(), default=1) == 1


def test_hosts_are_unique_and_of_reserved_domains() -> None:
    hosts = [site.host for site in build_sites(300, 1)]
    assert len(set(hosts)) == 300
    reserved = re.compile(r"([a-z0-9-]+\.)+(example(\.(com|org|net))?|test)")  # RFC 2606
    assert all(reserved.fullmatch(host) for host in hosts)


def test_small_fleets_have_every_shape_of_site() -> None:
    assert {site.shape for site in build_sites(6, 9)} == {"api", "mixed", "web", "assets"}


# Signals that would be shortcuts if one class never had them: name, test, least share among calls and others.
Row = tuple[str, Callable[[Transaction], object], float, float]
SIGNALS: list[Row] = [
    ("browser user agent", lambda t: t.user_agent.startswith("Mozilla/5.0 ("), 0.15, 0.5),
    ("no browser user agent", lambda t: not t.user_agent.startswith("Mozilla/5.0 ("), 0.15, 0.05),
    ("JSON response", lambda t: "json" in t.content_type, 0.3, 0.01),
    ("no content type", lambda t: not t.content_type, 0.05, 0.05),
    ("HTML response", lambda t: "html" in t.content_type, 0.002, 0.1),
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
    return list(generate_transactions(build_sites(200, SEED), 30_000, SEED))


@pytest.mark.parametrize(("name", "holds", "calls", "rest"), SIGNALS, ids=[row[0] for row in SIGNALS])
def test_no_signal_separates_the_classes(
    fleet_traffic: list[Transaction],
    name: str,
    holds: Callable[[Transaction], object],
    calls: float,
    rest: float,
) -> None:
    api = share_of([t for t in fleet_traffic if t.is_api], holds)
    other = share_of([t for t in fleet_traffic if not t.is_api], holds)
    assert api >= calls, f"{name}: {api:.4f} of API calls"
    assert other >= rest, f"{name}: {other:.4f} of other traffic"


def test_both_classes_have_a_substantial_share(fleet_traffic: list[Transaction]) -> None:
    assert 0.25 < share_of(fleet_traffic, lambda t: t.is_api) < 0.6


def test_every_kind_is_of_one_class_and_most_kinds_are_seen(
    fleet_traffic: list[Transaction],
) -> None:
    classes = {(t.kind, t.is_api) for t in fleet_traffic}
    assert len(classes) == len({kind for kind, _ in classes})
    assert len([kind for kind, is_api in classes if is_api]) >= 23
    assert len([kind for kind, is_api in classes if not is_api]) >= 30


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
    found = [t for t in generate_transactions(build_sites(60, 2), 40_000, 2) if t.attack]
    assert {t.kind for t in found if not t.is_api} == {"scan"}
    assert any(t.is_api and re.search("%27%20OR|%3Cscript|%24%7Bjndi|%7B%7B7", t.uri) for t in found)


def test_planned_attacks_are_as_many_as_planned_and_no_plan_changes_nothing() -> None:
    sites = build_sites(8, SEED, "full")
    calm = list(generate_transactions(sites, 6_000, SEED))
    assert calm == list(generate_transactions(sites, 6_000, SEED, attacks=AttackPlan(0.0, 50)))
    plan = AttackPlan(share=0.1, addresses=3, unnoticed=0.5)
    attacked = list(generate_transactions(sites, 6_000, SEED, attacks=plan))
    calls = [t for t in attacked if t.is_api and t.operation.parameters]
    found = [t for t in calls if t.attack]
    assert 0.07 < len(found) / len(calls) < 0.14
    assert {t.status // 100 for t in found} >= {2, 4, 5}
    for site in sites:
        ordinary = {client.address for group in site.clients.values() for client in group}
        assert len({t.client_ip for t in found if t.host == site.host} - ordinary) <= 3
    assert [t.time for t in attacked] == [t.time for t in calm]
