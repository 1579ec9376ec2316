"""Questions about a transaction's header fields: data that plain Python and Catalyst both can answer."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class How(StrEnum):
    """What a `Test` asks of its column. A null column answers no to every question."""

    STARTS = "starts"  # starts with one of the values
    CONTAINS = "contains"  # contains one of the values
    PRODUCT = "product"  # the text before the first "/" is one of the values
    MATCHES = "matches"  # contains a match of the one regular expression (ASCII, no backtracking, no flags)
    BETWEEN = "between"  # lies between the two numbers, ends included
    PRESENT = "present"  # is not the empty string
    NAMES = "names"  # an item of the array contains one of the values (which hold no comma)
    NAMES_HOST = "names_host"  # is a URL or origin of the transaction's own host


@dataclass(frozen=True, slots=True)
class Test:
    """One question about one column of the transactions table; `values` are alternatives."""

    __test__ = False  # not a test case, whatever pytest makes of the name

    column: str
    how: How
    values: tuple[str | int, ...] = ()

    def holds(self, record: Mapping[str, Any]) -> bool:
        """The answer for one record (column name -> value)."""
        found = record.get(self.column)
        if found is None:
            return False
        match self.how:
            case How.STARTS:
                return str(found).startswith(tuple(str(value) for value in self.values))
            case How.CONTAINS:
                return any(str(value) in found for value in self.values)
            case How.PRODUCT:
                return str(found).partition("/")[0] in self.values
            case How.MATCHES:
                return re.search(str(self.values[0]), found) is not None
            case How.BETWEEN:
                return bool(self.values[0] <= found <= self.values[1])
            case How.PRESENT:
                return bool(found != "")
            case How.NAMES:
                return any(str(value) in item for value in self.values for item in found if item is not None)
            case How.NAMES_HOST:
                return bool(found.split("/", 3)[:3][-1] == record["host"])


@dataclass(frozen=True, slots=True)
class Signal:
    """A field of the packed integer: its classes, and how a record finds its own.

    The value of `column` is looked up in `exact` (value -> class) first; where it is not there, the first
    of `tests` that holds decides. Neither = code 0, "none".
    """

    name: str
    classes: tuple[str, ...]
    column: str = ""
    exact: tuple[tuple[str | int, str], ...] = ()
    tests: tuple[tuple[str, Test], ...] = ()

    @property
    def width(self) -> int:
        """Bits that hold the codes 0 (none) to `len(classes)`."""
        return len(self.classes).bit_length()

    @property
    def exact_codes(self) -> dict[str | int, int]:
        """`exact` with codes for class names."""
        return {value: self.code_of(name) for value, name in self.exact}

    def code_of(self, name: str) -> int:
        """The code of a class by its name; 0 for "none"."""
        return 0 if name == "none" else 1 + self.classes.index(name)

    def code(self, record: Mapping[str, Any]) -> int:
        """The code of one record (column name -> value)."""
        value = record.get(self.column)
        for candidate, name in self.exact:
            if value == candidate:
                return self.code_of(name)
        return next((self.code_of(name) for name, test in self.tests if test.holds(record)), 0)
