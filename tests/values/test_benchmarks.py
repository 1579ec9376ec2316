"""Parts of the benchmarks that work on values alone.

Event logs, ratios, hosts of a skewed case, the page.
"""

from __future__ import annotations

import gzip
import subprocess
import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from types import ModuleType
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks import days, growth, machine, page, peers, programs, skew, traffic, whole_run
from benchmarks.figures import Figure, as_line, as_text, parse_output, per_transaction, ratio
from benchmarks.machine import Cost

FIGURES = st.builds(Figure, st.text(), st.text(), st.text())


def test_event_log_is_counted_by_kind(tmp_path: Path) -> None:
    prefix = "org.apache.spark.sql.execution.ui."
    lines = [
        orjson.dumps({"Event": event})
        for event in (
            "SparkListenerApplicationStart",
            f"{prefix}SparkListenerSQLExecutionStart",
            "SparkListenerJobStart",
            "SparkListenerJobStart",
            f"{prefix}SparkListenerSQLAdaptiveExecutionUpdate",
            f"{prefix}SparkListenerSQLExecutionEnd",
            "SparkListenerJobEnd",
        )
    ]
    folder = tmp_path / "eventlog_v2_local-1"
    folder.mkdir()
    (folder / "events_1_local-1").write_bytes(b"".join(line + b"\n" for line in lines[:3]))
    (folder / "events_2_local-1").write_bytes(b"".join(line + b"\n" for line in lines[3:]))
    (folder / "appstatus_local-1").write_bytes(b"not a log")
    plans = whole_run.count_plans(tmp_path)
    assert (plans.executions, plans.jobs) == (1, 2)
    assert plans.plan_bytes == sum(len(lines[number]) + 1 for number in (1, 4, 5))


def test_settings_with_an_event_log_keep_what_was_there(tmp_path: Path) -> None:
    given_file = tmp_path / "mine.yaml"
    given_file.write_text("ingest: {time_zone: UTC}\nspark: {properties: {a.b: c}}\n")
    text = whole_run.with_event_log(given_file, tmp_path / "events").read_text()
    assert "time_zone: UTC" in text
    assert "a.b: c" in text
    assert (tmp_path / "events").as_uri() in text


def test_a_further_transaction_leaves_the_start_out() -> None:
    assert per_transaction(40 + 90, 40 + 9, 1_620_000) == pytest.approx(50)
    with pytest.raises(ValueError, match="more transactions"):
        per_transaction(2, 1, 0)


def test_a_ratio_needs_a_positive_base() -> None:
    assert ratio(3, 4) == "0.75"
    assert "none" in ratio(3, 0)
    assert "none" in ratio(3, -1)


def test_costs_follow_each_other() -> None:
    both = Cost(1, 2, 30) + Cost(4, 5, 20)
    assert both == Cost(5, 7, 30)
    assert (both - Cost(4, 5)).cpu == 1


def test_fields_of_a_process_with_any_name() -> None:
    assert machine.stat_fields("12 (a) b (c)) S 1 2 3")[:3] == ["S", "1", "2"]


def test_the_cost_of_a_command_has_its_children_in_it() -> None:
    # the sleep lets a sample see what was spent, however busy the machine is
    spin = "import time\nwhile time.process_time() < 0.6: pass\ntime.sleep(0.5)"
    code = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {spin!r}], check=True)"
    cost = machine.measure([sys.executable, "-c", code])
    assert cost.cpu >= 0.5
    assert cost.memory > 1_000_000


def test_a_command_that_fails_ends_the_benchmark() -> None:
    with pytest.raises(SystemExit, match="ended with 3"):
        machine.measure([sys.executable, "-c", "raise SystemExit(3)"])


def test_the_model_of_the_processor() -> None:
    assert machine.cpu_model("processor\t: 0\nmodel name\t: Some CPU @ 2 GHz\n") == "Some CPU @ 2 GHz"
    assert machine.cpu_model("processor\t: 0\n")


@given(st.lists(FIGURES))
def test_figures_survive_their_line(figures: list[Figure]) -> None:
    line = as_line(figures)
    assert "\n" not in line
    assert parse_output(f"something before\n{line}\n") == figures


def test_output_without_figures_is_an_error() -> None:
    for output in ("", "done\n", '{"a": 1}'):
        with pytest.raises(ValueError, match="no figures"):
            parse_output(output)


def test_text_gives_the_target_where_there_is_one() -> None:
    assert as_text([Figure("a", "1", "≤ 2"), Figure("b", "3")]) == "a: 1 (target ≤ 2)\nb: 3"


