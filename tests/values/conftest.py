"""Simulated traffic, made once for all tests of values that only read it."""

from __future__ import annotations

import pytest

from pipelines.simulator import Site, Transaction, build_sites, generate_transactions
from tests.simulated_files import DAY, SEED

print(f"simulator seed {SEED}")  # noqa: T201 - seeds are printed, so that a failure can be repeated


@pytest.fixture(scope="session")
def sites() -> tuple[Site, ...]:
    """The sites of the simulator."""
    return build_sites(40, SEED)


@pytest.fixture(scope="session")
def traffic(sites: tuple[Site, ...]) -> list[Transaction]:
    """The transactions of these sites."""
    return list(generate_transactions(sites, 30_000, SEED, days=3, end_date=DAY))
