"""OpenAPI documents from files: ours or anybody's, 3.0 or 3.1, JSON or YAML. Nothing is fetched, nothing is executed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import unquote

import orjson
import yaml

from pipelines.runtime.bounded_yaml import Bounds, find_exceeded_bound
from pipelines.runtime.errors import InputError

SUFFIXES = (".json", ".yaml", ".yml")
REMEDY = "Mend the document, or leave the file out of --schemas."


class DocumentLimits(NamedTuple):
    """What a document may cost: section `conformance` of the settings says why."""

    document_max_bytes: int = 67_108_864
    document_max_nodes: int = 10_000_000
    document_max_depth: int = 200
    schema_max_work: int = 100_000


DEFAULT_LIMITS = DocumentLimits()


@dataclass(frozen=True, slots=True)
class Document:
    """One OpenAPI document: where it is from, its tree (mappings, lists and scalars of JSON), what a schema of it may cost."""

    source: str
    tree: dict[str, Any]
    max_work: int = DEFAULT_LIMITS.schema_max_work

    @property
    def is_30(self) -> bool:
        """Whether its schemas are of OpenAPI 3.0 and so of an older JSON Schema."""
        return str(self.tree["openapi"]).startswith("3.0")


class _Loader(yaml.CSafeLoader):
    """YAML with the types of JSON: `2024-05-31` is a text here, as it is for every validator."""


_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in known if not tag.endswith(":timestamp")]
    for first, known in yaml.CSafeLoader.yaml_implicit_resolvers.items()
}


def load_documents(place: Path, limits: DocumentLimits = DEFAULT_LIMITS) -> tuple[list[Document], list[str]]:
    """The documents in a folder (at any depth) or of one file, in order of their names; and names of files that are none.

    Raises:
        InputError: there is none, or one is broken, with file, place, what was expected and found.
    """
    if not place.exists():
        raise InputError(
            str(place), "no such file or folder", "Give --schemas a folder with OpenAPI documents."
        )
    found = [place] if place.is_file() else list(_files(place))
    trees = [(str(file), _tree(file, limits)) for file in found]
    known = [
        Document(name, require_openapi(name, tree), limits.schema_max_work)
        for name, tree in trees
        if _claims_to_be_one(tree)
    ]
    others = [name for name, tree in trees if not _claims_to_be_one(tree)]
    if not known:
        raise InputError(
            str(place),
            f"holds no OpenAPI document ({len(others)} other JSON or YAML files)",
            "Give --schemas the folder that `apicensus export` wrote, or one with OpenAPI 3.0 or 3.1 documents.",
        )
    return known, others


def require_openapi(source: str, tree: Any) -> dict[str, Any]:
    """The tree, if it has the version and the shape of OpenAPI 3.0 or 3.1; what is in it is checked where it is compiled.

    Raises:
        InputError: with the place in the document.
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
    """The error at a place of a document. What was found is told by its type: a document may be as long as it likes."""
    names = {dict: "a mapping", list: "a list", str: "a text", bool: "a boolean", type(None): "nothing"}
    return InputError(
        document_location(source, place),
        f"expected {expected}, found {names.get(type(found), 'a number')}",
        REMEDY,
    )


def document_location(source: str, place: Sequence[str]) -> str:
    """A place in a document: its file and a JSON Pointer (RFC 6901 s. 6)."""
    return "/".join([f"{source}#", *(key.replace("~", "~0").replace("/", "~1") for key in place)])


def _files(folder: Path) -> Iterator[Path]:
    for file in sorted(folder.rglob("*")):
        if file.suffix.lower() in SUFFIXES and file.is_file():
            yield file


def _claims_to_be_one(tree: Any) -> bool:
    return isinstance(tree, dict) and ("openapi" in tree or "swagger" in tree)


def _tree(file: Path, limits: DocumentLimits) -> Any:
    """What the file holds, as JSON would say it: keys are texts."""
    try:
        if file.stat().st_size > limits.document_max_bytes:
            raise _too_costly(file, f"is larger than {limits.document_max_bytes:,} bytes")
        written = file.read_bytes()
        if file.suffix.lower() == ".json":
            return orjson.loads(written.removeprefix(b"\xef\xbb\xbf"))
        costs = find_exceeded_bound(written, Bounds(limits.document_max_depth, limits.document_max_nodes))
        if costs is not None:
            raise _too_costly(file, costs)
        return _with_text_keys(yaml.load(written, Loader=_Loader))  # noqa: S506  # a subclass of the safe loader
    except OSError as error:
        raise InputError(str(file), f"cannot be read ({error.strerror})", "Grant read access.") from error
    except orjson.JSONDecodeError as error:
        raise InputError(str(file), f"is no JSON ({error.msg})", REMEDY, error.lineno) from error
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        problem = getattr(error, "problem", None) or "unreadable"
        raise InputError(
            str(file), f"is not YAML ({problem})", REMEDY, mark.line + 1 if mark else None
        ) from error
    except ValueError as error:  # a number of thousands of digits, a date that is none
        raise InputError(str(file), f"is not YAML ({str(error)[:100]})", REMEDY) from error
    except RecursionError:
        raise InputError(str(file), "is nested too deeply", REMEDY) from None


def _too_costly(file: Path, costs: str) -> InputError:
    return InputError(
        str(file),
        f"is too costly to read: {costs}",
        f"{REMEDY} Where you trust it, raise conformance.document_max_bytes, _nodes or _depth in the settings.",
    )


def _with_text_keys(tree: Any) -> Any:
    """The same with texts for keys (`200:` of responses). Parts that several aliases name are made once and shared."""
    made: dict[int, Any] = {}

    def one(node: Any) -> Any:
        if not isinstance(node, dict | list):
            return node
        if id(node) not in made:
            made[id(node)] = {} if isinstance(node, dict) else []
            if isinstance(node, dict):
                made[id(node)].update({_text(key): one(value) for key, value in node.items()})
            else:
                made[id(node)].extend(one(value) for value in node)
        return made[id(node)]

    return one(tree)


def _text(key: object) -> str:
    return key if isinstance(key, str) else str(key).lower() if isinstance(key, bool) else str(key)


MAX_HOPS = 32
"""References to references; more are a circle."""


def resolve_reference(document: Document, reference: Any, place: Sequence[str]) -> Any:
    """What a local reference (`#/components/...`) points at; None where it is one to another document.

    Raises:
        InputError: it points at nothing.
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
                f"$ref {reference[:200]!r} points at nothing",
                REMEDY,
            )
    return node


def follow_references(document: Document, node: Any, place: Sequence[str]) -> Any:
    """A node that is no reference: the one itself, or what its references end at; None where that is elsewhere.

    Raises:
        InputError: a reference points at nothing, or at itself.
    """
    for _ in range(MAX_HOPS):
        if not isinstance(node, dict) or "$ref" not in node:
            return node
        node = resolve_reference(document, node["$ref"], place)
    raise InputError(document_location(document.source, place), "$ref leads to itself", REMEDY)


def _unquoted(token: str) -> str:
    """A reference token as it stands in a URI fragment (RFC 6901 s. 6)."""
    return unquote(token).replace("~1", "/").replace("~0", "~")
