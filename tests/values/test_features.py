"""The feature matrix: tables of the features of a URI, and its invariants.

The invariants hold for any bytes.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from ml.requests.features import FEATURES, FLAGS, TRENDS, build_matrix
from pipelines.http.signals import SIGNALS, pack
from tests.feature_rows import rows

UUID = "7f577081-02ab-4ccd-9f01-1234567890ab"


def features_of(path: str = "/", host: str = "x.example.com", query: str | None = None) -> dict[str, float]:
    """Computes the features of one URI, by name."""
    return dict(zip(FEATURES, rows([host], [path], [query])[0].tolist(), strict=True))


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("", {"path_length": 0, "path_depth": 0, "path_ends_in_slash": 0}),
        ("/", {"path_length": 1, "path_depth": 0, "path_ends_in_slash": 1}),
        ("/a//b/", {"path_depth": 2, "path_empty_segments": 1, "path_ends_in_slash": 1}),
        ("/users/12", {"path_numbers": 1, "path_long_numbers": 0, "path_identifier_after_plural": 1}),
        ("/users/12", {"path_identifier_share": 0.5, "path_last_is_identifier": 1, "path_plurals": 1}),
        ("/user/12", {"path_identifier_after_plural": 0}),
        ("/users/12345/friends", {"path_long_numbers": 1, "path_last_is_identifier": 0, "path_plurals": 2}),
        (f"/users/{UUID}", {"path_uuids": 1, "path_opaque": 0, "path_hashed_name": 0}),
        (
            f"/users/{UUID}.jpg",
            {"path_uuids": 0, "extension_image": 1, "path_hashed_name": 1},
        ),  # an asset
        ("/c/5f3a9c0e1b2d4f6a8c7e9d0b", {"path_hexes": 1, "path_numbers": 0}),
        ("/t/id12345-a", {"path_opaque": 1, "path_identifier_share": 0.5}),
        ("/v1/x", {"path_version": 1, "path_version_early": 1}),
        (
            "/a/b/v2.1",
            {"path_version": 1, "path_version_early": 0, "path_has_extension": 1, "extension_image": 0},
        ),
        ("/v1beta2", {"path_version": 1}),
        ("/vote/very", {"path_version": 0}),
        ("/2024-05-31/calls", {"path_date": 1, "path_opaque": 0}),
        ("/2.0/me", {"path_decimal": 1, "path_numbers": 0}),
        ("/API/Users", {"path_word_api": 1, "early_word_api": 1, "path_plurals": 0}),
        ("/api2/users", {"path_word_api": 1}),
        ("/capital/apiary", {"path_word_api": 0}),  # whole tokens only
        ("/x/y/my-api.v2", {"path_word_api": 1, "early_word_api": 0}),
        ("/graphql", {"path_word_graphql": 1}),
        ("/odata/Products(5)", {"path_word_odata": 1, "path_parentheses": 1}),
        ("/x/123:cancel", {"path_markers": 1}),
        ("/getUserName", {"path_camels": 2}),
        ("/a_b_c/d-e", {"path_underscores": 2, "path_dashes": 1}),
        ("/how-to-mend-a-bicycle", {"path_slug": 1}),
        (
            "/static/main.8f3c9d1e2a.chunk.js",
            {"extension_script": 1, "path_hashed_name": 1, "path_word_assets": 1},
        ),
        ("/index.PHP", {"extension_script_page": 1, "path_extension_length": 3}),
        ("/feed.xml", {"extension_xml": 1, "path_word_feed": 1}),
        ("/app.js.map", {"extension_map": 1, "extension_script": 0}),
        ("/.env", {"path_hidden": 1, "path_has_extension": 0, "path_word_probe": 1}),
        ("/.well-known/security.txt", {"path_word_meta": 1, "extension_text": 1}),
        ("/name.", {"path_has_extension": 0}),
        ("/a%2Fb", {"path_escapes": 1, "path_depth": 1}),
        ("/ABC", {"path_upper_share": 0.75}),
        ("/1a", {"path_digit_share": pytest.approx(1 / 3)}),
        ("no/slash", {"path_depth": 2}),
    ],
)
def test_path_gives_features(path: str, expected: dict[str, float]) -> None:
    features = features_of(path)
    assert {name: features[name] for name in expected} == expected


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("api.shop.example", {"host_word_api": 1, "host_labels": 3, "host_word_www": 0}),
        ("API-eu.shop.example", {"host_word_api": 1}),
        ("shop.api.example", {"host_word_api": 0}),  # the registered domain is not a feature
        ("static.shop.co.uk", {"host_word_assets": 1}),
        ("www.shop.example", {"host_word_www": 1}),
        ("localhost", {"host_labels": 1, "host_is_address": 0}),
        ("localhost:8080", {"host_has_port": 1}),
        ("10.0.0.1:80", {"host_is_address": 1, "host_has_port": 1}),
        ("", {"host_labels": 1, "host_is_address": 0}),
    ],
)
def test_host_gives_features(host: str, expected: dict[str, float]) -> None:
    features = features_of(host=host)
    assert {name: features[name] for name in expected} == expected


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        (None, {"query_length": 0, "query_parameters": 0}),
        ("", {"query_length": 0, "query_parameters": 0}),
        ("a=1&b", {"query_parameters": 2, "query_length": 5, "query_digit_share": pytest.approx(0.2)}),
        ("&&a=1&", {"query_parameters": 1}),
        ("callback=x&_=17", {"query_word_callback": 1, "query_word_bust": 1}),
        ("utm_source=mail", {"query_word_campaign": 1}),
        ("Q=shoes", {"query_word_search": 1}),
        ("xq=shoes", {"query_word_search": 0}),
        ("format=JSON", {"query_word_format": 1, "query_names_format": 1}),
        (
            "$filter=a%20eq%201&page[size]=5",
            {"query_word_select": 1, "query_word_paging": 1, "query_brackets": 1},
        ),
        ("api-version=2024-01-01", {"query_word_api_version": 1}),
        ("v=123", {"query_word_asset_version": 1}),
        ("variables={}", {"query_braces": 1, "query_word_select": 1}),
        ("a=b=json", {"query_names_format": 0}),
    ],
)
def test_query_gives_features(query: str | None, expected: dict[str, float]) -> None:
    features = features_of(query=query)
    assert {name: features[name] for name in expected} == expected


def test_sizes_are_logarithms_and_missing_ones_are_minus_one() -> None:
    sizes = pa.array([None, 0, 99, -5], pa.int64())
    text = pa.array(["x"] * 4)
    matrix = build_matrix(text, text, text, sizes, sizes, sizes)
    np.testing.assert_allclose(
        matrix[:, FEATURES.index("response_bytes_log")], [-1, 0, np.log(100), -1], rtol=1e-6
    )
    # A request has a first line: 0 bytes mean that its size was not logged.
    np.testing.assert_allclose(
        matrix[:, FEATURES.index("request_bytes_log")], [-1, -1, np.log(100), -1], rtol=1e-6
    )


@pytest.mark.parametrize("flag", FLAGS, ids=lambda flag: flag.name)
def test_flag_is_one_exactly_for_its_classes(flag: Any) -> None:
    position = next(i for i, signal in enumerate(SIGNALS) if signal.name == flag.signal)
    signal, offset = SIGNALS[position], sum(signal.width for signal in SIGNALS[:position])
    names = ("none", *signal.classes)
    packed = pa.array([signal.code_of(name) << offset for name in names], pa.int64())
    text, sizes = pa.array(["x"] * len(names)), pa.array([0] * len(names), pa.int64())
    matrix = build_matrix(text, text, text, packed, sizes, sizes)[:, FEATURES.index(flag.name)]
    assert matrix.tolist() == [float(name in flag.classes) for name in names]


def test_names_are_unique_and_trends_are_of_flags() -> None:
    assert len(set(FEATURES)) == len(FEATURES)
    assert set(TRENDS) <= {flag.name for flag in FLAGS}


def test_signing_in_changes_no_feature() -> None:
    plain = {"host": "x", "method": "GET", "status": 200, "request_header_names": ["accept"]}
    signed = plain | {
        "request_header_names": ["accept", "authorization", "cookie"],
        "identifiers": {"cookie:a": "b"},
    }
    packed, sizes, text = pa.array([pack(plain), pack(signed)]), pa.array([1, 1]), pa.array(["/a", "/a"])
    both = build_matrix(text, text, text, packed, sizes, sizes)
    assert (both[0] == both[1]).all()
