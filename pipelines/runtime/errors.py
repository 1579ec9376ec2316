"""One tree of errors. Each says what was expected, what was found, where, and the way out."""

from __future__ import annotations


class CensusError(Exception):
    """Base of every error that a user can cause or mend. `exit_code` is what the process ends with."""

    exit_code = 2


class SettingsError(CensusError):
    """A settings file holds an unknown key, a wrong type or a value out of range."""


class InputError(CensusError):
    """An input cannot be read. A bad *record* is data (quarantine); a bad *file* is this."""

    def __init__(self, source: str, problem: str, way_out: str, line: int | None = None) -> None:
        self.source, self.problem, self.way_out, self.line = source, problem, way_out, line
        place = source if line is None else f"{source}:{line}"
        super().__init__(f"{place}: {problem}. {way_out}")


class WarehouseError(CensusError):
    """The warehouse cannot be read or written."""


class OutputError(CensusError):
    """A file or folder that a step was told to write cannot be written."""


class WarehouseBusy(CensusError):
    """Another process holds the lease of the warehouse. Trying again later helps."""

    exit_code = 75  # EX_TEMPFAIL of sysexits.h


class EnvironmentMissing(CensusError):
    """Something that the machine must offer (Java, a Python package) is not there."""


class ContractError(CensusError):
    """A table or frame does not have the columns that its readers rely on."""

    exit_code = 3


class QualityError(CensusError):
    """A batch failed a critical expectation and was not published."""

    exit_code = 3


class ModelMismatch(CensusError):
    """A model was trained on other features than this version computes."""

    exit_code = 3


class DeliveryError(CensusError):
    """A receiver did not take what was sent to it; it is kept and sent again by the next run."""

    exit_code = 3
