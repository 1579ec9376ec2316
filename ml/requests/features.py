"""The classifier's feature matrix, the same for training and scoring.

Header fields come as the packed integer of `pipelines.http.signals`; the kernels read hosts, paths and queries from their
Arrow buffers. No feature identifies a site: the words are those of HTTP and of frameworks (`ml.requests.words`).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from ml.requests import kernels
from ml.requests.columns import Host, Path, Query
from ml.requests.compiling import Bytes, Floats, Longs
from ml.requests.words import EXTENSIONS, FORMATS, HOST_WORDS, PATH_WORDS, QUERY_WORDS, build_word_table
from pipelines.http.signals import OFFSETS, SIGNALS

Matrix = Floats


class Flag(NamedTuple):
    """A column that is 1 if `signal` has one of `classes`.

    The class "none" stands for a value that fits no class or was not logged.
    """

    name: str
    signal: str
    classes: tuple[str, ...]
    trend: int = 0
    """+1 or -1 if the flag can only be evidence for or against an API call, regardless of other features."""


def _flags(signal: str, *names: str) -> tuple[Flag, ...]:
    return tuple(Flag(f"{signal}_{name}", signal, (name,)) for name in names)


FLAGS: Final[tuple[Flag, ...]] = (
    *_flags("method", "GET", "HEAD", "POST", "DELETE", "OPTIONS"),
    Flag("method_replaces", "method", ("PUT", "PATCH")),
    Flag("status_success", "status", ("ok", "accepted")),
    *_flags(
        "status",
        "accepted",
        "no_content",
        "partial",
        "not_modified",
        "redirect",
        "denied",
        "not_found",
        "failed",
    ),
    Flag("status_refused", "status", ("invalid", "unfit", "too_many", "refused")),
    Flag("response_json", "response_type", ("json",), +1),
    Flag("response_json_like", "response_type", ("json", "json_like")),
    Flag("response_html", "response_type", ("html",)),
    Flag("response_image", "response_type", ("image",), -1),
    Flag("response_code", "response_type", ("javascript", "css", "font"), -1),
    Flag("response_xml", "response_type", ("xml",)),
    Flag("response_text", "response_type", ("text",)),
    Flag("response_call", "response_type", ("call", "events"), +1),
    Flag("response_file", "response_type", ("bytes", "document", "media")),
    Flag("response_untyped", "response_type", ("none",)),
    Flag("request_json", "request_type", ("json", "json_like"), +1),
    Flag("request_form", "request_type", ("form", "multipart")),
    Flag("request_xml", "request_type", ("xml",)),
    Flag("request_other", "request_type", ("other", "text")),
    *_flags("accept", "html", "any", "json", "none"),
    Flag("accept_asset", "accept", ("image", "css"), -1),
    *_flags("agent", "browser", "library", "app", "other", "none"),
    Flag("agent_bot", "agent", ("bot", "crawling_browser")),
    *_flags("fetch_dest", "empty", "none"),
    Flag("fetch_dest_document", "fetch_dest", ("document",), -1),
    Flag("fetch_dest_asset", "fetch_dest", ("image", "script", "style", "font", "other"), -1),
    *_flags("fetch_mode", "cors"),
    *(Flag(f"fetch_mode_{name}", "fetch_mode", (name,), -1) for name in ("no_cors", "navigate")),
    *_flags("requested_with", "script", "web_view"),
    *_flags("origin", "same", "other"),
    *_flags("referer", "same", "other"),
    *_flags("cache", "forbidden", "long", "short"),
    *(Flag(name, name, ("yes",)) for name in ("set_cookie", "etag", "accept_ranges", "allow_origin")),
    *(Flag(name, name, ("yes",)) for name in ("content_encoding", "rate_limit", "headers_logged")),
)

_PATH, _EXTENSIONS = build_word_table(PATH_WORDS), build_word_table(EXTENSIONS)
_HOST, _QUERY, _FORMATS = (
    build_word_table(HOST_WORDS),
    build_word_table(QUERY_WORDS),
    build_word_table(FORMATS),
)


def _names(prefix: str, members: Any) -> tuple[str, ...]:
    return tuple(f"{prefix}_{member.name.lower()}" for member in members)


HOST_FEATURES: Final = (*_names("host", Host), *_names("host_word", HOST_WORDS))
PATH_FEATURES: Final = (
    *_names("path", Path),
    *_names("path_word", PATH_WORDS),
    *_names("early_word", PATH_WORDS),
    *_names("extension", EXTENSIONS),
)
QUERY_FEATURES: Final = (*_names("query", Query), *_names("query_word", QUERY_WORDS))
SIZE_FEATURES: Final = ("request_bytes_log", "response_bytes_log")
FEATURES: Final[tuple[str, ...]] = (
    *HOST_FEATURES,
    *PATH_FEATURES,
    *QUERY_FEATURES,
    *SIZE_FEATURES,
    *(flag.name for flag in FLAGS),
)
"""Names of the columns, in order; a model stores them and is rejected if they differ."""

TRENDS: Final[dict[str, int]] = {flag.name: flag.trend for flag in FLAGS if flag.trend}


def _flag_tables() -> tuple[Longs, Longs, Longs]:
    """Returns shift, mask and set of codes (a bit per code) of each flag."""
    by_name = {signal.name: (signal, offset) for signal, offset in zip(SIGNALS, OFFSETS, strict=True)}
    shifts, masks, codes = [], [], []
    for flag in FLAGS:
        signal, offset = by_name[flag.signal]
        shifts.append(offset)
        masks.append((1 << signal.width) - 1)
        codes.append(sum(1 << signal.code_of(name) for name in flag.classes))
    return np.array(shifts, np.int64), np.array(masks, np.int64), np.array(codes, np.int64)


_SHIFTS, _MASKS, _CODES = _flag_tables()


def build_matrix(
    host: pa.Array,
    path: pa.Array,
    query: pa.Array,
    signals: pa.Array,
    request_bytes: pa.Array,
    response_bytes: pa.Array,
) -> Matrix:
    """Builds the feature matrix of a batch.

    Returns:
        (rows, len(FEATURES)) float32, column-major, which CatBoost reads fastest.

    Strings may be Arrow `string`, `large_string` or `binary`, sliced, with nulls (read as empty) and with
    bytes that are not UTF-8. A missing size is -1, else log(1 + bytes); a request of 0 bytes is a missing
    size, because every request has a first line.
    """
    out: Matrix = np.zeros((len(FEATURES), len(path)), np.float32)
    base = 0
    kernels.fill_hosts(*_text(host), _HOST, out, base)
    base += len(HOST_FEATURES)
    kernels.fill_paths(*_text(path), _PATH, _EXTENSIONS, out, base)
    base += len(PATH_FEATURES)
    kernels.fill_queries(*_text(query), _QUERY, _FORMATS, out, base)
    base += len(QUERY_FEATURES)
    out[base], out[base + 1] = _log(request_bytes, 1), _log(response_bytes, 0)
    packed = _frozen(signals.fill_null(0).to_numpy(zero_copy_only=False))
    kernels.fill_flags(packed, _SHIFTS, _MASKS, _CODES, out, base + len(SIZE_FEATURES))
    return out.T


def _text(column: pa.Array) -> tuple[Bytes, Longs]:
    """Returns bytes and offsets (rows + 1) of a string array.

    Their types are always the same, so that kernels compile only once.
    """
    if column.null_count:
        column = column.fill_null(
            b"" if pa.types.is_binary(column.type) or pa.types.is_large_binary(column.type) else ""
        )
    _, offsets, data = column.buffers()
    wide = pa.types.is_large_string(column.type) or pa.types.is_large_binary(column.type)
    if offsets is None or len(column) == 0:
        return _frozen(np.zeros(0, np.uint8)), _frozen(np.zeros(1, np.int64))
    whole = np.frombuffer(offsets, np.int64 if wide else np.int32)
    ends = whole[column.offset : column.offset + len(column) + 1].astype(np.int64)
    return _frozen(np.frombuffer(data or b"", np.uint8)), _frozen(ends)


def _frozen(values: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Returns a read-only view of the array.

    numba compiles separately for writable and read-only arguments.
    """
    values = values.view()
    values.flags.writeable = False
    return values


def _log(sizes: pa.Array, least: int) -> Matrix:
    values = sizes.cast(pa.float64(), safe=False).fill_null(-1.0).to_numpy(zero_copy_only=False)
    return np.where(values < least, -1.0, np.log1p(np.maximum(values, 0.0))).astype(np.float32)


def list_trends(names: Sequence[str]) -> list[int]:
    """Returns monotone constraints in the order of `names`: +1, -1 or 0."""
    return [TRENDS.get(name, 0) for name in names]
