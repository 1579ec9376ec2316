"""The feature matrix of URIs written by hand, and of simulated transactions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from ml.requests.features import Matrix, build_matrix
from pipelines.http.signals import pack
from pipelines.simulator import Transaction

HEADERS = ("accept", "sec_fetch_dest", "sec_fetch_mode", "x_requested_with", "origin")


def rows(
    hosts: Sequence[str | None],
    paths: Sequence[str | None],
    queries: Sequence[str | None],
    kind: Any = None,
) -> np.ndarray[Any, np.dtype[np.float32]]:
    """Computes features of host, path and query alone.

    `kind` is the Arrow type of the texts.
    """
    kind, numbers = kind or pa.string(), pa.array([None] * len(paths), pa.int64())
    host, path, query = (pa.array(column, kind) for column in (hosts, paths, queries))
    return build_matrix(host, path, query, numbers, numbers, numbers)


def record(transaction: Transaction) -> dict[str, Any]:
    """Returns the columns of a transaction that the header signals read."""
    headers, answer = transaction.request_headers, transaction.response_headers
    return {
        "host": transaction.host,
        "method": transaction.method,
        "status": transaction.status,
        "response_content_type": transaction.content_type.partition(";")[0].strip().lower() or None,
        "request_content_type": headers.get("content-type", "").partition(";")[0].strip().lower() or None,
        **{name: headers.get(name.replace("_", "-")) for name in HEADERS},
        "user_agent": transaction.user_agent or None,
        "referer": transaction.referer or None,
        "cache_control": answer.get("cache-control"),
        "response_header_names": sorted(answer),
    }


def simulated_rows(transactions: Sequence[Transaction]) -> Matrix:
    """Computes features of simulated transactions, signals packed in plain Python."""
    parts = [transaction.uri.partition("?") for transaction in transactions]
    return build_matrix(
        pa.array([transaction.host for transaction in transactions]),
        pa.array([part[0] for part in parts]),
        pa.array([part[2] for part in parts]),
        pa.array([pack(record(transaction)) for transaction in transactions], pa.int64()),
        pa.array([transaction.request_bytes for transaction in transactions], pa.int64()),
        pa.array([transaction.response_bytes for transaction in transactions], pa.int64()),
    )
