"""Operators' decisions on paths, endpoints and hosts: one frozen model per kind.

Value layer. The field with the name of the kind holds the template (or the host) that the decision is about, as in the file.
"""

from __future__ import annotations

from typing import Annotated, ClassVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from pipelines.decisions import template_parsing
from pipelines.decisions.checks import (
    check_alias_name,
    check_ends_in_variable,
    check_host,
    check_method,
    check_segment,
    check_segments,
    check_template,
    quote,
)

Template = Annotated[str, AfterValidator(check_template)]
"""`/users/{userId}`, as paths appear in the inventory."""
Collection = Annotated[Template, AfterValidator(check_ends_in_variable)]
"""A template whose last segment is a variable."""
HostPattern = Annotated[str, AfterValidator(check_host)]
Method = Annotated[str, AfterValidator(check_method)]
Segments = Annotated[
    tuple[Annotated[str, AfterValidator(check_segment)], ...], AfterValidator(check_segments)
]


class Decision(BaseModel):
    """Base of all decisions.

    Unknown keys are rejected: a misspelt one must not be ignored silently.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)
    kind: ClassVar[str]

    note: Annotated[str, Field(max_length=2000)] | None = None

    @property
    def subject(self) -> str:
        """The template, or for an alias the pattern of hosts."""
        text: str = getattr(self, self.kind)
        return text

    def __str__(self) -> str:
        return f"{self.kind} {self.subject}"


class OnPath(Decision):
    """A decision on a template, for the hosts that `host` covers."""

    host: HostPattern

    @property
    def shape(self) -> str:
        """The template without names."""
        return template_parsing.derive_shape(self.subject)


class Pin(OnPath):
    """Confirms a template: its literals, its variables and their names."""

    kind: ClassVar[str] = "pin"
    pin: Template


class Split(OnPath):
    """Makes segments (`into`) literals next to the template's last variable."""

    kind: ClassVar[str] = "split"
    split: Collection
    into: Segments


class Merge(OnPath):
    """Makes every other segment at the template's last place this variable."""

    kind: ClassVar[str] = "merge"
    merge: Collection


class NeverTemplate(OnPath):
    """Keeps the segments directly below the template literals."""

    kind: ClassVar[str] = "never_template"
    never_template: Template


class Rename(OnPath):
    """Renames the variables of a template."""

    kind: ClassVar[str] = "rename"
    rename: Template
    to: Template

    @model_validator(mode="after")
    def _of_one_shape(self) -> Rename:
        if template_parsing.derive_shape(self.to) != self.shape:
            raise ValueError(
                f"to: expected the shape of {quote(self.rename)} with other names, found {quote(self.to)}. "
                "Use pin, split or merge to change what is a variable"
            )
        if self.to == self.rename:
            raise ValueError(f"to: expected other names, found {quote(self.to)} again. Delete the entry")
        return self


class OnEndpoint(OnPath):
    """A decision on an endpoint, or without `method` on all methods of a path."""

    method: Method | None = None

    def __str__(self) -> str:
        return f"{self.kind} {self.method} {self.subject}" if self.method else super().__str__()


class Ignore(OnEndpoint):
    """Excludes the endpoint from lists, schemas and exports."""

    kind: ClassVar[str] = "ignore"
    ignore: Template


class Save(OnEndpoint):
    """Lists the endpoint whatever its probability."""

    kind: ClassVar[str] = "save"
    save: Template


class HostAlias(Decision):
    """Counts the traffic of these hosts as that of one host, called `name`."""

    kind: ClassVar[str] = "host_alias"
    host_alias: HostPattern
    name: Annotated[str, AfterValidator(check_alias_name)]


KINDS: dict[str, type[Decision]] = {
    each.kind: each for each in (Pin, Split, Merge, NeverTemplate, Rename, Ignore, Save, HostAlias)
}
"""Key of an entry → its model, in the order of the documentation."""
