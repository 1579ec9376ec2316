"""The contents of the page as plain values.

`report.spark` builds `Facts` from tables, and `page.render` shows them. Counts are whole numbers, shares are between 0 and 1,
times have a time zone (those without are taken as UTC). Sequences are shown in the given order.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

import orjson
from pydantic import TypeAdapter

Variant = Literal["ml", "session"]


@dataclass(frozen=True, slots=True)
class InputFacts:
    """Counts of the input. Invariant: `read == valid + quarantined`.

    `hosts` counts the hosts of valid transactions; `first_seen` and `last_seen` are None if there are no transactions.
    """

    files: int
    read: int
    valid: int
    quarantined: int
    first_seen: datetime | None
    last_seen: datetime | None
    hosts: int


@dataclass(frozen=True, slots=True)
class EndpointFact:
    """One endpoint, both variants in one row.

    `probability` is None if the classifier did not select the endpoint. `parameters` counts the learned parameters of all
    locations; `spread` describes how much clients differ, and `why` gives the reasons for and against an API.
    """

    host: str
    method: str
    path_template: str
    variants: tuple[Variant, ...]
    requests: int
    successful: int
    clients: int
    probability: float | None
    first_seen: datetime
    last_seen: datetime
    state: str
    parameters: int
    spread: str = ""
    why: str = ""


@dataclass(frozen=True, slots=True)
class CandidateFact:
    """An endpoint just below the threshold of the inventory.

    It is not listed; `why` gives the reasons for and against an API.
    """

    host: str
    method: str
    path_template: str
    requests: int
    clients: int
    probability: float
    why: str


@dataclass(frozen=True, slots=True)
class Totals:
    """Numbers of endpoints in the inventory, and of hosts with one of variant ml.

    `session_pages` are those of `only_session` that are pages or assets, judging by the likely reason why ml does not list them.
    """

    ml: int = 0
    both: int = 0
    only_session: int = 0
    session_pages: int = 0
    hosts: int = 0

    @property
    def all(self) -> int:
        """The number of rows of the inventory."""
        return self.ml + self.only_session


@dataclass(frozen=True, slots=True)
class Histogram:
    """Hosts by number of endpoints, for each variant.

    `ml[i]` and `session[i]` hosts have `labels[i]` endpoints.

    Raises:
        ValueError: the three sequences differ in length.
    """

    labels: Sequence[str]
    ml: Sequence[int]
    session: Sequence[int]

    def __post_init__(self) -> None:
        if not len(self.labels) == len(self.ml) == len(self.session):
            raise ValueError(
                f"a histogram needs one count per label and variant; found {len(self.labels)} labels, "
                f"{len(self.ml)} ml and {len(self.session)} session counts"
            )


@dataclass(frozen=True, slots=True)
class HostComparison:
    """Numbers of endpoints of one host in both variants.

    `covered`: an operator named a session identifier for the host.
    """

    host: str
    ml: int
    session: int
    both: int
    only_ml: int
    only_session: int
    covered: bool


@dataclass(frozen=True, slots=True)
class ReasonFact:
    """Number of endpoints that only one variant lists, for one reason."""

    only_in: Variant
    reason: str
    endpoints: int


@dataclass(frozen=True, slots=True)
class QuarantineFact:
    """A reason for quarantine, the number of records, and a redacted example."""

    reason: str
    records: int
    example: str


@dataclass(frozen=True, slots=True)
class DocumentFact:
    """A written OpenAPI document.

    `file` is relative to the page and uses forward slashes.
    """

    host: str
    profile: str
    file: str


@dataclass(frozen=True, slots=True)
class SchemaFacts:
    """Statistics of the learned schemas.

    `types`: parameters by JSON type ("string", ...). `at_most_one_path_parameter`: share of path templates. `sizes`: endpoints by
    number of parameters ("1 to 5", ...). `most_query_parameters` of one endpoint. `sure_constraints`: constraints at 99.9 %
    confidence. `tested`: requests that were left out of learning and checked, with so many `false_alarms`.
    """

    types: Mapping[str, int]
    at_most_one_path_parameter: float
    sizes: Mapping[str, int] = field(default_factory=dict)
    most_query_parameters: int = 0
    constraints: int = 0
    sure_constraints: int = 0
    tested: int = 0
    false_alarms: int = 0


@dataclass(frozen=True, slots=True)
class OutlierClientFact:
    """A client (hashed) that was excluded from learning, and its deviations."""

    client: str
    parameters: int
    endpoints: int
    reasons: str


@dataclass(frozen=True, slots=True)
class Facts:
    """All facts on the page.

    `endpoints`, `comparison` and `outlier_clients` may be truncated; `totals`, `buckets` and the other totals count
    everything. `buckets`: covered and other hosts by the change from session to ml
    (`pipelines.endpoints.spark.comparison.BUCKETS`).
    """

    title: str
    generated_at: datetime
    inputs: InputFacts
    endpoints: Sequence[EndpointFact]
    totals: Totals
    histogram: Histogram
    comparison: Sequence[HostComparison]
    hosts_total: int
    quarantine: Sequence[QuarantineFact]
    uncovered_hosts: int
    documents: Sequence[DocumentFact]
    schema_facts: SchemaFacts | None
    notes: Sequence[str]
    reasons: Sequence[ReasonFact] = ()
    outlier_clients: Sequence[OutlierClientFact] = ()
    outlier_clients_total: int = 0
    candidates: Sequence[CandidateFact] = ()
    buckets: Mapping[str, int] = field(default_factory=dict)

    def to_json(self) -> str:
        """Writes all facts as one JSON object; times are in RFC 3339 with `Z`."""
        return orjson.dumps(self, option=orjson.OPT_NAIVE_UTC | orjson.OPT_UTC_Z).decode()

    @classmethod
    def from_json(cls, text: str | bytes) -> Facts:
        """Reads the facts that `to_json` wrote; sequences become lists.

        Raises:
            pydantic.ValidationError: a field is missing or has another type.
        """
        return TypeAdapter(cls).validate_json(text)
