"""Measures the CPU, memory and wall time of a command, and describes the machine.

CPU and memory are those of its whole process tree; the description includes the commit.

All benchmarks measure with this module, so that their figures mean the same. It reads proc(5), so it needs Linux.
"""

from __future__ import annotations

import os
import platform
import re
import signal
import subprocess
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
TICKS = os.sysconf("SC_CLK_TCK")
SAMPLED_SECONDS = 0.1
"""How often the process tree is looked at: what a process spends after its last sample is lost, a tenth of a second at most."""


@dataclass(frozen=True, slots=True)
class Cost:
    """CPU and wall seconds, and the largest resident memory of all processes in bytes."""

    cpu: float
    wall: float
    memory: int = 0

    def __add__(self, other: Cost) -> Cost:
        """Adds the times of two consecutive runs; memory is the larger one."""
        return Cost(self.cpu + other.cpu, self.wall + other.wall, max(self.memory, other.memory))

    def __sub__(self, other: Cost) -> Cost:
        """Subtracts the times of `other`; memory is not additive and stays."""
        return Cost(self.cpu - other.cpu, self.wall - other.wall, self.memory)

    def __str__(self) -> str:
        return f"CPU {self.cpu:.1f} s, wall {self.wall:.1f} s, memory {self.memory / 1e9:.2f} GB"


def processes(session_id: int) -> Iterator[tuple[int, float, int]]:
    """Yields (process, CPU seconds, resident bytes) of each process of a session.

    From proc(5); for sessions see setsid(2).
    """
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            fields = stat_fields((entry / "stat").read_text())
        except OSError:  # ended meanwhile
            continue
        if int(fields[3]) == session_id:
            yield (
                int(entry.name),
                (int(fields[11]) + int(fields[12])) / TICKS,
                int(fields[21]) * os.sysconf("SC_PAGE_SIZE"),
            )


def stat_fields(text: str) -> list[str]:
    """Returns the fields of /proc/PID/stat after the name of the command.

    The name may contain blanks and brackets.
    """
    return text.rpartition(")")[2].split()


def measure(command: Sequence[str], environment: Mapping[str, str] | None = None) -> Cost:
    """Runs a command in its own session and adds up the cost of its processes.

    Raises:
        SystemExit: the command failed; its own messages have been printed.
    """
    started = time.monotonic()
    running = subprocess.Popen(
        command, env={**os.environ, **(environment or {})}, stdout=subprocess.DEVNULL, start_new_session=True
    )
    spent: dict[int, float] = {}
    most = 0
    done = threading.Event()

    def sample() -> None:
        nonlocal most
        while not done.wait(SAMPLED_SECONDS):
            sampled = list(processes(running.pid))
            spent.update({process: cpu for process, cpu, _ in sampled})
            most = max(most, sum(resident for _, _, resident in sampled))

    watcher = threading.Thread(target=sample, daemon=True)
    watcher.start()
    try:
        code = running.wait()
        wall = time.monotonic() - started
    except BaseException:  # whoever stops a benchmark stops what it measures: another session gets no Ctrl+C
        os.killpg(running.pid, signal.SIGTERM)
        raise
    finally:
        done.set()
        watcher.join()
    if code:
        raise SystemExit(f"{' '.join(command)} ended with {code}")
    return Cost(sum(spent.values()), wall, most)


def cpu_seconds() -> float:
    """Returns user and system time of this process and its descendants.

    Those that have ended are included.
    """
    parents: dict[int, int] = {}
    used: dict[int, float] = {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            fields = stat_fields(folder.joinpath("stat").read_text())
        except OSError:  # ended meanwhile
            continue
        parents[int(folder.name)] = int(fields[1])
        used[int(folder.name)] = sum(map(int, fields[11:15])) / TICKS
    mine = {os.getpid()}
    while more := {pid for pid, parent in parents.items() if parent in mine} - mine:
        mine |= more
    return sum(used[pid] for pid in mine)


def commit() -> str:
    """Returns the short name of the commit, marked if files differ from it."""
    description = _output(
        "git", "-C", str(ROOT), "describe", "--always", "--exclude=*", "--dirty=, with changes"
    )
    return description.strip() or "unknown"


def describe_machine() -> str:
    """Describes the machine in one line, with its load at the time of the call.

    Commit, cores, model, memory, Python and Java.
    """
    memory = re.search(r"^MemTotal:\s+(\d+) kB", Path("/proc/meminfo").read_text(), re.MULTILINE)
    parts = [
        f"commit {commit()}",
        f"{os.cpu_count()} cores {cpu_model(Path('/proc/cpuinfo').read_text())}",
        f"{int(memory[1]) / 2**20:.0f} GiB" if memory else "memory unknown",
        f"Python {platform.python_version()}",
        f"Java {java_version()}",
        f"load {os.getloadavg()[0]:.1f} at the start",
    ]
    return "; ".join(parts)


def cpu_model(text: str) -> str:
    """Returns the first model name of /proc/cpuinfo.

    The architecture for processors that name none.
    """
    match = re.search(r"^model name\s*:\s*(.+)$", text, re.MULTILINE)
    return match[1].strip() if match else platform.machine()


def java_version() -> str:
    """Returns the version that `java -version` prints, of JAVA_HOME if set.

    Java prints it on standard error.
    """
    home = os.environ.get("JAVA_HOME")
    match = re.search(r'"([^"]+)"', _output(str(Path(home) / "bin" / "java") if home else "java", "-version"))
    return match[1] if match else "unknown"


def _output(*command: str) -> str:
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    except OSError:
        return ""
    return done.stdout + done.stderr if done.returncode == 0 else ""
