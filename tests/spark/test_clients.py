"""Clients: by session first, then by network, program and TLS fingerprint.

Forged `X-Forwarded-For` chains change nothing.
"""

from __future__ import annotations

from typing import Any

import pytest
from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from pipelines.runtime.settings import PrivacySettings, Settings
from pipelines.transactions.spark.identifiers import client_hash, network_prefix, with_key

NETWORKS = {  # address → its network at the prefixes (24, 48), (32, 128), (20, 56)
    "203.0.113.7": ("13303921", "3405803783", "831495"),
    "203.0.113.250": ("13303921", "3405804026", "831495"),
    "203.0.112.7": ("13303920", "3405803527", "831495"),
    "::ffff:203.0.113.7": ("13303921", "3405803783", "831495"),
    "2001:db8:1:2::7": ("20010db80001", "20010db8000100020000000000000007", "20010db8000100"),
    "2001:DB8:0001:2:0:0:0:7": ("20010db80001", "20010db8000100020000000000000007", "20010db8000100"),
    "2001:db8::1": ("20010db80000", "20010db8000000000000000000000001", "20010db8000000"),
    "fe80::1%eth0": ("fe8000000000", "fe800000000000000000000000000001", "fe800000000000"),
    "[2001:db8::1]": ("20010db80000", "20010db8000000000000000000000001", "20010db8000000"),
    "::": ("000000000000", "0" * 32, "00000000000000"),
    "unknown": ("unknown", "unknown", "unknown"),
    "1.2.3": ("1.2.3", "1.2.3", "1.2.3"),
    # neither an address nor a number that fits an integer
    "1793440800250.1.2.3": ("1793440800250.1.2.3",) * 3,
    "": ("", "", ""),
}


def test_networks_are_leading_bits_however_an_address_is_written(spark: SparkSession) -> None:
    rows = spark.createDataFrame([(ip,) for ip in NETWORKS], "ip string").select(
        "ip", *(network_prefix(F.col("ip"), four, six) for four, six in ((24, 48), (32, 128), (20, 56)))
    )
    assert {row[0]: tuple(row)[1:] for row in rows.collect()} == NETWORKS


@pytest.fixture(scope="module")
def clients(spark: SparkSession, settings: Settings) -> dict[str, dict[str, str]]:
    """Client of each request, for each variant of the privacy settings.

    The variants: default settings, whole addresses, one and two trusted proxies.
    """
    chain = "6.6.6.6, 198.51.100.9, 192.0.2.1"
    requests: dict[str, dict[str, Any]] = {
        "one": {"client_ip": "203.0.113.7"},
        "neighbour": {"client_ip": "203.0.113.99"},
        "other network": {"client_ip": "198.51.100.7"},
        "other program": {"client_ip": "203.0.113.7", "user_agent": "bot"},
        "other fingerprint": {"client_ip": "203.0.113.7", "tls_fingerprint": "t13d1516h2_8daaf6152771_e5627efa2ab1"},
        "through proxies": {"client_ip": "203.0.113.7", "request_headers": {"x-forwarded-for": chain}},
        "forged": {"client_ip": "203.0.113.7", "request_headers": {"x-forwarded-for": chain.replace("6.6.6.6", "7.7.7.7")}},
        "short chain": {"client_ip": "203.0.113.7", "request_headers": {"x-forwarded-for": "198.51.100.9"}},
        "direct to 198.51.100.9": {"client_ip": "198.51.100.9"},
        "direct to 192.0.2.1": {"client_ip": "192.0.2.1"},
        "subject": {"client_ip": "203.0.113.7", "identifiers": {"jwt:sub": "S", "header:authorization": "A"}},
        "subject, new token": {"client_ip": "192.0.2.9", "identifiers": {"jwt:sub": "S", "header:authorization": "B"}},
        "named": {"client_ip": "192.0.2.9", "identifiers": {"header:x-tenant": "T", "jwt:sub": "S"}},
    }  # fmt: skip
    schema = (
        "name string, client_ip string, user_agent string, tls_fingerprint string, "
        "request_headers map<string,string>, identifiers map<string,string>"
    )
    usual: dict[str, Any] = {
        "user_agent": "curl",
        "tls_fingerprint": None,
        "request_headers": {},
        "identifiers": {},
    }
    names = [field.split()[0] for field in schema.split(", ")]
    rows = [tuple({**usual, **given, "name": name}[key] for key in names) for name, given in requests.items()]
    default = settings.privacy
    whole = default.model_copy(update={"client_ipv4_prefix": 32})
    variants: dict[str, PrivacySettings] = {
        "default": default,
        "whole": whole,
        **{f"{n} proxies": whole.model_copy(update={"trusted_proxies": n}) for n in (1, 2)},
    }
    found = with_key(spark.createDataFrame(rows, schema), b"k" * 32).select(
        "name",
        *(
            client_hash(F.col("identifiers"), of, ["header:x-tenant"]).alias(name)
            for name, of in variants.items()
        ),
    )
    collected = found.collect()
    return {variant: {row["name"]: row[variant] for row in collected} for variant in variants}


def test_a_prefix_decides_whether_neighbours_are_one_client(clients: dict[str, dict[str, str]]) -> None:
    """Once 231 addresses of one network were 4 clients, whatever the settings."""
    default, whole = clients["default"], clients["whole"]
    assert default["one"] == default["neighbour"] != default["other network"]
    assert whole["one"] != whole["neighbour"]


def test_program_and_fingerprint_tell_clients_of_a_network_apart(clients: dict[str, dict[str, str]]) -> None:
    default = clients["default"]
    assert len({default[name] for name in ("one", "other program", "other fingerprint")}) == 3


def test_what_a_caller_writes_into_the_chain_changes_nothing(clients: dict[str, dict[str, str]]) -> None:
    for variant in clients.values():
        assert variant["through proxies"] == variant["forged"]
    assert clients["whole"]["through proxies"] == clients["whole"]["one"], (
        "no proxy is trusted unless configured"
    )


def test_the_client_is_what_the_farthest_trusted_proxy_saw(clients: dict[str, dict[str, str]]) -> None:
    one, two = clients["1 proxies"], clients["2 proxies"]
    assert one["through proxies"] == one["direct to 192.0.2.1"]
    assert two["through proxies"] == two["direct to 198.51.100.9"] == two["short chain"]
    assert two["one"] == clients["whole"]["one"], (
        "without a chain the client is the address of the connection"
    )


def test_identifiers_come_before_addresses_and_the_steadiest_first(
    clients: dict[str, dict[str, str]],
) -> None:
    default = clients["default"]
    assert default["subject"] == default["subject, new token"] == "S"
    assert default["named"] == "T"
