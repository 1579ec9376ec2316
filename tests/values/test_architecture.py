"""Rules of architecture that import-linter's contracts cannot express.

Values do not import Spark, packages have no import cycles, and modules have a readable size.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import cache
from pathlib import Path

import grimp
import numpy as np
import pytest
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import connected_components

ROOT = Path(__file__).resolve().parents[2]
SPARK_NAMES = {"spark", "tables", "columns"}
SPARK_PACKAGES = ("jobs", "pipelines.runtime", "pipelines.workflows", "pipelines.transactions.sources")


@cache
def graph() -> grimp.ImportGraph:
    """Builds the graph of imports of all packages, once."""
    return grimp.build_graph("pipelines", "ml", "jobs", include_external_packages=True, cache_dir=None)


def may_import_spark(module: str) -> bool:
    """Returns whether a module is among those that may import pyspark."""
    return module.startswith(SPARK_PACKAGES) or not SPARK_NAMES.isdisjoint(module.split("."))


def room(module: str) -> str:
    """Returns the package of a module, or the package itself."""
    return module if graph().find_children(module) else module.rpartition(".")[0]


def cycles(edges: Iterable[tuple[str, str]]) -> list[list[str]]:
    """Returns the groups of nodes that reach each other."""
    pairs = {(one, other) for one, other in edges if one != other}
    names = sorted({name for pair in pairs for name in pair})
    places = {name: place for place, name in enumerate(names)}
    rows, columns = zip(*((places[one], places[other]) for one, other in pairs), strict=True)
    matrix = csr_matrix((np.ones(len(pairs)), (rows, columns)), shape=(len(names), len(names)))
    count, component = connected_components(matrix, directed=True, connection="strong")
    members = [[name for name, of in zip(names, component, strict=True) if of == one] for one in range(count)]
    return [some for some in members if len(some) > 1]


def imports() -> list[tuple[str, str]]:
    """Returns (importer, imported) of all modules of the project."""
    ours = {module for module in graph().modules if not graph().is_module_squashed(module)}
    return [
        (one, other)
        for one in ours
        for other in graph().find_modules_directly_imported_by(one)
        if other in ours
    ]


def test_values_know_no_spark() -> None:
    reached = graph().find_downstream_modules("pyspark")
    chains = [
        graph().find_shortest_chain(one, "pyspark") for one in sorted(reached) if not may_import_spark(one)
    ]
    assert chains == []
    assert len(graph().modules) - len(reached) > 150  # so the rule covers most of the code


@pytest.mark.parametrize("of", [str, room], ids=["modules", "packages"])
def test_imports_have_no_cycles(of: Callable[[str], str]) -> None:
    assert cycles((of(one), of(other)) for one, other in imports()) == []


def test_cycles_are_found() -> None:
    assert cycles([("a", "b"), ("b", "c"), ("c", "a"), ("c", "d")]) == [["a", "b", "c"]]
