"""JSON values as Python has them."""

from __future__ import annotations

from typing import Any

JsonSchema = dict[str, Any]
"""A schema of JSON Schema or OpenAPI that is an object (a boolean schema is not)."""
