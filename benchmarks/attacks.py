"""Effect of attacks answered with success on schemas of simulated sites.

Schemas are learned from traffic with a share of attacks in it. Other traffic of the same sites, without attacks, is replayed for
false alarms, and so are values that the declared parameters cannot have. No Spark: values are read from the simulated requests
and counted here; clients are not set apart.

usage: python -m benchmarks attacks [--sites 24] [--transactions 120000] [--addresses 50] [--unnoticed 1] [--seed 41] [--json]
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from functools import cache, reduce
from typing import Any
from urllib.parse import parse_qsl, unquote

from jsonschema import Draft202012Validator

from benchmarks.figures import Figure, argument_parser, report
from benchmarks.machine import describe_machine
from pipelines.conformance.parameter_values import read_scalars
from pipelines.http.value_formats import ARRAY, NUMBER_KINDS, TEXT, UNFORMATTED_KINDS, detect_kind, type_of
from pipelines.http.value_patterns import BITS, classes_of
from pipelines.runtime.settings import load_settings
from pipelines.schemas.extraction.splits import Split
from pipelines.schemas.inference.contamination import estimate_exposure
from pipelines.schemas.inference.json_schema import to_json_schema, without_evidence
from pipelines.schemas.statistics.evidence import (
    NAMED_KINDS,
    SIZED_KINDS,
    CharacterClassCounts,
    Evidence,
    KindEvidence,
)
from pipelines.schemas.statistics.growth import Peaks
from pipelines.schemas.statistics.prefix import PREFIX_CHARACTERS, shared_prefix
from pipelines.schemas.statistics.value_counts import (
    MAX_DISTINCT_VALUES,
    DistinctValues,
    ExtremeValues,
    ValueCount,
    client_bit,
    digest,
    shorten_value,
)
from pipelines.schemas.validation.backtest import REQUEST, run_backtest
from pipelines.simulator.sites.site import Site, build_sites
from pipelines.simulator.traffic.attacks import AttackPlan
from pipelines.simulator.traffic.transactions import Transaction, generate_transactions
from pipelines.simulator.vocabulary.operation import Operation

SETTINGS = load_settings().schemas
SHARES = (0.0, 1 / 500, 1 / 200, 1 / 100)
CLASSES = ("type", "range", "length", "injection", "enum")
ENOUGH = {"type": 20, "range": 50, "length": 10, "injection": 30, "enum": 100}
"""Values in the learned half from which a class of wrong values must be found."""
NUMBERS = ("int", "bigint", "small", "choice", "step", "float", "unix")
IDENTIFIERS = ("int", "bigint", "uuid", "ulid", "hex24", "sha1", "base62", "prefixed", "custom", "sku")
SETS = ("enum", "locale", "country")
LATE_HOUR, HELD_ONE_IN = 18, 8
Place = tuple[str, str]
Value = tuple[str, str, bool, int]
"""Text, client, whether it was sent late in the day, hour since 1970."""


@dataclass(slots=True)
class Outcome:
    """Valid requests, those refused, and per class the wrong values tried and refused."""

    valid: int = 0
    refused: int = 0
    tried: Counter[str] = field(default_factory=Counter)
    found: Counter[str] = field(default_factory=Counter)

    def settled(self, kind: str) -> float:
        """Share (0-1) of wrong values of a class that were refused."""
        return self.found[kind] / self.tried[kind] if self.tried[kind] else 1.0


def wrong_values(kind: str) -> Iterator[tuple[str, str]]:
    """Yields (class, value) that a parameter of a simulated kind cannot have."""
    if kind in (*NUMBERS, "bool", "uuid", "date", "datetime"):
        yield "type", "abcxyz"
    if kind in NUMBERS and kind not in ("unix", "bigint"):
        yield "range", str(10**15)
    if kind in IDENTIFIERS:
        yield "length", "A" * 600
    if kind in (*IDENTIFIERS, *SETS):
        yield "injection", "' OR '1'='1"
    if kind in SETS:
        yield "enum", "zzqqzz"


def read_values(transaction: Transaction) -> Iterator[tuple[Place, str]]:
    """Yields the place and text of each declared value in path and query."""
    path, _, query = transaction.uri.partition("?")
    operation = transaction.operation
    found = _pattern(operation.template).fullmatch(path)
    if found is not None:
        yield from (
            (("path", name), unquote(text))
            for name, text in zip(operation.variables(), found.groups(), strict=True)
        )
    for name, text in dict(parse_qsl(query, keep_blank_values=True)).items():
        yield ("query", name), text


@cache
def _pattern(template: str) -> re.Pattern[str]:
    return re.compile("([^/]+)".join(re.escape(part) for part in re.split(r"\{[^{}]+\}", template)))


def count_values(values: Iterable[Value]) -> Evidence:
    """Returns the evidence of a parameter's values, one a request, of one day."""
    by_kind: dict[str, list[Value]] = defaultdict(list)
    values = list(values)
    kinds_of = {text: detect_kind(text) for text in {value[0] for value in values}}
    for value in values:
        by_kind[kinds_of[value[0]]].append(value)
    kinds = tuple(_count_kind(kind, some) for kind, some in sorted(by_kind.items()))
    day = date(2026, 6, 30)
    return Evidence(len(values), len(values), len({value[1] for value in values}), 1, kinds, day, day)


