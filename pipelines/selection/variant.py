"""The two ways in which API transactions are selected."""

from __future__ import annotations

from typing import Literal, get_args

Variant = Literal["ml", "session"]
VARIANTS: tuple[Variant, ...] = get_args(Variant)
Labels = Literal["simulated", "session"]
"""Where the labels of training data come from: the simulator's truth, or session identifiers in the warehouse's own traffic."""