@given(st.dictionaries(st.text(min_size=1), st.integers(1, 1000), min_size=1), st.floats(0.01, 1))
def test_the_fewest_hosts_with_the_share_get_one_name(sizes: dict[str, int], share: float) -> None:
    hosts = traffic.busiest_hosts(sizes, share)
    wanted = share * sum(sizes.values())
    assert sum(sizes[host] for host in hosts) >= wanted
    assert sum(sizes[host] for host in hosts) - min(sizes[host] for host in hosts) < wanted
    assert min(sizes[host] for host in hosts) >= max((sizes[h] for h in sizes.keys() - hosts), default=0)


def test_a_skewed_copy_differs_in_hosts_alone(tmp_path: Path) -> None:
    hosts = ["a.example"] * 6 + ["b.example"] * 3 + ["c.example"]
    records = [{"ClientRequestHost": host, "RayID": str(number)} for number, host in enumerate(hosts)]
    source = tmp_path / "traffic-1.ndjson.gz"
    with gzip.open(source, "wb") as out:
        out.writelines(orjson.dumps(record) + b"\n" for record in records)
    files, share = traffic.skew_hosts([str(source)], tmp_path / "uneven", 0.9)
    with gzip.open(files[0], "rb") as lines:
        copied = [orjson.loads(line) for line in lines]
    assert share == 0.9
    assert [record["ClientRequestHost"] for record in copied] == [traffic.BUSY_HOST] * 9 + ["c.example"]
    assert [record["RayID"] for record in copied] == [record["RayID"] for record in records]


def test_growth_is_reported_as_cost_of_a_further_transaction() -> None:
    small = growth.SizeCosts(1000, Cost(10, 10, 100), Cost(50, 60, 1000))
    large = growth.SizeCosts(11_000, Cost(10.1, 10, 100), Cost(51, 90, 1100))
    figures = growth.figures(small, large)
    assert [figure.result for figure in figures[:4]] == ["100.0 µs", "10.00", "1.50", "1.10"]
    assert figures[2].target == "≤ 12.1"


def test_skew_is_the_busy_case_over_the_even_one() -> None:
    figures = skew.figures(1000, 0.9, even=Cost(10, 20), busy=Cost(13, 22))
    assert [figure.result for figure in figures[:2]] == ["1.10", "1.30"]


def test_a_day_is_compared_with_and_without_the_start() -> None:
    added = dict.fromkeys(days.STEPS, Cost(12, 6))
    rebuilt = dict.fromkeys(days.STEPS, Cost(30, 15))
    figures = days.figures(8, 1000, added, rebuilt, Cost(10, 5))
    assert [figure.result for figure in figures[:4]] == ["0.40", "0.40", "0.10", "0.10"]
    assert [figure.result for figure in figures[4:7]] == ["0.40; 0.40"] * 3


def test_peers_are_compared_with_the_faster_of_them() -> None:
    ours = peers.ToolCosts("run", Cost(20, 10), Cost(21, 11))
    slow, fast = (
        peers.ToolCosts("slow", Cost(9, 9), Cost(29, 29)),
        peers.ToolCosts("fast", Cost(1, 1), Cost(11, 11)),
    )
    results = {figure.name: figure.result for figure in peers.figures(ours, [slow, fast], 1000, 11_000)}
    named = {name: result for name, result in results.items() if "fast" in name}
    assert list(named.values()) == ["1.00", "0.10", "1.91", "0.10"]
    assert "slow 290.0 s" not in str(results)
    assert "slow 263.6 s" in str(results)


def test_without_peers_only_ours_is_reported() -> None:
    ours = peers.ToolCosts("run", Cost(20, 10), Cost(21, 11))
    assert all("÷" not in figure.name for figure in peers.figures(ours, [], 1000, 11_000))


def test_a_package_client_that_fails_or_is_not_there_is_a_reason_to_skip() -> None:
    with pytest.raises(peers.Missing, match="exit code 4"):
        peers.run_package_client(sys.executable, "-c", "raise SystemExit(4)")
    with pytest.raises(peers.Missing, match="is not installed"):
        peers.run_package_client("no-such-program-anywhere")


def test_every_path_of_a_first_pass_is_accepted() -> None:
    document = "x-path-templates:\n- ignore:/a/{id}\n- ignore:/ignore:b\n- /c\n"
    assert peers.accept_paths(document) == "x-path-templates:\n- /a/{id}\n- /ignore:b\n- /c\n"


def test_the_prefix_is_what_most_requests_have() -> None:
    urls = ["https://a.example/1", "http://a.example/2", "https://a.example/3?x=1"]
    har = {"log": {"entries": [{"request": {"url": url}} for url in urls]}}
    assert peers.prefix(orjson.dumps(har)) == "https://a.example"


