"""Statistics of siblings and subtrees, compared with a plain count.

The plain count uses strings and sets; hosts do not influence each other.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Sequence
from itertools import pairwise
from statistics import mean

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import settings as settings_of
from hypothesis import strategies as st

from pipelines.http.methods import METHODS
from pipelines.paths.calls import read_evidence
from pipelines.paths.children import CONTEXT, count_children
from pipelines.paths.forest import build_forest, guess_steps, sort_evidence, split_steps, with_steps
from pipelines.paths.infer import RULE_ROWS, infer_rules
from pipelines.paths.step_texts import describe_texts, has_identifier_form, skeleton
from pipelines.runtime.settings import Settings
from pipelines.runtime.settings_sections import PathSettings

HOSTS = ("a.example", "b.example")
SEGMENTS = ("users", "me", "x1", "x2", "17", "2024", "{}", "a.b", "Name.Space", "Products({})", "é", "v1")
ENDS = ("", ".json", ":cancel", ".tar.gz")

paths = st.builds(
    lambda parts, end: "/" + "/".join(parts) + end,
    st.lists(st.sampled_from(SEGMENTS), min_size=1, max_size=4),
    st.sampled_from(ENDS),
)
evidences = st.lists(st.tuples(st.sampled_from(HOSTS), paths), min_size=1, max_size=25, unique=True)


def calls_of(path: str) -> list[int]:
    """Returns one to three GETs and none or two of another method."""
    return [1 + len(path) % 3, 0, 2 * (len(path) % 2), 0, 0, 0]


def table(rows: Sequence[tuple[str, str]]) -> pa.Table:
    """Builds evidence; a path's clients, days and calls follow from its text."""
    made = [(host, path, len(path), len(path) % 5, 5 + len(path) % 3, calls_of(path)) for host, path in rows]
    hosts, shapes, clients, first, last, calls = zip(*made, strict=True)
    return pa.table(
        {
            "host": pa.array(hosts, pa.string()),
            "path_shape": pa.array(shapes, pa.string()),
            "clients": pa.array(clients, pa.int64()),
            "first_day": pa.array(first, pa.int32()).cast(pa.date32()),
            "last_day": pa.array(last, pa.int32()).cast(pa.date32()),
            "calls": pa.array(calls, pa.list_(pa.int64())),
        }
    )


Key = tuple[str, str, str]


def count_plainly(rows: Sequence[tuple[str, str]]) -> dict[Key, dict[str, float]]:
    """Computes the same numbers, one child after the other."""
    below: dict[Key, set[str]] = {}
    places: dict[Key, set[str]] = {}
    depth: dict[Key, int] = {}
    guessed: dict[Key, bool] = {}
    called: dict[Key, list[tuple[str, bool]]] = {}
    nexts: dict[Key, set[str]] = {}
    for host, path in rows:
        cut, guess = split_steps(path), guess_steps(path)
        for at, step in enumerate(cut):
            key = (host, "".join(guess[:at]), step)
            below.setdefault(key, set()).add("".join(guess[at + 1 :]))
            places.setdefault(key, set()).add("".join(cut[:at]))
            depth[key] = at
            called.setdefault(key, []).append((path, at == len(cut) - 1))
            nexts.setdefault(key, set()).update(cut[at + 1 : at + 2])
            guessed[key] = guessed.get(key, False) or guess[at] == "/{}"
    nodes: dict[tuple[str, str], list[Key]] = {}
    for key in below:
        nodes.setdefault(key[:2], []).append(key)
    out: dict[Key, dict[str, float]] = {}
    for keys in nodes.values():
        lengths = [len(step) - 1 for _, _, step in keys]
        kinds = Counter(skeleton(step[1:]) for _, _, step in keys)
        for key in keys:
            others = [each for each in keys if each != key]
            out[key] = {
                "depth": depth[key],
                "siblings": len(keys),
                "alike": kinds[skeleton(key[2][1:])],
                "masked_sibling": any(step == "/{}" for _, _, step in keys),
                "typed_share": mean(has_identifier_form(step[1:]) for _, _, step in keys),
                "digit_share": mean(bool(re.search("[0-9]", step)) for _, _, step in keys),
                "mean_length": mean(lengths),
                "length_deviation": math.sqrt(max(mean(n * n for n in lengths) - mean(lengths) ** 2, 0)),
                "leaf_share": mean(below[each] == {""} for each in keys),
                "is_leaf": below[key] == {""},
                "suffixes": len(below[key]),
                "places": len(places[key]),
                "most_places": max(len(places[each]) for each in keys),
                "variable_share": mean(guessed[each] for each in others) if others else -1,
                **shares(below, key, others),
                "value_overlap": value_overlap(nexts, key, others),
                **count_calls_plainly(called, key, others),
            }
    return out


