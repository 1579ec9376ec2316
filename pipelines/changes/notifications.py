"""Changes as JSON: lines of a file, and POSTs to a web hook that are signed, bounded and sent again until they are taken."""

from __future__ import annotations

import hashlib
import hmac
import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import orjson
import urllib3

from pipelines.runtime.errors import DeliveryError, SettingsError
from pipelines.runtime.files import atomic_file
from pipelines.runtime.settings_sections import ChangeSettings

Change = Mapping[str, Any]
SECRET_VARIABLE = "APICENSUS_WEBHOOK_SECRET"  # noqa: S105 - the name of the variable
AS_UTC = orjson.OPT_NAIVE_UTC | orjson.OPT_UTC_Z
LOCAL_HOSTS = ("localhost", "127.0.0.1", "::1")
MAX_TEXT_CHARACTERS = 2000
"""Of one text in a POST: a closed set of 50 long values is cut, so that a batch stays below what receivers take."""
RETRY_STATUSES = (408, 425, 429, 500, 502, 503, 504)
"""Statuses after which the same request may succeed (RFC 9110 s. 15; RFC 6585 s. 4)."""


@dataclass(frozen=True, slots=True)
class Webhook:
    """Where changes are POSTed to; `secret` signs each body (HMAC-SHA-256), empty: no signature."""

    url: str
    settings: ChangeSettings
    secret: str = ""

    @property
    def public_address(self) -> str:
        """The address without what may be secret: user, path and query."""
        parts = urlsplit(self.url)
        return f"{parts.scheme}://{parts.hostname}" + (f":{parts.port}" if parts.port else "")


def parse_webhook(url: str, settings: ChangeSettings, secret: str) -> Webhook | None:
    """The hook of an address; None where it is empty.

    Raises:
        SettingsError: no https address (http to this machine is allowed, elsewhere by `changes.webhook_plain_http`).
    """
    if not url:
        return None
    try:
        parts = urlsplit(url)
        is_known = parts.scheme in ("https", "http") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        is_known = False
    if not is_known or not url.isascii() or not url.isprintable() or " " in url:
        raise SettingsError(
            "changes.webhook: expected an address like https://hooks.example.com/census, found another text "
            "(not shown, as it may hold a secret)."
        )
    if parts.username is not None:
        raise SettingsError(
            f"changes.webhook: expected an address without user and password, found one for {parts.hostname}. "
            f"Put a secret into the environment variable {SECRET_VARIABLE}: it signs each request."
        )
    if parts.scheme == "http" and parts.hostname not in LOCAL_HOSTS and not settings.webhook_plain_http:
        raise SettingsError(
            f"changes.webhook: expected https, found http to {parts.hostname}. Use https, or set "
            "changes.webhook_plain_http: true if names of your hosts and paths may cross the network in the clear."
        )
    return Webhook(url, settings, secret)


def write_lines(changes: Iterator[Change], file: Path) -> int:
    """One change a line (JSON); returns their number.

    Raises:
        OutputError: the file cannot be written.
    """
    count = 0
    with atomic_file(file) as target:
        for change in changes:
            target.write(orjson.dumps(change, option=AS_UTC) + b"\n")
            count += 1
    return count


def split_batches(changes: Iterator[Change], size: int) -> Iterator[list[Change]]:
    """Lists of at most `size` changes."""
    while batch := list(islice(changes, size)):
        yield batch


def post_batch(hook: Webhook, batch: Sequence[Change]) -> None:
    """Sends one batch; a delivery that is repeated has the same body and the same `X-Apicensus-Delivery`.

    Redirections are failures: what was meant for one address goes to no other.

    Raises:
        DeliveryError: the hook did not answer 2xx, after all attempts.
    """
    body = orjson.dumps({"step": "changes", "changes": [_bounded(change) for change in batch]}, option=AS_UTC)
    headers = {
        "Content-Type": "application/json",
        "User-Agent": "apicensus",
        "X-Apicensus-Delivery": hashlib.sha256(body).hexdigest(),
    }
    if hook.secret:
        headers["X-Apicensus-Signature"] = f"sha256={sign(hook.secret, body)}"
    limits = hook.settings
    retries = urllib3.Retry(
        total=limits.webhook_retries, redirect=0, backoff_factor=limits.webhook_backoff_seconds,
        status_forcelist=RETRY_STATUSES, allowed_methods=["POST"], raise_on_status=False, respect_retry_after_header=False,
    )  # fmt: skip
    # its warnings of further attempts would show the path of the address, which may be secret
    logging.getLogger("urllib3.connectionpool").setLevel(logging.ERROR)
    try:
        with urllib3.PoolManager(retries=retries, timeout=limits.webhook_timeout_seconds) as pool:
            answer = pool.request(
                "POST", hook.url, body=body, headers=headers, redirect=False, preload_content=False
            )
            status = answer.status
            answer.close()
    except (urllib3.exceptions.HTTPError, ValueError) as error:
        raise _undelivered(hook, type(error).__name__) from error
    if not 200 <= status < 300:
        raise _undelivered(hook, f"status {status}")


def sign(secret: str, body: bytes) -> str:
    """HMAC-SHA-256 (RFC 2104) of a body in hexadecimal; receivers compute the same and compare."""
    return hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


def _undelivered(hook: Webhook, problem: str) -> DeliveryError:
    return DeliveryError(
        f"web hook {hook.public_address}: {problem}, no 2xx after {hook.settings.webhook_retries + 1} attempts. The changes are "
        "stored in table changes; run `apicensus changes` again to send them."
    )


def _bounded(change: Change) -> dict[str, Any]:
    return {
        key: value[:MAX_TEXT_CHARACTERS] if isinstance(value, str) else value for key, value in change.items()
    }
