"""Words of the path rules: their key, decisions and origins. Value layer."""

from __future__ import annotations

RULE_KEY = ("host", "prefix", "step")
LITERAL, VARIABLE, ABSORBED = "literal", "variable", "absorbed"
INFERRED, HELD, OPERATOR = "inferred", "held", "operator"
