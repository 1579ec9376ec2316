"""Settings: `conf/default.yaml` overridden by a user's YAML file.

They are checked once, when they are loaded, and frozen afterwards. There is one model per section; a function receives the
section that it needs, never the whole tree.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, Field, ValidationError

from pipelines.runtime.bounded_yaml import HAND_WRITTEN_MAX_BYTES
from pipelines.runtime.errors import SettingsError
from pipelines.runtime.settings_files import conf_folder, override, parse_sections
from pipelines.runtime.settings_sections import (
    BoostingSettings,
    ChangeSettings,
    ConformanceSettings,
    Cost,
    EndpointSettings,
    LabelSettings,
    LeaseSettings,
    OutlierClientSettings,
    PathSettings,
    PathTrainingSettings,
    Positive,
    SchemaSettings,
    Section,
    Share,
    StackSettings,
    TimeZone,
)

Profile = Literal["openapi-3.1", "openapi-3.0", "cloudflare"]


class SparkSettings(Section):
    """Section `spark`."""

    app_name: str
    master: str
    driver_memory: Annotated[str, Field(pattern=r"^\d+[kmgt]$")]
    local_shuffle_partitions: Positive
    quick_below_bytes: Annotated[int, Field(ge=0)]
    properties: dict[str, str]


class IngestSettings(Section):
    """Section `ingest`."""

    har_max_bytes: Positive
    line_max_bytes: Positive
    unpacked_max_bytes: Positive
    quarantine_raw_bytes: Positive
    body_max_bytes: Positive
    unreadable_files: Literal["error", "skip"]
    time_window_years: Positive
    time_zone: TimeZone
    default_host: Annotated[str, Field(min_length=1)]


class PrivacySettings(Section):
    """Section `privacy`."""

    key_file: str
    jwt_claims: list[Annotated[str, Field(pattern=r"^[A-Za-z0-9_]{1,64}$")]]
    client_ipv4_prefix: Annotated[int, Field(ge=8, le=32)]
    client_ipv6_prefix: Annotated[int, Field(ge=16, le=128, multiple_of=4)]
    trusted_proxies: Annotated[int, Field(ge=0, le=16)]


class QualitySettings(Section):
    """Section `quality`."""

    sample_rows: Positive
    max_quarantined_share: Share
    min_rows_for_shares: Positive
    max_duplicate_share: Share
    max_null_share: Share
    max_hosts_per_transaction: Share
    max_status_share: Share
    max_body_share: Share
    max_future_share: Share
    clock_tolerance_minutes: Positive
    max_age_days: Positive
    max_missing_hours_share: Share
    max_volume_factor: Annotated[float, Field(gt=1)]
    min_batches_before: Positive


class SessionIdentifier(Section):
    """Where a host's requests carry their session identifier."""

    location: Literal["header", "cookie", "jwt"]
    name: Annotated[str, Field(min_length=1, max_length=256)]

    @property
    def key(self) -> str:
        """Key under which ingest stores its hash (`transactions.identifiers`)."""
        name = self.name.lower() if self.location == "header" else self.name
        return f"{self.location}:{name}"


class SelectionSettings(Section):
    """Section `selection`."""

    miss_cost: Cost
    false_alarm_cost: Cost
    threshold: Share | None
    candidate_probability: Share
    max_candidates: Positive
    candidate_floor: Share
    model: str
    reasons: Positive
    sessions: dict[str, SessionIdentifier]


class ExportSettings(Section):
    """Section `export`."""

    profiles: Annotated[list[Profile], Field(min_length=1)]
    format: Literal["yaml", "json"]
    confidence: dict[Profile, Share]


class CompareSettings(Section):
    """Section `compare`."""

    histogram_edges: Annotated[list[int], Field(min_length=2)]


class ReportSettings(Section):
    """Section `report`."""

    max_endpoints: Positive
    max_hosts: Positive


class TrackingSettings(Section):
    """Section `tracking`."""

    uri: str
    experiment: Annotated[str, Field(min_length=1)]
    registered_model: Annotated[str, Field(min_length=1)]
    enabled: bool


