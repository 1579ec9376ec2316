"""Cost of a whole `apicensus run` beside a bare Spark session that reads the same files and writes one Delta table.

Prints SQL executions, Spark jobs and the size of plans (from the event log), and CPU seconds and wall time of both as
they are and as ratios. CPU seconds are those of the whole process tree: driver, JVM and Python workers. The ratios
compare within one run, as machines are noisy; the counts do not depend on the machine.

usage: python -m benchmarks.whole_run [--rounds 1] [--settings FILE] [INPUT...]
"""

from __future__ import annotations

import argparse
import os
import platform
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import orjson
import yaml

ROOT = Path(__file__).resolve().parents[1]
DEMO = ROOT / "examples" / "demo"
TICKS = os.sysconf("SC_CLK_TCK")
SAMPLED_SECONDS = 0.1
"""How often the process tree is looked at: what a process spends after its last sample is lost, a tenth of a second at most."""
BARE = """
import sys
from pipelines import settings
from pipelines.small_work import is_small
from pipelines.spark import session
chosen = settings.load().spark
small = is_small(chosen.quick_below_bytes, sys.argv[2:], sys.argv[1])
spark = session("bare", chosen, is_small=small)
spark.read.json(sys.argv[2:]).write.format("delta").save(sys.argv[1])
"""


@dataclass(frozen=True, slots=True)
class Cost:
    """CPU and wall seconds, and the largest memory of all processes together (bytes, resident)."""

    cpu: float
    wall: float
    memory: int


@dataclass(frozen=True, slots=True)
class Plans:
    """What an event log counts: SQL executions, Spark jobs, bytes of the log of SQL executions."""

    executions: int
    jobs: int
    plan_bytes: int


def processes(session_id: int) -> Iterator[tuple[int, float, int]]:
    """(process, CPU seconds, resident bytes) of each process of a session (see setsid(2)), from proc(5)."""
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            # the command's name may hold blanks and brackets: what counts comes after its last one
            fields = (entry / "stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[3]) == session_id:
            yield (
                int(entry.name),
                (int(fields[11]) + int(fields[12])) / TICKS,
                int(fields[21]) * os.sysconf("SC_PAGE_SIZE"),
            )


def measured(command: Sequence[str], environment: Mapping[str, str]) -> Cost:
    """Runs a command in a session of its own and adds up what all of its processes cost.

    Raises:
        SystemExit: the command failed; its own messages have been printed.
    """
    started = time.monotonic()
    running = subprocess.Popen(
        command, env={**os.environ, **environment}, stdout=subprocess.DEVNULL, start_new_session=True
    )
    spent: dict[int, float] = {}
    most = 0
    done = threading.Event()

    def sample() -> None:
        nonlocal most
        while not done.wait(SAMPLED_SECONDS):
            found = list(processes(running.pid))
            spent.update({process: cpu for process, cpu, _ in found})
            most = max(most, sum(resident for _, _, resident in found))

    watcher = threading.Thread(target=sample, daemon=True)
    watcher.start()
    code = running.wait()
    wall = time.monotonic() - started
    done.set()
    watcher.join()
    if code:
        raise SystemExit(f"{' '.join(command)} ended with {code}")
    return Cost(sum(spent.values()), wall, most)


def counted(event_logs: Path) -> Plans:
    """Executions, jobs and bytes of plans of all event logs in a folder."""
    executions = jobs = plan_bytes = 0
    for file in event_logs.rglob("events_*"):  # beside them stand marks of progress and check sums
        with file.open("rb") as lines:
            for line in lines:
                event = orjson.loads(line)["Event"]
                executions += event.endswith("SparkListenerSQLExecutionStart")
                jobs += event == "SparkListenerJobStart"
                plan_bytes += len(line) if "SQL" in event else 0
    return Plans(executions, jobs, plan_bytes)


def with_event_log(settings: Path | None, folder: Path) -> Path:
    """A settings file like `settings` (none: the defaults) that also writes the event log to `folder`."""
    loaded = yaml.safe_load(settings.read_text()) if settings else {}
    properties = loaded.setdefault("spark", {}).setdefault("properties", {})
    properties |= {
        "spark.eventLog.enabled": "true",
        "spark.eventLog.dir": folder.as_uri(),
        "spark.eventLog.compress": "false",
    }
    folder.mkdir(parents=True)
    file = folder.with_suffix(".yaml")
    file.write_text(yaml.safe_dump(loaded))
    return file


def bare(inputs: Sequence[str], folder: Path) -> Cost:
    """A session that starts, reads the files and writes one table."""
    return measured([sys.executable, "-c", BARE, str(folder / "table"), *inputs], {"PYTHONPATH": str(ROOT)})


def run(inputs: Sequence[str], settings: Path | None, folder: Path) -> Cost:
    """`apicensus run`, as a user starts it."""
    chosen = ["--settings", str(settings)] if settings else []
    return measured(
        [sys.executable, "-m", "jobs", "run", *inputs, "--out", str(folder), *chosen],
        {"PYTHONPATH": str(ROOT)},
    )


def main() -> None:
    """Prints counts, costs and ratios; of several rounds those of least CPU."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("inputs", nargs="*", default=sorted(map(str, DEMO.glob("*.ndjson.gz"))))
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--settings", type=Path, default=DEMO / "settings.yaml")
    options = parser.parse_args()
    revision = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    ).stdout.strip()
    print(
        f"commit {revision}, {os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()}"
    )
    floors, wholes = [], []
    with TemporaryDirectory() as name:
        folder = Path(name)
        for number in range(options.rounds):
            floors.append(bare(options.inputs, folder / f"bare{number}"))
            wholes.append(run(options.inputs, options.settings, folder / f"run{number}"))
        logged = with_event_log(options.settings, folder / "events")
        run(options.inputs, logged, folder / "logged")
        plans = counted(folder / "events")
    print(f"SQL executions {plans.executions}, jobs {plans.jobs}, plans {plans.plan_bytes / 1e6:.1f} MB")
    floor, whole = (min(costs, key=lambda cost: cost.cpu) for costs in (floors, wholes))
    for title, cost in (("bare session", floor), ("run", whole)):
        print(f"{title}: CPU {cost.cpu:.1f} s, wall {cost.wall:.1f} s, memory {cost.memory / 1e9:.2f} GB")
    print(f"run / bare session: CPU {whole.cpu / floor.cpu:.2f}, wall {whole.wall / floor.wall:.2f}")


if __name__ == "__main__":
    main()
