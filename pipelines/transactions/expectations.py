"""Great Expectations checkpoint on each ingested batch.

It guards the batch as a whole; rows are validated by Catalyst (spark/rows.py). It therefore checks what no single row shows:
whether the clock, the host, the status or the body of a log are wrong throughout, and whether hours are missing. The cost is
constant: one row of counts that ingest already has, and a bounded sample. The only importer of great_expectations.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from threading import Thread
from typing import Any

import pandas as pd

from pipelines.runtime.settings import QualitySettings

COUNTS, ROWS = "batch_counts", "batch_rows"
HOURS_PER_YEAR = 24.0 * 366
SAMPLED = ("status", "response_content_type", "body")
"""Columns of the sample; `body` is a hash of the request body, NULL if there is none."""
EXPLANATIONS = {
    "hosts_per_transaction": "nearly every transaction has a different host: names tried by a scanner, or the wrong field",
    "top_status_share": "nearly all transactions have one status: the log may hold a default instead of the status",
    "future_share": "times in the future: a clock or a time zone is wrong",
    "age_days": "the latest time is long ago: an old log, or a wrong year",
    "top_body_share": "the same request body again and again: a placeholder, or a client that replays requests",
    "missing_hours_share": "hours without any record: part of the log is missing",
    "volume_ratio": "far more or fewer records than in the batches before",
}
"""The likely cause of a failed expectation, for figures whose names do not explain themselves."""


@dataclass(frozen=True, slots=True)
class BatchCounts:
    """Counts of one pass over the staged batch.

    Shares are of valid records, except `quarantined_share`, which is of all records. None where there is too little data.

    Attributes:
        future_share: share of times in the future.
        age_days: days from the latest time to now.
        missing_hours_share: share of hours between the first and the last time that have no record.
        volume_ratio: records divided by the median of the previous batches.
    """

    records: int
    valid: int
    quarantined: int
    quarantined_share: float
    duplicate_share: float
    hosts: int
    hosts_per_transaction: float
    hours_spanned: float
    future_share: float | None = None
    age_days: float | None = None
    missing_hours_share: float | None = None
    volume_ratio: float | None = None


@dataclass(frozen=True, slots=True)
class QualityResult:
    """Result of the checkpoint.

    `critical` problems stop the run, `warnings` are reported. `document` is stored with the batch (table batches, column
    `expectations`).
    """

    critical: tuple[str, ...]
    warnings: tuple[str, ...]
    document: dict[str, Any]


def preload() -> None:
    """Starts importing Great Expectations in the background.

    A failure is not lost: `check_batch` imports it again and raises.
    """

    def import_module() -> None:
        with suppress(Exception):
            _great_expectations()

    Thread(target=import_module, name="great_expectations", daemon=True).start()


def check_batch(
    counts: BatchCounts, sample: pd.DataFrame, settings: QualitySettings, docs: Path | None = None
) -> QualityResult:
    """Runs both suites; with `docs`, writes Data Docs (HTML) into that folder.

    Args:
        counts: of the whole batch.
        sample: at most `quality.sample_rows` valid rows with the columns `SAMPLED`.
        settings: section `quality`.
        docs: folder for Data Docs, or None.
    """
    gx = _great_expectations()
    context = _context(gx, docs)
    enforced = counts.records >= settings.min_rows_for_shares
    figures = _compute_figures(counts, sample, settings.min_rows_for_shares)
    results = [
        _run(
            gx,
            context,
            COUNTS,
            pd.DataFrame([figures], dtype=float),
            _count_expectations(gx, settings, enforced=enforced),
        ),
        _run(gx, context, ROWS, sample, _row_expectations(gx, settings)) if len(sample) else [],
    ]
    if docs is not None:
        context.build_data_docs()
    entries = [item for result in results for item in result]
    failed = [item for item in entries if not item["success"]]
    return QualityResult(
        critical=tuple(item["says"] for item in failed if item["severity"] == "critical"),
        warnings=tuple(item["says"] for item in failed if item["severity"] != "critical"),
        document={"counts": figures, "sampled": len(sample), "expectations": entries},
    )


def _great_expectations() -> Any:
    """Imports Great Expectations only where a batch is checked: it takes 2 s of CPU."""
    # read at import: no analytics about a user's traffic are sent
    os.environ.setdefault("GX_ANALYTICS_ENABLED", "false")
    logging.getLogger("great_expectations").setLevel(logging.ERROR)
    import great_expectations

    return great_expectations


def _context(gx: Any, docs: Path | None) -> Any:
    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = {"globally": False}
    if docs is not None:
        site = {
            "class_name": "SiteBuilder",
            "site_index_builder": {"class_name": "DefaultSiteIndexBuilder"},
            "store_backend": {
                "class_name": "TupleFilesystemStoreBackend",
                "base_directory": str(docs.absolute()),
            },
        }
        context.add_data_docs_site(site_name="batch", site_config=site)
    return context


def volume_ratio(records: int, earlier: Sequence[int], settings: QualitySettings) -> float | None:
    """Records of a batch divided by the median of the `earlier` ones.

    None if there are too few earlier batches, or they are too small, to expect a volume.
    """
    if len(earlier) < settings.min_batches_before or median(earlier) < settings.min_rows_for_shares:
        return None
    return records / median(earlier)


def _compute_figures(counts: BatchCounts, sample: pd.DataFrame, min_rows: int) -> dict[str, float | None]:
    """The counts, and the shares of the most frequent status and request body.

    The shares are None for fewer than `min_rows` values.
    """
    shares = {
        f"top_{of}_share": _top_share(sample[of]) if sample[of].count() >= min_rows else None
        for of in ("status", "body")
    }
    return {name: getattr(counts, name) for name in BatchCounts.__dataclass_fields__} | shares


def _top_share(values: pd.Series[Any]) -> float:
    return float(values.value_counts(normalize=True).iloc[0])


def _count_expectations(gx: Any, settings: QualitySettings, *, enforced: bool) -> list[Any]:
    """Expectations on the single row of figures; None passes.

    Shares of a tiny batch only warn: three broken records out of five prove nothing.
    """
    share = "critical" if enforced else "warning"
    between = gx.expectations.ExpectColumnValuesToBeBetween
    limits = {
        "hosts_per_transaction": settings.max_hosts_per_transaction,
        "top_status_share": settings.max_status_share,
        "top_body_share": settings.max_body_share,
        "future_share": settings.max_future_share,
        "age_days": settings.max_age_days,
        "missing_hours_share": settings.max_missing_hours_share,
        "hours_spanned": HOURS_PER_YEAR,
    }
    factor = settings.max_volume_factor
    return [
        between(column="records", min_value=1, severity="critical"),
        between(column="valid", min_value=1, severity=share),
        between(column="quarantined_share", max_value=settings.max_quarantined_share, severity=share),
        between(column="duplicate_share", max_value=settings.max_duplicate_share, severity=share),
        *(between(column=name, max_value=limit, severity="warning") for name, limit in limits.items()),
        between(column="volume_ratio", min_value=1 / factor, max_value=factor, severity="warning"),
    ]


def _row_expectations(gx: Any, settings: QualitySettings) -> list[Any]:
    """Expectations on the sample: whether the log is worth learning from.

    Requirements on single rows are left to the row checks.
    """
    mostly = 1 - settings.max_null_share
    return [
        gx.expectations.ExpectColumnValuesToNotBeNull(
            column="response_content_type", mostly=mostly, severity="warning"
        ),
        gx.expectations.ExpectColumnValuesToBeBetween(
            column="status", min_value=100, max_value=499, mostly=mostly, severity="warning"
        ),
    ]


def _run(
    gx: Any, context: Any, name: str, frame: pd.DataFrame, expectations: list[Any]
) -> list[dict[str, Any]]:
    """Runs one suite on one frame as a checkpoint.

    Returns:
        One entry per expectation: name, column, severity, success, observed value.
    """
    asset = context.data_sources.add_pandas(name).add_dataframe_asset(name)
    batch = asset.add_batch_definition_whole_dataframe("all")
    suite = context.suites.add(gx.ExpectationSuite(name=name, expectations=expectations))
    definition = context.validation_definitions.add(
        gx.ValidationDefinition(name=name, data=batch, suite=suite)
    )
    checkpoint = context.checkpoints.add(gx.Checkpoint(name=name, validation_definitions=[definition]))
    outcome = checkpoint.run(batch_parameters={"dataframe": frame})
    return [_describe_result(result) for run in outcome.run_results.values() for result in run.results]


def _describe_result(result: Any) -> dict[str, Any]:
    config = result.expectation_config
    column = config.kwargs.get("column")
    bounds = {
        key: config.kwargs[key]
        for key in ("min_value", "max_value", "mostly")
        if config.kwargs.get(key) is not None
    }
    of_batch = column not in SAMPLED  # a single value, not a share of rows
    unexpected = result.result.get("partial_unexpected_list") or []
    seen = unexpected[0] if of_batch and unexpected else result.result.get("unexpected_percent")
    severity = getattr(config.severity, "value", config.severity)
    expected = ", ".join(f"{key} {value:g}" for key, value in bounds.items()) or "never null"
    found = "no value" if seen is None else f"{seen:.6g}" + ("" if of_batch else " % outside")
    meaning = f" ({EXPLANATIONS[column]})" if column in EXPLANATIONS else ""
    return {
        "expectation": config.type,
        "column": column,
        "severity": str(severity),
        "success": bool(result.success),
        "says": f"{column}: expected {expected}, found {found}{meaning}",
    }
