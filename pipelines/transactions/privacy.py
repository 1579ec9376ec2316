"""What leaves ingest instead of a credential: keyed hashes (identifiers, client) and redacted text. Columns, no rows.

The key rides in a one-row frame that is joined to the batch, so that it never appears in a plan, an event log or the UI.
"""

from __future__ import annotations

import hashlib
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

    def is_identifying_header(name: Column) -> Column:
        certain = name.isin(["authorization", *configured["header"]])
        return certain | (~name.isin(STANDARD_HEADERS) & name.rlike(redaction.SECRET_NAME))

    def is_identifying_cookie(name: Column) -> Column:
        return name.isin(configured["cookie"]) | name.rlike(redaction.SECRET_NAME)

    parts = [
        _hashed("header", F.col("request_headers"), is_identifying_header),
        _hashed("cookie", F.col("cookies"), is_identifying_cookie),
    ]
    if claims:
        parts.append(_claims(claims))
    return F.map_concat(*parts)


def _hashed(prefix: str, values: Column, keep: Callable[[Column], Column]) -> Column:
    kept = F.map_filter(values, lambda name, value: keep(name) & value.isNotNull() & (value != ""))
    hashed = F.transform_values(kept, lambda _, value: keyed_hash(value))
    return F.transform_keys(hashed, lambda name, _: F.concat(F.lit(f"{prefix}:"), F.substring(name, 1, 128)))


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


def holds_secret_value(*texts: Column) -> Column:
    """Whether any text may hold a value of a credential's form: plain searches, a tenth of the cost of the expression."""
    together = F.concat_ws(" ", *texts)
    found = together.contains(redaction.VALUE_ANCHORS[0])
    for anchor in redaction.VALUE_ANCHORS[1:]:
        found = found | together.contains(anchor)
    return found


def without_secret_values(text: Column, suspicious: Column) -> Column:
    """`text` with values of a credential's form masked, where the row is `suspicious`."""
    return F.when(suspicious, F.regexp_replace(text, redaction.SECRET_VALUE, redaction.MASK)).otherwise(text)


def without_secret_parameters(query: Column) -> Column:
    """A query string (or form body) with the values of parameters of secret names masked."""
    return _masked(query, redaction.QUERY_SECRET, redaction.QUERY_TOKEN, "{}")


def without_secret_members(body: Column) -> Column:
    """A JSON text with the values of members of secret names masked."""
    return _masked(body, redaction.JSON_SECRET, redaction.JSON_TOKEN, '"{}"')


def without_secret_parts(body: Column) -> Column:
    """A multipart body with files, fields of secret names and secret members of JSON in its parts masked."""
    return without_secret_members(F.regexp_replace(body, redaction.PART_SECRET, f"$1{redaction.MASK}"))


def _masked(text: Column, secret: str, token: str, form: str) -> Column:
    """Most texts hold no secret and are looked through once; in the others, masks tell tokens from what people choose."""
    mask = f"$1{form.format(redaction.MASK)}"
    plain = F.regexp_replace(text, secret, mask)
    told = F.regexp_replace(text, token, f"$1{form.format(redaction.TOKEN_MASK)}")
    return F.when(plain == text, text).otherwise(F.regexp_replace(told, secret, mask))


def redacted_raw(raw: Column, limit: int) -> Column:
    """The original text of a rejected record: enough to recognise it, without credentials and client addresses.

    Unparsed text has no names to go by, so whole sections of headers, cookies and bodies go, and every long token.
    """
    text = F.substring(raw, 1, 4 * limit)  # redaction shortens; what is cut off first need not be read
    text = F.regexp_replace(text, redaction.RAW_SECTION, f'$1"{redaction.MASK}"')
    text = F.regexp_replace(text, redaction.RAW_FIELD, f'$1"{redaction.MASK}"')
    text = F.regexp_replace(text, redaction.RAW_CLIENT, "- - -")
    text = without_secret_members(without_secret_parameters(text))
    text = F.regexp_replace(text, redaction.SECRET_VALUE, redaction.MASK)
    text = F.regexp_replace(text, redaction.USER_INFORMATION, f"$1{redaction.MASK}@")
    return F.substring(F.regexp_replace(text, redaction.LONG_RUN, "…"), 1, limit)
