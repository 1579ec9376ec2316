"""Files and entries of decisions that are refused.

The message is one line that names the file, the line of the entry, and the way out.
"""

from __future__ import annotations

import re

import pytest

from tests.decision_examples import refusal_message


def file_of_entries(*written_entries: str) -> str:
    """Returns a file whose entries are one line each, from line 2 on."""
    return "decisions:\n" + "".join(f"  - {{{entry}}}\n" for entry in written_entries)


BAD_FILES = [
    ("", 1, ["expected the key", "empty file", "decisions: []"]),
    ("# nothing\n", 1, ["empty file"]),
    ("---\n", 2, ["expected the key", "found nothing"]),
    ("- a\n", 1, ["found a list"]),
    ("\n\njust text", 3, ["found str"]),
    ("{}", 1, ["found no key"]),
    ("decision: []", 1, ["found 'decision'"]),
    ("decisions: []\nmore: 1", 1, ["'decisions', 'more'", "no other"]),
    ("decisions: []\ndecisions: []", 1, ["once"]),
    ("? [a]\n: b", 1, ["found 'a list'"]),
    ("\ndecisions:\n", 2, ["expected a list", "found nothing"]),
    ("decisions: {pin: /a}", 1, ["expected a list", "found keys and values"]),
    ("decisions: 3", 1, ["expected a list", "found int"]),
    ("decisions:\n  - pin: /a\n   host: b", 3, ["not YAML"]),
    ("decisions:\n  - {pin: /a/{b}, host: c}", 2, ["not YAML", "need quotes"]),
    ("decisions:\n  - pin: /a\n    host: *.b", 3, ["not YAML", "need quotes"]),
    ("decisions: []\n---\ndecisions: []", 2, ["not YAML"]),
    ("decisions:\n- pin: \x07", 2, ["not YAML", r"'\x07'"]),
]


@pytest.mark.parametrize(("text", "line", "expected"), BAD_FILES)
def test_a_file_of_another_structure_is_refused_with_its_line(
    text: str, line: int, expected: list[str]
) -> None:
    message = refusal_message(text)
    assert message.startswith(f"decisions.yaml:{line}: ")
    for part in expected:
        assert part in message


