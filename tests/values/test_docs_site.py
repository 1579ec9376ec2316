"""The reference of the documentation site.

It is generated from the code, complete, and the same as the help of the commands.
"""

from __future__ import annotations

import importlib.util
import re
from functools import cache
from pathlib import Path
from types import ModuleType

import pytest
import yaml

from jobs.__main__ import STEPS
from pipelines.openapi.census import MEMBERS

ROOT = Path(__file__).resolve().parents[2]


@cache
def hook() -> ModuleType:
    spec = importlib.util.spec_from_file_location("docs_site", ROOT / "scripts/docs_site.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_settings_page_has_every_setting_with_its_reason() -> None:
    page: str = hook().render_settings_page()
    tree = yaml.safe_load((ROOT / "conf/default.yaml").read_text("utf-8"))
    for section, body in tree.items():
        for key in body:
            assert f"### {section}.{key}\n" in page
    assert (
        "Seconds that a second writer waits"
        in page.split("### lease.wait_seconds")[1].split("###", maxsplit=1)[0]
    )


def test_tables_page_has_columns_and_partitions() -> None:
    page: str = hook().render_tables_page()
    names = re.findall(r"(?m)^## (\w+)$", page)
    assert {"transactions", "quarantine", "endpoint_slices", "path_templates", "schemas", "changes"} <= set(
        names
    )
    assert names == sorted(names)
    assert "| `path_shape` | `string` |" in page.split("## path_templates")[1]


def test_every_table_is_declared_in_a_module_of_tables() -> None:
    declared = [
        file for file in (ROOT / "pipelines").rglob("*.py") if " = Table(\n" in file.read_text("utf-8")
    ]
    in_other_modules = [str(file) for file in declared if file.name != "tables.py"]
    assert [name for name in in_other_modules if "rich" not in Path(name).read_text("utf-8")] == []
    assert len(declared) > 5


def test_commands_page_shows_the_help_of_every_step() -> None:
    page: str = hook().render_commands_page()
    for step in STEPS:
        assert f"## apicensus {step}\n" in page
    assert page.count("Usage:") == len(STEPS)


def test_census_page_has_every_member() -> None:
    page: str = hook().render_census_page()
    assert page.count("\n| `") == sum(map(len, MEMBERS.values()))


@pytest.mark.parametrize("text", ["[a](docs/b.md)", "[a](docs/adr/0001-stage-then-publish.md#x)"])
def test_links_of_root_documents_lead_into_the_site(text: str) -> None:
    assert "docs/" not in hook().rewrite_root_links(text)
