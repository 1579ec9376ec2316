"""The two ways in which API transactions are selected."""

from __future__ import annotations

from typing import Literal, get_args

Variant = Literal["ml", "session"]
VARIANTS: tuple[Variant, ...] = get_args(Variant)
