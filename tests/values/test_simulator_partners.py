"""Partners of a page and tenants of a service.

Their traffic is as public descriptions say, and the bundled model tells it apart.
"""

from __future__ import annotations

import re
from collections.abc import Callable

import numpy as np
import pytest

from ml.registry.bundled import load_bundled_model
from ml.requests.score import load_classifier, predict_probabilities
from ml.training.poorer_logs import remove_evidence
from pipelines.simulator import Transaction, build_sites, generate_transactions
from tests.feature_rows import simulated_rows

SEED = 31


@pytest.fixture(scope="module")
def fleet() -> list[Transaction]:
    """Traffic of hosts with a seed of its own."""
    return [each for each in generate_transactions(build_sites(300, SEED), 60_000, SEED) if not each.attack]


@pytest.fixture(scope="module")
def of_kind(fleet: list[Transaction]) -> Callable[[str], list[Transaction]]:
    return lambda kind: [each for each in fleet if each.kind == kind]


def test_identifiers_are_passed_on_by_redirects_and_answered_by_anything_but_json(
    of_kind: Callable[[str], list[Transaction]],
) -> None:
    hops = of_kind("cookie-sync")
    answers = {each.operation.responses.choices[-2].media.partition(";")[0] for each in hops}
    assert {"text/plain", "text/html", "image/gif", "image/png", ""} <= answers
    assert not any("json" in each.content_type for each in hops)
    assert 0.05 < np.mean([each.status in (302, 303, 307) for each in hops]) < 0.6
    assert (
        np.mean(["example%2F" in each.uri or "http" in each.uri for each in hops]) > 0.2
    )  # where to go then
    assert {each.operation.modes for each in hops} == {("image",), ("iframe",), ("script",)}


def test_beacons_are_posts_and_many_are_answered_by_a_pixel(
    of_kind: Callable[[str], list[Transaction]],
) -> None:
    sent = of_kind("beacon-answered")
    assert {each.method for each in sent} == {"POST"}
    answers = [choice.media for each in sent for choice in each.operation.responses.choices[:1]]
    assert 0.2 < np.mean([media.startswith("image/") for media in answers]) < 0.7


def test_scripts_of_partners_have_no_extension_of_scripts(
    of_kind: Callable[[str], list[Transaction]],
) -> None:
    loaded = of_kind("script-bare")
    assert loaded
    assert not any(re.search(r"\.m?js(\?|$)", each.uri) for each in loaded)
    assert any("text/plain" in each.content_type for each in loaded)


def test_tenants_are_long_and_hexadecimal_and_some_logs_of_them_have_no_content_type(
    of_kind: Callable[[str], list[Transaction]],
) -> None:
    calls = of_kind("tenant")
    assert all(each.is_api for each in calls)
    assert any(re.search(r"/[0-9a-f]{32}/[^/]+/detail", each.uri) for each in calls)
    assert 0.02 < np.mean([not each.content_type for each in calls if each.status == 200]) < 0.9


def test_what_a_script_of_a_partner_reads_is_an_api_call(
    of_kind: Callable[[str], list[Transaction]],
) -> None:
    calls = of_kind("partner-call")
    assert all(each.is_api for each in calls)
    assert {each.operation.modes for each in calls} == {("fetch",), ("xhr",)}
    assert any(
        each.method == "POST" and each.operation.request_media.startswith("text/plain") for each in calls
    )


RIGHT = (
    ("cookie-sync", "", 0.97),
    ("tracking", "", 0.96),
    ("beacon-answered", "", 0.75),
    ("script-bare", "", 0.88),
    ("partner-call", "", 0.9),
    ("tenant", "", 0.97),
    ("tenant", "combined", 0.95),
    ("tenant", "common", 0.95),
)
"""Kind, level of the log ("" = as each host logs), least share of right decisions at 0.5: some points below the bundled model's
own (docs/accuracy.md). That of version 0.1.0 is below all of them but the first."""


@pytest.mark.parametrize(("kind", "level", "least"), RIGHT)
def test_the_bundled_model_decides_rightly_on_hosts_left_out(
    of_kind: Callable[[str], list[Transaction]], kind: str, level: str, least: float
) -> None:
    rows = np.asfortranarray(simulated_rows(of_kind(kind)))
    rows = remove_evidence(rows, level) if level else rows
    is_api = predict_probabilities(load_classifier(load_bundled_model()), rows) >= 0.5
    assert (is_api == (kind in ("tenant", "partner-call"))).mean() >= least
