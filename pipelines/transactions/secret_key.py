"""The key of the keyed hashes: supplied by the operator, or kept in the warehouse."""

from __future__ import annotations

import os
import secrets
import tempfile
from contextlib import suppress
from pathlib import Path

from pipelines.runtime.errors import SettingsError, WarehouseError
from pipelines.runtime.settings import PrivacySettings

KEY_BYTES = 32  # as long as the hash: RFC 2104 s. 3 finds shorter ones weaker and longer ones no stronger
LEAST_BYTES = 16  # of an operator's own key: 128 bits cannot be guessed


def load_or_create_key(root: str, settings: PrivacySettings) -> bytes:
    """Returns the key of the keyed hashes, creating it on first use.

    It is read from `privacy.key_file` if that is set, otherwise from the warehouse, where it is created once. However many
    processes use a new warehouse at the same time, and whichever of them is killed, all read the same complete key.

    Raises:
        SettingsError: the key file cannot be read or is shorter than 16 bytes.
        WarehouseError: the warehouse is not a local folder, so a key cannot be kept in it, or its key is incomplete.
    """
    if settings.key_file:
        return _read_operator_key(settings.key_file)
    if "://" in root:
        raise WarehouseError(
            f"{root}: a remote warehouse needs privacy.key_file in --settings: openssl rand -hex 32 > FILE"
        )
    file = Path(root) / "_key"
    try:
        if not file.exists():
            _create_key(file)
        key = file.read_bytes()
    except OSError as error:
        raise WarehouseError(
            f"{file}: the key of the keyed hashes cannot be created or read ({error.strerror}). Fix that, or keep a key "
            "elsewhere: openssl rand -hex 32 > FILE, and privacy.key_file: FILE in --settings."
        ) from error
    if len(key) != 2 * KEY_BYTES:
        raise WarehouseError(
            f"{file}: expected a key of {2 * KEY_BYTES} bytes, found {len(key)}. Restore the right one from a backup: with "
            "another key no client is recognised again. If nothing has been ingested with it yet, delete the file."
        )
    return key


def _read_operator_key(name: str) -> bytes:
    try:
        key = Path(name).read_bytes().strip()
    except OSError as error:
        raise SettingsError(f"privacy.key_file: cannot read {name} ({error.strerror})") from error
    if len(key) < LEAST_BYTES:
        raise SettingsError(
            f"privacy.key_file: expected at least {LEAST_BYTES} bytes, found {len(key)}: openssl rand -hex 32 > FILE"
        )
    return key


def _create_key(file: Path) -> None:
    """Writes a new key next to `file` and links it there.

    The link appears completely or not at all, and the first process wins.
    """
    file.parent.mkdir(parents=True, exist_ok=True)
    descriptor, part = tempfile.mkstemp(prefix="._key.", dir=file.parent)  # mode 0600
    try:
        with os.fdopen(descriptor, "w", encoding="ascii") as out:
            out.write(secrets.token_hex(KEY_BYTES))
            out.flush()
            os.fsync(out.fileno())
        with suppress(FileExistsError):  # another process was first: its key is used
            os.link(part, file)
        _sync_folder(file.parent)
    finally:
        Path(part).unlink(missing_ok=True)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
