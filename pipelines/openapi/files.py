"""Documents as files: reproducible bytes, and safe file names.

File names are made of hosts, which attackers choose.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from typing import Any, Literal

import orjson
import yaml

from pipelines.http.openapi_names import EVIDENCE
from pipelines.openapi.document import Document

SAFE = r"[a-z0-9](?:[a-z0-9_-]|\.(?!\.)){0,118}[a-z0-9_-]|[a-z0-9]"
"""Names that are used as they are: lower case, no dot at either end, no two dots.

Some file systems do not distinguish case.
"""
RESERVED = r"(?:con|prn|aux|nul|com[0-9]|lpt[0-9])(?:\..*)?"
"""Device names of Windows, with any extension.

Microsoft, "Naming Files, Paths, and Namespaces".
"""
MAX_STEM_CHARACTERS = 80
HASH_CHARACTERS = 16


def file_name(host: str) -> str:
    """Returns the stem of the host's files.

    A safe name is used as it is; otherwise a readable rest, `~` and a hash of the host. No safe name contains `~`, so a host
    cannot be invented to overwrite the file of another.
    """
    if re.fullmatch(SAFE, host) and not re.fullmatch(RESERVED, host) and not host.endswith(EVIDENCE):
        return host
    rest = re.sub(r"[^a-z0-9]+", "-", host.lower()).strip("-")[:MAX_STEM_CHARACTERS] or "host"
    digest = hashlib.sha256(host.encode("utf-8", "surrogatepass")).hexdigest()[:HASH_CHARACTERS]
    return f"{rest}~{digest}"


def evidence_file_name(host: str) -> str:
    """Returns the name of the file with the evidence of a host's document."""
    return f"{file_name(host)}{EVIDENCE}.json"


WIDTH = 110
OTHER_VALUES = frozenset({"y", "n", "yes", "no", "on", "off", "true", "false", "null", "nan", "inf"})
"""Words that some YAML version reads as a boolean, null or number, in any case.

YAML 1.1 types; YAML 1.2.2 s. 10.3.
"""


class _Dumper(yaml.CSafeDumper):
    """Writes no aliases.

    Readers need not look for anchors, and some tools reject them.
    """

    def ignore_aliases(self, data: object) -> bool:  # noqa: ARG002 - PyYAML's interface
        return True


def _text(dumper: yaml.CSafeDumper, text: str) -> yaml.ScalarNode:
    """Quotes a text unless it starts like a word or path and is not a special word.

    `1e3`, for example, is a number in YAML 1.2.
    """
    is_plain = (
        text[:1].isascii() and (text[:1].isalpha() or text[:1] == "/") and text.lower() not in OTHER_VALUES
    )
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=None if is_plain else '"')


_Dumper.add_representer(str, _text)


def render_document(document: Document, format: Literal["yaml", "json"]) -> bytes:
    """Returns the document in UTF-8, ending with a line break."""
    return yaml_bytes(document) if format == "yaml" else json_bytes(document)


def yaml_bytes(document: Document) -> bytes:
    """Returns YAML in the document's order.

    It is ASCII, so that no bidirectional override hides text.
    """
    text = yaml.dump(
        document, Dumper=_Dumper, sort_keys=False, width=WIDTH, allow_unicode=False, default_flow_style=False
    )
    return text.encode("ascii")


def json_bytes(document: Mapping[str, Any]) -> bytes:
    """Returns JSON with sorted keys, indented by two."""
    return orjson.dumps(
        document, option=orjson.OPT_SORT_KEYS | orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE
    )