def test_peers_get_json_and_no_other_bodies() -> None:
    bodies = [None, {"text": '{"a": 1}'}, {"text": "a=1&b=2"}, {"mimeType": "text/plain"}]
    entries: list[Any] = [
        {"request": {"url": "u"} | ({} if body is None else {"postData": body})} for body in bodies
    ]
    entries += [{"request": {"url": f"https://a.example/{path}"}} for path in ("${jndi:x}", "%7Bx")]
    har = orjson.loads(peers.without_unreadable(orjson.dumps({"log": {"entries": entries}})))
    assert [entry["request"].get("postData") for entry in har["log"]["entries"]] == [
        None,
        bodies[1],
        None,
        bodies[3],
    ]


def test_the_page_has_machine_commands_figures_and_failures() -> None:
    done = [
        page.FinishedBenchmark(
            "python -m benchmarks growth --small 1", 59.6, (Figure("a | b", "1\n2", "≤ 3"),)
        ),
        page.FinishedBenchmark("python -m benchmarks peers", 0.4, (), 2),
    ]
    text = page.page("commit abc; 2 cores", datetime(2026, 6, 30, 12, 5, tzinfo=UTC), "small", done)
    assert "commit abc; 2 cores; 2026-06-30 12:05 UTC; sizes: small; 1 minutes.\n" in text
    assert "## growth\n\n`python -m benchmarks growth --small 1` (60 s)\n" in text
    assert "| figure | result | target |\n| --- | --- | --- |\n| a \\| b | 1 2 | ≤ 3 |\n" in text
    assert "## peers" in text
    assert "Failed with exit code 2: no figures." in text


def test_a_benchmark_that_fails_leaves_its_exit_code() -> None:
    done = page.run_benchmark("no_such_benchmark")
    assert (done.figures, done.code) == ((), 2)
    assert done.command == "python -m benchmarks no_such_benchmark"


def test_a_benchmark_without_figures_has_failed(monkeypatch: pytest.MonkeyPatch) -> None:
    def run(command: list[str], **_: object) -> subprocess.CompletedProcess[str]:
        assert command[-1] == "--json"
        return subprocess.CompletedProcess(command, 0, stdout="done\n")

    monkeypatch.setattr(subprocess, "run", run)
    assert page.run_benchmark("growth").code == 1


@pytest.mark.parametrize(
    ("module", "arguments", "expected"),
    [
        (whole_run, "", ["bare", "run", "run"]),
        (growth, "--small 50 --large 100", ["bare", "run", "bare", "run"]),
        (skew, "--transactions 200", ["run", "run"]),
        (days, "--transactions 60 --days 3", ["bare", "day_by_day", *days.STEPS, *days.STEPS]),
        (peers, "--small 50 --large 100", ["run", "run"]),
    ],
)
def test_programs_are_started_in_their_order(
    module: ModuleType,
    arguments: str,
    expected: list[str],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    started: list[list[str]] = []

    def measure(command: Sequence[str], environment: Mapping[str, str] | None = None) -> Cost:
        started.append(
            list(command[3:]) if command[2] == "jobs" else [command[2].partition(".")[2], *command[3:]]
        )
        files = [word for word in command if ".ndjson.gz" in word or word.endswith(".har")]
        assert all(Path(file).exists() for file in files)
        return Cost(len(started), len(started), 1)

    def missing() -> peers.Tool:
        raise peers.Missing("no registry")

    for user in (programs, days):
        monkeypatch.setattr(user, "measure", measure)
    for tool in ("mitmproxy2swagger", "har_to_openapi"):
        monkeypatch.setattr(peers, tool, missing)
    monkeypatch.setattr(sys, "argv", ["benchmark", *arguments.split(), "--json"])
    module.main()
    assert [command[0].removesuffix("_session") for command in started] == expected
    figures = parse_output(capsys.readouterr().out)
    assert figures
    assert ("skipped: no registry" in [figure.result for figure in figures]) == (module is peers)


def test_names_choose_commands_in_their_order() -> None:
    commands = ("a --x 1", "b", "a --x 2")
    assert page.choose_commands(commands, []) == list(commands)
    assert page.choose_commands(commands, ["a"]) == ["a --x 1", "a --x 2"]
    with pytest.raises(ValueError, match="not on the page: c"):
        page.choose_commands(commands, ["c", "b"])


@pytest.mark.parametrize(
    "name", sorted({command.split()[0] for commands in page.SIZES.values() for command in commands})
)
def test_what_the_page_runs_is_there_and_takes_its_options(name: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks", name, "--help"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "--json" in done.stdout
    options = {
        word for commands in page.SIZES.values() for command in commands if command.split()[0] == name
        for word in command.split() if word.startswith("--")
    }  # fmt: skip
    assert all(option in done.stdout for option in options)
