"""Traffic of hosts never seen, which follow public API descriptions.

Reads a folder of OpenAPI and Swagger documents and writes successful API calls as Logpush's NDJSON, and their truth, as the
scorers read them. Each document is a host. Values of a path parameter follow its declared type; those of a plain string are of a
kind that is drawn for it, words of the documents' own descriptions among them. Clients are few, days are several, operations and
values are called in very different numbers. It measures; nothing is trained on it.

usage: python -m benchmarks unseen_hosts DOCUMENTS --traffic calls.ndjson.gz --truth truth.csv.gz [--seed 1]
       [--without hosts.csv ...]
"""

from __future__ import annotations

import argparse
import csv
import gzip
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any, cast

import orjson
import yaml

from pipelines.http.json_values import unescape_pointer_token

METHODS = ("get", "post", "put", "patch", "delete", "head")
FIRST, DAYS = datetime(2026, 11, 1), 7  # written without a zone, as UTC
MOST_OPERATIONS = 120
ALPHABET = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
STATUSES = {"POST": (200, 201, 201), "DELETE": (200, 204, 204)}
_PLACEHOLDER = re.compile(r"\{([^{}/]+)\}")
Draw = Callable[[], str]
Words = list[str]
Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Operation:
    """A method and a path template, with the schemas of its parameters."""

    method: str
    template: str
    schemas: dict[str, Json]


def read_document(path: Path) -> Json:
    """Reads a JSON or YAML document."""
    content = path.read_bytes()
    if path.suffix == ".json":
        return cast(Json, orjson.loads(content))
    return cast(Json, yaml.load(content, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader)))  # noqa: S506


def resolve(document: Json, value: Any) -> Json:
    """Follows references within a document, at most five in a row.

    Anything but an object is returned as an empty one.
    """
    for _ in range(5):
        if not isinstance(value, dict) or "$ref" not in value:
            break
        at: Any = document
        for key in str(value["$ref"]).lstrip("#/").split("/"):
            at = at.get(unescape_pointer_token(key), {}) if isinstance(at, dict) else {}
        value = at
    return value if isinstance(value, dict) else {}


def list_operations(document: Json) -> list[Operation]:
    """Lists the operations of a document, with the base path of its first server."""
    base, found = find_base_path(document), []
    for path, at in (document.get("paths") or {}).items():
        item = resolve(document, at)
        template = base + re.split("[?#]", path)[0]
        for method in METHODS:
            if method in item and template.startswith("/"):
                operation = resolve(document, item[method])
                given = [*(item.get("parameters") or []), *(operation.get("parameters") or [])]
                parameters = [resolve(document, each) for each in given]
                schemas = {
                    each["name"]: resolve(document, each.get("schema", each))
                    for each in parameters
                    if each.get("in") == "path" and "name" in each
                }
                found.append(Operation(method.upper(), template, schemas))
    return found


def find_base_path(document: Json) -> str:
    """Returns the path of the first server, or `basePath` of Swagger 2."""
    if "basePath" in document:
        return str(document["basePath"] or "").rstrip("/")
    servers = document.get("servers") or [{}]
    path = re.sub(r"^[a-z]*:?//[^/]*", "", str((servers[0] or {}).get("url", "")))
    return "" if "{" in path or ":" in path else ("/" + path.strip("/")).rstrip("/")


def _token(rng: Random, size: int, alphabet: str) -> str:
    return "".join(rng.choices(alphabet, k=size))


def _uuid(_: Words, rng: Random) -> Draw:
    def draw() -> str:
        text = f"{rng.getrandbits(128):032x}"
        return f"{text[:8]}-{text[8:12]}-4{text[13:16]}-a{text[17:20]}-{text[20:]}"

    return draw


def _several_words(words: Words, rng: Random) -> Draw:
    (least, most), between = rng.choice(((1, 2), (2, 3), (2, 4), (1, 3))), rng.choice(("-", "-", "_", "%20"))
    return lambda: between.join(rng.choice(words) for _ in range(rng.randint(least, most)))


