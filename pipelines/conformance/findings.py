"""Findings of a request check: the violated rule, its location, the kind of value.

A finding never holds the value itself.
"""

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
"""Rules of requests or parts that no document describes; they violate nothing."""
NAMELESS = "(unnamed)"
"""Replaces a name that learning would not accept as one, as clients choose what they send."""
OTHERS = "(others)"
"""Replaces the names, paths or hosts beyond `conformance.max_unknown`."""


class Finding(NamedTuple):
    """One violated rule, or one part that no document describes.

    `rule` is a keyword of JSON Schema or a constant of this module; `value_class` is the kind of value (`http.value_formats`),
    empty if there is no value; `confidence` is the one that the document states for the rule.
    """

    location: str
    name: str
    rule: str
    value_class: str
    confidence: float | None = None

    @property
    def severity(self) -> Severity:
        """The severity of the finding.

        High: characters typical of an injection, or a value of another type. Medium: every other violated rule. Info: not
        described by any document.
        """
        if self.rule in INFO:
            return "info"
        is_other_type = self.rule == "type" and self.value_class != EMPTY
        return "high" if self.value_class == SUSPICIOUS or is_other_type else "medium"


class RequestCheck(NamedTuple):
    """The result of checking one request.

    `template` is None if no document has its path.
    """

    template: str | None
    findings: tuple[Finding, ...]

    @property
    def outcome(self) -> Outcome:
        """Whether the request conforms, violates, or belongs to an unknown endpoint."""
        if self.template is None or any(finding.rule == UNKNOWN_METHOD for finding in self.findings):
            return "unknown"
        return "violate" if any(finding.rule not in INFO for finding in self.findings) else "conform"
