"""Who holds a lease, as data: which process on which machine, since when, last seen when."""

from __future__ import annotations

import os
import socket
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol
from uuid import uuid4

import orjson

from pipelines.runtime.errors import WarehouseBusy, WarehouseError
from pipelines.runtime.settings_sections import LeaseSettings

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
    def description(self) -> str:
        """For a message."""
        since = datetime.fromtimestamp(self.since, UTC)
        return f"`{self.step}` (process {self.process} on {self.host}, since {since:%Y-%m-%d %H:%M:%S} UTC)"


def describe_this_process(step: str) -> Holder:
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


def encode_holder(holder: Holder) -> bytes:
    """The content of a lease file."""
    return orjson.dumps(asdict(holder), option=orjson.OPT_APPEND_NEWLINE)


def decode_holder(content: bytes) -> Holder:
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


LEASE_FILE = "_lease"
SIGNS_OF_LIFE = (
    10  # within `stale_seconds`: nine may be missed (a suspended disk, a long pause of the network)
)
POLL_SECONDS = 0.5  # between looks at another's lease: one small read


class LeaseFile(Protocol):
    """Where a lease is kept: a folder of this machine, or a Hadoop file system."""

    def read(self) -> Holder | None:
        """Who holds it; None where nobody does."""

    def claim(self, mine: Holder, instead_of: Holder | None) -> bool:
        """Writes `mine` if the lease is still what was read (`instead_of`); False where somebody was faster."""

    def refresh(self, mine: Holder) -> None:
        """Rewrites it with a newer time."""

    def remove(self) -> None:
        """Deletes it."""


@dataclass
class Lease:
    """A held lease. It is refreshed by a thread until it is released."""

    root: str
    mine: Holder
    file: LeaseFile
    settings: LeaseSettings
    _ended: threading.Event = field(default_factory=threading.Event)
    _turn: threading.Lock = field(default_factory=threading.Lock)

    def confirm(self) -> None:
        """Makes sure that it is still ours: to be asked before each change of a table.

        Raises:
            WarehouseError: it was taken over, as this process showed no sign of life for too long.
        """
        with self._turn:
            self._refresh()

    def include_java(self, java: int) -> None:
        """Names Spark's process, too: while it lives, nobody takes over."""
        with self._turn:
            self.mine = with_java(self.mine, java)
            self._refresh()

    def release(self) -> None:
        """Gives it back. Releasing twice, or what was taken over, does nothing."""
        if self._ended.is_set():
            return
        self._ended.set()
        with self._turn, suppress(Exception):  # what cannot be removed is taken over from a dead owner
            if _is_same(self.file.read(), self.mine):
                self.file.remove()

    def start_refreshing(self) -> None:
        """Starts the thread that refreshes it."""
        threading.Thread(target=self._live, name="lease", daemon=True).start()

    def _live(self) -> None:
        while not self._ended.wait(self.settings.stale_seconds / SIGNS_OF_LIFE):
            with (
                self._turn,
                suppress(Exception),
            ):  # `confirm` says what is wrong, when something is to be written
                if not self._ended.is_set():
                    self._refresh()

    def _refresh(self) -> None:
        found = self.file.read()
        if not _is_same(found, self.mine):
            by = f"by {found.description}" if found else "and released"
            raise WarehouseError(
                f"warehouse {self.root}: its lease was taken over {by}, as this process showed no sign of life for "
                f"{self.settings.stale_seconds:g} s (lease.stale_seconds). Nothing more is written; run again."
            )
        self.mine = replace(self.mine, seen=time.time())
        self.file.refresh(self.mine)


def acquire_lease(
    file: LeaseFile, root: str, step: str, settings: LeaseSettings, report: Callable[[str], None]
) -> Lease:
    """The lease of the warehouse at `root`, refreshed until it is released; `report` hears of waiting and of taking over.

    Raises:
        WarehouseBusy: a living process holds it for longer than `lease.wait_seconds`.
    """
    mine = describe_this_process(step)
    end = time.monotonic() + settings.wait_seconds
    is_waiting = False
    while True:
        found = file.read()
        is_free = found is None or is_dead(found, mine, settings.stale_seconds)
        if is_free and file.claim(replace(mine, seen=time.time()), found):
            if found is not None:
                report(f"  lease of {root} taken over from {found.description}: {_why_dead(found, mine)}")
            break
        if not is_free and time.monotonic() >= end:
            raise _busy(root, found, settings)
        if not is_free and not is_waiting:
            is_waiting = True
            report(
                f"  waiting for {found.description if found else 'another process'}, which writes to {root}"
            )
        time.sleep(min(POLL_SECONDS, settings.wait_seconds or POLL_SECONDS))
    lease = Lease(root, mine, file, settings)
    lease.start_refreshing()
    return lease


def _is_same(found: Holder | None, mine: Holder) -> bool:
    return found is not None and found.owner == mine.owner


def _why_dead(found: Holder, mine: Holder) -> str:
    if found.place == mine.place:
        return "that process has ended without giving it back"
    return f"its last sign of life was at {datetime.fromtimestamp(found.seen, UTC):%Y-%m-%d %H:%M:%S} UTC"


def _busy(root: str, found: Holder | None, settings: LeaseSettings) -> WarehouseBusy:
    who = found.description if found else "another process"
    return WarehouseBusy(
        f"warehouse {root}: {who} is writing to it; waited {settings.wait_seconds:g} s (lease.wait_seconds). Run again "
        f"when it has ended. Where it is certain that nothing runs there, delete {root.rstrip('/')}/{LEASE_FILE}."
    )
