"""The Airflow DAG and the crontab call existing scripts, by spark-submit only."""

from __future__ import annotations

import re
import runpy
import subprocess
import sys
from pathlib import Path
from types import ModuleType, TracebackType
from typing import Any

import pytest


class Dag:
    """Stand-in for `airflow.DAG`; collects the tasks made inside its `with`."""

    current: Dag

    def __init__(self, **arguments: Any) -> None:
        self.arguments, self.tasks = arguments, list[Task]()

    def __enter__(self) -> Dag:
        Dag.current = self
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        return None


class Task:
    """Stand-in for `BashOperator`: its command, environment and the order of `>>`."""

    def __init__(
        self, task_id: str, bash_command: str, env: dict[str, str], append_env: bool, **options: Any
    ) -> None:
        self.task_id, self.bash_command, self.env, self.append_env = task_id, bash_command, env, append_env
        self.options = options
        self.after: Task | None = None
        Dag.current.tasks.append(self)

    def __rshift__(self, later: Task) -> Task:
        later.after = self
        return later


@pytest.fixture(params=["airflow 2", "airflow 3"])
def dag(request: pytest.FixtureRequest, root: Path, monkeypatch: pytest.MonkeyPatch) -> Dag:
    """The DAG of conf/airflow_dag.py, executed with stand-ins for Airflow 2 and 3."""
    modules: dict[str, dict[str, type]]
    if request.param == "airflow 2":
        modules = {
            "airflow": {"DAG": Dag},
            "airflow.operators": {},
            "airflow.operators.bash": {"BashOperator": Task},
        }
    else:
        standard = "airflow.providers.standard"
        packages = ["airflow", "airflow.providers", standard, f"{standard}.operators"]
        modules = {name: {} for name in packages}
        modules |= {f"{standard}.operators.bash": {"BashOperator": Task}, "airflow.sdk": {"DAG": Dag}}
    for name, content in modules.items():
        module = ModuleType(name)
        module.__path__ = []
        vars(module).update(content)
        monkeypatch.setitem(sys.modules, name, module)
    made = runpy.run_path(str(root / "conf/airflow_dag.py"))["dag"]
    assert isinstance(made, Dag)
    return made


def test_dag_submits_every_step_once_in_order(dag: Dag) -> None:
    names = [task.task_id for task in dag.tasks]
    assert names == ["validate", "ingest", "discover", "compare", "learn", "changes", "export", "report"]
    assert [task.after.task_id if task.after else None for task in dag.tasks] == [None, *names[:-1]]
    assert dag.arguments["max_active_runs"] == 1
    assert dag.arguments["catchup"] is False


def test_dag_only_calls_spark_submit(dag: Dag) -> None:
    for task in dag.tasks:
        assert task.bash_command.startswith('"$APICENSUS_HOME/.venv/bin/spark-submit" ')
        assert not re.search(r"[;&|`]|\$\(|{{", task.bash_command)
        assert task.append_env, "without it the task loses PATH and JAVA_HOME"
        used = set(re.findall(r"\$([A-Z_]+)", task.bash_command))
        assert used <= set(task.env)
    assert dag.tasks[0].env["DAY"] == "{{ ds_nodash }}"


def test_what_the_check_of_a_day_says_does_not_stop_the_day(dag: Dag) -> None:
    """On the first day there is nothing to check against."""
    by_name = {task.task_id: task for task in dag.tasks}
    assert by_name["ingest"].options == {"trigger_rule": "all_done"}
    assert by_name["validate"].options == {"retries": 0}
    assert {name for name, task in by_name.items() if task.options} == {"ingest", "validate"}


def crontab_commands(root: Path) -> list[str]:
    lines = (root / "conf/crontab").read_text(encoding="utf-8").splitlines()
    return [line for line in lines if re.match(r"[\d*]", line)]


def test_crontab_locks_and_only_calls_spark_submit(root: Path) -> None:
    scripts = [re.findall(r"jobs/(\w+)\.py", line) for line in crontab_commands(root)]
    assert scripts == [["validate"], ["run"], ["changes"]], (
        "checked before it is learned, changes reported afterwards"
    )
    for line in crontab_commands(root):
        assert re.fullmatch(
            r'([\d*]+ ){5}cd "\$APICENSUS_HOME" && flock -\w+ .*spark-submit jobs/\w+\.py .*', line
        )
        assert not re.search(r"(?<!\\)%", line), "cron ends the line at a bare %"
        assert "flock -w" in line, "without a wait, a step that meets another one would skip the day"


@pytest.mark.parametrize("dag", ["airflow 3"], indirect=True)
def test_no_schedule_accepts_changes(dag: Dag, root: Path) -> None:
    """Accepting is a person's decision: a schedule would hide changes after a day."""
    scheduled = [task.bash_command for task in dag.tasks] + crontab_commands(root)
    assert [command for command in scheduled if "--accept" in command] == []


@pytest.mark.parametrize("dag", ["airflow 3"], indirect=True)
def test_schedules_name_settings_by_the_variable_that_every_step_reads(dag: Dag, root: Path) -> None:
    """tests/values/test_cli.py tests that the steps read the variable."""
    assert all("APICENSUS_SETTINGS" in task.env for task in dag.tasks)
    assert re.search(r"^APICENSUS_SETTINGS=", (root / "conf/crontab").read_text("utf-8"), re.MULTILINE)


@pytest.mark.parametrize("dag", ["airflow 3"], indirect=True)
def test_scheduled_scripts_and_options_exist(dag: Dag, root: Path) -> None:
    """Each option must be in its job's help, so that a renamed one fails here."""
    scheduled = [task.bash_command for task in dag.tasks] + crontab_commands(root)
    for script, rest in (re.findall(r'jobs/(\w+)\.py"? (.*)', command)[0] for command in scheduled):
        command = [sys.executable, str(root / f"jobs/{script}.py"), "--help"]
        shown = subprocess.run(command, capture_output=True, text=True, check=False, env={"COLUMNS": "200"})
        assert shown.returncode == 0, shown.stderr
        assert [option for option in re.findall(r"--[a-z-]+", rest) if option not in shown.stdout] == []