def shares(below: dict[Key, set[str]], key: Key, others: list[Key]) -> dict[str, float]:
    """Computes the overlaps of the subtree of a child with those of its siblings."""

    def parts(of: Key, pattern: str) -> set[str]:
        return {re.sub(pattern, "", rest) for rest in below[of]} if pattern else below[of]

    def nexts(of: Key) -> set[str]:
        return {re.match("(?:[/.:][^/.:]*)?", rest)[0] for rest in below[of]}  # type: ignore[index]

    def later(of: Key) -> set[str]:
        return parts(of, "^[/.:][^/.:]*")

    found: dict[str, float] = {}
    for name, cut in (("", lambda of: below[of]), ("next_", nexts), ("later_", later)):
        having = [
            sum(part in cut(other) for other in others) for part in cut(key) if part.replace("/{}", "") != ""
        ]
        share = [count / len(others) for count in having] if others else []
        found[f"{name}overlap"] = mean(share) if share else -1
        found[f"most_{name}overlap"] = max(share) if share else -1
        if not name:
            found |= {"literal_suffixes": len(having), "shared_suffixes": sum(map(bool, having))}
    return found


def value_overlap(nexts: dict[Key, set[str]], key: Key, others: list[Key]) -> float:
    """Computes the share of the steps right below a child that a sibling has as well."""
    shared = [any(step in nexts[other] for other in others) for step in nexts[key]]
    return mean(shared) if shared else -1


def count_calls_plainly(
    called: dict[Key, list[tuple[str, bool]]], key: Key, others: list[Key]
) -> dict[str, float]:
    """Computes what the calls of a child and its siblings say."""
    numbers = {each: sum(sum(calls_of(path)) for path, _ in called[each]) for each in (key, *others)}
    ending = {each: [calls_of(path) for path, is_end in called[each] if is_end] for each in numbers}
    ends = {
        each: [sum(column) for column in zip(*rows, strict=True)] for each, rows in ending.items() if rows
    }
    kinds = {each: tuple(count > 0 for count in row) for each, row in ends.items()}
    whole, once = sum(numbers.values()), sum(count == 1 for count in numbers.values())
    alike = [kind == kinds.get(key) for each, kind in kinds.items() if each != key]
    of_node = [sum(column) for column in zip(*ends.values(), strict=True)]
    ended = sum(of_node)

    def pairs(counts: list[int]) -> int:
        return sum(count * (count - 1) for count in counts)

    possible = pairs([sum(row) for row in ends.values()])
    among = pairs(of_node) / (ended * (ended - 1)) if ended > 1 else 1
    within = sum(pairs(row) for row in ends.values()) / possible if possible else 0
    return {
        "mean_calls": math.log(whole / len(numbers)),
        "own_calls": math.log(numbers[key] * len(numbers) / whole),
        "singleton_share": once / len(numbers),
        "unseen_mass": once / whole,
        "methods": sum(kinds[key]) if key in kinds else -1,
        "method_agreement": mean(alike) if key in kinds and alike else -1,
        "method_split": (within - among) / (1 - among) if possible and among < 1 else -1,
        "main_method_share": max(of_node) / ended if ended else -1,
    }


@settings_of(max_examples=60, deadline=None)
@given(evidences)
def test_children_are_counted_as_a_plain_count_does(rows: list[tuple[str, str]]) -> None:
    forest = build_forest(with_steps(sort_evidence(table(rows))), ["guess"])
    guess = forest.variants["guess"]
    own = (guess == forest.variable).astype(np.float64)
    seen = read_evidence(sort_evidence(table(rows)))
    counted = count_children(forest, describe_texts(forest.vocabulary), seen, guess, guess, own)
    nodes = counted.children.nodes
    hosts = [forest.hosts[host] for host in nodes.host[counted.children.node]]
    expected = count_plainly(rows)
    assert set(zip(hosts, counted.prefix, counted.step, strict=True)) == set(expected)
    for child, key in enumerate(zip(hosts, counted.prefix, counted.step, strict=True)):
        found = dict(zip(CONTEXT, counted.context[child].tolist(), strict=True))
        assert found == pytest.approx({name: float(expected[key][name]) for name in CONTEXT}, abs=1e-5)


def score_by_text(
    texts: Sequence[str], prefixes: Sequence[str], context: npt.NDArray[np.float32]
) -> npt.NDArray[np.float32]:
    """Replaces the classifier with a probability by text, prefix and siblings."""
    return np.array(
        [
            (len(text) * 37 + len(prefix) * 11 + int(row[1]) * 5) % 100 / 100
            for text, prefix, row in zip(texts, prefixes, context, strict=True)
        ],
        np.float32,
    )


