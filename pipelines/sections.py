"""What every section of the settings shares, and the sections of training labels."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

Share = Annotated[float, Field(ge=0, le=1)]
Positive = Annotated[int, Field(gt=0)]


class Section(BaseModel):
    """Frozen, strict about unknown keys: a misspelt setting must not be ignored silently."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class LabelSettings(Section):
    """Section `labels`."""

    min_sessions: Positive
    min_session_share: Share
    min_header_share: Share
    max_rows_per_endpoint: Positive
    max_transactions: Positive
    simulated_share: Annotated[float, Field(ge=0, lt=1)]
    max_pruned_share: Share


class StackSettings(Section):
    """Section `stacks`."""

    similarity: Annotated[float, Field(gt=0, le=1)]
    miss_rate: Annotated[float, Field(gt=0, lt=1)]
    min_shapes: Positive
    max_shapes: Positive
