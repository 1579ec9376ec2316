"""MkDocs hook: reference pages generated from the code.

Settings come from conf/default.yaml with its comments, tables from their contracts, commands from their `--help`, the members of
`x-census` from `pipelines.openapi.census`.
"""

from __future__ import annotations

import importlib
import os
import pkgutil
import re
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))  # MkDocs runs from anywhere
LINK = re.compile(r"(?<!!)\[(?P<text>[^\]]+)\]\((?P<target>[^)\s]+)\)")
COPIED = (
    "README.md",
    "ARCHITECTURE.md",
    "CONTRIBUTING.md",
    "SECURITY.md",
    "CODE_OF_CONDUCT.md",
    "CHANGELOG.md",
)


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Adds the reference and the documents at the root of the repository to the site."""
    pages = {
        "reference/settings.md": render_settings_page(),
        "reference/tables.md": render_tables_page(),
        "reference/commands.md": render_commands_page(),
        "reference/x-census.md": render_census_page(),
        **{name: rewrite_root_links((ROOT / name).read_text("utf-8")) for name in COPIED},
    }
    for place, text in pages.items():
        files.append(File.generated(config, place, content=text))
    return files


def on_page_markdown(markdown: str, page: Page, **_: Any) -> str:
    """Replaces links to files that the site lacks by their names.

    The page of decision records also gets a list of them.
    """
    if page.file.src_uri == "adr/README.md":
        records = sorted((ROOT / "docs/adr").glob("0*.md"))
        titles = ((file, file.read_text("utf-8").splitlines()[0].lstrip("# ")) for file in records)
        markdown += "\n\n" + "\n".join(f"- [{title}]({file.name})" for file, title in titles) + "\n"
    return LINK.sub(
        lambda link: link[0] if _on_site(page, link["target"]) else f"{link['text']} (`{link['target']}`)",
        markdown,
    )


def _on_site(page: Page, target: str) -> bool:
    if "://" in target or target.startswith(("#", "mailto:")):
        return True
    place = target.partition("#")[0]
    if page.file.src_uri.startswith("reference/") or page.file.src_uri in COPIED:
        return place in COPIED or (ROOT / "docs" / place).is_file()
    folder = ROOT / "docs" / Path(page.file.src_uri).parent
    return (folder / place).resolve().is_relative_to(ROOT / "docs") and (folder / place).is_file()


def rewrite_root_links(text: str) -> str:
    """Rewrites the links of a document in the repository's root.

    `docs/` is the root of the site.
    """
    return text.replace("](docs/", "](").replace("](adr)", "](adr/README.md)")


def render_settings_page() -> str:
    """Renders every setting with its default and the comment above it."""
    text = (ROOT / "conf/default.yaml").read_text("utf-8")
    lines, tree = text.splitlines(), yaml.compose(text, yaml.SafeLoader)
    out = [
        "# Settings",
        "",
        "Made from `conf/default.yaml`. A file given with `--settings` overrides any of them.",
        "",
    ]
    sections = [] if tree is None else tree.value
    for section, body in sections:
        out += [f"## {section.value}", ""]
        above = _comment(lines, section.start_mark.line)
        out += [above, ""] if above else []
        for key, value in body.value:
            out += [f"### {section.value}.{key.value}", "", _comment(lines, key.start_mark.line), ""]
            out += ["```yaml", text[key.start_mark.index : value.end_mark.index].rstrip(), "```", ""]
    return "\n".join(out)


def _comment(lines: list[str], row: int) -> str:
    """Returns the comment directly above a line, as one paragraph."""
    comment: list[str] = []
    while row > 0 and lines[row - 1].lstrip().startswith("#"):
        row -= 1
        comment.insert(0, lines[row].strip().lstrip("#").strip())
    return " ".join(comment)


def render_tables_page() -> str:
    """Renders every Delta table with its columns, types and partitions."""
    out = [
        "# Tables",
        "",
        "Made from their contracts in the code. All are Delta tables in the folder `--warehouse`.",
        "",
    ]
    for module, table in sorted(_tables(), key=lambda pair: str(pair[1].name)):
        partition = ", ".join(f"`{name}`" for name in table.partition) or "none"
        out += [f"## {table.name}", "", f"Declared in `{module}`. Partitions: {partition}.", ""]
        out += ["| column | type | may be NULL |", "|---|---|---|"]
        out += [
            f"| `{field.name}` | `{field.dataType.simpleString()}` | {'yes' if field.nullable else 'no'} |"
            for field in table.schema
        ]
        out.append("")
    return "\n".join(out)


def _tables() -> Iterator[tuple[str, Any]]:
    import pipelines
    from pipelines.runtime.tables import Table

    for module in pkgutil.walk_packages(pipelines.__path__, "pipelines."):
        if module.name.endswith(".tables"):
            for value in vars(importlib.import_module(module.name)).values():
                if isinstance(value, Table):
                    yield module.name, value


def render_commands_page() -> str:
    """Renders the help of every command."""
    from jobs.__main__ import STEPS

    os.environ["COLUMNS"] = "100"
    out = ["# Commands", "", "Made from `apicensus STEP --help`.", ""]
    for step in STEPS:
        out += [f"## apicensus {step}", "", "```text", _help(step), "```", ""]
    return "\n".join(out)


def _help(step: str) -> str:
    from contextlib import redirect_stdout
    from io import StringIO

    shown = StringIO()
    with redirect_stdout(shown):
        importlib.import_module(f"jobs.cli.{step}").main(["--help"])
    return shown.getvalue().strip()


def render_census_page() -> str:
    """Renders the members of `x-census` at each level of a document."""
    from pipelines.openapi.census import MEMBERS

    out = [
        "# x-census",
        "",
        "Evidence in our OpenAPI documents: what each part rests on. Gateways ignore it.",
        "",
    ]
    for level, members in MEMBERS.items():
        out += [f"## Of {level}", "", *_rows(members), ""]
    return "\n".join(out)


def _rows(members: Mapping[str, str]) -> list[str]:
    return [
        "| member | meaning |",
        "|---|---|",
        *(f"| `{name}` | {meaning} |" for name, meaning in members.items()),
    ]
