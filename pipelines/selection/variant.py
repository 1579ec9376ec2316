"""The two ways in which API transactions are selected."""

from __future__ import annotations

from typing import Literal

Variant = Literal["ml", "session"]
