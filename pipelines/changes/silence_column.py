"""Active and observed days → the silence at their end and at the end of the publication's days, as one column."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from typing import Any

from pyspark.sql import Column
from pyspark.sql import functions as F
from pyspark.sql.types import DateType, DoubleType, IntegerType, StructField, StructType

from pipelines.changes.idle import silence
from pipelines.sections import ChangeSettings

SILENCE = StructType(
    [
        StructField("days", IntegerType(), False),
        StructField("chance", DoubleType(), True),
        StructField("chance_then", DoubleType(), True),
        StructField("last", DateType(), True),
    ]
)
"""`days` of silence and its `chance`; `chance_then` that of the silence that there was on the day of publication."""


def silences(settings: ChangeSettings) -> Callable[[Column, Column, Column], Column]:
    """A function of the columns active days, observed days (arrays of dates) and day of publication → `SILENCE`."""

    def of_days(active: Sequence[date], observed: Sequence[date], last_day: date) -> dict[str, Any]:
        numbers = {day: number for number, day in enumerate(sorted(observed))}
        now = sorted(numbers[day] for day in active if day in numbers)
        known = sum(day <= last_day for day in numbers)
        found = silence(now, len(numbers), settings.cycles, settings.cycles_seen)
        then = silence([n for n in now if n < known], known, settings.cycles, settings.cycles_seen)
        last = max(active, default=None)
        return {"days": found.days, "chance": found.chance, "chance_then": then.chance, "last": last}

    return F.udf(of_days, SILENCE, useArrow=True)


def is_newly_silent(found: str, idle_risk: float) -> Column:
    """Whether the silence became implausible only after publication; what was silent then was told then."""
    now, then = F.col(f"{found}.chance"), F.col(f"{found}.chance_then")
    return F.coalesce(now <= idle_risk, F.lit(False)) & ~F.coalesce(then <= idle_risk, F.lit(False))
