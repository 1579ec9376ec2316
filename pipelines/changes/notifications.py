"""Delivering changes as JSON: lines of a file, and POSTs to a webhook.

POSTs are signed, limited in size, and repeated until they are accepted.
"""

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
SECRET_VARIABLE = "APICENSUS_WEBHOOK_SECRET"  # noqa: S105 - the name of the environment variable
AS_UTC = orjson.OPT_NAIVE_UTC | orjson.OPT_UTC_Z
LOCAL_HOSTS = ("localhost", "127.0.0.1", "::1")
MAX_TEXT_CHARACTERS = 2000
"""Longest string in a POST: an enum of 50 long values is truncated, so that a batch stays below the limits of receivers."""
RETRY_STATUSES = (408, 425, 429, 500, 502, 503, 504)
"""Statuses after which the same request may succeed (RFC 9110 s. 15; RFC 6585 s. 4)."""


@dataclass(frozen=True, slots=True)
class Webhook:
    """The receiver of changes.

    `secret` is the key that signs each body (HMAC-SHA-256); empty: bodies are not signed.
    """

    url: str
    settings: ChangeSettings
    secret: str = ""

    @property
    def public_address(self) -> str:
        """The address without the parts that may be secret: user, path and query."""
        parts = urlsplit(self.url)
        return f"{parts.scheme}://{parts.hostname}" + (f":{parts.port}" if parts.port else "")


def parse_webhook(url: str, settings: ChangeSettings, secret: str) -> Webhook | None:
    """Checks the address of a webhook; None if it is empty.

    Raises:
        SettingsError: it is not an https address. http is allowed to this machine, and elsewhere if
            `changes.webhook_plain_http` is set.
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
            "changes.webhook: expected an address like https://hooks.example.com/census, found something else "
            "(not shown, as it may contain a secret)."
        )
    if parts.username is not None:
        raise SettingsError(
            f"changes.webhook: expected an address without user and password, found one for {parts.hostname}. "
            f"Set the environment variable {SECRET_VARIABLE} to a secret instead: it signs each request."
        )
    if parts.scheme == "http" and parts.hostname not in LOCAL_HOSTS and not settings.webhook_plain_http:
        raise SettingsError(
            f"changes.webhook: expected https, found http to {parts.hostname}. Use https, or set "
            "changes.webhook_plain_http: true if names of your hosts and paths may be sent unencrypted."
        )
    return Webhook(url, settings, secret)


def write_lines(changes: Iterator[Change], file: Path) -> int:
    """Writes one change per line (JSON); returns the number of changes.

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
    """Yields the changes in lists of at most `size`."""
    while batch := list(islice(changes, size)):
        yield batch


def post_batch(hook: Webhook, batch: Sequence[Change]) -> None:
    """Sends one batch of changes.

    A repeated delivery has the same body and the same header `X-Apicensus-Delivery`. Redirects are failures: changes are sent
    to the configured address only.

    Raises:
        DeliveryError: there was no 2xx response after all attempts.
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
    # its warnings about retries would show the path of the address, which may be secret
    logging.getLogger("urllib3.connectionpool").setLevel(logging.ERROR)
    try:
        with urllib3.PoolManager(retries=retries, timeout=limits.webhook_timeout_seconds) as pool:
            response = pool.request(
                "POST", hook.url, body=body, headers=headers, redirect=False, preload_content=False
            )
            status = response.status
            response.close()
    except (urllib3.exceptions.HTTPError, ValueError) as error:
        raise _undelivered(hook, type(error).__name__) from error
    if not 200 <= status < 300:
        raise _undelivered(hook, f"status {status}")


def sign(secret: str, body: bytes) -> str:
    """Returns the HMAC-SHA-256 (RFC 2104) of a body in hexadecimal.

    Receivers compute the same and compare.
    """
    return hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


def _undelivered(hook: Webhook, problem: str) -> DeliveryError:
    return DeliveryError(
        f"webhook {hook.public_address}: {problem}, no 2xx after {hook.settings.webhook_retries + 1} attempts. The changes are "
        "stored in table changes, and nothing new was published; run `apicensus changes` again to send them."
    )


def _bounded(change: Change) -> dict[str, Any]:
    return {
        key: value[:MAX_TEXT_CHARACTERS] if isinstance(value, str) else value for key, value in change.items()
    }
