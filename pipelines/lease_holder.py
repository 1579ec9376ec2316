"""Who holds a lease, as data: which process on which machine, since when, last seen when."""

from __future__ import annotations

import os
import socket
import time
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import orjson

_ENDED = ("Z", "X")  # killed, and not yet asked for by its parent


@dataclass(frozen=True, slots=True)
class Holder:
    """One writer. `place` is where its process number means something: machine, boot and namespace of processes.

    `began` tells a process from a later one with the same number, `since` and `seen` are seconds since 1970. `java` is
    Spark's process, which may outlive a killed one for a moment and commit what it works on; 0: not started here.
    """

    owner: str
    step: str
    host: str
    place: str
    process: int
    began: str
    since: float
    seen: float
    java: int = 0
    java_began: str = ""

    @property
    def shown(self) -> str:
        """For a message."""
        since = datetime.fromtimestamp(self.since, UTC)
        return f"`{self.step}` (process {self.process} on {self.host}, since {since:%Y-%m-%d %H:%M:%S} UTC)"


def this_process(step: str) -> Holder:
    """A new holder: this process, now."""
    now, process = time.time(), os.getpid()
    host = socket.gethostname()
    return Holder(uuid4().hex, step, host, _place(host), process, _began(process), now, now)


def is_dead(holder: Holder, mine: Holder, stale_seconds: float) -> bool:
    """Whether a holder will never write again: on the machine of `mine` for sure, elsewhere by its signs of life."""
    if holder.place == mine.place:
        return not (
            _is_running(holder.process, holder.began)
            or (holder.java > 0 and _is_running(holder.java, holder.java_began))
        )
    return time.time() - holder.seen > stale_seconds


def stored(holder: Holder) -> bytes:
    """The content of a lease file."""
    return orjson.dumps(asdict(holder), option=orjson.OPT_APPEND_NEWLINE)


def read(content: bytes) -> Holder:
    """The holder in a lease file. What is no lease belongs to nobody alive: the file is written whole, or a disk lost it."""
    try:
        return Holder(**orjson.loads(content))
    except (ValueError, TypeError):
        return Holder("", "unknown", "unknown", "", 0, "", 0.0, 0.0)


def with_java(holder: Holder, process: int) -> Holder:
    """The holder with Spark's process of this machine."""
    return replace(holder, java=process, java_began=_began(process))


def _is_running(process: int, began: str) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:  # somebody else's, so it runs
        pass
    return _began(process) == began


def _place(host: str) -> str:
    """Containers share a host's name or number processes anew, and a reboot begins again."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
        return f"{host} {boot} {Path('/proc/self/ns/pid').readlink()}"
    except OSError:  # no Linux
        return host


def _began(process: int) -> str:
    """Start of a process in ticks since boot (proc(5), field 22 of stat); empty where it is dead or nobody tells."""
    try:
        stat = Path(f"/proc/{process}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
    fields = stat.rpartition(")")[2].split()  # from the third on: names may hold anything
    return "" if fields[0] in _ENDED else fields[19]
