"""Phrases for features: complete, distinct, and each feature in one group."""

from __future__ import annotations

from collections import Counter

import pytest

from ml.explanation.phrases import GROUPS, PHRASES, STATES, find_state, list_texts
from ml.requests.features import FEATURES, FLAGS


def test_every_feature_has_a_phrase_and_no_phrase_is_of_nothing() -> None:
    assert set(PHRASES) == set(FEATURES)


def test_every_feature_is_in_exactly_one_group() -> None:
    assert Counter(name for group in GROUPS for name in group.features) == Counter(FEATURES)
    assert len({group.name for group in GROUPS}) == len(GROUPS)


def test_phrases_are_whole_and_tell_features_and_states_apart() -> None:
    all_phrases = [words for phrase in PHRASES.values() for words in (phrase.present, phrase.absent)]
    assert all(words.strip() == words and words and "{" not in words for words in all_phrases)
    assert [words for words, count in Counter(all_phrases).items() if count > 1] == []


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("response_json", 1, "responds with JSON"),
        ("response_html", 0, "does not respond with HTML"),
        ("path_has_extension", 0, "no file extension"),
        ("path_word_api", 1, 'path contains "api"'),
        ("fetch_dest_empty", 1, "sent by a script of the page (Sec-Fetch-Dest)"),
        ("path_numbers", 3, "a number as a segment"),
        ("path_length", 40, "short path"),
        ("path_length", 41, "long path"),
        ("request_bytes_log", -1, "request size not logged"),
        ("request_bytes_log", 0, "small request"),
        ("host_labels", 2, "host name without a subdomain"),
    ],
)
def test_value_gives_words(name: str, value: float, words: str) -> None:
    of_name = list_texts("for")[FEATURES.index(name) * STATES :][:STATES]
    assert of_name[find_state(name, value)] == f"for: {words}"


def test_groups_of_flags_are_the_questions_of_their_signals() -> None:
    names = {group.name: set(group.features) for group in GROUPS}
    for flag in FLAGS:
        assert flag.name in names[flag.signal]