BAD_ENTRIES = [
    # no decision, or two
    ("host: a", ["expected one of pin, split", "found 'host'"]),
    ("", ["found no key"]),
    ("pin: /a, merge: /b, host: c", ["expected one of", "'pin', 'merge'"]),
    ("pin: /a, pin: /b, host: c", ["each key once", "'pin' twice"]),
    ("[pin]: /a, host: c", ["expected a word as key", "found a list"]),
    # keys
    ("pin: /a, hots: b", ["pin: ", "expected the key 'host'", "pin, host, note"]),
    ("pin: /a, host: b, into: c", ["unknown key 'into'", "allowed with pin: pin, host, note"]),
    ("host_alias: a, name: b, host: c", ["unknown key 'host'", "host_alias, name, note"]),
    ("split: '/a/{b}', host: c", ["expected the key 'into'"]),
    ("rename: '/a/{b}', host: c", ["expected the key 'to'"]),
    ("host_alias: a", ["expected the key 'name'"]),
    # types: YAML 1.1 reads some words as booleans
    ("pin: 7, host: b", ["'pin': expected text, found '7'", "int", "quotes"]),
    ("pin: /a, host: no", ["'host': expected text, found 'no'", "bool"]),
    ("pin: /a, host: 2024-01-01", ["timestamp"]),
    ("split: '/a/{b}', into: [1e3, off], host: c", ["'into': expected text, found 'off'"]),
    ("pin: {a: b}, host: b", ["'pin': expected text, found keys and values"]),
    ("split: '/a/{b}', into: [[a]], host: c", ["'into': expected text, found a list"]),
    ("split: '/a/{b}', into: me, host: c", ["into: expected a valid tuple, found 'me'"]),
    ("pin: [/a], host: b", ["expected a valid string, found ('/a',)"]),
    ("pin: ~, host: b", ["expected a valid string, found None"]),
    ("pin: /a, host: ", ["host: expected a valid string, found None"]),
    ("pin: !!python/object:os.system /a, host: b", ["expected text", "python/object"]),
    (r'pin: /a, host: b, note: "\ud800"', ["note: ", "found '\\ud800'"]),
    # templates
    ("pin: users, host: b", ["starts with", "found 'users'"]),
    ("pin: '', host: b", ["starts with", "found ''"]),
    ("pin: '/a/{b c}', host: b", ["placeholders like {userId}", "%7B"]),
    ("pin: '/a/{}', host: b", ["placeholders like {userId}"]),
    ("pin: '/a/{1}', host: b", ["placeholders like {userId}"]),
    ("pin: '/a/{b', host: b", ["placeholders like {userId}"]),
    ("pin: '/a/b}', host: b", ["placeholders like {userId}"]),
    ("pin: '/a/{{b}}', host: b", ["placeholders like {userId}"]),
    (f"pin: '/a/{{{'b' * 65}}}', host: b", ["at most 64", "…"]),
    ("pin: '/{a}/b/{a}', host: b", ["each name once", "{a} twice"]),
    ("pin: /a/, host: b", ["no empty segment", "'/a/'"]),
    ("pin: //a, host: b", ["no empty segment"]),
    ("pin: '/a?b=c', host: b", ["without ?", "found '?'"]),
    ("pin: /a;v=1, host: b", ["found ';'"]),
    (r'pin: "/a\nb", host: b', [r"found '\n' in '/a\nb'"]),
    (r'pin: "/a\u2028b", host: b', [r"found '\u2028'"]),
    ("pin: /a%2Db, host: b", ["unnecessary escape", "%2D"]),
    (f"pin: /{'a' * 4096}, host: b", ["at most 4096 characters", "4097"]),
    # templates that no path can match
    ("pin: /a/73519, host: b", ["not identifiers", "'/a/{}'", "placeholder"]),
    ("ignore: /a/report-2024.pdf, host: b", ["'/a/report-{}.pdf'"]),
    ("save: '/a/{b}-{c}', host: b", ["whole segment", "'{}-{}'"]),
    ("pin: '/a/v{b}', host: b", ["whole segment", "'v{}'"]),
    ("pin: '/{b}.json/c', host: b", ["whole segment", "'{}.json'"]),
    # the other keys of each kind
    ("split: /a/b, into: [c], host: b", ["last segment is a placeholder", "'/a/b'"]),
    ("merge: '/a/{b}.json', host: b", ["last segment is a placeholder"]),
    ("split: '/a/{b}', into: [], host: b", ["into: expected at least one"]),
    ("split: '/a/{b}', into: [c, c], host: b", ["each once"]),
    ("split: '/a/{b}', into: [c/d], host: b", ["segments without slash", "'c/d'"]),
    ("split: '/a/{b}', into: ['{c}'], host: b", ["segments without slash or braces"]),
    ("split: '/a/{b}', into: ['73519'], host: b", ["not identifiers", "'/{}'"]),
    ("split: '/a/{b}', into: [''], host: b", ["segments without slash"]),
    ("rename: '/a/{b}', to: '/c/{d}', host: b", ["the shape of '/a/{b}'", "'/c/{d}'"]),
    ("rename: '/a/{b}', to: '/a/b', host: b", ["the shape of"]),
    ("rename: '/a/{b}', to: '/a/{b}', host: b", ["other names"]),
    ("rename: /a, to: /a, host: b", ["other names"]),
    ("ignore: /a, method: G T, host: b", ["method: expected an HTTP method", "'G T'"]),
    ("ignore: /a, method: '', host: b", ["expected an HTTP method"]),
    ("pin: /a, method: GET, host: b", ["unknown key 'method'"]),
    # hosts
    ("pin: /a, host: ''", ["host: expected a host name"]),
    ("pin: /a, host: 'a b'", ["host: expected a host name", "'a b'"]),
    ("pin: /a, host: 'https://a.example'", ["host: expected a host name"]),
    ("pin: /a, host: 'a.*.example'", ["*.example.com"]),
    ("pin: /a, host: '*.'", ["host: expected a host name"]),
    ("pin: /a, host: '*example.com'", ["host: expected a host name"]),
    ("pin: /a, host: '*.*.example.com'", ["host: expected a host name"]),
    (f"pin: /a, host: {'a' * 300}", ["host: expected a host name"]),
    ("host_alias: '*.a.example', name: '*.a.example'", ["name: expected a host name"]),
    ("host_alias: '*.a.example', name: '{a b}.a.example'", ["name: expected a host name"]),
    ("host_alias: '*.a.example', name: '{a}.{a}.a.example'", ["each name in braces once"]),
    (f"pin: /a, host: b, note: {'x' * 2001}", ["note: expected", "2000 characters", "…"]),
]


@pytest.mark.parametrize(("entry", "expected"), BAD_ENTRIES)
def test_a_bad_entry_is_named_with_its_line(entry: str, expected: list[str]) -> None:
    message = refusal_message(
        file_of_entries("ignore: /good, host: a", "ignore: /too, host: a", entry, "ignore: /c, host: c")
    )
    assert message.startswith("decisions.yaml:4: ")
    assert message.count("decisions.yaml:") == 1
    for part in expected:
        assert part in message


def test_an_entry_that_is_not_a_mapping_is_named_with_its_line() -> None:
    assert "decisions.yaml:3: expected a decision (keys and values), found str" in refusal_message(
        "decisions:\n- {ignore: /a, host: b}\n- pin\n"
    )


def test_a_block_entry_has_the_line_of_its_first_key() -> None:
    message = refusal_message(
        "decisions:\n- ignore: /a\n  host: b\n\n# c\n- note: n\n  host: x y\n  ignore: /a\n"
    )
    assert message.startswith("decisions.yaml:6: ignore: host: expected a host name")


def test_the_first_three_bad_entries_are_named() -> None:
    message = refusal_message(file_of_entries(*("pin: x, host: a" for _ in range(5))))
    assert re.findall(r"yaml:(\d+)", message) == ["2", "3", "4"]
    assert message.endswith("and 2 more")
