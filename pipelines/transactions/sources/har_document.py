"""The bytes of a HAR file -> its entries. Lenient where tools are sloppy, strict where data would be lost."""

from __future__ import annotations

import json
from typing import Any

import orjson

from pipelines.errors import InputError
from pipelines.transactions.sources.detect import text_of

_EXPORT_AGAIN = "Export the HAR again, or leave the file out."


def entries_of(content: bytes, source: str) -> list[Any]:
    """`log.entries` of a HAR 1.1-1.3, whatever its elements are. UTF-8 or, by its byte order mark, UTF-16.

    Raises:
        InputError: no JSON (with line and column), or no list of entries in it.
    """
    document = _parsed(content, source)
    log = document.get("log") if isinstance(document, dict) else None
    entries = log.get("entries") if isinstance(log, dict) else None
    if not isinstance(entries, list):
        place = "log.entries" if isinstance(log, dict) else "log"
        raise InputError(source, f"is no HAR: {place} is missing or of the wrong type", _EXPORT_AGAIN)
    return entries


def _parsed(content: bytes, source: str) -> Any:
    try:
        return orjson.loads(content)
    except orjson.JSONDecodeError:
        pass  # strict about byte order marks, NaN, control characters, lone surrogates: all seen in the wild
    try:
        return json.loads(text_of(content), strict=False)
    except json.JSONDecodeError as error:
        problem = f"is no complete JSON: {error.msg} at line {error.lineno}, column {error.colno}"
        raise InputError(source, problem, _EXPORT_AGAIN) from error
    except (
        ValueError,
        RecursionError,
    ) as error:  # a number of thousands of digits, thousands of nested brackets
        raise InputError(source, f"holds JSON that cannot be read: {error}", _EXPORT_AGAIN) from error
