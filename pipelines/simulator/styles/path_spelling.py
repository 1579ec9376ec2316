"""Spelling of the paths of a site's pages and files: case and spaces.

Lower case, capitals (`/Images/Logo.png`) or spaces (`%20`). Servers that ignore case, wikis and uploads by people
have capitals and escapes in paths that are not of an API. Without them, a capital in the path of a picture would
indicate an object store.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace
from random import Random

from pipelines.simulator.vocabulary.operation import Operation, Parameter

SPELLINGS = (("lower", 78), ("capital", 12), ("capital-dash", 5), ("space", 5))
"""Spelling and share of sites: an assumption, as no public count is known. IIS and wikis write capitals."""
# Kinds whose paths people choose; those fixed by a convention (robots.txt, a framework's route) stay the same.
_NAMED = frozenset(
    "page page-entity asset asset-hashed asset-bare asset-redirect image-id image-drawn file-download file-tree "
    "form-post redirect fragment static-json".split()
)
_WORD = re.compile(r"(?<![A-Za-z0-9%{.])[a-z](?=[a-z]{2})")
_DASH = re.compile(r"(?<=[a-z])-(?=[A-Za-z])")


def draw_spelling(rng: Random) -> str:
    """Draws the spelling of one site."""
    return rng.choices([name for name, _ in SPELLINGS], [weight for _, weight in SPELLINGS])[0]


def respell_operations(operations: Iterable[Operation], spelling: str) -> list[Operation]:
    """Respells the paths of pages and files; names of variables stay the same."""
    return [
        _respell(operation, spelling) if operation.kind in _NAMED and spelling != "lower" else operation
        for operation in operations
    ]


def respell_path(path: str, spelling: str) -> str:
    """Respells a path.

    `/img/red-shoe.png` becomes `/Img/Red-shoe.png` (capital), `/Img/Red-Shoe.png` (capital-dash) or
    `/Img/Red%20Shoe.png` (space).
    """
    if spelling == "lower":
        return path
    if spelling == "capital":
        return "/".join(_WORD.sub(_capitalise, part, count=1) for part in path.split("/"))
    capitals = _WORD.sub(_capitalise, path)
    return _DASH.sub("%20", capitals) if spelling == "space" else capitals


def _capitalise(match: re.Match[str]) -> str:
    return match[0].upper()


def _respell(operation: Operation, spelling: str) -> Operation:
    parts = re.split(r"(\{[^{}]+\})", operation.template)
    template = "".join(part if part.startswith("{") else respell_path(part, spelling) for part in parts)
    return replace(
        operation,
        template=template,
        parameters=tuple(_respell_values(parameter, spelling) for parameter in operation.parameters),
    )


def _respell_values(parameter: Parameter, spelling: str) -> Parameter:
    """Respells the values of a parameter if they are paths; identifiers stay the same."""
    if parameter.values.kind != "path":
        return parameter
    pool = tuple(respell_path(path, spelling) for path in parameter.values.pool)
    return replace(parameter, values=replace(parameter.values, pool=pool))
