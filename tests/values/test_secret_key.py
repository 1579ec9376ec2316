"""The key of the keyed hashes: complete, or not written at all.

It is the same for all processes that start at once.
"""

from __future__ import annotations

import os
import stat
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import pytest

from pipelines.runtime.errors import SettingsError, WarehouseError
from pipelines.runtime.settings import PrivacySettings, load_settings
from pipelines.transactions.secret_key import load_or_create_key


def settings_with_key_file(name: str) -> PrivacySettings:
    return load_settings().privacy.model_copy(update={"key_file": name})


KEPT = settings_with_key_file("")
ROUNDS, PROCESSES = 40, 3


def key_of(root: str) -> bytes:
    return load_or_create_key(root, KEPT)


def test_processes_that_start_at_once_on_a_new_warehouse_read_the_same_whole_key(tmp_path: Path) -> None:
    with ProcessPoolExecutor(PROCESSES, mp_context=get_context("fork")) as pool:
        for number in range(ROUNDS):
            root = str(tmp_path / f"w{number}")
            keys = list(pool.map(key_of, [root] * PROCESSES))
            assert len(set(keys)) == 1
            assert len(keys[0]) == 64
            assert sorted(file.name for file in Path(root).iterdir()) == ["_key"]


def test_a_key_is_for_its_owner_only_and_stays(tmp_path: Path) -> None:
    first = key_of(str(tmp_path / "w"))
    assert stat.S_IMODE((tmp_path / "w/_key").stat().st_mode) == 0o600
    assert key_of(str(tmp_path / "w")) == first


@pytest.mark.parametrize("content", [b"", b"0123456789abcdef0123"])
def test_an_incomplete_key_is_an_error_with_the_way_out(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "_key").write_bytes(content)
    with pytest.raises(
        WarehouseError,
        match=rf"expected a key of 64 bytes, found {len(content)}\. Restore the right one from a backup",
    ):
        key_of(str(tmp_path))
    assert (tmp_path / "_key").read_bytes() == content


@pytest.mark.parametrize("step", ["fsync", "link"])
def test_an_interrupted_first_run_leaves_no_key(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    def full(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as broken:
        broken.setattr(os, step, full)
        with pytest.raises(WarehouseError, match="No space left on device"):
            key_of(str(tmp_path))
    assert list(tmp_path.iterdir()) == []
    assert len(key_of(str(tmp_path))) == 64


def test_a_given_key_is_read_and_a_short_one_refused(tmp_path: Path) -> None:
    (tmp_path / "long").write_text("k" * 40 + "\n")
    (tmp_path / "short").write_text("k")
    assert load_or_create_key("s3a://lake/w", settings_with_key_file(str(tmp_path / "long"))) == b"k" * 40
    with pytest.raises(SettingsError, match="at least 16 bytes, found 1"):
        load_or_create_key(str(tmp_path), settings_with_key_file(str(tmp_path / "short")))
    with pytest.raises(WarehouseError, match=r"needs privacy\.key_file"):
        key_of("s3a://lake/w")
