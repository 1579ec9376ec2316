"""Errors for users: each names the problem, its place and what to do about it."""

from __future__ import annotations


class CensusError(Exception):
    """Base of every error that a user can cause or fix.

    `exit_code` is the exit code of the process.
    """

    exit_code = 2


class SettingsError(CensusError):
    """A settings file holds an unknown key, a wrong type or a value out of range."""


class InputError(CensusError):
    """An input file cannot be read.

    A bad *record* is not an error: it goes to quarantine.
    """

    def __init__(self, source: str, problem: str, way_out: str, line: int | None = None) -> None:
        self.source, self.problem, self.way_out, self.line = source, problem, way_out, line
        place = source if line is None else f"{source}:{line}"
        super().__init__(f"{place}: {problem}. {way_out}")


class WarehouseError(CensusError):
    """The warehouse cannot be read or written."""


class OutputError(CensusError):
    """An output file or folder cannot be written."""


class WarehouseBusy(CensusError):
    """Another process holds the lease of the warehouse; try again later."""

    exit_code = 75  # EX_TEMPFAIL of sysexits.h


class EnvironmentMissing(CensusError):
    """The machine lacks a requirement, such as Java or a Python package."""


class ContractError(CensusError):
    """A table or frame lacks columns that its readers need."""

    exit_code = 3


class QualityError(CensusError):
    """A batch failed a critical expectation and was not published."""

    exit_code = 3


class ModelMismatch(CensusError):
    """A model was trained on other features than this version computes."""

    exit_code = 3


class DeliveryError(CensusError):
    """A receiver did not accept a delivery; the next run sends it again."""

    exit_code = 3
