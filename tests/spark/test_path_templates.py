"""Path templates of known failure cases of other tools (docs/methods.md, 1.1).

Each case is a host of its own; the bundled model infers all at once.
"""

from __future__ import annotations

import random
import re
from uuid import UUID

import pytest
from pyspark.sql import SparkSession

from pipelines.runtime.settings import Settings
from tests.path_rows import Templates, inferred_templates, templates_of

RNG = random.Random(20)  # noqa: S311  # repeatable examples, no secret
WORDS = "amber bridge candle desert ember falcon garden harbor island jungle kettle lantern meadow needle ocean".split()
SETTINGS_NAMES = (
    "appearance billing branding calendar cookies currency delivery domains emails exports features general hooks imports "
    "integrations invoices labels languages limits locations members metrics notifications passwords payments permissions "
    "plans policies privacy profile regions reports roles security sessions shipping storage taxes themes webhooks"
).split()


def ids(count: int, low: int = 100, high: int = 99999) -> list[str]:
    return [str(RNG.randrange(low, high)) for _ in range(count)]


def slugs(count: int) -> list[str]:
    return [f"{'-'.join(RNG.sample(WORDS, 3))}-{RNG.randrange(90)}" for _ in range(count)]


def below(prefix: str, names: list[str], *rests: str) -> list[str]:
    return [f"{prefix}/{name}{rest}" for name in names for rest in (rests or ("",))]


def uuids(count: int) -> list[str]:
    return [str(UUID(int=RNG.getrandbits(128), version=4)) for _ in range(count)]


YEARS, MONTHS, DAYS = (2021, 2022, 2023, 2024), range(1, 13), (3, 17, 28)
PADDED = ("YWJjZGVmZ2hpamtsbW5v%3D%3D", "cXJzdHV2d3h5ejAxMjM0%3D%3D", "NTY3ODkwYWJjZGVmZ2hp==")

HOSTILE = [
    "/a/' OR 1=1 --",
    "/<script>alert(1)</script>",
    "/a/\\",
    "/🙂/x",
    "/$1/\\1",
    "/a\tb",
]
HOSTS: dict[str, list[str]] = {
    "beside": [*below("/users", ids(30), "", "/orders"), "/users/me", "/users/search", "/users"],
    "tenants": below("/tenants", ["acme-17", "globex-4", "initech-220"], "/users", "/users/1", "/invoices", "/invoices/8"),
    "collections": [*below("/users", ids(25), "", "/tags"), *below("/orders", ids(25), "", "/tags"), "/users", "/orders"],
    "slugs": [*below("/articles", slugs(60), "", "/comments"), "/articles"],
    "versions": [*below("/v1/users", ids(20)), *below("/v2.1/users", ids(20)), *below("/2024-01-01/users", ids(20))],
    "calendar": [f"/archive/{year}/{month:02d}/{day:02d}" for year in YEARS for month in MONTHS for day in DAYS],
    "files": [*(f"/reports/report-{year}.pdf" for year in range(2015, 2025)), *below("/documents", ids(30), ".json"), "/reports"],
    "dates": [f"/exports/orders-2024-05-{day:02d}.csv" for day in range(1, 29)],
    "escapes": below("/blobs", list(PADDED)),
    "lists": ["/points/52.5200,13.4050", "/points/48.8566,2.3522", "/batch/1,2,3", "/batch/7,9", "/batch/12,13,14,15"],
    "writing": ["/users/", "//users//41177", "/users/41178/", "/users/41179;v=1", "/users;page=2/41180"],
    "odata": [*(f"/Products({number})" for number in range(1, 9)), *(f"/Orders('{word}')/Items" for word in WORDS[:5])],
    "methods": below("/jobs", ids(20, 10000), ":cancel", ":restart", ""),
    "nested": [f"/users/{a}/friends/{b}" for a, b in zip(ids(25), ids(25), strict=True)],
    "deep": ["/files/" + "/".join("x" * depth) for depth in range(1, 40)],
    "one": below("/apps/12345", ["users", "settings", "logs"]),
    "shapes": [*below("/accounts", ["me", *ids(15), *uuids(15)], "", "/limits")],
    "graphql": ["/graphql"],
    "settings": below("/settings", SETTINGS_NAMES),
    "own": below("/items", [f"id{RNG.randrange(10000, 99999)}-{RNG.choice('abcdef')}" for _ in range(60)], "", "/price"),
    "case": [*below("/Users", ids(10)), *below("/users", ids(10))],
    "locale": below("", ["en-US", "de-DE", "fr-FR", "pt-BR"], "/products", "/cart", "/help"),
    "hostile": HOSTILE,
}  # fmt: skip

CALLS = {"settings": lambda _: [12, 0, 0, 0, 0, 0]}
"""Host → path → its client-days by method; others are seen once. Forty words that are seen once each are values more often than
literals: in 97 % of public API descriptions no node has more than 31 literals."""


@pytest.fixture(scope="module")
def inferred(spark: SparkSession, settings: Settings) -> Templates:
    return inferred_templates(spark, settings.paths, HOSTS, CALLS)


