"""`decide` stores and shows decisions, and writes nothing if a file is wrong."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pipelines.decisions.file import parse_decisions
from tests.decision_examples import ALL_KINDS


def test_decisions_are_stored_shown_and_replaced(apicensus: Callable[..., Any], tmp_path: Path) -> None:
    file, root = tmp_path / "decisions.yaml", ("--warehouse", tmp_path / "warehouse")
    file.write_text(ALL_KINDS, encoding="utf-8")
    done = apicensus("decide", file, *root, "--json")
    assert done.code == 0, done.err
    counts = {"pin": 1, "split": 1, "merge": 1, "never_template": 1, "rename": 1, "ignore": 1, "save": 1}
    assert done.summary == {
        "step": "decide", "decisions": 8, **counts, "host_alias": 1, "warehouse": str(tmp_path / "warehouse"),
    }  # fmt: skip
    assert "the next `apicensus discover` applies them" in done.err
    shown = apicensus("decide", "--show", *root)
    assert shown.code == 0, shown.err
    assert parse_decisions(shown.out, "shown") == parse_decisions(ALL_KINDS, "file")
    file.write_text("decisions: [{pin: pin, host: x}]", encoding="utf-8")
    refused = apicensus("decide", file, *root)
    assert (refused.code, refused.out) == (2, "")
    assert refused.err.startswith(f"error: {file}:1: pin: expected a template")
    assert refused.err.count("\n") == 1
    file.write_text(shown.out.split("- split")[0], encoding="utf-8")
    assert apicensus("decide", file, *root).code == 0
    [left] = apicensus("decide", "--show", "--json", *root).summary["decisions"]
    assert left == {"pin": "/users/{userId}/orders", "host": "shop.example.com", "note": "seen in the code"}


@pytest.mark.parametrize("arguments", [(), ("decisions.yaml", "--show")])
def test_a_file_or_show_is_given_and_not_both(
    apicensus: Callable[..., Any], arguments: tuple[str, ...]
) -> None:
    done = apicensus("decide", *arguments)
    assert done.code == 2
    assert "either a FILE with decisions or --show" in " ".join(done.err.split())
