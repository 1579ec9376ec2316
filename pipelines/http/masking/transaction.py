"""All texts of a transaction, masked: what crosses to Python for the rows that may hold something."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from pipelines.http.masking.braces import Inner
from pipelines.http.masking.pairs import without_secret_pairs
from pipelines.http.masking.paths import without_secret_segments, without_secrets_of_url
from pipelines.http.masking.text import masked_line, masked_text, without_forms

_INNER: Inner = partial(masked_text, depth=1)


def masked_path(path: str) -> str:
    """The path of a request, as sent."""
    return without_secret_segments(path, _INNER)


def masked_query(query: str) -> str:
    """The query of a request, as sent; one that is no list of pairs is read as a text."""
    return without_secret_pairs(query, _INNER)


def masked_url(url: str) -> str:
    """A referer or origin."""
    return without_forms(without_secrets_of_url(url, _INNER))


def masked_body(body: str) -> str:
    """A request body: JSON, GraphQL, XML, multipart, form, or plain text."""
    return masked_text(body)


MASKERS: dict[str, Callable[[str], str]] = {
    "path": masked_path,
    "query": masked_query,
    "referer": masked_url,
    "origin": masked_url,
    "request_body": masked_body,
    "user_agent": masked_line,
    "accept": masked_line,
    "x_requested_with": masked_line,
    "cache_control": masked_line,
}
"""Column of `transactions` → what masks it."""
HEADER_FIELDS = ("user_agent", "accept", "x_requested_with", "cache_control")
"""Those that are no URLs."""
