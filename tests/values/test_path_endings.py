"""Words behind a colon: methods of things, or parts of their names."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from pipelines.paths.infer import infer_rules
from pipelines.paths.walk import build_trees, resolve_path
from pipelines.runtime.settings import Settings

GET, POST = [1, 0, 0, 0, 0, 0], [0, 1, 0, 0, 0, 0]
NAMES = ("amber", "bridge", "candle", "desert", "ember")


def score_below_the_root(
    steps: Sequence[str], prefixes: Sequence[str], context: npt.NDArray[np.float32]
) -> npt.NDArray[np.float32]:
    """Takes every segment below the first for a variable."""
    return np.array([0.9 if prefix else 0.1 for prefix in prefixes], np.float32)


def resolve_all(settings: Settings, calls: dict[str, list[int]], *paths: str) -> list[tuple[str, bool]]:
    """Infers the rules of the paths that were called, and resolves others by them."""
    day = pa.array([0] * len(calls), pa.int32()).cast(pa.date32())
    evidence = pa.table(
        {
            "host": ["a.example"] * len(calls), "path_shape": [*calls], "clients": [1] * len(calls), "first_day": day,
            "last_day": day, "calls": pa.array([*calls.values()], pa.list_(pa.int64())),
        }
    )  # fmt: skip
    tree = build_trees(infer_rules(evidence, None, settings.paths, score_below_the_root))["a.example"]
    return [resolve_path(tree, path) for path in paths]


def test_words_that_repeat_over_things_which_are_also_read_are_methods(settings: Settings) -> None:
    calls = {f"/jobs/{name}": GET for name in NAMES}
    calls |= {f"/jobs/{name}:{verb}": POST for name in NAMES[:3] for verb in ("cancel", "set_latest")}
    found = resolve_all(settings, calls, "/jobs/amber:cancel", "/jobs/ember:set_latest", "/jobs/candle")
    assert found == [("/jobs/{}:cancel", True), ("/jobs/{}:set_latest", True), ("/jobs/{}", True)]


def test_tags_belong_to_names_and_so_do_those_not_seen_yet(settings: Settings) -> None:
    calls = {f"/images/{name}:{tag}": GET for name in NAMES for tag in ("latest", "edge")}
    found = resolve_all(
        settings, calls, "/images/amber:latest", "/images/amber:nightly", "/images/ember:edge"
    )
    assert found == [("/images/{}", True)] * 3


def test_a_word_behind_one_name_only_is_a_part_of_it(settings: Settings) -> None:
    calls = {f"/pairs/{one}:{other}": GET for one, other in pairwise(NAMES)}
    calls |= {f"/pairs/{name}": GET for name in NAMES}
    assert resolve_all(settings, calls, "/pairs/amber:bridge", "/pairs/amber") == [("/pairs/{}", True)] * 2


def test_an_ending_not_seen_yet_belongs_to_names_as_the_others_do(settings: Settings) -> None:
    files = {
        f"/files/{name}.{ending}": GET
        for name, ending in zip(NAMES, ("md", "csv", "jpg", "xml", "tar"), strict=True)
    }
    seen, new = resolve_all(settings, files, "/files/amber.csv", "/files/forest.docx")
    assert seen == ("/files/{}", True)
    assert new == ("/files/{}", False), "documents match it; inference looks at it again"
    tags = {f"/files/{name}:{tag}": GET for name in NAMES for tag in ("latest", "edge")}
    assert resolve_all(settings, tags, "/files/forest.docx") == [("/files/{}.docx", False)]
    other = dict.fromkeys((f"/files/{name}" for name in NAMES), GET)
    assert resolve_all(settings, other, "/files/forest.docx") == [("/files/{}.docx", False)]