class SimulatorSettings(Section):
    """Section `simulator`."""

    hosts: Positive
    transactions: Positive
    seed: Annotated[int, Field(ge=0)]
    days: Positive
    end_date: Annotated[str, Field(pattern=r"^\d{4}-\d{2}-\d{2}$")]
    attacks: Annotated[float, Field(ge=0, le=1)]
    attack_addresses: Positive


class TrainingSettings(BoostingSettings):
    """Section `training`."""

    hosts: Annotated[int, Field(ge=8)]
    transactions: Positive
    poorer_copies: Share


class GateSettings(Section):
    """Section `gates`."""

    min_roc_auc: Share
    max_calibration_error: Share
    max_model_bytes: Positive
    min_kind_right: Share
    min_kind_rows: Positive
    significance: Annotated[float, Field(gt=0, lt=0.5)]
    resamples: Annotated[int, Field(ge=50)]


class Settings(Section):
    """All sections."""

    spark: SparkSettings
    lease: LeaseSettings
    ingest: IngestSettings
    privacy: PrivacySettings
    quality: QualitySettings
    selection: SelectionSettings
    paths: PathSettings
    endpoints: EndpointSettings
    schemas: SchemaSettings
    outlier_clients: OutlierClientSettings
    export: ExportSettings
    conformance: ConformanceSettings
    changes: ChangeSettings
    compare: CompareSettings
    report: ReportSettings
    tracking: TrackingSettings
    simulator: SimulatorSettings
    training: TrainingSettings
    gates: GateSettings
    labels: LabelSettings
    stacks: StackSettings
    path_training: PathTrainingSettings


def load_settings(file: Path | None = None) -> Settings:
    """Loads the defaults, overridden by `file`.

    Raises:
        SettingsError: with the file, the dotted path, the value and what is allowed.
    """
    tree = parse_sections(
        conf_folder().joinpath("default.yaml").read_text(encoding="utf-8"), "conf/default.yaml"
    )
    name = "conf/default.yaml"
    if file is not None:
        name = str(file)
        try:
            with file.open("rb") as stream:
                content = stream.read(HAND_WRITTEN_MAX_BYTES + 1)
            text = content.decode("utf-8-sig")
        except (OSError, UnicodeDecodeError) as error:
            raise SettingsError(
                f"{file}: cannot be read ({error}). Give --settings a YAML file in UTF-8."
            ) from error
        if len(content) > HAND_WRITTEN_MAX_BYTES:
            raise SettingsError(
                f"{file}: expected at most {HAND_WRITTEN_MAX_BYTES:,} bytes, found more. Is it the right file?"
            )
        tree = override(tree, parse_sections(text, name))
    try:
        return Settings.model_validate(tree)
    except ValidationError as error:
        raise SettingsError(_explain(name, error)) from error


def _explain(name: str, error: ValidationError) -> str:
    """Describes at most three problems on one line: path, value, what is allowed."""
    problems = []
    for item in error.errors()[:3]:
        path = ".".join(str(part) for part in item["loc"])
        if item["type"] == "extra_forbidden":
            problems.append(
                f"{path}: unknown setting (allowed here: {', '.join(_allowed_names(item['loc'][:-1]))})"
            )
        elif item["type"] == "missing":
            problems.append(f"{path}: missing")
        else:
            message = item["msg"].removeprefix("Input should be ")
            problems.append(f"{path}: expected {message}, found {item['input']!r}")
    return f"{name}: " + "; ".join(problems) + ". conf/default.yaml lists every setting with its unit."


def _allowed_names(location: tuple[int | str, ...]) -> list[str]:
    """Returns the names that a section may contain, by its path.

    Below the sections there are only session identifiers.
    """
    if not location:
        return sorted(Settings.model_fields)
    section = Settings.model_fields.get(str(location[0])) if len(location) == 1 else None
    model = section.annotation if section is not None else SessionIdentifier
    return sorted(model.model_fields) if isinstance(model, type) and issubclass(model, BaseModel) else []
