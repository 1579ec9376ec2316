"""The file of decisions: its content, round trips, errors with line numbers."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from random import Random

import pytest
import yaml
from hypothesis import assume, example, given
from hypothesis import strategies as st
from pyspark.sql import Row

from pipelines.decisions.file import find_contradictions, format_decisions, parse_decisions, read_decisions
from pipelines.decisions.model import KINDS, Decision, HostAlias, Ignore, Pin, Split
from pipelines.decisions.tables import DECISIONS, from_rows, to_rows
from pipelines.runtime.bounded_yaml import HAND_WRITTEN_MAX_BYTES
from pipelines.runtime.errors import ContractError, SettingsError
from tests.decision_examples import ALL_KINDS, decisions, refusal_message
from tests.strategies import HOSTILE

ROOT = Path(__file__).resolve().parents[2]
FIELDS = ("into", "to", "host", "method", "name", "note", "hots")


def test_a_file_holds_decisions_of_every_kind_in_its_order(tmp_path: Path) -> None:
    file = tmp_path / "decisions.yaml"
    file.write_text("\ufeff" + ALL_KINDS, encoding="utf-8")
    found = read_decisions(file)
    assert [decision.kind for decision in found] == list(KINDS)
    assert found[0] == Pin(pin="/users/{userId}/orders", host="shop.example.com", note="seen in the code")
    assert found[1] == Split(split="/users/{userId}", into=("me", "search"), host="shop.example.com")
    assert found[5] == Ignore(ignore="/health", method="GET", host="shop.example.com:8443")
    assert found[7] == HostAlias(host_alias="*.shop.example", name="{tenant}.shop.example")


def test_the_example_of_the_documentation_is_taken() -> None:
    text = (ROOT / "docs/decisions.md").read_text(encoding="utf-8")
    found = parse_decisions(text.split("```yaml\n")[1].split("```")[0], "docs/decisions.md")
    assert [decision.kind for decision in found] == list(KINDS)


def test_no_decisions_are_a_decision_too() -> None:
    assert parse_decisions("decisions: []", "decisions.yaml") == ()


def test_templates_in_the_block_style_need_no_quotes() -> None:
    text = 'decisions:\n- save: /a/{b}\n  host: "*"\n- save: "/c/{d}"\n  host: "*"\n'
    assert [decision.subject for decision in parse_decisions(text, "x")] == ["/a/{b}", "/c/{d}"]


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    for path, content in (
        ("absent", None),
        ("binary", b"\xff\xfe\x00"),
        ("long", b"#" * (HAND_WRITTEN_MAX_BYTES + 1)),
    ):
        file = tmp_path / path
        if content is not None:
            file.write_bytes(content)
        with pytest.raises(SettingsError, match=f"{path}: "):
            read_decisions(file)
    with pytest.raises(SettingsError, match=r"cannot be read"):
        read_decisions(tmp_path)
    with pytest.raises(SettingsError, match=r"cannot be read"):
        read_decisions(Path("a\0b"))


@pytest.mark.parametrize(
    "text",
    [
        "[" * 50_000,
        "decisions: " + "{a: " * 5_000,
        'decisions: ["\\UFFFFFFFF"]',
        "a: &a [*a]",
        "decisions: &a [*a]",
        "decisions:\n- &a {pin: *a, host: *a}",
        "&a : &b\n" + "".join(f"- &c{n} [*c{n - 1}, *c{n - 1}]\n" if n else "- &c0 [x]\n" for n in range(60)),
        "decisions:\n- <<: {pin: /a, host: b}",
    ],
)
def test_a_hostile_document_is_refused(text: str) -> None:
    assert refusal_message(text).startswith("decisions.yaml:")


@given(st.text() | st.sampled_from(HOSTILE))
def test_any_text_gives_decisions_or_an_error(text: str) -> None:
    for content in (text, f"decisions:\n- {text}", f"decisions:\n- {{pin: {text}, host: {text}}}"):
        with suppress(SettingsError):
            assert isinstance(parse_decisions(content, "x"), tuple)


@given(
    st.lists(
        st.dictionaries(
            st.sampled_from((*KINDS, *FIELDS)),
            st.sampled_from([*HOSTILE, "/a/{b}", "/a", "*", "*.a", "GET", ["me"], ["{"], None, 7, {"a": "b"}])
            | st.text(max_size=8),
            max_size=4,
        ),
        max_size=3,
    )
)
def test_any_values_in_the_structure_give_decisions_or_an_error_of_one_line(
    values: list[dict[str, object]],
) -> None:
    text = yaml.safe_dump({"decisions": values})
    try:
        assert len(parse_decisions(text, "x")) == len(values)
    except SettingsError:
        assert len(refusal_message(text)) < 3000


@given(st.lists(decisions(), max_size=4))
@example(
    [
        Ignore(ignore="/é", host="x", note="a\x85b\u2028\n c\u2029"),
        Ignore(ignore="/b", host="x", note="\r\n\t "),
    ]
)
def test_what_is_written_is_read_as_the_same(given_decisions: list[Decision]) -> None:
    assume(not find_contradictions(given_decisions))
    text = format_decisions(given_decisions)
    assert parse_decisions(text, "x") == tuple(given_decisions)
    assert format_decisions(parse_decisions(text, "x")) == text


@given(st.lists(decisions(), max_size=4), st.randoms())
def test_rows_in_any_order_are_read_as_the_same(given_decisions: list[Decision], dice: Random) -> None:
    rows = [Row(**dict(zip(DECISIONS.schema.names, row, strict=True))) for row in to_rows(given_decisions)]
    dice.shuffle(rows)
    assert from_rows(rows) == tuple(given_decisions)


def test_rows_of_another_version_are_refused_with_the_way_out() -> None:
    [row] = to_rows([Pin(pin="/a", host="b")])
    for column, value in (("kind", "nail"), ("template", "a"), ("host", "a b"), ("name", "x")):
        other = dict(zip(DECISIONS.schema.names, row, strict=True)) | {column: value}
        with pytest.raises(ContractError, match=r"table decisions: row 0 .*decide FILE"):
            from_rows([Row(**other)])
