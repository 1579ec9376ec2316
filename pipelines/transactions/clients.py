"""Who counts as one client: its session, else the network of its address, its program and its TLS fingerprint.

Thresholds count clients, so that one caller alone teaches nothing. An address is no client: whoever has a /24 or a /48 has all
of its addresses, and behind one address there may be a whole company. What is steadier comes first.
"""

from __future__ import annotations

from collections.abc import Sequence

from pyspark.sql import Column
from pyspark.sql import functions as F

from pipelines.settings import PrivacySettings
from pipelines.transactions.privacy import keyed_hash

IDENTIFIERS = ("jwt:sub", "jwt:sid", "header:authorization", "header:x-api-key", "header:x-auth-token")
"""Of `transactions.identifiers`, in this order: a subject outlives its tokens, which change every hour."""
SESSION_COOKIE = r"^cookie:.*(?i)(?:sess|sid)"
IPV4_BITS, IPV6_DIGITS, GROUP_DIGITS, GROUPS = 32, 32, 4, 8


def meaning(settings: PrivacySettings) -> str:
    """What "client" means under these settings, for people."""
    return (
        "A client is its session identifier (subject of a JWT, Authorization, API key, session cookie); without one it is the "
        f"network of its address (IPv4 /{settings.client_ipv4_prefix}, IPv6 /{settings.client_ipv6_prefix}) with its program "
        "and TLS fingerprint, so callers of one network with one program count once (settings privacy, at ingest)."
    )


def client(ids: Column, settings: PrivacySettings, sessions: Sequence[str] = ()) -> Column:
    """Keyed hash that stands for one client.

    Args:
        ids: `transactions.identifiers`, hashes already.
        settings: prefixes of networks, and how many proxies are trusted.
        sessions: keys of the identifiers that operators named (`selection.sessions`); they come first.
    """
    cookies = F.map_filter(ids, lambda name, _: name.rlike(SESSION_COOKIE))
    agent = F.coalesce(F.col("user_agent"), F.lit(""))
    fingerprint = F.coalesce(F.col("tls_fingerprint"), F.lit(""))
    where = network(
        address(settings.trusted_proxies), settings.client_ipv4_prefix, settings.client_ipv6_prefix
    )
    return F.coalesce(
        *(F.try_element_at(ids, F.lit(key)) for key in dict.fromkeys((*sessions, *IDENTIFIERS))),
        F.try_element_at(F.map_values(cookies), F.lit(1)),
        keyed_hash(F.concat_ws("|", where, agent, fingerprint)),
    )


def address(trusted_proxies: int) -> Column:
    """The client's address: that of the connection, or what the farthest trusted proxy saw (X-Forwarded-For).

    Each proxy appends the address that it saw, so the last `trusted_proxies` entries were written by ours and all before by
    whoever called: those are never read (RFC 7239 s. 8.1).
    """
    peer = F.coalesce(F.col("client_ip"), F.lit(""))
    if not trusted_proxies:
        return peer
    chain = F.split(F.try_element_at(F.col("request_headers"), F.lit("x-forwarded-for")), r"\s*,\s*")
    place = F.greatest(F.size(chain) - trusted_proxies, F.lit(0))
    return F.coalesce(F.nullif(F.trim(F.get(chain, place)), F.lit("")), peer)


def network(ip: Column, ipv4_prefix: int, ipv6_prefix: int) -> Column:
    """The leading bits of an address as text; what is no address stays as it is."""
    bare = F.lower(F.regexp_extract(ip, r"^\[?([^\]%]*)", 1))
    mapped = F.when(bare.contains("."), F.substring_index(bare, ":", -1)).otherwise(bare)  # ::ffff:192.0.2.1
    octets = F.split(mapped, r"\.")
    numbers = [F.get(octets, F.lit(at)).try_cast("int").cast("bigint") for at in range(4)]  # no sum overflows
    number = sum((octet * 256 ** (3 - at) for at, octet in enumerate(numbers)), F.lit(0))
    of_four = F.floor(number / 2 ** (IPV4_BITS - ipv4_prefix)).cast("string")
    of_six = F.substring(_hexadecimal(mapped), 1, ipv6_prefix // 4)
    return F.coalesce(F.when(mapped.contains(":"), of_six).otherwise(of_four), mapped)


def _hexadecimal(ip: Column) -> Column:
    """The 32 digits of an IPv6 address (RFC 4291 s. 2.2): `::` filled up. No lambda, which Spark would not compile."""
    before = F.array_remove(F.split(F.substring_index(ip, "::", 1), ":"), "")
    after = F.when(ip.contains("::"), F.array_remove(F.split(F.substring_index(ip, "::", -1), ":"), ""))
    after = F.coalesce(after, F.array().cast("array<string>"))
    missing = F.greatest(F.lit(GROUPS) - F.size(before) - F.size(after), F.lit(0))
    groups = F.array_join(F.concat(before, F.array_repeat(F.lit("0"), missing), after), ":")
    padded = F.regexp_replace(groups, r"([0-9a-f]+)", "000$1")
    return F.regexp_replace(padded, r"[0-9a-f]*([0-9a-f]{4})(?::|$)", "$1")
