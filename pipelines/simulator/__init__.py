"""Labelled traffic of declared sites: trains the classifier and tests the learners."""

from pipelines.simulator.output.writers import Summary, simulate
from pipelines.simulator.sites.site import Site, build_sites
from pipelines.simulator.traffic.transactions import Transaction, transactions

__all__ = ["Site", "Summary", "Transaction", "build_sites", "simulate", "transactions"]
