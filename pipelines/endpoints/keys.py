"""Keys of endpoints: which endpoint, and which endpoint on which day (a cell)."""

from __future__ import annotations

ENDPOINT_KEY = ("variant", "host", "method", "path_template")
CELL_KEY = (*ENDPOINT_KEY, "day")
"""Key of a cell: an endpoint on one day."""
REASONS_KEY = ENDPOINT_KEY[1:]  # the reasons are the classifier's: of variant ml only
