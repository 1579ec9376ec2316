"""Identifies the sender of a transaction by keyed hashes (client, credentials)."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Sequence

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F
from pyspark.sql.types import BinaryType, StructType

from pipelines.http import redaction
from pipelines.runtime.columns import struct_fields
from pipelines.runtime.settings import PrivacySettings, SessionIdentifier

BLOCK_BYTES = 64  # block of SHA-256 (FIPS 180-4), to which HMAC pads its key (RFC 2104 s. 2)
HASH_CHARACTERS = 32  # 128 bits: the probability that any two of 10^12 clients share a hash is 10^-15
KEY_COLUMNS = ("_inner_pad", "_outer_pad")
STANDARD_HEADERS = (
    "accept accept-charset accept-encoding accept-language cache-control connection content-encoding content-length content-type "
    "date dnt expect host if-match if-modified-since if-none-match if-range keep-alive origin pragma priority range referer "
    "sec-ch-ua sec-ch-ua-mobile sec-ch-ua-platform sec-fetch-dest sec-fetch-mode sec-fetch-site sec-fetch-user te trailer "
    "transfer-encoding upgrade upgrade-insecure-requests user-agent via x-requested-with"
).split()
"""Headers that are never an identifier: looking them up in a set saves the regular expression for nearly all of them."""


def with_key(records: DataFrame, key: bytes) -> DataFrame:
    """Adds the two padded keys of HMAC (RFC 2104) as columns `KEY_COLUMNS`.

    Drop them after hashing.
    """
    block = (key if len(key) <= BLOCK_BYTES else hashlib.sha256(key).digest()).ljust(BLOCK_BYTES, b"\0")
    pads = (bytes(b ^ 0x36 for b in block), bytes(b ^ 0x5C for b in block))
    schema = StructType(struct_fields(BinaryType(), *KEY_COLUMNS))
    return records.crossJoin(F.broadcast(records.sparkSession.createDataFrame([pads], schema)))


def keyed_hash(value: Column) -> Column:
    """Returns HMAC-SHA-256 (RFC 2104), its first 32 hexadecimal digits. NULL for NULL.

    Needs the columns of `with_key`.
    """
    inner = F.sha2(F.concat(F.col(KEY_COLUMNS[0]), value.cast("binary")), 256)
    outer = F.sha2(F.concat(F.col(KEY_COLUMNS[1]), F.unhex(inner)), 256)
    return F.substring(outer, 1, HASH_CHARACTERS)


def identifier_hashes(sessions: Sequence[SessionIdentifier], jwt_claims: Sequence[str]) -> Column:
    """Returns the keyed hashes of every header and cookie that may identify a client.

    The column is a map: "header:authorization", "cookie:sid" or "jwt:sub" → keyed hash.
    """
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
    # All names are searched together first: a lambda is interpreted, and most requests have no such header.
    names = F.array_join(F.map_keys(headers), "\n")
    parts = [
        _hash_values(
            "header", headers, is_identifying_header, names.rlike(_identifying_names_pattern(certain_headers))
        ),
        _hash_values("cookie", cookies, is_identifying_cookie, F.size(cookies) > 0),
    ]
    if claims:
        parts.append(_hash_claims(claims))
    return F.map_concat(*parts)


def _identifying_names_pattern(certain: Sequence[str]) -> str:
    """Builds a pattern that matches lines of header names if one may be identifying."""
    sure, never = ("|".join(map(re.escape, names)) for names in (certain, STANDARD_HEADERS))
    return rf"(?m)^(?:(?:{sure})$|(?!(?:{never})$).*?{redaction.SECRET_NAME})"


def _hash_values(prefix: str, values: Column, keep: Callable[[Column], Column], may_hold: Column) -> Column:
    """Hashes the `values` whose names are to be kept, by name.

    Empty where `may_hold` is false.
    """
    kept = F.map_filter(values, lambda name, value: keep(name) & value.isNotNull() & (value != ""))
    hashed = F.transform_values(kept, lambda _, value: keyed_hash(value))
    named = F.transform_keys(hashed, lambda name, _: F.concat(F.lit(f"{prefix}:"), F.substring(name, 1, 128)))
    return F.when(may_hold, named).otherwise(F.create_map().cast("map<string,string>"))


def _hash_claims(names: Sequence[str]) -> Column:
    """Returns the keyed hashes of claims of a JWT bearer token (RFC 7519).

    The column is a map: "jwt:NAME" → keyed hash; empty without a token.
    """
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


IDENTIFIERS = ("jwt:sub", "jwt:sid", "header:authorization", "header:x-api-key", "header:x-auth-token")
"""Keys of `transactions.identifiers` by precedence: a subject outlives its tokens, which change every hour."""
SESSION_COOKIE = r"^cookie:.*(?i)(?:sess|sid)"
IPV4_BITS, IPV6_DIGITS, GROUP_DIGITS, GROUPS = 32, 32, 4, 8


def describe_client(settings: PrivacySettings) -> str:
    """Describes in words how clients are identified under these settings."""
    return (
        "A client is its session identifier (subject of a JWT, Authorization, API key, session cookie); without one it is the "
        f"network of its address (IPv4 /{settings.client_ipv4_prefix}, IPv6 /{settings.client_ipv6_prefix}), its user agent "
        "and TLS fingerprint, so callers in one network with the same user agent count as one (settings privacy, at ingest)."
    )


def client_hash(ids: Column, settings: PrivacySettings, sessions: Sequence[str] = ()) -> Column:
    """Returns the keyed hash that stands for one client.

    Args:
        ids: `transactions.identifiers`, already hashed.
        settings: prefix lengths of networks, and the number of trusted proxies.
        sessions: keys of the identifiers configured by operators (`selection.sessions`); they take precedence.
    """
    cookies = F.map_filter(ids, lambda name, _: name.rlike(SESSION_COOKIE))
    agent = F.coalesce(F.col("user_agent"), F.lit(""))
    fingerprint = F.coalesce(F.col("tls_fingerprint"), F.lit(""))
    where = network_prefix(
        client_address(settings.trusted_proxies), settings.client_ipv4_prefix, settings.client_ipv6_prefix
    )
    return F.coalesce(
        *(F.try_element_at(ids, F.lit(key)) for key in dict.fromkeys((*sessions, *IDENTIFIERS))),
        F.try_element_at(F.map_values(cookies), F.lit(1)),
        keyed_hash(F.concat_ws("|", where, agent, fingerprint)),
    )


def client_address(trusted_proxies: int) -> Column:
    """Returns the client's address.

    It is that of the connection, or the one that the outermost trusted proxy saw (X-Forwarded-For). Each proxy appends the
    address that it saw, so the last `trusted_proxies` entries were written by trusted proxies and all earlier ones by the caller:
    those are never read (RFC 7239 s. 8.1).
    """
    peer = F.coalesce(F.col("client_ip"), F.lit(""))
    if not trusted_proxies:
        return peer
    chain = F.split(F.try_element_at(F.col("request_headers"), F.lit("x-forwarded-for")), r"\s*,\s*")
    place = F.greatest(F.size(chain) - trusted_proxies, F.lit(0))
    return F.coalesce(F.nullif(F.trim(F.get(chain, place)), F.lit("")), peer)


def network_prefix(ip: Column, ipv4_prefix: int, ipv6_prefix: int) -> Column:
    """Returns the leading bits of an address as text.

    Text that is not an address is returned unchanged.
    """
    bare = F.lower(F.regexp_extract(ip, r"^\[?([^\]%]*)", 1))
    mapped = F.when(bare.contains("."), F.substring_index(bare, ":", -1)).otherwise(bare)  # ::ffff:192.0.2.1
    octets = F.split(mapped, r"\.")
    numbers = [F.get(octets, F.lit(at)).try_cast("int").cast("bigint") for at in range(4)]  # no sum overflows
    number = sum((octet * 256 ** (3 - at) for at, octet in enumerate(numbers)), F.lit(0))
    of_four = F.floor(number / 2 ** (IPV4_BITS - ipv4_prefix)).cast("string")
    of_six = F.substring(_hexadecimal(mapped), 1, ipv6_prefix // 4)
    return F.coalesce(F.when(mapped.contains(":"), of_six).otherwise(of_four), mapped)


def _hexadecimal(ip: Column) -> Column:
    """Returns the 32 digits of an IPv6 address (RFC 4291 s. 2.2), `::` expanded.

    Uses no lambda, which Spark would not compile.
    """
    before = F.array_remove(F.split(F.substring_index(ip, "::", 1), ":"), "")
    after = F.when(ip.contains("::"), F.array_remove(F.split(F.substring_index(ip, "::", -1), ":"), ""))
    after = F.coalesce(after, F.array().cast("array<string>"))
    missing = F.greatest(F.lit(GROUPS) - F.size(before) - F.size(after), F.lit(0))
    groups = F.array_join(F.concat(before, F.array_repeat(F.lit("0"), missing), after), ":")
    padded = F.regexp_replace(groups, r"([0-9a-f]+)", "000$1")
    return F.regexp_replace(padded, r"[0-9a-f]*([0-9a-f]{4})(?::|$)", "$1")
