"""Members of `x-census`, the evidence in documents, with their meanings by level."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

DOCUMENT: Final = {
    "generator": "Name and version of the program.",
    "variant": "How API requests were selected: `ml` (classifier) or `session` (session identifier).",
    "window": "First and last moment of the traffic (UTC).",
    "transactions": "Transactions of all endpoints of the document.",
    "endpoints": "Number of endpoints.",
    "client": "What counts as one client.",
    "least_confidence": "Confidence below which constraints were left out.",
    "back_test": "Requests held out of learning, how many of them the document would refuse, and per 10,000.",
    "constraints": "Constraints that are `written`, how many of them are `enforceable`, and their `share`.",
    "hosts": "Hosts that the document describes: its own and those merged into it by decisions.",
}
OPERATION: Final = {
    "requests": "Requests of this operation.",
    "clients": "Different clients, estimated.",
    "learned_from": "Successful requests that the schemas were learned from.",
    "first_seen": "First moment of its traffic (UTC).",
    "last_seen": "Last moment of its traffic (UTC).",
    "state": "State of the endpoint in the inventory.",
    "learned": "`false` where no schema was learned.",
    "not_learned_because": "Why no schema was learned.",
    "min_probability_to_learn": "Probability of being an API from which schemas are learned.",
    "probability": "Probability of being an API: the mean over clients, each counted once a day.",
    "false_alarms_per_10000": "Requests held out of learning that the schema would refuse, per 10,000.",
    "parameters_left_out": "Parameters beyond the limit of an operation.",
    "counted_at": "Path at which the counts stand, where a path is written in several ways.",
}
PARAMETER: Final = {
    "share": "Requests that carried it: their share of the requests that the operation was learned from.",
    "learned": "`false` where nothing was learned of it.",
}
SCHEMA: Final = {
    "n": "Values; of an array in one parameter, requests.",
    "clients": "Different clients that sent them, estimated.",
    "confidence": "That at most 1 in 1,000 later valid values break a constraint: the least sure one, or by keyword (`mixed`).",
    "status": "`enforceable` (from 99.9 % on), `provisional` or `mixed`: what all constraints are.",
    "waits_for": "Values from which every provisional constraint would be enforceable, if they are like those seen.",
}
EVIDENCE: Final = {
    "reasons": "Strongest reasons of the classifier for an operation, in words; beside all members of the document.",
    "merged_templates": "Path templates that are one to OpenAPI, as only names of parameters differ.",
    "requests": "Requests that carried a parameter.",
    "n": SCHEMA["n"],
    "values": "Values in all arrays, where `n` counts the requests.",
    "distinct": "Different values, estimated beyond a few.",
    "clients": SCHEMA["clients"],
    "days": "Days on which they were sent.",
    "share": "Share of the values that the schema covers.",
    "level": "How much the evidence allows to say.",
    "rule": "Rule by which the schema was inferred.",
    "trimmed": "Values left out of the schema: rare and unlike the others, as attacks and mistakes are.",
    "kind": "Value format that was recognised, where the schema does not say it.",
    "note": "Why a constraint is missing, for example the maximum of a number that grows.",
    "refused": "Keywords that were not written, each with the reason.",
    "constraints": "Keyword (or `presence`: required) → `risk` for the next value, `confidence`, `status`, `waits_for`, `proof`.",
}
MEMBERS: Final[Mapping[str, Mapping[str, str]]] = {
    "the document": DOCUMENT,
    "an operation": OPERATION,
    "a parameter": PARAMETER,
    "a schema": SCHEMA,
    "HOST.evidence.json": EVIDENCE,
}
