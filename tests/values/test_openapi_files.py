"""Bytes and names of document files. No Spark.

The same for the same document, and safe for every reader.
"""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from pipelines.http.text import replace_surrogates
from pipelines.openapi.files import file_name, json_bytes, render_document, yaml_bytes
from tests import strategies

TEXTS = strategies.texts.map(replace_surrogates)
TREES: st.SearchStrategy[dict[str, Any]] = st.dictionaries(
    TEXTS,
    st.recursive(
        TEXTS | st.integers(-(2**53), 2**53) | st.booleans() | st.none(),
        lambda below: st.lists(below, max_size=3) | st.dictionaries(TEXTS, below, max_size=3),
        max_leaves=8,
    ),
    max_size=4,
)


@given(TREES)
def test_yaml_and_json_say_exactly_the_document(tree: dict[str, Any]) -> None:
    assert yaml.safe_load(yaml_bytes(tree)) == tree
    assert json.loads(json_bytes(tree)) == tree


@given(TREES)
def test_yaml_is_ascii_without_control_characters(tree: dict[str, Any]) -> None:
    assert re.fullmatch(rb"[\n -~]*", yaml_bytes(tree))


@pytest.mark.parametrize(
    "text",
    [
        "yes",
        "No",
        "ON",
        "y",
        "N",
        "true",
        "Null",
        "~",
        "1e3",
        "1_000",
        "0o14",
        "0x1F",
        "12:30:45",
        "2026-06-01",
        ".inf",
        "=",
        "<<",
        "",
        "-",
    ],
)
def test_text_that_some_yaml_version_reads_as_something_else_is_quoted(text: str) -> None:
    assert yaml_bytes({"key": text}) == f'key: "{text}"\n'.encode()
    assert yaml_bytes({text: 1}) == f'"{text}": 1\n'.encode()


def test_ordinary_text_is_not_quoted_and_the_order_is_the_documents() -> None:
    assert (
        yaml_bytes({"paths": {"/users/{id}": "GET it"}, "info": 1})
        == b"paths:\n  /users/{id}: GET it\ninfo: 1\n"
    )


def test_shared_parts_are_written_out_without_aliases() -> None:
    part = {"type": "string"}
    assert b"&" not in yaml_bytes({"a": part, "b": part})


def test_json_sorts_its_keys_and_ends_with_a_line_end() -> None:
    assert json_bytes({"b": 1, "a": {}}) == b'{\n  "a": {},\n  "b": 1\n}\n'
    assert render_document({"b": 1}, "json") == json_bytes({"b": 1})
    assert render_document({"b": 1}, "yaml") == yaml_bytes({"b": 1})


@given(strategies.hosts)
def test_file_name_is_safe_on_every_system(host: str) -> None:
    name = file_name(host)
    assert re.fullmatch(r"[a-z0-9][a-z0-9._~-]{0,119}", name)
    assert ".." not in name
    assert not name.endswith(".")
    assert not re.fullmatch(r"(con|prn|aux|nul|com[0-9]|lpt[0-9])(\..*)?", name)


@given(st.lists(strategies.hosts | st.from_regex(r"\A[a-zA-Z.:]{1,4}\Z"), unique=True))
def test_no_two_hosts_share_a_file(hosts: list[str]) -> None:
    names = [file_name(host) for host in hosts]
    assert len(set(names)) == len(names)


@pytest.mark.parametrize(
    "host", ["api.example.com", "localhost", "10.0.0.1", "a", "my_host.example", "xn--bcher-kva.example"]
)
def test_ordinary_host_is_its_own_file_name(host: str) -> None:
    assert file_name(host) == host


@pytest.mark.parametrize(
    "host",
    [
        "a.example:8443",
        "A.example",
        "con",
        "nul.example",
        "..",
        ".a",
        "-rf",
        "a/b",
        "",
        "é.example",
        "a" * 200,
    ],
)
def test_changed_name_carries_a_hash_so_that_no_other_host_can_hit_it(host: str) -> None:
    name = file_name(host)
    assert re.fullmatch(r"[a-z0-9-]+~[0-9a-f]{16}", name)
    assert file_name(name) != name
