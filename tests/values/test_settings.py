"""Settings: overrides, and errors that name the dotted path and what is allowed."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from pipelines.runtime.errors import SettingsError
from pipelines.runtime.settings import SessionIdentifier, load_settings


def write_settings(folder: Path, text: str) -> Path:
    file = folder / "mine.yaml"
    file.write_text(text, encoding="utf-8")
    return file


def test_a_users_file_overrides_one_value_and_leaves_the_rest(tmp_path: Path) -> None:
    defaults, mine = load_settings(), load_settings(write_settings(tmp_path, "selection: {threshold: 0.9}"))
    assert mine.selection.threshold == 0.9
    assert mine.selection.candidate_floor == defaults.selection.candidate_floor
    assert mine.ingest == defaults.ingest


def test_an_empty_file_changes_nothing(tmp_path: Path) -> None:
    assert load_settings(write_settings(tmp_path, "# nothing\n")) == load_settings()


def test_a_byte_order_mark_is_not_an_error(tmp_path: Path) -> None:
    assert (
        load_settings(write_settings(tmp_path, "\ufeffselection: {threshold: 0.25}")).selection.threshold
        == 0.25
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("selection: {treshold: 0.4}", ["selection.treshold", "unknown setting", "threshold"]),
        ("nonsense: 1", ["nonsense", "unknown setting", "selection"]),
        ("selection: {threshold: 4}", ["selection.threshold", "less than or equal to 1", "4"]),
        ("selection: {threshold: high}", ["selection.threshold", "valid number", "'high'"]),
        ("spark: 4", ["spark", "found 4"]),
        ("export: {profiles: [swagger]}", ["export.profiles.0", "openapi-3.1", "swagger"]),
        ("ingest: {unreadable_files: maybe}", ["ingest.unreadable_files", "'error' or 'skip'", "maybe"]),
        (
            "selection: {sessions: {a.example: {location: body, name: x}}}",
            ["selection.sessions.a.example.location", "'header', 'cookie' or 'jwt'"],
        ),
        ("selection: {sessions: {a.example: {location: header, nam: x}}}", ["nam", "location, name"]),
        ("- a list", ["expected sections", "list"]),
        ("a: [unclosed", ["not YAML"]),
        ("ingest: {time_zone: Berlin}", ["ingest.time_zone", "Europe/Berlin"]),
        ("ingest: {time_zone: ../etc/passwd}", ["ingest.time_zone", "is not a time zone"]),
    ],
)
def test_a_wrong_setting_is_named_with_its_path_and_what_is_allowed(
    tmp_path: Path, text: str, expected: list[str]
) -> None:
    with pytest.raises(SettingsError) as caught:
        load_settings(write_settings(tmp_path, text))
    message = str(caught.value)
    assert "mine.yaml" in message
    assert "\n" not in message
    for part in expected:
        assert part in message


def test_a_settings_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"absent\.yaml"):
        load_settings(tmp_path / "absent.yaml")


def test_header_identifiers_ignore_case_and_cookies_do_not() -> None:
    assert SessionIdentifier(location="header", name="X-Auth-Token").key == "header:x-auth-token"
    assert SessionIdentifier(location="cookie", name="SID").key == "cookie:SID"


ROOT = Path(__file__).resolve().parents[2]
DECLARED = ("settings.py", "sections.py")
READS_BY_NAME = ROOT / "ml/registry/promotion.py"  # a gate names its limit


def names_read() -> set[str]:
    """Returns the attributes that the code reads.

    And the strings by which gates name their limits; without the settings' own declarations.
    """
    found: set[str] = set()
    for part in ("pipelines", "ml", "jobs"):
        for file in (ROOT / part).rglob("*.py"):
            if file.name in DECLARED:
                continue
            nodes = list(ast.walk(ast.parse(file.read_text("utf-8"))))
            found |= {n.attr for n in nodes if isinstance(n, ast.Attribute) and isinstance(n.ctx, ast.Load)}
            if file == READS_BY_NAME:
                found |= {n.value for n in nodes if isinstance(n, ast.Constant) and isinstance(n.value, str)}
    return found


def test_every_setting_is_read_somewhere() -> None:
    """A setting that no code reads is a promise that is not kept."""
    read, tree = names_read(), load_settings().model_dump()
    unread = [f"{section}.{name}" for section, names in tree.items() for name in names if name not in read]
    assert [*unread, *(section for section in tree if section not in read)] == []