def test_literals_stay_beside_a_variable(inferred: Templates) -> None:
    assert templates_of(inferred, "beside") == {
        "/users",
        "/users/me",
        "/users/search",
        "/users/{userId}",
        "/users/{userId}/orders",
    }


def test_three_tenants_are_one_variable(inferred: Templates) -> None:
    assert len(templates_of(inferred, "tenants")) == 4
    assert inferred["tenants"]["/tenants/acme-17/users"] == "/tenants/{tenantId}/users"


def test_two_collections_with_the_same_subtree_are_not_merged(inferred: Templates) -> None:
    assert templates_of(inferred, "collections") == {
        "/users", "/orders", "/users/{userId}", "/users/{userId}/tags", "/orders/{orderId}", "/orders/{orderId}/tags",
    }  # fmt: skip


def test_slugs_made_of_words_are_a_variable(inferred: Templates) -> None:
    assert templates_of(inferred, "slugs") == {
        "/articles",
        "/articles/{articleId}",
        "/articles/{articleId}/comments",
    }


def test_versions_and_dates_near_the_root_are_literals(inferred: Templates) -> None:
    assert templates_of(inferred, "versions") == {
        "/v1/users/{userId}",
        "/v2.1/users/{userId}",
        "/2024-01-01/users/{userId}",
    }


def test_year_month_and_day_are_variables(inferred: Templates) -> None:
    assert templates_of(inferred, "calendar") == {"/archive/{archiveId}/{archiveId2}/{archiveId3}"}


def test_an_ending_stays_a_literal_and_what_is_before_it_a_variable(inferred: Templates) -> None:
    assert templates_of(inferred, "files") == {
        "/reports",
        "/reports/report-{reportId}.pdf",
        "/documents/{documentId}.json",
    }


def test_a_date_in_a_name_is_the_variable_part(inferred: Templates) -> None:
    assert templates_of(inferred, "dates") == {"/exports/orders-{exportId}.csv"}


def test_padded_base64_is_a_variable(inferred: Templates) -> None:
    assert templates_of(inferred, "escapes") == {"/blobs/{blobId}"}


def test_lists_and_coordinates_are_one_variable(inferred: Templates) -> None:
    assert templates_of(inferred, "lists") == {"/points/{pointId}", "/batch/{batchId}"}


def test_slashes_and_matrix_parameters_do_not_make_templates(inferred: Templates) -> None:
    assert templates_of(inferred, "writing") == {"/users", "/users/{userId}"}


def test_a_key_in_parentheses_is_the_variable_part(inferred: Templates) -> None:
    assert templates_of(inferred, "odata") == {"/Products({id})", "/Orders({id})/Items"}


def test_a_custom_method_stays_a_literal(inferred: Templates) -> None:
    assert templates_of(inferred, "methods") == {
        "/jobs/{jobId}",
        "/jobs/{jobId}:cancel",
        "/jobs/{jobId}:restart",
    }


def test_nested_things_are_named_by_their_own_collection(inferred: Templates) -> None:
    assert templates_of(inferred, "nested") == {"/users/{userId}/friends/{friendId}"}


def test_a_catch_all_of_any_depth_ends(inferred: Templates, settings: Settings) -> None:
    assert (
        max(template.count("/") for template in templates_of(inferred, "deep"))
        == settings.paths.max_depth + 1
    )
    assert inferred["deep"]["/files/" + "/".join("x" * 39)].endswith("/**")


def test_an_identifier_that_never_changes_is_still_a_variable(inferred: Templates) -> None:
    assert templates_of(inferred, "one") == {
        f"/apps/{{appId}}/{name}" for name in ("users", "settings", "logs")
    }


def test_values_of_several_forms_are_one_variable(inferred: Templates) -> None:
    assert templates_of(inferred, "shapes") <= {
        "/accounts/{accountId}", "/accounts/{accountId}/limits", "/accounts/me", "/accounts/me/limits",
    }  # fmt: skip


def test_a_single_endpoint_stays_as_it_is(inferred: Templates) -> None:
    assert templates_of(inferred, "graphql") == {"/graphql"}


def test_forty_settings_are_forty_literals(inferred: Templates) -> None:
    assert templates_of(inferred, "settings") == {f"/settings/{name}" for name in SETTINGS_NAMES}


def test_a_sites_own_identifiers_are_learned_without_a_rule(inferred: Templates) -> None:
    assert templates_of(inferred, "own") == {"/items/{itemId}", "/items/{itemId}/price"}


def test_paths_that_differ_in_case_stay_apart(inferred: Templates) -> None:
    """RFC 3986 s. 6.2.2.1: paths are case-sensitive."""
    assert templates_of(inferred, "case") == {"/Users/{userId}", "/users/{userId}"}


def test_hostile_segments_come_out_as_they_went_in(inferred: Templates) -> None:
    """Some look like values; the literal part of each is unchanged."""
    kept = {
        path: re.sub(r"\{[A-Za-z0-9]+\}$", "", template) for path, template in inferred["hostile"].items()
    }
    assert set(kept) == set(HOSTILE)
    assert all(path.startswith(text) and text.count("/") == path.count("/") for path, text in kept.items())
