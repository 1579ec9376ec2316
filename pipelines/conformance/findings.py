"""What a check says of a request: which rule is broken where, by what kind of value. Never the value."""

from __future__ import annotations

from typing import Final, Literal, NamedTuple

from pipelines.http.value_formats import EMPTY, SUSPICIOUS

Severity = Literal["high", "medium", "info"]
SEVERITIES: Final[tuple[Severity, ...]] = ("high", "medium", "info")
"""The worst first."""
Outcome = Literal["conform", "violate", "unknown"]
UNKNOWN_HOST, UNKNOWN_ENDPOINT, UNKNOWN_METHOD = "unknown-host", "unknown-endpoint", "unknown-method"
UNKNOWN_PARAMETER, UNKNOWN_BODY, UNKNOWN_TYPE = "unknown-parameter", "unknown-body", "unknown-content-type"
UNPARSABLE, REQUIRED = "unparsable-body", "required"
INFO: Final = frozenset(
    {UNKNOWN_HOST, UNKNOWN_ENDPOINT, UNKNOWN_METHOD, UNKNOWN_PARAMETER, UNKNOWN_BODY, UNKNOWN_TYPE}
)
"""What no document says anything about: nothing is broken."""
NAMELESS = "(unnamed)"
"""Stands for a name that learning would not take for one: clients write them."""
OTHERS = "(others)"
"""Stands for names, paths or hosts beyond `conformance.max_unknown`."""


class Finding(NamedTuple):
    """One broken rule.

    `rule` is a keyword of JSON Schema or a constant of this module; `value_class` a kind of `recognisers`, empty where there is
    no value; `confidence` is what the document says of the rule.
    """

    location: str
    name: str
    rule: str
    value_class: str
    confidence: float | None = None

    @property
    def severity(self) -> Severity:
        """High: characters of an injection, or another type; medium: every other broken rule; info: nothing known."""
        if self.rule in INFO:
            return "info"
        is_other_type = self.rule == "type" and self.value_class != EMPTY
        return "high" if self.value_class == SUSPICIOUS or is_other_type else "medium"


class RequestCheck(NamedTuple):
    """Of one request: the template it belongs to (None: to none), and what was found."""

    template: str | None
    findings: tuple[Finding, ...]

    @property
    def outcome(self) -> Outcome:
        """Unknown endpoints neither conform nor violate."""
        if self.template is None or any(one.rule == UNKNOWN_METHOD for one in self.findings):
            return "unknown"
        return "violate" if any(one.rule not in INFO for one in self.findings) else "conform"
