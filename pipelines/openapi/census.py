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
    "back_test": "Requests held out of learning, how many of them the document would refuse, and per 10,000.",
    "constraints": "Number of constraints, and the share that holds with the confidence named.",
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
    "reasons": "Strongest reasons of the classifier, in words.",
    "false_alarms_per_10000": "Requests held out of learning that the schema would refuse, per 10,000.",
    "parameters_left_out": "Parameters beyond the limit of an operation.",
    "merged_templates": "Path templates that are one to OpenAPI, as only names of parameters differ.",
    "counted_at": "Path at which the counts stand, where a path is written in several ways.",
}
PARAMETER: Final = {
    "requests": "Requests that carried the parameter.",
    "share": "Their share of the requests that the operation was learned from.",
    "learned": "`false` where nothing was learned of it.",
}
SCHEMA: Final = {
    "n": "Values.",
    "values": "Values in all arrays, where `n` counts the requests.",
    "distinct": "Different values, estimated beyond a few.",
    "clients": "Different clients that sent them, estimated.",
    "days": "Days on which they were sent.",
    "share": "Share of the values that the schema covers.",
    "level": "How much the evidence allows to say.",
    "rule": "Rule by which the schema was inferred.",
    "trimmed": "Values left out of the schema as outliers.",
    "kind": "Value format that was recognised, where the schema does not say it.",
    "note": "Why a constraint is missing, for example the maximum of a number that grows.",
    "refused": "Keywords that were not written, each with the reason.",
    "constraints": "Keyword → `risk` that the next value breaks it, `confidence` of that, `proof` (kind of derivation).",
}
MEMBERS: Final[Mapping[str, Mapping[str, str]]] = {
    "the document": DOCUMENT,
    "an operation": OPERATION,
    "a parameter": PARAMETER,
    "a schema": SCHEMA,
}
