"""The report as text: content, escaping, and the content security policy."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.report import words
from pipelines.report.facts import Facts, InputFacts, Totals
from pipelines.report.page import STYLES, change_rows, dump_script_json, read_asset, render
from tests.report_example import HOSTILE_HOST, HOSTILE_PATH, REORDERED_PATH, START, empty_example, example

# Fragments of attacks on HTML; plain random text hardly ever contains a tag.
MARKUP = (
    "<b>",
    "</",
    "<script>",
    "</script>",
    "<!--",
    "-->",
    '"',
    "'",
    ">",
    " onclick=x ",
    "&lt;",
    "{{",
    "a",
    "\u2028",
)


class Elements(HTMLParser):
    """Every element of a page with its attributes.

    The text inside `script` and `style` is collected as well.
    """

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.inline: list[tuple[str, dict[str, str | None], str]] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag in ("script", "style"):
            self.inline.append((tag, dict(attrs), ""))

    def handle_data(self, data: str) -> None:
        if self.tags and self.cdata_elem in ("script", "style"):
            tag, attributes, text = self.inline[-1]
            self.inline[-1] = (tag, attributes, text + data)


def inline(page: str, tag: str, kind: str | None = None) -> list[str]:
    """Returns the inline contents of elements with this tag."""
    return [
        text
        for name, attributes, text in Elements(page).inline
        if name == tag and attributes.get("type") == kind
    ]


def test_facts_survive_json() -> None:
    assert Facts.from_json(example().to_json()) == example()
    assert Facts.from_json(empty_example().to_json()) == empty_example()


def test_same_facts_give_the_same_page() -> None:
    assert render(example()) == render(example())


def test_policy_names_exactly_the_inline_style_and_script() -> None:
    page = render(example())
    [policy] = [
        a["content"] for t, a in Elements(page).tags if a.get("http-equiv") == "Content-Security-Policy"
    ]
    assert policy is not None
    directives = dict(part.strip().split(" ", 1) for part in policy.split(";"))
    for tag in ("style", "script"):
        [text] = inline(page, tag)
        digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        assert directives[f"{tag}-src"] == f"'sha256-{digest}'"
    assert directives["default-src"] == "'none'"
    assert "unsafe" not in policy


def test_page_refers_to_nothing_outside_itself() -> None:
    for tag, attributes in Elements(render(example())).tags:
        assert tag not in ("img", "link", "iframe", "object", "embed", "base"), attributes
        assert "src" not in attributes
        assert not any(name.startswith("on") or name == "style" for name in attributes), attributes
        assert (attributes.get("href") or "#").startswith(("#", "./"))
    assert not any(re.search(r"url\(|@import|@font-face", read_asset(name)) for name in STYLES)


def test_hostile_names_stay_text() -> None:
    facts = replace(example(), title=HOSTILE_PATH, notes=[HOSTILE_HOST])
    page = render(facts)
    tags = [tag for tag, _ in Elements(page).tags]
    assert (tags.count("script"), tags.count("img")) == (2, 0)
    assert "&lt;img src=x onerror=alert(1)&gt;.example" in page
    assert "alert(1)</script>" not in page


def test_marks_that_reorder_text_are_written_out() -> None:
    assert words.escape_invisible(REORDERED_PATH) == "/invoice\\u202egpj.exe"
    assert words.escape_invisible("Grüße/日本 🙂") == "Grüße/日本 🙂"
    page = render(replace(example(), title="a\u202eb\u0000"))
    assert "<h1>a\\u202eb\\u0000</h1>" in page


def test_page_and_script_agree_on_what_is_invisible() -> None:
    in_script = re.search(r"const INVISIBLE = /(.+)/g;", read_asset("endpoints.js"))
    assert in_script is not None
    pattern = re.compile(in_script.group(1))
    characters = [chr(code) for code in range(0x10000)]
    assert [c for c in characters if pattern.match(c)] == [c for c in characters if words.INVISIBLE.match(c)]


def test_a_document_link_cannot_name_a_scheme() -> None:
    documents = [replace(example().documents[0], file="javascript:alert(1)")]
    page = render(replace(example(), documents=documents))
    assert 'href="./javascript%3Aalert%281%29"' in page


@given(
    st.recursive(
        st.text() | st.integers(0, 9), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)
    )
)
def test_json_for_the_script_is_inert_and_exact(value: object) -> None:
    text = dump_script_json(value)
    assert not set(text) & set("<>&\u2028\u2029")
    assert json.loads(text) == value


@settings(max_examples=50)
@given(st.lists(st.sampled_from(MARKUP), min_size=1, max_size=8).map("".join) | st.text(min_size=1))
def test_no_name_adds_an_element(name: str) -> None:
    usual = example(2)

    def named(text: str) -> Facts:
        return replace(
            usual,
            title=text,
            endpoints=[replace(usual.endpoints[0], host=text, path_template=text, method=text, state=text)],
            comparison=[replace(usual.comparison[0], host=text)],
            reasons=[replace(usual.reasons[0], reason=text)],
            documents=[replace(usual.documents[0], host=text, file=text)],
            quarantine=[replace(usual.quarantine[0], reason=text, example=text)],
        )

    def shape(page: str) -> list[tuple[str, list[str]]]:
        return [(tag, list(attributes)) for tag, attributes in Elements(page).tags]

    assert shape(render(named(name))) == shape(render(named("plain")))


def test_inventory_holds_every_field_of_an_endpoint() -> None:
    [text] = inline(render(example(3)), "script", "application/json")
    table = json.loads(text)
    row = dict(zip(table["columns"], table["rows"][0], strict=True))
    assert row == {
        "host": HOSTILE_HOST,
        "method": "GET",
        "path_template": HOSTILE_PATH,
        "variants": ["ml", "session"],
        "requests": 7920,
        "successful": 7524,
        "clients": 881,
        "probability": 0.537,
        "first_seen": "2026-03-01T00:05:00Z",
        "last_seen": "2026-03-02T00:05:00Z",
        "state": "new",
        "parameters": 1,
        "spread": "seen by one client on one day only",
        "why": "for: responds with JSON (+2.10); against: path in lower case (-0.20)",
    }


def test_summary_says_what_was_found() -> None:
    assert words.summarise(example()) == (
        "Found 235 endpoints on 6 of 14 hosts in 48,210 transactions from 3 files, "
        "between 2026-03-01 and 2026-03-02. "
        "Session identifiers alone list 77 more, 17 of them pages or assets."
    )
    assert words.summarise(empty_example()) == (
        "Found no endpoint on 1 host in 120 transactions from 1 file, on 2026-03-01."
    )


@pytest.mark.parametrize(
    ("inputs", "reason"),
    [
        (InputFacts(0, 0, 0, 0, None, None, 0), "No record was read."),
        (InputFacts(1, 7, 0, 7, None, None, 0), "All 7 records went to quarantine."),
        (InputFacts(1, 120, 120, 0, START, START, 1), "none was classified as an API call."),
    ],
)
def test_empty_page_says_why_and_what_to_do(inputs: InputFacts, reason: str) -> None:
    page = render(replace(empty_example(), inputs=inputs))
    assert "No endpoint found." in page
    assert reason in page
    assert len(words.explain_emptiness(inputs)[1]) >= 2


def test_cut_lists_say_so() -> None:
    page = render(replace(example(), totals=Totals(ml=60_000, only_session=10_000), hosts_total=9_000))
    assert "312 of 70,000 endpoints" in page
    assert "6 of 9,000 hosts" in page


def test_shares_of_hosts_are_of_all_hosts_not_of_those_that_the_page_lists() -> None:
    """The listed hosts are not typical.

    They are those with most endpoints: among them nearly all have more, elsewhere most are the same.
    """
    buckets = {
        "unchanged": 4_600,
        "up to 50 more": 1_500,
        "over 50 more": 2_800,
        "fewer": 1_100,
        "not covered": 90,
    }
    facts = replace(example(), buckets=buckets, hosts_total=10_090)
    assert [(name, hosts, share) for name, hosts, share, _ in change_rows(facts.buckets)] == [
        ("the same", 4_600, 0.46),
        ("1 to 50 more", 1_500, 0.15),
        ("over 50 more", 2_800, 0.28),
        ("fewer", 1_100, 0.11),
    ]
    assert "46 %" in render(facts)
    assert change_rows({"not covered": 9}) == []


def test_key_figures_are_of_one_source_whatever_is_listed_per_host() -> None:
    """Regression test of inconsistent key figures.

    They were sums over the listed hosts, next to a headline of both variants together.
    """
    totals = Totals(ml=114, both=98, only_session=102, session_pages=94, hosts=8)
    page = render(replace(example(), totals=totals, comparison=example().comparison[:1]))
    figures = dict(re.findall(r'<div class="figure"><dt>(.*?)</dt><dd>(.*?)</dd>', page))
    assert figures["Endpoints"] == "114 <small>on 8 hosts</small>"
    assert figures["Found by both"] == "98"
    assert figures["ML only"] == "16"
    assert figures["Session only"] == "102 <small>94 pages or assets</small>"
