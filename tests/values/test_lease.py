"""One writer at a time: who waits, who takes over, who is refused.

With real processes, without Spark.
"""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from threading import Timer

import pytest

from pipelines.runtime.errors import WarehouseBusy, WarehouseError
from pipelines.runtime.lease import (
    Holder,
    Lease,
    acquire_lease,
    decode_holder,
    describe_this_process,
    encode_holder,
    with_java,
)
from pipelines.runtime.settings_sections import LeaseSettings
from pipelines.runtime.warehouse_lease import FolderLease

ROOT = Path(__file__).resolve().parents[2]
QUICK = LeaseSettings(stale_seconds=300, wait_seconds=0)
HOLDER = """
import sys, time
from pathlib import Path
from pipelines.runtime.lease import acquire_lease
from pipelines.runtime.warehouse_lease import FolderLease
from pipelines.runtime.settings_sections import LeaseSettings
root = sys.argv[1]
acquire_lease(FolderLease(Path(root)), root, "ingest", LeaseSettings(stale_seconds=300, wait_seconds=0), print)
print("held", flush=True)
time.sleep(60)
"""


def take_lease(root: Path, settings: LeaseSettings = QUICK, messages: list[str] | None = None) -> Lease:
    """Takes the lease of a folder."""
    said = messages if messages is not None else []
    return acquire_lease(FolderLease(root), str(root), "ingest", settings, said.append)


@pytest.fixture
def other(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """Another process that holds the lease of `tmp_path`."""
    with subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(tmp_path)], cwd=ROOT, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        yield process
        process.kill()


def test_a_second_process_is_refused_while_the_first_lives_and_takes_over_when_it_is_dead(
    tmp_path: Path, other: subprocess.Popen[str]
) -> None:
    with pytest.raises(
        WarehouseBusy, match=rf"`ingest` \(process {other.pid} on .*\) is writing to it"
    ) as refused:
        take_lease(tmp_path)
    assert refused.value.exit_code == 75
    other.kill()
    other.wait()
    said: list[str] = []
    mine = take_lease(tmp_path, messages=said)
    assert f"process {other.pid} on" in said[0]
    assert said[0].endswith("that process has ended without releasing it")
    mine.release()
    assert not (tmp_path / "_lease").exists()


def test_a_second_writer_waits_for_the_first_to_end(tmp_path: Path) -> None:
    first, said = take_lease(tmp_path), list[str]()
    Timer(0.7, first.release).start()
    take_lease(tmp_path, LeaseSettings(stale_seconds=300, wait_seconds=20), said).release()
    assert said == [f"  waiting for {first.mine.description}, which writes to {tmp_path}"]


def foreign_holder(seen: float) -> Holder:
    """Returns the lease of a process on another machine."""
    return replace(
        describe_this_process("learn"), host="elsewhere", place="elsewhere 1 2", seen=seen, owner="theirs"
    )


def test_a_lease_of_another_machine_is_taken_over_only_when_its_last_sign_of_life_is_old(
    tmp_path: Path,
) -> None:
    (tmp_path / "_lease").write_bytes(encode_holder(foreign_holder(time.time() - 299)))
    with pytest.raises(WarehouseBusy, match="on elsewhere"):
        take_lease(tmp_path)
    (tmp_path / "_lease").write_bytes(encode_holder(foreign_holder(time.time() - 301)))
    said: list[str] = []
    take_lease(tmp_path, messages=said).release()
    assert "its last sign of life was at" in said[0]


def test_a_writer_that_lost_its_lease_writes_nothing_more_and_leaves_the_other_one_alone(
    tmp_path: Path,
) -> None:
    lease = take_lease(tmp_path)
    lease.confirm()
    (tmp_path / "_lease").write_bytes(encode_holder(foreign_holder(time.time())))
    with pytest.raises(WarehouseError, match=r"taken over by `learn` \(process .* on elsewhere"):
        lease.confirm()
    lease.release()
    assert decode_holder((tmp_path / "_lease").read_bytes()).owner == "theirs"


def test_a_holder_shows_signs_of_life(tmp_path: Path) -> None:
    lease = take_lease(tmp_path, LeaseSettings(stale_seconds=0.5, wait_seconds=0))
    first = decode_holder((tmp_path / "_lease").read_bytes()).seen
    time.sleep(0.3)
    assert decode_holder((tmp_path / "_lease").read_bytes()).seen > first
    lease.release()
    lease.release()


def test_a_process_with_the_number_of_a_dead_one_is_another(tmp_path: Path) -> None:
    (tmp_path / "_lease").write_bytes(encode_holder(replace(describe_this_process("ingest"), began="1")))
    lease = take_lease(tmp_path)
    assert decode_holder((tmp_path / "_lease").read_bytes()).owner == lease.mine.owner
    lease.release()


def test_a_killed_process_is_not_dead_while_its_spark_still_runs(tmp_path: Path) -> None:
    with subprocess.Popen(["sleep", "60"]) as java:
        holder = with_java(replace(describe_this_process("ingest"), began="1"), java.pid)
        (tmp_path / "_lease").write_bytes(encode_holder(holder))
        with pytest.raises(WarehouseBusy):
            take_lease(tmp_path)
        java.kill()
        take_lease(
            tmp_path, LeaseSettings(stale_seconds=300, wait_seconds=5)
        ).release()  # although its exit status was not read


def test_a_file_that_is_not_a_lease_blocks_no_writer(tmp_path: Path) -> None:
    (tmp_path / "_lease").write_bytes(b"\0\0")
    lease = take_lease(tmp_path)
    assert decode_holder((tmp_path / "_lease").read_bytes()).owner == lease.mine.owner
    lease.release()


def test_of_two_that_take_over_the_same_dead_lease_one_wins(tmp_path: Path) -> None:
    dead = foreign_holder(0)
    (tmp_path / "_lease").write_bytes(encode_holder(dead))
    one, two = describe_this_process("ingest"), describe_this_process("learn")
    file = FolderLease(tmp_path)
    assert [file.claim(one, dead), file.claim(two, dead)] == [True, False]
    assert file.read() == one
