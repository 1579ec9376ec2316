"""Simulated traffic, made once for all tests of values that only read it."""

from __future__ import annotations

import pytest

from pipelines.simulator import Site, Transaction, build_sites, generate_transactions
from tests.simulated_files import DAY, SEED

print(f"simulator seed {SEED}")  # noqa: T201 - seeds are printed (house style 2.13)


@pytest.fixture(scope="session")
def sites() -> tuple[Site, ...]:
    return build_sites(40, SEED)


@pytest.fixture(scope="session")
def traffic(sites: tuple[Site, ...]) -> list[Transaction]:
    return list(generate_transactions(sites, 30_000, SEED, days=3, end_date=DAY))
