"""Delta tables of the schema stage, around the contracts in table.py."""

from __future__ import annotations

from pipelines.schemas.table import DEVIANTS_SCHEMA, PARAMETER_SLICES_SCHEMA, SCHEMAS_SCHEMA
from pipelines.tables import Table

PARAMETER_SLICES = Table(name="parameter_slices", schema=PARAMETER_SLICES_SCHEMA, partition=("day",))
SCHEMAS = Table(name="schemas", schema=SCHEMAS_SCHEMA)
DEVIANTS = Table(name="deviants", schema=DEVIANTS_SCHEMA)