def rules_of(
    rows: Sequence[tuple[str, str]], settings: PathSettings, known: pa.Table | None = None
) -> list[tuple[object, ...]]:
    """Infers the rules of (host, path) rows, sorted."""
    rules = infer_rules(table(rows), known, settings, score_by_text)
    return sorted(tuple(row.values()) for row in rules.to_pylist())


@settings_of(max_examples=60, deadline=None)
@given(evidences)
def test_a_host_gets_the_same_rules_alone_and_among_others_in_any_order(
    settings: Settings, rows: list[tuple[str, str]]
) -> None:
    together = rules_of(rows, settings.paths)
    shuffled = list(reversed(rows))
    assert rules_of(shuffled, settings.paths) == together
    apart = [
        rule
        for host in HOSTS
        if any(row[0] == host for row in rows)
        for rule in rules_of([row for row in rows if row[0] == host], settings.paths)
    ]
    assert sorted(apart) == together


@settings_of(max_examples=60, deadline=None)
@given(evidences)
def test_one_rule_a_step_of_a_node_and_each_place_has_one(
    settings: Settings, rows: list[tuple[str, str]]
) -> None:
    rules = infer_rules(table(rows), None, settings.paths, score_by_text)
    assert rules.schema == RULE_ROWS
    keys = [(row["host"], row["prefix"], row["step"]) for row in rules.to_pylist()]
    assert len(keys) == len(set(keys))
    assert all(row["children"] <= row["siblings"] for row in rules.to_pylist())
    assert {host for host, _, _ in keys} == {host for host, _ in rows}
    again = infer_rules(table(rows), rules, settings.paths, score_by_text)
    kept = {(row["host"], row["prefix"], row["step"]) for row in again.to_pylist()}
    held = {key for key, row in zip(keys, rules.to_pylist(), strict=True) if row["decision"] == "variable"}
    assert {key for key in held if key[1] == ""} <= kept  # published variables are not split


def test_no_evidence_gives_no_rules(settings: Settings) -> None:
    rows = table([("a.example", "/a")]).slice(0, 0)
    assert infer_rules(rows, None, settings.paths, score_by_text).num_rows == 0


@pytest.mark.parametrize(
    ("path", "cut"),
    [
        ("/", ["/"]),
        ("/users/7.json", ["/users", "/7", ".json"]),
        ("/a.json/b", ["/a.json", "/b"]),
        ("/x/123:cancel", ["/x", "/123", ":cancel"]),
        ("/a.tar.gz", ["/a.tar", ".gz"]),
        ("/.json", ["/.json"]),
        ("*", ["*"]),
        ("/a.json\n", ["/a", ".json\n"]),
    ],
)
def test_a_path_is_cut_into_steps_that_are_the_path_again(path: str, cut: list[str]) -> None:
    assert split_steps(path) == cut
    assert "".join(cut) == path


@given(st.text(max_size=30))
def test_any_text_is_cut_into_steps_that_are_the_text_again(text: str) -> None:
    assert "".join(split_steps(text)) == text
    assert all(step[:1] in {"/", ".", ":"} for _, step in pairwise(split_steps(text)))


def test_the_methods_of_a_node_split_if_each_child_has_its_own() -> None:
    """Operations have a method each; items are read, changed and deleted alike."""
    own = [("/GetAll", [6, 0, 0, 0, 0, 0]), ("/Create", [0, 4, 0, 0, 0, 0]), ("/Delete", [0, 0, 0, 0, 5, 0])]
    alike = [(f"/{name}", [4, 0, 2, 0, 2, 0]) for name in ("amber", "bridge", "candle")]
    for rows, expected in ((own, 1.0), (alike, pytest.approx(-0.1, abs=0.1))):
        day = pa.array([0] * len(rows), pa.int32()).cast(pa.date32())
        paths, calls = zip(*rows, strict=True)
        evidence = pa.table(
            {
                "host": ["a.example"] * len(rows), "path_shape": list(paths), "clients": [1] * len(rows),
                "first_day": day, "last_day": day, "calls": pa.array(calls, pa.list_(pa.int64())),
            }
        )  # fmt: skip
        ordered = sort_evidence(evidence)
        forest = build_forest(with_steps(ordered), ["guess"])
        counted = count_children(
            forest,
            describe_texts(forest.vocabulary),
            read_evidence(ordered),
            forest.step,
            forest.step,
            None,
        )
        assert counted.column("method_split").tolist() == [expected] * len(rows)
    assert len(METHODS) == len(own[0][1])
