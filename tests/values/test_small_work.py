"""Work is small by the size of its inputs and stored data.

Work whose size is unknown is not small.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from pipelines.workflows.small_work import PACKED, Reads, is_small


def write_bytes(path: Path, size: int) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"a" * size)
    return path


def test_files_folders_and_globs_count_and_so_do_stored_transactions(tmp_path: Path) -> None:
    root = tmp_path / "warehouse"
    inputs = [
        str(write_bytes(tmp_path / "one.har", 10)),
        str(write_bytes(tmp_path / "logs/a/two.log", 20).parents[1]),
        str(write_bytes(tmp_path / "more/three.log", 30).parent / "*.log"),
    ]
    write_bytes(root / "transactions/day=2026-01-01/part.txt", 40)
    write_bytes(root / "endpoints/part.txt", 1_000)
    assert is_small(101, inputs, str(root))
    assert not is_small(100, inputs, str(root))
    assert is_small(41, [], str(root))
    assert not is_small(40, [], str(root))


@pytest.mark.parametrize(
    ("reads", "expected"),
    [
        ("nothing", 0),
        ("state", 3),
        ("unscored", 3 + 4 + 20 + 300),
        ("unlearned", 3 + 4 + 20 + 100 + 300),
        ("all", 1_424),
    ],
)
def test_of_the_warehouse_counts_what_the_command_reads(tmp_path: Path, reads: Reads, expected: int) -> None:
    """Day 1 was scored and learned.

    Of day 2 a file came after both; day 3 was scored, day 4 is new.
    """
    sizes = {1: (1_000,), 2: (4, 20), 3: (100,), 4: (300,)}
    times = {1: (10,), 2: (10, 30), 3: (10,), 4: (30,)}
    for day, each in sizes.items():
        for size, time in zip(each, times[day], strict=True):
            part = write_bytes(tmp_path / f"transactions/day=2026-01-0{day}/{time}.log", size)
            os.utime(part, (time, time))
    for table, days in (("client_days", (1, 2, 3)), ("parameter_senders", (1, 2))):
        for day in days:
            state = write_bytes(
                tmp_path / table / f"variant=ml/day=2026-01-0{day}/inputs=a/part.log",
                1 if table == "client_days" else 0,
            )
            os.utime(state, (20, 20))
    assert not is_small(expected, [], str(tmp_path), reads)
    assert is_small(expected + 1, [], str(tmp_path), reads)


@pytest.mark.parametrize("suffix", [".gz", ".zst"])
def test_packed_files_count_as_what_they_hold(tmp_path: Path, suffix: str) -> None:
    file = str(write_bytes(tmp_path / f"log{suffix}", 10))
    assert is_small(10 * PACKED + 1, [file], str(tmp_path / "none"))
    assert not is_small(10 * PACKED, [file], str(tmp_path / "none"))


def test_nothing_is_small_where_the_setting_is_zero(tmp_path: Path) -> None:
    assert not is_small(0, [], str(tmp_path))


def test_work_that_files_do_not_tell_is_not_small(tmp_path: Path) -> None:
    assert is_small(1, [], str(tmp_path))
    assert not is_small(1, None, str(tmp_path))


@pytest.mark.parametrize(
    ("inputs", "root"), [(["s3a://bucket/key"], "warehouse"), ([], "s3a://bucket/warehouse")]
)
def test_remote_work_is_not_small(tmp_path: Path, inputs: list[str], root: str) -> None:
    assert not is_small(1_000, inputs, root if "://" in root else str(tmp_path / root))


def test_missing_inputs_are_left_to_their_reader(tmp_path: Path) -> None:
    assert is_small(1, [str(tmp_path / "missing.har"), ""], str(tmp_path / "none"))
