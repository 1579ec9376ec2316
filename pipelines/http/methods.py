"""Methods of requests as templates are inferred from them."""

from __future__ import annotations

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "OTHER")
"""Methods that are told apart; HEAD is counted as GET, because it asks for the same resource (RFC 9110 s. 9.3.2)."""


def group_method(method: str) -> str:
    """Returns the one of `METHODS` that a method is counted as."""
    return "GET" if method == "HEAD" else method if method in METHODS else "OTHER"
