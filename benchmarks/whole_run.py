"""Compares the cost of a whole `apicensus run` with that of a bare Spark session.

The session reads the same files and writes one Delta table.

Prints SQL executions, Spark jobs and the size of plans (from the event log), and CPU seconds and wall time of both as
they are and as ratios. CPU seconds are those of the whole process tree: driver, JVM and Python workers. The ratios
compare within one run, as machines are noisy; the counts do not depend on the machine.

usage: python -m benchmarks whole_run [--rounds 1] [--settings FILE] [--json] [INPUT...]
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import orjson
import yaml

from benchmarks.figures import Figure, argument_parser, ratio, report
from benchmarks.machine import ROOT, Cost, describe_machine
from benchmarks.programs import run_all_steps, run_bare_session

DEMO = ROOT / "examples" / "demo"


@dataclass(frozen=True, slots=True)
class Plans:
    """Counts from an event log: SQL executions, Spark jobs, bytes of their plans."""

    executions: int
    jobs: int
    plan_bytes: int


def count_plans(event_logs: Path) -> Plans:
    """Counts executions, jobs and bytes of plans in all event logs of a folder."""
    executions = jobs = plan_bytes = 0
    for file in event_logs.rglob("events_*"):  # progress marks and check sums are in the same folder
        with file.open("rb") as lines:
            for line in lines:
                event = orjson.loads(line)["Event"]
                executions += event.endswith("SparkListenerSQLExecutionStart")
                jobs += event == "SparkListenerJobStart"
                plan_bytes += len(line) if "SQL" in event else 0
    return Plans(executions, jobs, plan_bytes)


def with_event_log(settings: Path | None, folder: Path) -> Path:
    """Writes settings like `settings` that also log events to `folder`.

    None stands for the default settings.
    """
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


def figures(of: str, plans: Plans, floor: Cost, whole: Cost) -> list[Figure]:
    """Returns counts, ratios, and the costs that they compare."""
    return [
        Figure(f"`run` on {of}: SQL executions", str(plans.executions), "≤ 80"),
        Figure(f"`run` on {of}: Spark jobs", str(plans.jobs), "≤ 140"),
        Figure(f"`run` on {of}: plans in the event log", f"{plans.plan_bytes / 1e6:.1f} MB"),
        Figure(f"`run` on {of} ÷ bare session: CPU", ratio(whole.cpu, floor.cpu), "≤ 1.8"),
        Figure(f"`run` on {of} ÷ bare session: wall", ratio(whole.wall, floor.wall), "≤ 1.8"),
        Figure(f"`run` on {of}", str(whole)),
        Figure(f"bare session on {of}", str(floor)),
    ]


def main() -> None:
    """Prints counts, costs and ratios; of several rounds, those with the least CPU."""
    demo = sorted(map(str, DEMO.glob("*.ndjson.gz")))
    parser = argument_parser(__doc__)
    parser.add_argument("inputs", nargs="*", default=demo)
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--settings", type=Path, default=DEMO / "settings.yaml")
    options = parser.parse_args()
    print(describe_machine())
    floors, wholes = [], []
    with TemporaryDirectory() as name:
        folder = Path(name)
        for number in range(options.rounds):
            floors.append(run_bare_session(options.inputs, folder / f"bare{number}"))
            wholes.append(run_all_steps(options.inputs, options.settings, folder / f"run{number}"))
        logged = with_event_log(options.settings, folder / "events")
        run_all_steps(options.inputs, logged, folder / "logged")
        plans = count_plans(folder / "events")
    floor, whole = (min(costs, key=lambda cost: cost.cpu) for costs in (floors, wholes))
    of = "the demo" if options.inputs == demo else f"{len(options.inputs)} files"
    report(figures(of, plans, floor, whole), options.json)


if __name__ == "__main__":
    main()