def _count_kind(kind: str, values: list[Value]) -> KindEvidence:
    seen: dict[str, ValueCount] = defaultdict(ValueCount)
    peaks: dict[int, float] = {}
    is_number = kind in NUMBER_KINDS
    for text, client, _, hour in values:
        seen[text] += ValueCount(1, client_bit(client))
        if is_number:
            peaks[hour] = max(float(text), peaks.get(hour, float(text)))
    sized = {}
    if is_number or kind in SIZED_KINDS or kind == ARRAY:
        sized = {(float(text if is_number else len(text)), digest(text)): one for text, one in seen.items()}
    integers = [int(text) for text in seen] if type_of(kind) == "integer" else []
    held = [(classes_of(text), one.n) for text, one in seen.items()] if kind in UNFORMATTED_KINDS else []
    is_kept = kind in NAMED_KINDS and len(seen) <= MAX_DISTINCT_VALUES
    return KindEvidence(
        kind,
        len(values),
        len({value[1] for value in values}),
        len(seen),
        1,
        low=min(integers, default=None),
        high=max(integers, default=None),
        classes=CharacterClassCounts(tuple(sum(n for had, n in held if had & bit) for bit in BITS.values())),
        common=DistinctValues(
            {shorten_value(text, digest(text)): one for text, one in seen.items()} if is_kept else None
        ),
        highest=ExtremeValues() + ExtremeValues(True, sized),
        lowest=ExtremeValues(False) + ExtremeValues(False, sized if is_number else {}),
        peaks=Peaks(peaks),
        prefix=reduce(shared_prefix, [text[:PREFIX_CHARACTERS] for text in seen]) if kind == TEXT else None,
    )


def split_values(values: Mapping[Place, list[Value]]) -> dict[str, dict[Place, Evidence]]:
    """Returns the evidence of one operation by split and place."""
    found: dict[str, dict[Place, list[Value]]] = defaultdict(lambda: defaultdict(list))
    for place, each in values.items():
        for value in each:
            is_held = client_bit(value[1]).bit_length() % HELD_ONE_IN == 0
            for split in (
                Split.WHOLE,
                Split.LATEST if value[2] else Split.EARLIER,
                Split.HOLDOUT if is_held else Split.TRAIN,
            ):
                found[split][place].append(value)
    return {split: {place: count_values(some) for place, some in of.items()} for split, of in found.items()}


