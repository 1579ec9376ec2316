"""The packed header signals as one Catalyst expression, made from the table in `pipelines.http.signals`."""

from __future__ import annotations

from collections.abc import Callable
from functools import reduce
from itertools import chain
from operator import or_

from pyspark.sql import Column
from pyspark.sql import functions as F

from pipelines.http.questions import How, Signal, Test
from pipelines.http.signals import OFFSETS, SIGNALS


def packed_signals() -> Column:
    """Columns of the transactions table -> bigint, bit for bit what `pack` of that module gives. Never null.

    The generated Java must stay below the 8,000 bytes of bytecode that the JVM still compiles (a test
    watches it): the same expression as one chain of conditions ran four times slower. So exact values go
    through one map literal.
    """
    fields = (_field(signal, offset) for signal, offset in zip(SIGNALS, OFFSETS, strict=True))
    return reduce(Column.bitwiseOR, fields)


def _field(signal: Signal, offset: int) -> Column:
    """One field, already shifted to its place. A null condition is no match, as `when` has it."""
    decided = _shifted(0, offset)
    for name, test in reversed(signal.tests):
        decided = F.when(_condition(test), _shifted(signal.code_of(name), offset)).otherwise(decided)
    if not signal.exact:
        return decided
    pairs = ((F.lit(value), _shifted(code, offset)) for value, code in signal.exact_codes.items())
    return F.coalesce(F.element_at(F.create_map(*chain.from_iterable(pairs)), F.col(signal.column)), decided)


def _shifted(code: int, offset: int) -> Column:
    return F.lit(code << offset).cast("bigint")


def _condition(test: Test) -> Column:
    column = F.col(test.column)
    match test.how:
        case How.STARTS:
            return _any(column.startswith, test)
        case How.CONTAINS:
            return _any(column.contains, test)
        case How.PRODUCT:
            return F.substring_index(column, "/", 1).isin(*test.values)
        case How.MATCHES:
            return column.rlike(str(test.values[0]))
        case How.BETWEEN:
            return column.between(*test.values)
        case How.PRESENT:
            return column != ""
        case How.NAMES:  # one join for all flags, then a search each: a third of the cost of array_contains
            return _any(F.array_join(column, ",").contains, test)
        case How.NAMES_HOST:
            authority = F.substring_index(F.substring_index(column, "/", 3), "/", -1)
            return authority == F.col("host")


def _any(question: Callable[[str], Column], test: Test) -> Column:
    return reduce(or_, (question(str(value)) for value in test.values))
