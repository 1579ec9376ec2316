"""What leaves ingest instead of a client and its credentials: keyed hashes (identifiers, client). Columns, no rows.

The key rides in a one-row frame that is joined to the batch, so that it never appears in a plan, an event log or the UI.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Sequence

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F
from pyspark.sql.types import BinaryType, StructField, StructType

from pipelines.http import redaction
from pipelines.settings import SessionIdentifier

BLOCK_BYTES = 64  # block of SHA-256 (FIPS 180-4), to which HMAC pads its key (RFC 2104 s. 2)
HASH_CHARACTERS = 32  # 128 bits: no two of 10^12 clients share a hash but with probability 10^-15
KEY_COLUMNS = ("_inner_pad", "_outer_pad")
STANDARD_HEADERS = (
    "accept accept-charset accept-encoding accept-language cache-control connection content-encoding content-length content-type "
    "date dnt expect host if-match if-modified-since if-none-match if-range keep-alive origin pragma priority range referer "
    "sec-ch-ua sec-ch-ua-mobile sec-ch-ua-platform sec-fetch-dest sec-fetch-mode sec-fetch-site sec-fetch-user te trailer "
    "transfer-encoding upgrade upgrade-insecure-requests user-agent via x-requested-with"
).split()
"""Headers that are never an identifier: a set look-up spares the regular expression for nearly all of them."""


def with_key(records: DataFrame, key: bytes) -> DataFrame:
    """Adds the two padded keys of HMAC (RFC 2104) as columns `KEY_COLUMNS`; drop them after hashing."""
    block = (key if len(key) <= BLOCK_BYTES else hashlib.sha256(key).digest()).ljust(BLOCK_BYTES, b"\0")
    pads = (bytes(b ^ 0x36 for b in block), bytes(b ^ 0x5C for b in block))
    schema = StructType([StructField(name, BinaryType(), False) for name in KEY_COLUMNS])
    return records.crossJoin(F.broadcast(records.sparkSession.createDataFrame([pads], schema)))


def keyed_hash(value: Column) -> Column:
    """HMAC-SHA-256 (RFC 2104), its first 32 hexadecimal digits. NULL in, NULL out. Needs the columns of `with_key`."""
    inner = F.sha2(F.concat(F.col(KEY_COLUMNS[0]), value.cast("binary")), 256)
    outer = F.sha2(F.concat(F.col(KEY_COLUMNS[1]), F.unhex(inner)), 256)
    return F.substring(outer, 1, HASH_CHARACTERS)


def identifiers(sessions: Sequence[SessionIdentifier], jwt_claims: Sequence[str]) -> Column:
    """map "header:authorization" | "cookie:sid" | "jwt:sub" → keyed hash, of every header and cookie that may identify."""
    configured = {
        location: [s.key.partition(":")[2] for s in sessions if s.location == location]
        for location in ("header", "cookie")
    }
    claims = sorted({*jwt_claims, *(s.name for s in sessions if s.location == "jwt")})

    certain_headers = ["authorization", *configured["header"]]

    def is_identifying_header(name: Column) -> Column:
        return name.isin(certain_headers) | (~name.isin(STANDARD_HEADERS) & name.rlike(redaction.SECRET_NAME))

    def is_identifying_cookie(name: Column) -> Column:
        return name.isin(configured["cookie"]) | name.rlike(redaction.SECRET_NAME)

    headers, cookies = F.col("request_headers"), F.col("cookies")
    # Looked for in all names together first: a lambda is interpreted, and most requests hold no such header.
    names = F.array_join(F.map_keys(headers), "\n")
    parts = [
        _hashed("header", headers, is_identifying_header, names.rlike(_sieve(certain_headers))),
        _hashed("cookie", cookies, is_identifying_cookie, F.size(cookies) > 0),
    ]
    if claims:
        parts.append(_claims(claims))
    return F.map_concat(*parts)


def _sieve(certain: Sequence[str]) -> str:
    """Matches lines of header names of which one may be identifying."""
    sure, never = ("|".join(map(re.escape, names)) for names in (certain, STANDARD_HEADERS))
    return rf"(?m)^(?:(?:{sure})$|(?!(?:{never})$).*?{redaction.SECRET_NAME})"


def _hashed(prefix: str, values: Column, keep: Callable[[Column], Column], may_hold: Column) -> Column:
    """Names → hashes of the `values` that are to be kept, by their names; none where there `may_hold` be none."""
    kept = F.map_filter(values, lambda name, value: keep(name) & value.isNotNull() & (value != ""))
    hashed = F.transform_values(kept, lambda _, value: keyed_hash(value))
    named = F.transform_keys(hashed, lambda name, _: F.concat(F.lit(f"{prefix}:"), F.substring(name, 1, 128)))
    return F.when(may_hold, named).otherwise(F.create_map().cast("map<string,string>"))


def _claims(names: Sequence[str]) -> Column:
    """map "jwt:NAME" → keyed hash of the claims of a JWT bearer token (RFC 7519); empty where there is none."""
    token = F.regexp_extract(
        F.try_element_at(F.col("request_headers"), F.lit("authorization")),
        r"^[Bb]earer +[\w-]+\.([\w-]+)\.",
        1,
    )
    padded_length = (F.ceil(F.length(token) / 4) * 4).cast("int")
    padded = F.rpad(F.translate(token, "-_", "+/"), padded_length, "=")
    payload = F.try_to_binary(padded, F.lit("base64")).cast("string")
    found = [
        F.struct(
            F.lit(f"jwt:{name}").alias("key"),
            keyed_hash(F.get_json_object(payload, f"$.{name}")).alias("value"),
        )
        for name in names
    ]
    entries = F.filter(F.array(*found), lambda entry: entry["value"].isNotNull())
    empty = F.create_map().cast("map<string,string>")
    return F.when(F.length(token) > 0, F.map_from_entries(entries)).otherwise(empty)
