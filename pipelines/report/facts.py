"""What the page says, as plain values: a job builds `Facts` from tables, `page.render` shows them.

Counts are whole numbers, shares lie between 0 and 1, times are aware (a naive time is taken as UTC).
Sequences are shown in the order in which they are given.
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
    """What was read. Invariant: `read == valid + quarantined`.

    `hosts` counts the hosts of valid transactions; `first_seen` and `last_seen` are null when there is none.
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
    """One endpoint, both variants in one row. `probability` is null where the classifier did not select it.

    `parameters` counts the learned parameters of all locations; `spread` says in words how much clients differ, `why`
    what spoke for and against an API.
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
    """What is just below the threshold of the inventory: not listed, told with what spoke for and against it (`why`)."""

    host: str
    method: str
    path_template: str
    requests: int
    clients: int
    probability: float
    why: str


@dataclass(frozen=True, slots=True)
class Totals:
    """Endpoints of the whole inventory, and the hosts that have one of variant ml.

    `session_pages`: those of `only_session` that are pages or assets, by the likely reason why ml does not list them.
    """

    ml: int = 0
    both: int = 0
    only_session: int = 0
    session_pages: int = 0
    hosts: int = 0

    @property
    def all(self) -> int:
        """Rows of the inventory."""
        return self.ml + self.only_session


@dataclass(frozen=True, slots=True)
class Histogram:
    """Hosts by number of endpoints: `ml[i]` and `session[i]` hosts have as many as `labels[i]` says.

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
    """Endpoints of one host under both variants. `covered`: an operator named a session identifier for it."""

    host: str
    ml: int
    session: int
    both: int
    only_ml: int
    only_session: int
    covered: bool


@dataclass(frozen=True, slots=True)
class ReasonFact:
    """How many endpoints only one variant lists, and why the other does not."""

    only_in: Variant
    reason: str
    endpoints: int


@dataclass(frozen=True, slots=True)
class QuarantineFact:
    """Why records were rejected, how many, and one example that is already redacted."""

    reason: str
    records: int
    example: str


@dataclass(frozen=True, slots=True)
class DocumentFact:
    """A written OpenAPI document. `file` is relative to the page and uses forward slashes."""

    host: str
    profile: str
    file: str


@dataclass(frozen=True, slots=True)
class SchemaFacts:
    """Statistics of what was learned.

    Parameters by JSON type ("string", ...); share of path templates with at most one parameter; endpoints by their number of
    parameters ("1 to 5", ...); most query parameters of one endpoint; constraints, those of them at 99.9 % confidence; requests
    that were left out of learning and tested, and false alarms in them.
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
    """A client (hashed) that was set apart before learning: in how much it deviates, and how."""

    client: str
    parameters: int
    endpoints: int
    reasons: str


@dataclass(frozen=True, slots=True)
class Facts:
    """The whole page. `endpoints`, `comparison` and `deviants` may be cut, `totals`, `buckets` and other totals are not.

    `buckets`: covered and other hosts by what ml changed (`pipelines.endpoints.spark.comparison.BUCKETS`).
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
    deviants: Sequence[OutlierClientFact] = ()
    deviants_total: int = 0
    candidates: Sequence[CandidateFact] = ()
    buckets: Mapping[str, int] = field(default_factory=dict)

    def to_json(self) -> str:
        """All facts as one JSON object with the field names above; times in RFC 3339 with `Z`."""
        return orjson.dumps(self, option=orjson.OPT_NAIVE_UTC | orjson.OPT_UTC_Z).decode()

    @classmethod
    def from_json(cls, text: str | bytes) -> Facts:
        """The facts that `to_json` wrote; sequences come back as lists.

        Raises:
            pydantic.ValidationError: a field is missing or has another type.
        """
        return TypeAdapter(cls).validate_json(text)
