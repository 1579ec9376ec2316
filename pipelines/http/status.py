"""Classes of status codes (RFC 9110 s. 15), as first and last code."""

from __future__ import annotations

from typing import Final

SUCCESSFUL: Final = (200, 299)
"""The request was received, understood and accepted (s. 15.3): only these teach schemas."""
WITHOUT_ERROR: Final = (200, 399)
"""Successful, or a redirection (s. 15.4), which 304 Not Modified belongs to: the target exists."""
CLIENT_ERROR: Final = (400, 499)
NOT_MODIFIED: Final = 304
"""The client has the representation already (s. 15.4.5): it stands for a successful response."""
