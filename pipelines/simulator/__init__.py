"""Labelled traffic of declared sites: trains the classifier and tests the learners."""

from pipelines.simulator.site import Site, build_sites
from pipelines.simulator.traffic import Transaction, transactions
from pipelines.simulator.writers import Summary, simulate

__all__ = ["Site", "Summary", "Transaction", "build_sites", "simulate", "transactions"]