def learn(calls: Iterable[Transaction]) -> dict[int, dict[Place, Any]]:
    """Learns the schemas of operations; returns id of operation → place → schema."""
    values: dict[tuple[str, int], dict[Place, list[Value]]] = defaultdict(lambda: defaultdict(list))
    for call in calls:
        moment = datetime.fromtimestamp(call.time, UTC)
        client = f"{call.client_ip} {call.user_agent}"
        mark = (client, moment.hour >= LATE_HOUR, int(call.time // 3600))
        here = values[call.host, id(call.operation)]
        here[REQUEST].append(("", *mark))
        for place, text in read_values(call):
            here[place].append((text, *mark))
    evidence = {key: split_values(here) for key, here in values.items()}
    exposures: dict[str, list[Evidence]] = defaultdict(list)
    for (host, _), by_split in evidence.items():
        exposures[host] += [one for place, one in by_split[Split.WHOLE].items() if place != REQUEST]
    by_host = {host: estimate_exposure(each) for host, each in exposures.items()}
    return {
        operation: {
            place: Draft202012Validator(
                without_evidence(to_json_schema(parameter.inferred)), format_checker=FORMATS
            )
            for place, parameter in run_backtest(by_split, SETTINGS, by_host[host]).parameters.items()
        }
        for (host, operation), by_split in evidence.items()
    }


FORMATS = Draft202012Validator.FORMAT_CHECKER


def accepts(schema: Any, text: str) -> bool:
    """Returns whether a schema accepts a text, or each part of a list, however read."""
    if schema is None:
        return True
    if schema.schema.get("type") != "array":
        return any(schema.is_valid(one) for one in read_scalars(text))
    items = schema.evolve(schema=schema.schema["items"])
    return all(any(items.is_valid(one) for one in read_scalars(part)) for part in text.split(","))


def is_success(call: Transaction) -> bool:
    """Returns whether a schema is learned from a transaction."""
    return call.is_api and 200 <= call.status < 300


def measure(sites: tuple[Site, ...], transactions: int, seed: int, plan: AttackPlan) -> Outcome:
    """Learns from attacked traffic of the sites, and replays other, honest traffic."""
    traffic = list(filter(is_success, generate_transactions(sites, transactions, seed, attacks=plan)))
    later = filter(is_success, generate_transactions(sites, transactions, seed + 1))
    schemas = learn(traffic)
    seen: Counter[tuple[int, Place]] = Counter(
        (id(call.operation), place) for call in traffic if not call.attack for place, _ in read_values(call)
    )
    outcome = Outcome()
    asked: Counter[int] = Counter()
    for call in later:
        of = schemas.get(id(call.operation))
        if of is None or call.attack:
            continue
        outcome.valid += 1
        outcome.refused += not all(accepts(of.get(place), text) for place, text in read_values(call))
        asked[id(call.operation)] += 1
    for operation in {id(one): one for site in sites for one in site.endpoints()}.values():
        spoil(operation, schemas.get(id(operation), {}), seen, asked[id(operation)], outcome)
    return outcome


def spoil(
    operation: Operation,
    schemas: Mapping[Place, Any],
    seen: Mapping[tuple[int, Place], int],
    weight: int,
    outcome: Outcome,
) -> None:
    """Tries wrong values of an operation's parameters, as often as it was called."""
    for parameter in operation.parameters if schemas else ():
        place = (parameter.location, parameter.name)
        for kind, text in wrong_values(parameter.values.kind):
            if parameter.location in ("path", "query") and seen[id(operation), place] >= ENOUGH[kind]:
                outcome.tried[kind] += weight
                outcome.found[kind] += 0 if accepts(schemas.get(place), text) else weight


def main() -> None:
    """Prints what is found, and false alarms, at each share of attacks."""
    parser = argument_parser(__doc__)
    parser.add_argument("--sites", type=int, default=24)
    parser.add_argument("--transactions", type=int, default=120_000)
    parser.add_argument("--addresses", type=int, default=50)
    parser.add_argument("--unnoticed", type=float, default=1.0)
    parser.add_argument("--seed", type=int, default=41)
    options = parser.parse_args()
    print(describe_machine())
    sites = build_sites(options.sites, options.seed, "full")
    shown = []
    for share in SHARES:
        plan = AttackPlan(share, options.addresses, options.unnoticed)
        outcome = measure(sites, options.transactions, options.seed, plan)
        name = f"1 in {1 / share:.0f} attacked" if share else "no attacks"
        found = ", ".join(f"{kind} {outcome.settled(kind):.3f}" for kind in CLASSES)
        shown.append(Figure(f"{name}: wrong values found", found, "within 0.01 of no attacks at 1 in 200"))
        shown.append(
            Figure(f"{name}: false alarms", f"{outcome.refused} of {outcome.valid:,}", "as without attacks")
        )
    report(shown, options.json)


if __name__ == "__main__":
    main()
