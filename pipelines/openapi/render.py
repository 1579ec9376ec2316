"""Documents as bytes, the same for the same document: YAML as people review it, JSON with sorted keys."""

from __future__ import annotations

from typing import Literal

import orjson
import yaml

from pipelines.openapi.document import Document

WIDTH = 110
OTHER_VALUES = frozenset({"y", "n", "yes", "no", "on", "off", "true", "false", "null", "nan", "inf"})
"""Words that some YAML version reads as a boolean, null or number (YAML 1.1 types; 1.2.2 s. 10.3), in any
case.
"""


class _Dumper(yaml.CSafeDumper):
    """Without aliases: a reader should not have to look for anchors, and some tools refuse them."""

    def ignore_aliases(self, data: object) -> bool:  # noqa: ARG002 - PyYAML's interface
        return True


def _text(dumper: yaml.CSafeDumper, text: str) -> yaml.ScalarNode:
    """Quoted unless it starts like a word or path and is no special word (`1e3` is a number in 1.2)."""
    is_plain = (
        text[:1].isascii() and (text[:1].isalpha() or text[:1] == "/") and text.lower() not in OTHER_VALUES
    )
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=None if is_plain else '"')


_Dumper.add_representer(str, _text)


def rendered(document: Document, format: Literal["yaml", "json"]) -> bytes:
    """The document in UTF-8, with a line end at its end."""
    return yaml_bytes(document) if format == "yaml" else json_bytes(document)


def yaml_bytes(document: Document) -> bytes:
    """YAML in the document's own order, in ASCII, so that no bidirectional override hides text."""
    text = yaml.dump(
        document, Dumper=_Dumper, sort_keys=False, width=WIDTH, allow_unicode=False, default_flow_style=False
    )
    return text.encode("ascii")


def json_bytes(document: Document) -> bytes:
    """JSON with sorted keys, indented by two."""
    return orjson.dumps(
        document, option=orjson.OPT_SORT_KEYS | orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE
    )
