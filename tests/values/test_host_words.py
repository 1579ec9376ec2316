"""No word of a host name or path outweighs the response to a request.

Bounds on the bundled model, and the cases that showed the need for them.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from ml.explanation.reasons import bound_contributions, compute_contributions, load_explainer
from ml.registry.bundled import load_bundled_model
from ml.requests.bounds import HOST_BOUND, PATH_BOUND, PATH_WORDS
from ml.requests.features import FEATURES, Matrix, build_matrix
from ml.requests.score import load_classifier, predict_log_odds, predict_probabilities
from ml.requests.words import HOST_WORDS, HostWord
from pipelines.http.signals import pack
from pipelines.simulator import Transaction
from tests.feature_rows import simulated_rows

HOSTS = ("shop", "www", "blog", "static", "news", "cdn", "login", "ads", "status", "12345", "api")
BROWSER = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0 Safari/537.36"
WORDS = [index for index, name in enumerate(FEATURES) if name.startswith("host_word_")]
UNTYPED = FEATURES.index("response_untyped")
SITE = list(HOST_WORDS).index(HostWord.SITE)


def call_features(host: str, path: str = "/api/v1/users", query: str | None = None, **known: Any) -> Matrix:
    """Returns the features of a browser's GET with status 200.

    The log may contain only the request line.
    """
    names = (
        "accept",
        "sec_fetch_dest",
        "sec_fetch_mode",
        "x_requested_with",
        "origin",
        "cache_control",
        "referer",
    )
    record = dict.fromkeys(names) | {
        "host": host, "method": "GET", "status": 200, "user_agent": BROWSER, "response_content_type": None,
        "request_content_type": None, "response_header_names": [], **known,
    }  # fmt: skip
    text, number = pa.string(), pa.int64()
    return build_matrix(
        *(pa.array([value], text) for value in (host, path, query)),
        *(pa.array([value], number) for value in (pack(record), None, None)),
    )


@pytest.mark.parametrize("label", HOSTS)
@pytest.mark.parametrize("media", [None, "application/json"])
def test_an_api_path_is_found_under_a_host_of_any_name(label: str, media: str | None) -> None:
    """Regression test of a case with too much weight.

    `shop.` had 0.49 without a content type, `www.` 0.96: pages of the host then took it below the threshold.
    """
    model, row = (
        load_classifier(load_bundled_model()),
        call_features(f"{label}.example.com", response_content_type=media),
    )
    assert predict_probabilities(model, row)[0] > (0.9 if media else 0.7)


def test_words_of_the_host_are_a_hint_but_not_a_proof(traffic: list[Transaction]) -> None:
    """Compares each word alone with no word.

    On simulated requests; no word outweighs the other features, whatever the model learned.
    """
    model, rows = load_classifier(load_bundled_model()), np.array(simulated_rows(traffic[:4000]))
    rows[:, WORDS] = 0
    without = predict_probabilities(model, np.asfortranarray(rows)).astype(np.float64)
    between = (without > 1e-3) & (without < 1 - 1e-3)  # beyond that, a float32 cannot distinguish log-odds
    moves = []
    for word in WORDS:
        changed = rows[between]
        changed[:, word] = 1
        probabilities = predict_probabilities(model, np.asfortranarray(changed)).astype(np.float64)
        moves.append(np.abs(log_odds_of(probabilities) - log_odds_of(without[between])).max())
    assert max(moves) == pytest.approx(HOST_BOUND, abs=0.01)


def test_words_of_the_path_do_not_outweigh_a_known_response(traffic: list[Transaction]) -> None:
    """Compares all words of the paths with none, on simulated requests.

    Where the media type is logged they move the score by the bound at most, elsewhere by as much as the model says.
    """
    model, rows = load_classifier(load_bundled_model()), np.array(simulated_rows(traffic[:6000]))
    cleared = rows.copy()
    cleared[:, PATH_WORDS] = 0
    found, without = (
        predict_probabilities(model, np.asfortranarray(each)).astype(np.float64) for each in (rows, cleared)
    )
    visible = (np.abs(found - 0.5) < 0.4999) & (np.abs(without - 0.5) < 0.4999)
    moved = np.abs(log_odds_of(found[visible]) - log_odds_of(without[visible]))
    typed = rows[visible][:, UNTYPED] == 0
    assert moved[typed].max() == pytest.approx(PATH_BOUND, abs=0.02)
    assert moved[~typed].max() > PATH_BOUND + 0.5


def test_padded_json_at_the_path_of_a_service_is_a_script() -> None:
    """Regression test: one model gave a script with a callback 0.94.

    The words `data` and `service` of its path outweighed its media type.
    """
    row = call_features(
        "www.example.com",
        path="/data-service",
        query="callback=cb17&id=4711&_=1780000000",
        response_content_type="application/javascript",
    )
    assert predict_probabilities(load_classifier(load_bundled_model()), row)[0] < 0.5


def log_odds_of(p: Any) -> Any:
    return np.log(p / (1 - p))


def test_bounded_reasons_add_up_to_the_score(traffic: list[Transaction]) -> None:
    rows = simulated_rows(traffic[::100])
    rows[:, WORDS[SITE]] = 1
    ready, raw = (
        load_explainer(load_bundled_model()),
        predict_log_odds(load_classifier(load_bundled_model()), rows),
    )
    found = bound_contributions(ready, rows, compute_contributions(ready, rows))
    odds = found.values.sum(axis=1) + found.base
    assert (np.abs(odds - raw) > 0.1).any()  # the bound had an effect
    np.testing.assert_allclose(
        1 / (1 + np.exp(-odds)), predict_probabilities(load_classifier(load_bundled_model()), rows), atol=1e-6
    )
