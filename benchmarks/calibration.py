"""Stated confidence of constraints against what later traffic does.

Reads Logpush-style NDJSON (as ingest does) of a later time, a truth (RayID, is_api, attack), and documents with their evidence
that were learned from earlier traffic of the same hosts (`export --profile openapi-3.1 --format json`, without --confidence). A
claim held if at most the tolerated share of the later valid values broke the constraint. Printed by rule and decile of n; the
exit code is 1 where significantly fewer claims held than stated.

Hosts that nothing was fitted to: `apicensus simulate --out DIR --seed 90210 --hosts 40 --transactions 120000`; learn the first
day and check the second.

usage: python -m benchmarks calibration CHECK.ndjson.gz... --truth truth.csv.gz --schemas DIR [--plot FILE] [--track WAREHOUSE]
"""

from __future__ import annotations

import argparse
import csv
import gzip
import json
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO
from urllib.parse import parse_qsl

import pandas as pd

from pipelines.conformance.documents import Document
from pipelines.conformance.operations import build_routes
from pipelines.conformance.request_check import Request, RequestChecker
from pipelines.http.json_values import unescape_pointer_token
from pipelines.http.openapi_names import CENSUS, EVIDENCE, PATH_ITEM_METHODS
from pipelines.requests.json_body import ITEM, reference_token
from pipelines.runtime.settings import Settings, load_settings
from pipelines.schemas.validation.calibration import Group, Outcome, group_outcomes

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Place = tuple[str, str, str, str, str]
"""Host, method, path, location and name (in a body a JSON Pointer) of a parameter."""
OF_TYPE = ("type", "format")
COLUMNS = 4
"""Rules beside each other in the figure."""


def open_text(file: Path) -> TextIO:
    """Opens a text file, compressed or not."""
    return gzip.open(file, "rt", encoding="utf-8") if file.suffix == ".gz" else file.open(encoding="utf-8")


def load_with_evidence(folder: Path) -> list[Document]:
    """Loads documents and puts their full evidence back into them."""
    documents = []
    for file in sorted(folder.rglob(f"*{EVIDENCE}.json")):
        document = json.loads(file.with_name(file.name.replace(EVIDENCE, "")).read_text(encoding="utf-8"))
        for pointer, census in json.loads(file.read_text(encoding="utf-8")).items():
            _node(document, pointer)[CENSUS] = census
        documents.append(Document(file.name, document))
    return documents


def _node(tree: Any, pointer: str) -> Any:
    for token in pointer.split("/")[1:]:
        key = unescape_pointer_token(token)
        tree = tree[int(key)] if isinstance(tree, list) else tree[key]
    return tree


def find_claims(documents: Sequence[Document]) -> dict[Place, dict[str, tuple[int, float]]]:
    """Returns place → keyword → (n, confidence), of alternatives the least certain."""
    found: dict[Place, dict[str, tuple[int, float]]] = defaultdict(dict)
    for document in documents:
        for path, item in document.tree["paths"].items():
            for method in PATH_ITEM_METHODS & item.keys():
                at = (document.tree[CENSUS]["hosts"][0], method.upper(), path)
                operation = item[method]
                for parameter in operation.get("parameters", ()):
                    _add(found, (*at, parameter["in"], parameter["name"]), parameter["schema"])
                for content in operation.get("requestBody", {}).get("content", {}).values():
                    _add(found, (*at, "body", ""), content["schema"])
    return found


def _add(found: dict[Place, dict[str, tuple[int, float]]], place: Place, schema: Mapping[str, Any]) -> None:
    census = schema.get(CENSUS, {})
    for keyword, one in census.get("constraints", {}).items():
        claim = (int(census["n"]), float(one["confidence"]))
        found[place][keyword] = min(found[place].get(keyword, claim), claim, key=lambda known: known[1])
    for member in schema.get("anyOf", ()):
        _add(found, place, member)
    if isinstance(schema.get("items"), dict):
        in_body = place[3] == "body"
        _add(found, (*place[:4], f"{place[4]}/{ITEM}") if in_body else place, schema["items"])
    for name, below in schema.get("properties", {}).items():
        _add(found, (*place[:4], f"{place[4]}/{reference_token(name)}"), below)


def read_valid(files: Sequence[Path], truth: Path) -> Iterator[Mapping[str, Any]]:
    """Yields the records of successful API calls that are no attack."""
    with open_text(truth) as file:
        known = {
            row["RayID"] for row in csv.DictReader(file) if row["is_api"] == "1" and row.get("attack") != "1"
        }
    for one in files:
        with open_text(one) as lines:
            for record in map(json.loads, lines):
                if record["RayID"] in known and 200 <= record["EdgeResponseStatus"] < 300:
                    yield record


def to_request(record: Mapping[str, Any]) -> Request:
    """Returns the request of a record."""
    path, _, query = record["ClientRequestURI"].partition("?")
    media = record.get("RequestHeaders", {}).get("content-type", "")
    host, method = record["ClientRequestHost"].lower(), record["ClientRequestMethod"]
    return Request(host, method, path, query, media, record.get("RequestBody") or "")


