"""Leases: which process on which machine holds one, and its last sign of life."""

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

_ENDED = ("Z", "X")  # killed, and its parent has not read its exit code yet


@dataclass(frozen=True, slots=True)
class Holder:
    """The process that holds a lease.

    Attributes:
        owner: Random identifier of the holder.
        step: Command that it runs.
        host: Name of its machine.
        place: Scope in which process numbers are unique: machine, boot and process namespace.
        process: Process number.
        began: Start of the process, which distinguishes it from a later one with the same number.
        since: Start of the lease, seconds since 1970.
        seen: Last sign of life, seconds since 1970.
        java: Number of Spark's process, which may outlive a killed holder for a moment and still commit; 0 if it was not
            started here.
        java_began: Start of Spark's process.
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
        """Text for messages."""
        since = datetime.fromtimestamp(self.since, UTC)
        return f"`{self.step}` (process {self.process} on {self.host}, since {since:%Y-%m-%d %H:%M:%S} UTC)"


def describe_this_process(step: str) -> Holder:
    """Returns a new holder: this process, from now on."""
    now, process = time.time(), os.getpid()
    host = socket.gethostname()
    return Holder(uuid4().hex, step, host, _place(host), process, _began(process), now, now)


def is_dead(holder: Holder, mine: Holder, stale_seconds: float) -> bool:
    """Whether a holder will never write again.

    On the machine of `mine` its process is looked up; elsewhere it counts as dead after `stale_seconds` without a sign of life.
    """
    if holder.place == mine.place:
        return not (
            _is_running(holder.process, holder.began)
            or (holder.java > 0 and _is_running(holder.java, holder.java_began))
        )
    return time.time() - holder.seen > stale_seconds


def encode_holder(holder: Holder) -> bytes:
    """Encodes a holder as the content of a lease file."""
    return orjson.dumps(asdict(holder), option=orjson.OPT_APPEND_NEWLINE)


def decode_holder(content: bytes) -> Holder:
    """Decodes the holder in a lease file.

    Other content gives a dead holder: the file is written atomically, so only a failing disk damages it.
    """
    try:
        return Holder(**orjson.loads(content))
    except (ValueError, TypeError):
        return Holder("", "unknown", "unknown", "", 0, "", 0.0, 0.0)


def with_java(holder: Holder, process: int) -> Holder:
    """Returns the holder with the number of Spark's process on this machine."""
    return replace(holder, java=process, java_began=_began(process))


def _is_running(process: int, began: str) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:  # another user's process, so it runs
        pass
    return _began(process) == began


def _place(host: str) -> str:
    """Returns the scope of process numbers: host, boot and process namespace.

    Containers may share a host's name, and each numbers its processes itself; a reboot starts the numbers again.
    """
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
        return f"{host} {boot} {Path('/proc/self/ns/pid').readlink()}"
    except OSError:  # not Linux
        return host


