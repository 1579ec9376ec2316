"""Delta tables of the schema stage, around the contracts in table.py."""

from __future__ import annotations

from pipelines.schemas.table import (
    DEVIANTS_SCHEMA,
    LEARNED_CELLS_SCHEMA,
    PARAMETER_SENDERS_SCHEMA,
    PARAMETER_SLICES_SCHEMA,
    SCHEMAS_SCHEMA,
)
from pipelines.tables import Table

PARAMETER_SLICES = Table(
    name="parameter_slices", schema=PARAMETER_SLICES_SCHEMA, partition=("variant", "day")
)
SCHEMAS = Table(name="schemas", schema=SCHEMAS_SCHEMA)
PARAMETER_SENDERS = Table(
    name="parameter_senders", schema=PARAMETER_SENDERS_SCHEMA, partition=("variant", "day")
)
LEARNED_CELLS = Table(name="learned_cells", schema=LEARNED_CELLS_SCHEMA, partition=("variant",))
DEVIANTS = Table(name="deviants", schema=DEVIANTS_SCHEMA)