def _camel(words: Words, rng: Random) -> Draw:
    is_lower = rng.random() < 0.5

    def draw() -> str:
        text = "".join(rng.choice(words).capitalize() for _ in range(rng.randint(1, 3)))
        return text[0].lower() + text[1:] if is_lower else text

    return draw


def _hexadecimal(_: Words, rng: Random) -> Draw:
    size = rng.choice((6, 8, 12, 16, 24, 32, 40))
    return lambda: _token(rng, size, "0123456789abcdef")


def _opaque(_: Words, rng: Random) -> Draw:
    size = rng.choice((6, 8, 10, 12, 16, 22))
    return lambda: _token(rng, size, ALPHABET)


def _number(_: Words, rng: Random) -> Draw:
    most = 10 ** rng.randint(1, 8)
    return lambda: str(rng.randrange(1, most))


def _code(words: Words, rng: Random) -> Draw:
    prefix, between, most = rng.choice(words)[:3].upper(), rng.choice(("-", "", "_")), 10 ** rng.randint(2, 5)
    return lambda: prefix + between + str(rng.randrange(most))


def _with_colons(words: Words, rng: Random) -> Draw:
    kinds, tags = rng.sample(words, 3), ("latest", "1.2", "edge", "v3", "nightly")
    return rng.choice(
        (
            lambda: f"urn:{rng.choice(kinds)}:{rng.choice(words)}",
            lambda: f"{rng.choice(words)}:{rng.choice(tags)}",
            lambda: f"{rng.choice(words)}:{rng.choice(words)}",
        )
    )


def _few(words: Words, rng: Random) -> Draw:
    pool = rng.sample(words, rng.choice((2, 3, 5, 9)))
    return lambda: rng.choice(pool)


# Kinds of values of strings without a format and their weights: 36 % of the path parameters of public documents are texts named
# as identifiers, 21 % texts named as names, types or codes, 20 % other texts.
KINDS: tuple[tuple[Callable[[Words, Random], Draw], int], ...] = (
    (_several_words, 24), (lambda words, rng: lambda: rng.choice(words), 8), (_camel, 5), (_hexadecimal, 10), (_opaque, 14),
    (_number, 14), (_code, 8), (_uuid, 12), (lambda words, rng: lambda: f"{rng.choice(words)}@{rng.choice(words)}.example", 2),
    (lambda words, rng: lambda: f"{rng.choice(words)}.{rng.choice(words)}", 3), (_with_colons, 3), (_few, 6),
)  # fmt: skip


def draw_values(schema: Json, words: Words, rng: Random) -> Draw:
    """Draws a generator of the values of a parameter."""
    pool = [str(value) for value in schema.get("enum") or [] if str(value) and "/" not in str(value)]
    form = str(schema.get("format", ""))
    if pool:
        return lambda: rng.choice(pool)
    if schema.get("type") in ("integer", "number"):
        return _number(words, rng)
    if form == "uuid":
        return _uuid(words, rng)
    if form == "date":
        return lambda: f"2026-{rng.randint(1, 12):02}-{rng.randint(1, 28):02}"
    return rng.choices([kind for kind, _ in KINDS], [weight for _, weight in KINDS])[0](words, rng)


@dataclass(slots=True)
class Pool:
    """Values of a parameter.

    A call takes one of an earlier call with probability `again`, early ones more often.
    """

    draw: Draw
    again: float
    seen: list[str] = field(default_factory=list)

    def take(self, rng: Random) -> str:
        """Returns a value."""
        if self.seen and rng.random() < self.again:
            return self.seen[int(len(self.seen) * rng.random() ** 2)]
        self.seen.append(self.draw())
        return self.seen[-1]


