"""Masks secrets and personal values in the texts of a batch (docs/adr/0013).

One Arrow pass handles all columns. Texts that may contain something are first searched for in native code (RE2, linear), the
columns of a row together; only the texts of matching rows are parsed in Python, and only changed texts go back to Spark.
"""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F
from pyspark.sql.pandas.functions import arrow_udf
from pyspark.sql.types import StringType, StructType

from pipelines.http.masking.sieve import HEADER, STRUCTURED
from pipelines.http.masking.transaction import HEADER_FIELDS, MASKERS, mask_raw
from pipelines.runtime.columns import struct_fields

TEXT_CHARACTERS = 65_536
"""Characters of a path or query that are kept: learning reads the first 500 pairs, and legitimate requests have no more."""
RAW = "raw"
COLUMNS = (*MASKERS, RAW)
MASKED = StructType(struct_fields(StringType(), *COLUMNS, nullable=True))


def mask_texts(rows: DataFrame, *, body_max_bytes: int, original: Column, raw_characters: int) -> DataFrame:
    """Masks the texts of validated rows.

    `raw` becomes the text `original` of a rejected row, masked and cut, otherwise NULL. A body that is empty or longer than
    `body_max_bytes` becomes NULL.
    """
    body = F.col("request_body")
    kept = F.when((F.length(body) > 0) & (F.octet_length(body) <= body_max_bytes), body)
    rejected = F.substring(
        original, 1, 4 * raw_characters
    )  # masking shortens the text; the rest need not be read
    cut = rows.withColumns(
        {
            **{name: F.substring(name, 1, TEXT_CHARACTERS) for name in ("path", "query")},
            "request_body": kept,
            RAW: F.when(F.size("violations") > 0, rejected),
        }
    )
    found = cut.withColumn("_masked", _masked_batch(*map(F.col, COLUMNS)))
    texts = {name: F.coalesce(F.col("_masked")[name], F.col(name)) for name in COLUMNS}
    return found.withColumns({**texts, RAW: F.substring(texts[RAW], 1, raw_characters)}).drop("_masked")


@arrow_udf(MASKED)  # type: ignore[call-overload,untyped-decorator]
def _masked_batch(*columns: pa.Array) -> pa.Array:
    return mask_batch(dict(zip(COLUMNS, columns, strict=True)))


def mask_batch(columns: dict[str, pa.Array]) -> pa.StructArray:
    """Masks columns by name → a struct of the same; NULL for unchanged text."""
    rows = len(columns[RAW])
    changed: dict[str, list[Any]] = {name: [None] * rows for name in COLUMNS}
    structured = [name for name in MASKERS if name not in HEADER_FIELDS]
    for names, pattern in ((structured, STRUCTURED), (HEADER_FIELDS, HEADER)):
        for row in _suspects([columns[name] for name in names], pattern):
            for name in names:
                text = columns[name][row].as_py()
                changed[name][row] = MASKERS[name](text) if text else text
    for row in pc.indices_nonzero(pc.is_valid(columns[RAW])).to_pylist():
        changed[RAW][row] = mask_raw(columns[RAW][row].as_py())
    arrays = [pa.array(texts, pa.string()) for texts in changed.values()]
    return pa.StructArray.from_arrays(arrays, list(COLUMNS))


def _suspects(texts: list[pa.Array], pattern: str) -> list[int]:
    """Returns the rows with a text that matches."""
    together = pc.binary_join_element_wise(*texts, "\n", null_handling="replace", null_replacement="")
    rows: list[int] = pc.indices_nonzero(pc.match_substring_regex(together, pattern)).to_pylist()
    return rows
