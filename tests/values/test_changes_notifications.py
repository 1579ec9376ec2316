"""Notifications: signed, bounded, retried, sent to one address only.

Error messages about a failed delivery contain no secret.
"""

from __future__ import annotations

import hashlib
import hmac
import socket
from datetime import date, datetime
from pathlib import Path
from typing import Any

import orjson
import pytest

from pipelines.changes.notifications import (
    MAX_TEXT_CHARACTERS,
    Webhook,
    parse_webhook,
    post_batch,
    split_batches,
    write_lines,
)
from pipelines.runtime.errors import DeliveryError, OutputError, SettingsError
from pipelines.runtime.settings import Settings
from pipelines.runtime.settings_sections import ChangeSettings
from tests.webhook_server import run_receiver

CHANGE = {
    "id": "1",
    "host": "a.example",
    "first_day": date(2026, 6, 1),
    "first_seen": datetime(2026, 6, 1, 2),
    "after": [1, "é"],
}


@pytest.fixture
def quick(settings: Settings) -> ChangeSettings:
    """Settings without waiting between attempts."""
    return settings.changes.model_copy(
        update={"webhook_backoff_seconds": 0.0, "webhook_timeout_seconds": 5.0}
    )


def hook(url: str, changes: ChangeSettings, secret: str = "") -> Webhook:
    """Builds a webhook with this address and secret."""
    made = parse_webhook(url, changes, secret)
    assert made is not None
    return made


def test_a_batch_arrives_as_json_with_a_signature_that_the_receiver_can_check(quick: ChangeSettings) -> None:
    with run_receiver() as receiver:
        post_batch(hook(receiver.url, quick, "key"), [CHANGE])
        [(body, headers)] = receiver.got
    assert orjson.loads(body)["changes"] == [
        {
            "id": "1",
            "host": "a.example",
            "first_day": "2026-06-01",
            "first_seen": "2026-06-01T02:00:00Z",
            "after": [1, "é"],
        }
    ]
    assert headers["Content-Type"] == "application/json"
    assert headers["X-Apicensus-Signature"] == "sha256=" + hmac.new(b"key", body, hashlib.sha256).hexdigest()
    assert headers["X-Apicensus-Delivery"] == hashlib.sha256(body).hexdigest()
    assert b"key" not in body


def test_without_a_secret_there_is_no_signature(quick: ChangeSettings) -> None:
    with run_receiver() as receiver:
        post_batch(hook(receiver.url, quick), [CHANGE])
        assert "X-Apicensus-Signature" not in receiver.got[0][1]


def test_a_receiver_that_is_down_for_a_moment_loses_nothing(quick: ChangeSettings) -> None:
    with run_receiver(answers=[503, 429]) as receiver:
        post_batch(hook(receiver.url, quick), [CHANGE])
        assert len(receiver.got) == 3
        assert len({body for body, _ in receiver.got}) == 1
        assert len({headers["X-Apicensus-Delivery"] for _, headers in receiver.got}) == 1


@pytest.mark.parametrize(("status", "attempts"), [(500, 4), (400, 1), (404, 1), (401, 1)])
def test_a_receiver_that_takes_nothing_is_an_error_without_its_secrets(
    quick: ChangeSettings, caplog: pytest.LogCaptureFixture, status: int, attempts: int
) -> None:
    with run_receiver(answers=[status] * 10) as receiver:
        with pytest.raises(DeliveryError, match=f"status {status}") as caught:
            post_batch(hook(receiver.url, quick, "key"), [CHANGE])
        assert len(receiver.got) == attempts
    assert "-secret" not in str(caught.value) + caplog.text
    assert "http://127.0.0.1:" in str(caught.value)


def test_a_closed_port_is_an_error_without_secrets(
    quick: ChangeSettings, caplog: pytest.LogCaptureFixture
) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with pytest.raises(DeliveryError) as caught:
        post_batch(hook(f"http://127.0.0.1:{port}/path-secret", quick), [CHANGE])
    assert "-secret" not in str(caught.value) + caplog.text


def test_a_redirection_is_not_followed(quick: ChangeSettings) -> None:
    with run_receiver() as elsewhere, run_receiver(answers=[307], location=elsewhere.url) as receiver:
        with pytest.raises(DeliveryError, match="status 307"):
            post_batch(hook(receiver.url, quick), [CHANGE])
        assert elsewhere.got == []
        assert len(receiver.got) == 1


def test_a_long_text_is_cut(quick: ChangeSettings) -> None:
    with run_receiver() as receiver:
        post_batch(hook(receiver.url, quick), [{"path_template": "x" * 100_000}])
        assert receiver.changes == [{"path_template": "x" * MAX_TEXT_CHARACTERS}]


def test_without_an_address_there_is_no_webhook(quick: ChangeSettings) -> None:
    assert parse_webhook("", quick, "") is None


@pytest.mark.parametrize(
    "url",
    [
        "http://hooks.example.com/path-secret",  # not encrypted
        "https://user:password-secret@hooks.example.com/",  # credentials do not belong in an address
        "file:///etc/path-secret",
        "ftp://hooks.example.com/path-secret",
        "hooks.example.com/path-secret",
        "https:///path-secret",
        "https://hooks.example.com:port/path-secret",
        "https://hooks.example.com/path-secret\r\nX-Header: 1",
        "https://[path-secret/",
        "http://127.0.0.1.hooks.example.com/path-secret",
        "http://localhost@hooks.example.com/path-secret",
    ],
)
def test_an_address_that_may_not_be_used_is_refused_without_its_secrets(
    quick: ChangeSettings, url: str
) -> None:
    with pytest.raises(SettingsError, match=r"changes\.webhook: expected") as caught:
        parse_webhook(url, quick, "")
    assert "-secret" not in str(caught.value)


def test_plain_http_to_another_machine_is_allowed_where_the_settings_say_so(quick: ChangeSettings) -> None:
    allowed = quick.model_copy(update={"webhook_plain_http": True})
    assert hook("http://hooks.example.com/a", allowed).public_address == "http://hooks.example.com"


def test_batches_hold_all_changes_in_order() -> None:
    changes = [{"id": str(n)} for n in range(7)]
    assert [len(batch) for batch in split_batches(iter(changes), 3)] == [3, 3, 1]
    assert [change for batch in split_batches(iter(changes), 3) for change in batch] == changes


def test_lines_are_json_and_the_same_for_the_same_changes(tmp_path: Path) -> None:
    file = tmp_path / "new" / "changes.ndjson"
    changes: list[dict[str, Any]] = [
        CHANGE,
        {"host": "\n\u2028\ud83d\ude00".encode("utf-16", "surrogatepass").decode("utf-16")},
    ]
    assert write_lines(iter(changes), file) == 2
    first = file.read_bytes()
    assert [orjson.loads(line)["host"] for line in first.split(b"\n") if line] == [
        one["host"] for one in changes
    ]
    write_lines(iter(changes), file)
    assert file.read_bytes() == first


def test_a_folder_that_cannot_be_written_is_reported(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="--out"):
        write_lines(iter([CHANGE]), tmp_path / "file" / "changes.ndjson")
