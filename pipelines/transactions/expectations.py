"""A Great Expectations checkpoint on each ingested batch: it guards the *batch*; rows are judged by Catalyst (build.py).

Cost is constant: one row of counts that ingest already has, and a bounded sample. The only importer of great_expectations.
"""

from __future__ import annotations

import logging
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from pipelines.settings import QualitySettings

COUNTS, ROWS = "batch_counts", "batch_rows"


@dataclass(frozen=True, slots=True)
class BatchCounts:
    """What one pass over the staged batch counted. Shares are of valid records, but `quarantined_share` is of all."""

    records: int
    valid: int
    quarantined: int
    quarantined_share: float
    duplicate_share: float
    hosts: int
    hosts_per_transaction: float
    distinct_status_classes: int
    hours_spanned: float


@dataclass(frozen=True, slots=True)
class QualityResult:
    """`critical` stops the run; `warnings` are told. `document` is what is stored beside the batch."""

    critical: tuple[str, ...]
    warnings: tuple[str, ...]
    document: dict[str, Any]


def check(
    counts: BatchCounts, sample: pd.DataFrame, settings: QualitySettings, docs: Path | None = None
) -> QualityResult:
    """Runs both suites; with `docs`, writes Data Docs (HTML) into that folder.

    Args:
        counts: of the whole batch.
        sample: at most `quality.sample_rows` valid rows: transaction_id, host, method, path, status, response_content_type.
        settings: section `quality`.
        docs: folder for Data Docs, None for none.
    """
    os.environ.setdefault(
        "GX_ANALYTICS_ENABLED", "false"
    )  # read at import: nothing about a user's traffic phones home
    logging.getLogger("great_expectations").setLevel(logging.ERROR)
    import great_expectations as gx  # slow (2 s), so only where a batch is checked

    context: Any = gx.get_context(mode="ephemeral")
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
    enforced = counts.records >= settings.min_rows_for_shares
    results = [
        _run(
            gx,
            context,
            COUNTS,
            pd.DataFrame([_as_row(counts)]),
            _count_expectations(gx, settings, enforced=enforced),
        ),
        _run(gx, context, ROWS, sample, _row_expectations(gx, settings)) if len(sample) else [],
    ]
    if docs is not None:
        context.build_data_docs()
    judged = [item for result in results for item in result]
    failed = [item for item in judged if not item["success"]]
    return QualityResult(
        critical=tuple(item["says"] for item in failed if item["severity"] == "critical"),
        warnings=tuple(item["says"] for item in failed if item["severity"] != "critical"),
        document={"counts": _as_row(counts), "sampled": len(sample), "expectations": judged},
    )


def _as_row(counts: BatchCounts) -> dict[str, float]:
    return {name: getattr(counts, name) for name in BatchCounts.__dataclass_fields__}


def _count_expectations(gx: Any, settings: QualitySettings, *, enforced: bool) -> list[Any]:
    """On the one row of counts. Shares of a tiny batch only warn: three broken records of five prove nothing."""
    share = "critical" if enforced else "warning"
    between = gx.expectations.ExpectColumnValuesToBeBetween
    return [
        between(column="records", min_value=1, severity="critical"),
        between(column="valid", min_value=1, severity=share),
        between(column="quarantined_share", max_value=settings.max_quarantined_share, severity=share),
        between(column="duplicate_share", max_value=settings.max_duplicate_share, severity=share),
        between(
            column="hosts_per_transaction", max_value=settings.max_hosts_per_transaction, severity="warning"
        ),
        between(column="distinct_status_classes", min_value=1, severity="warning"),
        between(column="hours_spanned", max_value=24.0 * 366, severity="warning"),
    ]


def _row_expectations(gx: Any, settings: QualitySettings) -> list[Any]:
    """On the sample. Keys are certain by the table's NOT NULL; what is tested here is that the log is worth learning from."""
    not_null, mostly = gx.expectations.ExpectColumnValuesToNotBeNull, 1 - settings.max_null_share
    return [
        *(
            not_null(column=column, severity="critical")
            for column in ("transaction_id", "host", "method", "path", "status")
        ),
        not_null(column="response_content_type", mostly=mostly, severity="warning"),
        gx.expectations.ExpectColumnValuesToBeBetween(
            column="status", min_value=100, max_value=599, severity="critical"
        ),
        gx.expectations.ExpectColumnValuesToBeBetween(
            column="status", min_value=100, max_value=499, mostly=mostly, severity="warning"
        ),
    ]


def _run(
    gx: Any, context: Any, name: str, frame: pd.DataFrame, expectations: list[Any]
) -> list[dict[str, Any]]:
    """Runs one suite on one frame as a checkpoint; one entry an expectation: name, column, severity, success, observed."""
    asset = context.data_sources.add_pandas(name).add_dataframe_asset(name)
    batch = asset.add_batch_definition_whole_dataframe("all")
    suite = context.suites.add(gx.ExpectationSuite(name=name, expectations=expectations))
    definition = context.validation_definitions.add(
        gx.ValidationDefinition(name=name, data=batch, suite=suite)
    )
    checkpoint = context.checkpoints.add(gx.Checkpoint(name=name, validation_definitions=[definition]))
    outcome = checkpoint.run(batch_parameters={"dataframe": frame})
    return [_entry(result) for run in outcome.run_results.values() for result in run.results]


def _entry(result: Any) -> dict[str, Any]:
    config = result.expectation_config
    column = config.kwargs.get("column")
    bounds = {
        key: config.kwargs[key]
        for key in ("min_value", "max_value", "mostly")
        if config.kwargs.get(key) is not None
    }
    unexpected = result.result.get("partial_unexpected_list") or []
    seen = (
        unexpected[0]
        if column in BatchCounts.__dataclass_fields__ and unexpected
        else result.result.get("unexpected_percent")
    )
    severity = getattr(config.severity, "value", config.severity)
    expected = ", ".join(f"{key} {value:g}" for key, value in bounds.items()) or "never null"
    return {
        "expectation": config.type,
        "column": column,
        "severity": str(severity),
        "success": bool(result.success),
        "says": f"{column}: expected {expected}, found {seen if seen is not None else 'no value'}"
        + (" % outside" if column not in BatchCounts.__dataclass_fields__ else ""),
    }
