"""Labelled traffic of declared sites, for training and testing."""

from pipelines.simulator.output.writers import SimulationSummary, simulate
from pipelines.simulator.sites.site import Site, build_sites
from pipelines.simulator.traffic.transactions import Transaction, generate_transactions

__all__ = ["SimulationSummary", "Site", "Transaction", "build_sites", "generate_transactions", "simulate"]