def draw_calls(
    operations: list[Operation], words: Words, rng: Random
) -> Iterator[tuple[Operation, str, str, datetime]]:
    """Yields operation, path, address and time of the calls of a host."""
    requests = int(min(max(rng.lognormvariate(6.3, 1.0), 60), 5000))
    ranked, skew = rng.sample(operations, len(operations)), rng.choice((0.3, 0.7, 1.0))
    weights = [1 / (rank + 1) ** skew for rank in range(len(ranked))]
    clients = [
        f"198.51.{rng.randrange(100)}.{rng.randrange(256)}" for _ in range(rng.choice((1, 2, 4, 10, 40)))
    ]
    pools: dict[tuple[str, str], Pool] = {}
    for operation in rng.choices(ranked, weights, k=requests):
        place = text = ""
        for number, part in enumerate(_PLACEHOLDER.split(operation.template)):
            if number % 2:
                if (place, part) not in pools:
                    schema = operation.schemas.get(part, {})
                    pools[place, part] = Pool(draw_values(schema, words, rng), rng.choice((0, 0.3, 0.6, 0.9)))
                text, place = text + pools[place, part].take(rng), place + "{}"
            else:
                text, place = text + part, place + part
        address = rng.choices(clients, [1 / (rank + 1) for rank in range(len(clients))])[0]
        if text.isascii() and " " not in text and all(text.strip("/").split("/")):
            yield operation, text, address, FIRST + timedelta(seconds=rng.randrange(DAYS * 86_400))


def draw_rows(
    documents: dict[str, list[Operation]], words: Words, seed: int
) -> Iterator[tuple[Json, tuple[str, ...]]]:
    """Yields the calls of all hosts as Logpush's fields, each with its row of truth."""
    for name, operations in documents.items():
        rng = Random(f"{seed}:{name}")  # noqa: S311  # a simulation, no secret
        few = rng.sample(operations, min(len(operations), MOST_OPERATIONS))
        host = re.sub("[^a-z0-9]+", "-", Path(name).stem.lower()) + ".example"
        for number, (operation, path, address, time) in enumerate(draw_calls(few, words, rng)):
            ray, status = f"{host}-{number}", rng.choice(STATUSES.get(operation.method, (200,)))
            call = {
                "RayID": ray, "EdgeStartTimestamp": time.isoformat() + "Z", "ClientIP": address, "ClientRequestHost": host,
                "ClientRequestMethod": operation.method, "ClientRequestURI": path, "ClientRequestUserAgent": "client/1",
                "EdgeResponseStatus": status, "EdgeResponseContentType": "application/json",
            }  # fmt: skip
            yield call, (ray, "1", host, operation.method, operation.template)


def main() -> None:
    """Writes traffic and truth, and prints how much."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("documents", type=Path)
    parser.add_argument("--traffic", type=Path, required=True)
    parser.add_argument("--truth", type=Path, required=True)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument(
        "--without",
        type=Path,
        nargs="*",
        default=[],
        help="CSV files whose column spec names documents to leave out",
    )
    options = parser.parse_args()
    if not options.documents.is_dir():
        print(f"{options.documents} is not there: nothing to measure")
        return
    left_out = {row["spec"] for path in options.without for row in csv.DictReader(path.open())}
    documents, words = {}, set()
    for path in sorted(options.documents.iterdir()):
        if path.suffix in (".json", ".yaml") and path.name not in left_out:
            document = read_document(path)
            documents[path.name] = list_operations(document)
            text = str((document.get("info") or {}).get("description", ""))[:3000]
            words |= set(re.findall(r"\b[a-z]{3,9}\b", text))
    known = {name: operations for name, operations in documents.items() if operations}
    rows = 0
    with (
        gzip.open(options.traffic, "wb", 1) as traffic,
        gzip.open(options.truth, "wt", 1, newline="") as truth,
    ):
        out = csv.writer(truth)
        out.writerow(("RayID", "is_api", "host", "method", "template"))
        for call, row in draw_rows(known, sorted(words), options.seed):
            traffic.write(orjson.dumps(call) + b"\n")
            out.writerow(row)
            rows += 1
    print(f"{rows:,} calls of {len(known)} hosts in {options.traffic}")


if __name__ == "__main__":
    main()