def _began(process: int) -> str:
    """Returns the start of a process in ticks since boot (proc(5), field 22 of stat).

    Empty if it is dead or the system has no /proc.
    """
    try:
        stat = Path(f"/proc/{process}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
    fields = stat.rpartition(")")[2].split()  # from the third on: a name may contain anything
    return "" if fields[0] in _ENDED else fields[19]


LEASE_FILE = "_lease"
SIGNS_OF_LIFE = (
    10  # within `stale_seconds`: nine may be missed (a suspended disk, a long pause of the network)
)
POLL_SECONDS = 0.5  # between looks at another's lease: one small read


class LeaseFile(Protocol):
    """Storage of a lease: a folder of this machine, or a Hadoop file system."""

    def read(self) -> Holder | None:
        """Returns its holder, or None."""

    def claim(self, mine: Holder, instead_of: Holder | None) -> bool:
        """Writes `mine` if the lease is still `instead_of`; False if somebody was faster."""

    def refresh(self, mine: Holder) -> None:
        """Writes it again with a later time."""

    def remove(self) -> None:
        """Deletes it."""


@dataclass
class Lease:
    """A held lease, refreshed by a thread until it is released."""

    root: str
    mine: Holder
    file: LeaseFile
    settings: LeaseSettings
    _ended: threading.Event = field(default_factory=threading.Event)
    _turn: threading.Lock = field(default_factory=threading.Lock)

    def confirm(self) -> None:
        """Checks that this process still holds it; call it before each change of a table.

        Raises:
            WarehouseError: it was taken over, as this process showed no sign of life for too long.
        """
        with self._turn:
            self._refresh()

    def include_java(self, java: int) -> None:
        """Adds Spark's process: while it runs, nobody takes over."""
        with self._turn:
            self.mine = with_java(self.mine, java)
            self._refresh()

    def release(self) -> None:
        """Releases it; does nothing if it was released or taken over."""
        if self._ended.is_set():
            return
        self._ended.set()
        with (
            self._turn,
            suppress(Exception),
        ):  # if it cannot be removed, others take it over from a dead owner
            if _is_same(self.file.read(), self.mine):
                self.file.remove()

    def start_refreshing(self) -> None:
        """Starts the thread that keeps the lease alive."""
        threading.Thread(target=self._live, name="lease", daemon=True).start()

    def _live(self) -> None:
        while not self._ended.wait(self.settings.stale_seconds / SIGNS_OF_LIFE):
            with (
                self._turn,
                suppress(Exception),
            ):  # `confirm` raises the error before the next write
                if not self._ended.is_set():
                    self._refresh()

    def _refresh(self) -> None:
        holder = self.file.read()
        if not _is_same(holder, self.mine):
            by = f"by {holder.description}" if holder else "and released"
            raise WarehouseError(
                f"warehouse {self.root}: its lease was taken over {by}, as this process showed no sign of life for "
                f"{self.settings.stale_seconds:g} s (lease.stale_seconds). Nothing more is written; run again."
            )
        self.mine = replace(self.mine, seen=time.time())
        self.file.refresh(self.mine)


def acquire_lease(
    file: LeaseFile, root: str, step: str, settings: LeaseSettings, report: Callable[[str], None]
) -> Lease:
    """Acquires the lease of the warehouse at `root` and keeps it until it is released.

    `report` receives messages about waiting and about taking over a dead lease.

    Raises:
        WarehouseBusy: a living process holds it for longer than `lease.wait_seconds`.
    """
    mine = describe_this_process(step)
    end = time.monotonic() + settings.wait_seconds
    is_waiting = False
    while True:
        holder = file.read()
        is_free = holder is None or is_dead(holder, mine, settings.stale_seconds)
        if is_free and file.claim(replace(mine, seen=time.time()), holder):
            if holder is not None:
                report(f"  lease of {root} taken over from {holder.description}: {_why_dead(holder, mine)}")
            break
        if not is_free and time.monotonic() >= end:
            raise _busy(root, holder, settings)
        if not is_free and not is_waiting:
            is_waiting = True
            report(
                f"  waiting for {holder.description if holder else 'another process'}, which writes to {root}"
            )
        time.sleep(min(POLL_SECONDS, settings.wait_seconds or POLL_SECONDS))
    lease = Lease(root, mine, file, settings)
    lease.start_refreshing()
    return lease


def _is_same(holder: Holder | None, mine: Holder) -> bool:
    return holder is not None and holder.owner == mine.owner


def _why_dead(holder: Holder, mine: Holder) -> str:
    if holder.place == mine.place:
        return "that process has ended without releasing it"
    return f"its last sign of life was at {datetime.fromtimestamp(holder.seen, UTC):%Y-%m-%d %H:%M:%S} UTC"


def _busy(root: str, holder: Holder | None, settings: LeaseSettings) -> WarehouseBusy:
    who = holder.description if holder else "another process"
    return WarehouseBusy(
        f"warehouse {root}: {who} is writing to it; waited {settings.wait_seconds:g} s (lease.wait_seconds). Run again "
        f"when it has ended. If it is certain that nothing runs there, delete {root.rstrip('/')}/{LEASE_FILE}."
    )
