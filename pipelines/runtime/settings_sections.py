"""Base class of all sections of the settings, and the sections of most stages."""

from __future__ import annotations

from typing import Annotated
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

Share = Annotated[float, Field(ge=0, le=1)]
Positive = Annotated[int, Field(gt=0)]
Cost = Annotated[float, Field(gt=0)]


def _check_time_zone(name: str) -> str:
    try:
        return ZoneInfo(name).key if name else ""
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ValueError(
            f"{name!r} is not a time zone: expected a name such as UTC or Europe/Berlin"
        ) from error


TimeZone = Annotated[str, AfterValidator(_check_time_zone)]
"""A name of the IANA time zone database, or an empty string."""


class Section(BaseModel):
    """Base class: frozen, and strict about keys, so that a typo is never ignored."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class LeaseSettings(Section):
    """Section `lease`."""

    stale_seconds: Annotated[float, Field(gt=0)]
    wait_seconds: Annotated[float, Field(ge=0)]


class EndpointSettings(Section):
    """Section `endpoints`."""

    min_answers: Positive
    window_days: Positive | None
    host_weight: Share
    training_share: Annotated[float, Field(gt=0, lt=1)]
    client_sketch_log2: Annotated[int, Field(ge=4, le=21)]


class LabelSettings(Section):
    """Section `labels`."""

    min_sessions: Positive
    min_session_share: Share
    min_header_share: Share
    max_rows_per_endpoint: Positive
    max_transactions: Positive
    simulated_share: Annotated[float, Field(ge=0, lt=1)]
    max_pruned_share: Share


class StackSettings(Section):
    """Section `stacks`."""

    similarity: Annotated[float, Field(gt=0, le=1)]
    miss_rate: Annotated[float, Field(gt=0, lt=1)]
    min_shapes: Positive
    max_shapes: Positive


class PathSettings(Section):
    """Section `paths`."""

    max_depth: Positive
    max_children: Positive
    always_whole: Positive
    on_driver: Positive
    max_paths: Positive
    shared_rules: Positive
    host_parts: Positive
    passes: Annotated[int, Field(ge=1, le=8)]
    evidence_probability: Share
    threshold: Share
    threshold_among_literals: Share
    threshold_among_variables: Share
    literal_to_variable_threshold: Share
    variable_to_literal_threshold: Share
    certain: Annotated[float, Field(ge=0.5, le=1)]
    few_siblings: Positive
    model: str


class BoostingSettings(Section):
    """Base class: what both classifiers are trained with."""

    seed: Annotated[int, Field(ge=0)]
    folds: Annotated[int, Field(ge=2, le=20)]
    trees: Positive
    depth: Annotated[int, Field(ge=1, le=10)]
    learning_rate: Annotated[float, Field(gt=0, le=1)]
    l2_leaf_reg: Annotated[float, Field(gt=0)]
    feature_share: Annotated[float, Field(gt=0, le=1)]


class PathTrainingSettings(BoostingSettings):
    """Section `path_training`."""

    apis: Annotated[int, Field(ge=4)]
    sites: Annotated[int, Field(ge=4)]
    site_weight: Annotated[float, Field(ge=0)]
    decision_weight: Annotated[float, Field(ge=0)]


class SchemaSettings(Section):
    """Section `schemas`."""

    miss_cost: Cost
    false_alarm_cost: Cost
    min_observations: Positive
    field_observations: Positive
    bound_observations: Positive
    min_share: Share
    min_union_clients: Positive
    max_union: Positive
    length_observations: Positive
    pattern_observations: Positive
    range_observations: Positive
    enum_observations: Positive
    enum_count: Positive
    enum_clients: Positive
    max_enum: Positive
    class_observations: Positive
    tolerated_rate: Annotated[float, Field(gt=0, lt=1)]
    confidence: Annotated[float, Field(gt=0, lt=1)]
    client_correlation: Share
    prefix_observations: Positive
    required_observations: Positive
    required_clients: Positive
    false_alarm_budget: Share
    max_parameters: Positive
    name_clients: Positive
    name_clients_of: Positive
    map_names: Positive
    sketch_log2: Annotated[int, Field(ge=4, le=21)]


class OutlierClientSettings(Section):
    """Section `outlier_clients`."""

    clients: Positive
    parameters: Positive
    rest_share: Share
    requests: Positive
    error_share: Share
    max_share: Share
    always: Positive


class ConformanceSettings(Section):
    """Section `conformance`."""

    transaction_ids: Positive
    max_unknown: Positive
    remembered_values: Positive
    shown_endpoints: Positive
    document_max_bytes: Positive
    document_max_nodes: Positive
    document_max_depth: Annotated[int, Field(gt=0, le=500)]
    schema_max_work: Positive


class ChangeSettings(Section):
    """Section `changes`."""

    significance: Annotated[float, Field(gt=0, lt=0.5)]
    min_clients: Positive
    idle_risk: Annotated[float, Field(gt=0, lt=0.5)]
    cycles: list[Positive]
    cycles_seen: Positive
    webhook: str
    webhook_timeout_seconds: Annotated[float, Field(gt=0, le=300)]
    webhook_retries: Annotated[int, Field(ge=0, le=10)]
    webhook_backoff_seconds: Annotated[float, Field(ge=0, le=60)]
    webhook_batch: Annotated[int, Field(gt=0, le=1000)]
    webhook_plain_http: bool
