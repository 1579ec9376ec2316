"""How a site writes the paths of its pages and files: lower case, capitals (`/Images/Logo.png`), spaces (`%20`).

Servers that ignore case, wikis and uploads by people bring capitals and escapes into what is no API. Without them a
capital in the path of a picture would mark an object store.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace
from random import Random

from pipelines.simulator.vocabulary.operation import Operation, Parameter

SPELLINGS = (("lower", 78), ("capital", 12), ("capital-dash", 5), ("space", 5))
"""Style and the share of sites: an assumption, as no public count is known. IIS and wikis write capitals."""
# Kinds whose paths people name; what is fixed by a convention (robots.txt, a framework's route) stays.
_NAMED = frozenset(
    "page page-entity asset asset-hashed asset-bare asset-redirect image-id image-drawn file-download file-tree "
    "form-post redirect fragment static-json".split()
)
_WORD = re.compile(r"(?<![A-Za-z0-9%{.])[a-z](?=[a-z]{2})")
_DASH = re.compile(r"(?<=[a-z])-(?=[A-Za-z])")


def draw_spelling(rng: Random) -> str:
    """One site's style."""
    return rng.choices([name for name, _ in SPELLINGS], [weight for _, weight in SPELLINGS])[0]


def respell_operations(operations: Iterable[Operation], style: str) -> list[Operation]:
    """The operations with the paths of pages and files in this style; the names of variables stay."""
    return [
        _rewritten(operation, style) if operation.kind in _NAMED and style != "lower" else operation
        for operation in operations
    ]


def respell_path(path: str, style: str) -> str:
    """`/img/red-shoe.png` → `/Img/Red-shoe.png` (capital), `/Img/Red-Shoe.png` (capital-dash), `/Img/Red%20Shoe.png` (space)."""
    if style == "lower":
        return path
    if style == "capital":
        return "/".join(_WORD.sub(_upper, part, count=1) for part in path.split("/"))
    capitals = _WORD.sub(_upper, path)
    return _DASH.sub("%20", capitals) if style == "space" else capitals


def _upper(found: re.Match[str]) -> str:
    return found[0].upper()


def _rewritten(operation: Operation, style: str) -> Operation:
    parts = re.split(r"(\{[^{}]+\})", operation.template)
    template = "".join(part if part.startswith("{") else respell_path(part, style) for part in parts)
    return replace(
        operation,
        template=template,
        parameters=tuple(_with_pool(parameter, style) for parameter in operation.parameters),
    )


def _with_pool(parameter: Parameter, style: str) -> Parameter:
    """Only ready paths are rewritten: identifiers are what they are."""
    if parameter.values.kind != "path":
        return parameter
    pool = tuple(respell_path(path, style) for path in parameter.values.pool)
    return replace(parameter, values=replace(parameter.values, pool=pool))
