"""Path spellings of sites that are not APIs: examples, invariants, frequency."""

from __future__ import annotations

import pytest

from pipelines.simulator.sites.site import build_sites
from pipelines.simulator.styles.path_spelling import SPELLINGS, respell_operations, respell_path
from pipelines.simulator.vocabulary.operation import Operation

PATHS = [
    ("/images/red-shoe.png", ("/Images/Red-shoe.png", "/Images/Red-Shoe.png", "/Images/Red%20Shoe.png")),
    (
        "blog/2019/05/a-day-out",
        ("Blog/2019/05/a-Day-out", "Blog/2019/05/a-Day-Out", "Blog/2019/05/a%20Day%20Out"),
    ),
    ("/js/app.3f2a.js", ("/js/App.3f2a.js",) * 3),
    ("/", ("/",) * 3),
]


@pytest.mark.parametrize(("path", "expected"), PATHS)
def test_a_path_in_each_spelling(path: str, expected: tuple[str, str, str]) -> None:
    assert [respell_path(path, spelling) for spelling, _ in SPELLINGS] == [path, *expected]


def operations() -> list[Operation]:
    return [operation for site in build_sites(30, 3) for operation in site.operations]


def test_variables_conventions_and_calls_stay_as_they_are() -> None:
    before = operations()
    after = respell_operations(before, "space")
    for old, new in zip(before, after, strict=True):
        assert old.variables() == new.variables()
        if old.is_api or old.kind in ("robots", "favicon", "manifest", "preflight", "scan"):
            assert new == old


@pytest.mark.parametrize("spelling", [spelling for spelling, _ in SPELLINGS])
def test_a_spelling_changes_case_and_dashes_only(spelling: str) -> None:
    def plain(operation: Operation) -> list[str]:
        pools = [path for parameter in operation.parameters for path in parameter.values.pool]
        return [text.lower().replace("%20", "-") for text in (operation.template, *pools)]

    before = operations()
    assert [plain(o) for o in before] == [plain(o) for o in respell_operations(before, spelling)]


def test_a_fifth_of_the_sites_writes_capitals() -> None:
    sites = build_sites(400, 5)
    capital = [
        site
        for site in sites
        if any("/Images" in o.template or "/Search" in o.template for o in site.operations)
    ]
    assert len(capital) > 20
