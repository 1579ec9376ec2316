"""Reading OpenAPI 3.0 and 3.1 documents from JSON and YAML files.

They may be written by `apicensus export` or by anyone else. Nothing is fetched and nothing is executed.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import unquote

import orjson
import yaml

from pipelines.http.json_values import escape_pointer_token, unescape_pointer_token
from pipelines.http.openapi_names import EVIDENCE
from pipelines.runtime.bounded_yaml import Bounds, find_exceeded_bound
from pipelines.runtime.errors import InputError

SUFFIXES = (".json", ".yaml", ".yml")
REMEDY = "Correct the document, or leave the file out of --schemas."


class DocumentLimits(NamedTuple):
    """Limits on the size of a document.

    Section `conformance` of the settings gives the reasons.
    """

    document_max_bytes: int = 67_108_864
    document_max_nodes: int = 10_000_000
    document_max_depth: int = 200
    schema_max_work: int = 100_000


DEFAULT_LIMITS = DocumentLimits()


@dataclass(frozen=True, slots=True)
class Document:
    """One parsed OpenAPI document.

    `source` names its origin in messages, `tree` holds mappings, lists and scalars of JSON, and `max_work` limits the cost of
    each of its schemas (`openapi_schema.validation_cost`).
    """

    source: str
    tree: dict[str, Any]
    max_work: int = DEFAULT_LIMITS.schema_max_work

    @property
    def is_30(self) -> bool:
        """Whether this is OpenAPI 3.0, whose schemas follow an older JSON Schema."""
        return str(self.tree["openapi"]).startswith("3.0")


class _Loader(yaml.CSafeLoader):
    """YAML with the types of JSON.

    `2024-05-31` stays a string, as it is for every validator.
    """


_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if not tag.endswith(":timestamp")]
    for first, resolvers in yaml.CSafeLoader.yaml_implicit_resolvers.items()
}


def load_documents(place: Path, limits: DocumentLimits = DEFAULT_LIMITS) -> tuple[list[Document], list[str]]:
    """Reads one OpenAPI document, or all of a folder at any depth.

    Returns:
        The documents in order of their file names, and the names of JSON and YAML files that are not OpenAPI documents.

    Raises:
        InputError: there is no document, or one is invalid; the message has file, location, expected and found.
    """
    if not place.exists():
        raise InputError(
            str(place), "no such file or folder", "Give --schemas a folder with OpenAPI documents."
        )
    files = [place] if place.is_file() else list(_files(place))
    trees = [(str(file), _tree(file, limits)) for file in files]
    documents = [
        Document(name, require_openapi(name, tree), limits.schema_max_work)
        for name, tree in trees
        if _claims_openapi(tree)
    ]
    others = [name for name, tree in trees if not _claims_openapi(tree)]
    if not documents:
        raise InputError(
            str(place),
            f"holds no OpenAPI document ({len(others)} other JSON or YAML files)",
            "Give --schemas the folder that `apicensus export` wrote, or one with OpenAPI 3.0 or 3.1 documents.",
        )
    return documents, others


def require_openapi(source: str, tree: Any) -> dict[str, Any]:
    """Returns the tree if it is an OpenAPI 3.0 or 3.1 document.

    Only the version and the outermost structure are checked here; the parts are checked when they are compiled.

    Raises:
        InputError: it is not; the message has the location in the document.
    """
    if not isinstance(tree, dict):
        raise document_error(source, (), "a mapping", tree)
    version = tree.get("openapi", tree.get("swagger"))
    if not str(version).startswith(("3.0", "3.1")):
        raise InputError(
            source,
            f"expected OpenAPI 3.0 or 3.1, found {str(version)[:20]!r}",
            "Convert it, or leave it out.",
        )
    if not isinstance(tree.get("paths", {}), dict):
        raise document_error(source, ("paths",), "a mapping of paths", tree["paths"])
    return tree


def document_error(source: str, place: Sequence[str], expected: str, found: object) -> InputError:
    """Builds the error for an invalid part of a document.

    The part itself is reported by its type only, as it may be of any length.
    """
    names = {dict: "a mapping", list: "a list", str: "a string", bool: "a boolean", type(None): "nothing"}
    return InputError(
        document_location(source, place),
        f"expected {expected}, found {names.get(type(found), 'a number')}",
        REMEDY,
    )


def document_location(source: str, place: Sequence[str]) -> str:
    """Formats a location in a document: its file and a JSON Pointer (RFC 6901 s. 6)."""
    return "/".join([f"{source}#", *map(escape_pointer_token, place)])


def _files(folder: Path) -> Iterator[Path]:
    for file in sorted(folder.rglob("*")):
        if file.suffix.lower() in SUFFIXES and not file.stem.endswith(EVIDENCE) and file.is_file():
            yield file


def _claims_openapi(tree: Any) -> bool:
    return isinstance(tree, dict) and ("openapi" in tree or "swagger" in tree)


def _tree(file: Path, limits: DocumentLimits) -> Any:
    """Reads a file into JSON values, with strings for keys."""
    try:
        if file.stat().st_size > limits.document_max_bytes:
            raise _too_costly(file, f"is larger than {limits.document_max_bytes:,} bytes")
        content = file.read_bytes()
        if file.suffix.lower() == ".json":
            return orjson.loads(content.removeprefix(b"\xef\xbb\xbf"))
        costs = find_exceeded_bound(content, Bounds(limits.document_max_depth, limits.document_max_nodes))
        if costs is not None:
            raise _too_costly(file, costs)
        return _with_text_keys(yaml.load(content, Loader=_Loader))  # noqa: S506  # a subclass of the safe loader
    except OSError as error:
        raise InputError(str(file), f"cannot be read ({error.strerror})", "Grant read access.") from error
    except orjson.JSONDecodeError as error:
        raise InputError(str(file), f"is not JSON ({error.msg})", REMEDY, error.lineno) from error
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        problem = getattr(error, "problem", None) or "unreadable"
        raise InputError(
            str(file), f"is not YAML ({problem})", REMEDY, mark.line + 1 if mark else None
        ) from error
    except ValueError as error:  # a number of thousands of digits, an invalid date
        raise InputError(str(file), f"is not YAML ({str(error)[:100]})", REMEDY) from error
    except RecursionError:
        raise InputError(str(file), "is nested too deeply", REMEDY) from None


def _too_costly(file: Path, costs: str) -> InputError:
    return InputError(
        str(file),
        f"is too costly to read: {costs}",
        f"{REMEDY} If you trust it, raise conformance.document_max_bytes, _nodes or _depth in the settings.",
    )


def _with_text_keys(tree: Any) -> Any:
    """Copies a tree with strings for keys (`200:` of responses).

    Parts that several YAML aliases name are copied once and shared.
    """
    copies: dict[int, Any] = {}

    def copy_node(node: Any) -> Any:
        if not isinstance(node, dict | list):
            return node
        if id(node) not in copies:
            copies[id(node)] = {} if isinstance(node, dict) else []
            if isinstance(node, dict):
                copies[id(node)].update({_key_text(key): copy_node(value) for key, value in node.items()})
            else:
                copies[id(node)].extend(copy_node(value) for value in node)
        return copies[id(node)]

    return copy_node(tree)


def _key_text(key: object) -> str:
    return key if isinstance(key, str) else str(key).lower() if isinstance(key, bool) else str(key)


MAX_HOPS = 32
"""References to references; a longer chain is a cycle."""


def resolve_reference(document: Document, reference: Any, place: Sequence[str]) -> Any:
    """Returns the node that a local reference (`#/components/...`) points to.

    None if the reference is to another document.

    Raises:
        InputError: it points to nothing.
    """
    if not isinstance(reference, str) or not reference.startswith("#"):
        return None
    node: Any = document.tree
    for token in filter(None, reference.removeprefix("#").split("/")):
        key = _unquoted(token)
        if isinstance(node, dict) and key in node:
            node = node[key]
        elif isinstance(node, list) and key.isdecimal() and int(key) < len(node):
            node = node[int(key)]
        else:
            raise InputError(
                document_location(document.source, place),
                f"$ref {reference[:200]!r} points to nothing",
                REMEDY,
            )
    return node


def follow_references(document: Document, node: Any, place: Sequence[str]) -> Any:
    """Follows references from a node until a node that is not a reference.

    None if they lead to another document.

    Raises:
        InputError: a reference points to nothing, or to itself.
    """
    for _ in range(MAX_HOPS):
        if not isinstance(node, dict) or "$ref" not in node:
            return node
        node = resolve_reference(document, node["$ref"], place)
    raise InputError(document_location(document.source, place), "$ref points to itself", REMEDY)


def _unquoted(token: str) -> str:
    """Decodes a reference token of a URI fragment (RFC 6901 s. 6)."""
    return unescape_pointer_token(unquote(token))
