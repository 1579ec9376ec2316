"""The search that avoids parsing finds every masked place.

It passes over ordinary texts.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from urllib.parse import quote, quote_plus

import pyarrow as pa
import pyarrow.compute as pc
import pytest

from pipelines.http.masking.sieve import HEADER, STRUCTURED
from pipelines.http.masking.transaction import HEADER_FIELDS, MASKERS
from pipelines.transactions.spark.masking import COLUMNS, mask_batch
from tests.planted_secrets import PERSONAL, PLACES, SECRET, TOKENS

PATTERNS = {name: HEADER if name in HEADER_FIELDS else STRUCTURED for name in MASKERS}


@pytest.mark.parametrize(("column", "sent", "kept"), PLACES)
def test_the_search_finds_every_place(column: str, sent: str, kept: str) -> None:
    text = sent.replace("{}", SECRET)
    assert re.search(PATTERNS[column], text)
    assert pc.match_substring_regex(pa.array([text]), PATTERNS[column]).to_pylist() == [True]


@pytest.mark.parametrize("value", [*TOKENS, *PERSONAL])
def test_the_search_finds_values_of_known_forms(value: str) -> None:
    texts = [
        json.dumps({"x": value}),
        f"x={quote(value)}",
        f"x={quote(quote(value, safe=''))}",
        f"x={quote_plus(value)}",
    ]
    assert pc.match_substring_regex(pa.array(texts), STRUCTURED).to_pylist() == [True] * len(texts)
    assert all("planted" not in MASKERS["query"](text) for text in texts[1:])


def test_a_batch_gives_back_what_changed_only() -> None:
    sent = {"path": "/reset/" + SECRET, "query": "page=1", "user_agent": "curl/8", "raw": None}
    columns = {name: pa.array([sent.get(name), None], pa.string()) for name in COLUMNS}
    one, other = mask_batch(columns).to_pylist()
    assert one["path"] == "/reset/redacted"
    assert (one["query"], one["user_agent"], one["raw"], one["request_body"]) == ("page=1", None, None, None)
    assert other == dict.fromkeys(COLUMNS)


def test_repeated_text_takes_bounded_time_in_the_search() -> None:
    hostile = pa.array(
        [part * (1 << 16) for part in ("eyJ", "a@", "+1", "4111 ", "%25", "gl", "044 ", "SG.a")]
    )
    for pattern in (STRUCTURED, HEADER):
        assert len(pc.match_substring_regex(hostile, pattern)) == len(hostile)  # RE2: linear


def test_no_expression_is_for_one_engine_only() -> None:
    source = Path(__file__).parents[2] / "pipelines" / "http" / "masking" / "sieve.py"
    assert "(?=" not in source.read_text()