def sent_names(request: Request) -> Iterator[tuple[str, str]]:
    """Yields location and name of all that a request sends but its path, each once."""
    yield from {("query", name) for name, _ in parse_qsl(request.query or "", keep_blank_values=True)}
    if (request.body or "")[:1] in ("{", "["):
        yield from {("body", pointer) for pointer in _pointers(json.loads(request.body or "null"), "")}


def _pointers(value: Any, at: str) -> Iterator[str]:
    yield at
    if isinstance(value, dict):
        for name, below in value.items():
            yield from _pointers(below, f"{at}/{reference_token(name)}")
    elif isinstance(value, list):
        for below in value:
            yield from _pointers(below, f"{at}/{ITEM}")


def compare(
    documents: Sequence[Document], records: Iterator[Mapping[str, Any]], rate: float
) -> list[Outcome]:
    """Returns what became of each constraint that later requests had a value for."""
    claims = find_claims(documents)
    checker = RequestChecker(build_routes(documents, Counter()), 50_000)
    sent, broken = Counter[Place](), Counter[tuple[Place, str]]()
    for request in map(to_request, records):
        check = checker.check_request(request)
        if check.template is None:
            continue
        at = (request.host, request.method, check.template)
        for location, name in {("path", ""), *sent_names(request)}:
            sent[(*at, location, name)] += 1
        for finding in set(check.findings):
            broken[
                (*at, finding.location, finding.name), "type" if finding.rule in OF_TYPE else finding.rule
            ] += 1
    outcomes = []
    for place, by_keyword in claims.items():
        values = sent[(*place[:4], "")] if place[3] == "path" else sent[place]
        for keyword, (n, stated) in by_keyword.items() if values else ():
            outcomes.append(Outcome(keyword, n, stated, broken[place, keyword] <= rate * values))
    return outcomes


def draw(groups: Sequence[Group]) -> Figure:
    """Draws the stated confidence and the share that held, by rule and decile of n."""
    from matplotlib.figure import Figure

    rules = sorted({group.rule for group in groups})
    rows = -(-len(rules) // COLUMNS)
    figure = Figure(figsize=(2.9 * COLUMNS, 2.7 * rows), layout="constrained")
    least = min(min(one.stated, one.held) for one in groups)
    places = figure.subplots(rows, COLUMNS, squeeze=False, sharey=True).flat
    for axes in places:
        axes.set_visible(False)
    for axes, rule in zip(figure.axes, rules, strict=False):
        mine = [group for group in groups if group.rule == rule]
        x = list(range(1, len(mine) + 1))
        axes.set_visible(True)
        axes.plot(x, [one.stated for one in mine], "s--", color="#e8a33d", label="stated")
        axes.plot(x, [one.held for one in mine], "o-", color="#1f4e79", label="held")
        axes.set(title=rule, xlabel="values, up to", ylim=(least - 0.02, 1.01))
        axes.set_xticks(x, [str(one.most) for one in mine], rotation=60, fontsize=7)
        axes.grid(alpha=0.25)
    figure.axes[0].legend(loc="lower right")
    return figure


def print_groups(groups: Sequence[Group]) -> None:
    """Prints one line for each group."""
    print(f"{'rule':<16}{'n':>14}{'claims':>8}{'stated':>9}{'held':>9}")
    for one in groups:
        mark = "  overstated" if one.is_overstated else ""
        span = f"{one.least}-{one.most}"
        print(f"{one.rule:<16}{span:>14}{one.claims:>8}{one.stated:>9.4f}{one.held:>9.4f}{mark}")


def track(settings: Settings, groups: Sequence[Group], warehouse: str) -> str:
    """Logs the figure and the table to MLflow; returns the run's id."""
    from ml.registry.store import resolve_store
    from ml.registry.tracking import log_comparison

    table = pd.DataFrame(
        [{name: getattr(one, name) for name in Group.__dataclass_fields__} for one in groups]
    )
    store = resolve_store(settings.tracking, warehouse)
    metrics = {"overstated_groups": sum(one.is_overstated for one in groups), "claims": table["claims"].sum()}
    return log_comparison(
        store, metrics, {"confidence": draw(groups)}, {"confidence": table}, step="calibration"
    )


def main() -> int:
    """Prints the groups; 1 if one is overstated."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("check", type=Path, nargs="+")
    parser.add_argument("--truth", type=Path, required=True)
    parser.add_argument("--schemas", type=Path, required=True)
    parser.add_argument("--plot", type=Path)
    parser.add_argument(
        "--track", metavar="WAREHOUSE", help="log the plot to MLflow (its own, without tracking.uri)"
    )
    options = parser.parse_args()
    settings = load_settings()
    documents = load_with_evidence(options.schemas)
    records = read_valid(options.check, options.truth)
    groups = group_outcomes(compare(documents, records, settings.schemas.tolerated_rate))
    print_groups(groups)
    if options.plot:
        draw(groups).savefig(options.plot, dpi=110)
    if options.track:
        print(f"logged to MLflow as run {track(settings, groups, options.track)}")
    return int(any(one.is_overstated for one in groups))


if __name__ == "__main__":
    sys.exit(main())
