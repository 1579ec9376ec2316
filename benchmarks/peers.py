"""Compares `apicensus run` with mitmproxy2swagger and har-to-openapi.

Seconds per 100,000 transactions of the same HAR files.

Both come from their registries (PyPI, npm) into separate environments below build/peers; one that cannot be installed is
skipped with a message. Each is used at its best: mitmproxy2swagger in two passes a host, between which every path is
accepted, as a user would do by hand; har-to-openapi in a script of a few lines with its path templates switched on.
Both start once or twice for each file, `run` once. As a script starts in a second and Spark does not, the cost of further
transactions (many minus few) is given next to the total cost. The HAR files contain no response bodies, and only
JSON request bodies: what the two would learn of responses costs nothing here, and mitmproxy2swagger 0.14 ends with a
traceback at the first form in a HAR file.

usage: python -m benchmarks peers [--small 8000] [--large 24000] [--json]
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import unquote, urlsplit

import orjson

from benchmarks.figures import Figure, argument_parser, per_transaction, ratio, report
from benchmarks.machine import ROOT, Cost, describe_machine, measure
from benchmarks.programs import run_all_steps
from benchmarks.traffic import simulate_traffic

CACHE = ROOT / "build" / "peers"
TRANSACTIONS_OF_A_FILE = 4000
"""Entries of a HAR file: a long session in a browser; both tools take more than linear time for longer ones."""
PER = 100_000
TARGET = "≤ 0.05"
CONVERT = """
import { readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
const [folder, source, target] = process.argv.slice(2);
const { generateSpec } = createRequire(folder + "/")("har-to-openapi");
const har = JSON.parse(readFileSync(source, "utf8"));
const { yamlSpec } = await generateSpec(har, { attemptToParameterizeUrl: true, relaxedMethods: true });
writeFileSync(target, yamlSpec);
"""


class Missing(Exception):
    """A tool cannot be installed here; the message gives the reason."""


@dataclass(frozen=True, slots=True)
class Tool:
    """A tool with its version and converter.

    The converter turns HAR files into documents in a folder and returns its cost.
    """

    name: str
    convert: Callable[[Sequence[str], Path], Cost]


@dataclass(frozen=True, slots=True)
class ToolCosts:
    """A tool's cost on few and on many transactions."""

    name: str
    small: Cost
    large: Cost


def run_package_client(*command: str) -> None:
    """Runs a package client; its own messages go to standard error.

    Raises:
        Missing: it is not there, or could not get the package.
    """
    try:
        done = subprocess.run(command, stdout=sys.stderr, check=False)
    except OSError as error:
        raise Missing(f"{command[0]} is not installed") from error
    if done.returncode:
        raise Missing(f"{Path(command[0]).name} could not install it (exit code {done.returncode})")


def mitmproxy2swagger() -> Tool:
    """Installs mitmproxy2swagger from PyPI into a virtual environment."""
    home = CACHE / "mitmproxy2swagger"
    python = home / "bin" / "python"
    if not (home / "bin" / "mitmproxy2swagger").exists():
        run_package_client(sys.executable, "-m", "venv", str(home))
        run_package_client(
            str(python), "-m", "pip", "install", "--quiet", "--retries", "1", "mitmproxy2swagger"
        )
    asked = "from importlib.metadata import version; print(version('mitmproxy2swagger'))"
    version = subprocess.run([python, "-c", asked], capture_output=True, text=True, check=True).stdout.strip()

    def convert(files: Sequence[str], folder: Path) -> Cost:
        cost = Cost(0, 0)
        for file in files:
            target = folder / f"{Path(file).stem}.yaml"
            command = [
                str(home / "bin" / "mitmproxy2swagger"), "--input", file, "--output", str(target),
                "--api-prefix", prefix(Path(file).read_bytes()), "--format", "har", "--suppress-params",
            ]  # fmt: skip
            cost += measure(command)
            target.write_text(accept_paths(target.read_text()))
            cost += measure(command)
        return cost

    return Tool(f"mitmproxy2swagger {version}", convert)


def har_to_openapi() -> Tool:
    """Installs har-to-openapi from npm into a folder.

    It is a library, so a script of a few lines reads and writes the files.
    """
    home = CACHE / "har-to-openapi"
    if not (node := shutil.which("node")):
        raise Missing("node is not installed")
    package = home / "node_modules" / "har-to-openapi" / "package.json"
    if not package.exists():
        home.mkdir(parents=True, exist_ok=True)
        quiet = ("--no-audit", "--no-fund", "--fetch-retries", "1")
        run_package_client("npm", "install", "--prefix", str(home), *quiet, "har-to-openapi")
    script = home / "convert.mjs"
    script.write_text(CONVERT)

    def convert(files: Sequence[str], folder: Path) -> Cost:
        targets = [(file, str(folder / f"{Path(file).stem}.yaml")) for file in files]
        costs = [measure([node, str(script), str(home), file, target]) for file, target in targets]
        return sum(costs, Cost(0, 0))

    return Tool(f"har-to-openapi {orjson.loads(package.read_bytes())['version']}", convert)


def prefix(har: bytes) -> str:
    """Returns the scheme and host of most requests of a HAR file.

    mitmproxy2swagger takes it for the API's address.
    """
    urls = (urlsplit(entry["request"]["url"]) for entry in orjson.loads(har)["log"]["entries"])
    return Counter(f"{url.scheme}://{url.netloc}" for url in urls).most_common(1)[0][0]


def accept_paths(document: str) -> str:
    """Accepts every path in the document of a first pass.

    A user would remove `ignore:` by hand.
    """
    return "\n".join(line.replace("- ignore:", "- ", 1) for line in document.split("\n"))


def without_unreadable(har: bytes) -> bytes:
    """Returns a HAR file without the content that ends mitmproxy2swagger 0.14.

    That is request bodies that are not JSON, and attacks with braces in a path.
    """
    document = orjson.loads(har)
    entries = document["log"]["entries"]
    document["log"]["entries"] = [one for one in entries if "{" not in unquote(one["request"]["url"])]
    for entry in document["log"]["entries"]:
        try:
            orjson.loads(entry["request"].get("postData", {}).get("text", "null"))
        except orjson.JSONDecodeError:
            del entry["request"]["postData"]
    return orjson.dumps(document)


def traffic(folder: Path, transactions: int) -> list[str]:
    """Simulates HAR files that every tool can read."""
    hosts = max(1, transactions // TRANSACTIONS_OF_A_FILE)
    files = simulate_traffic(folder, transactions, hosts=hosts, format="har")
    for file in map(Path, files):
        file.write_bytes(without_unreadable(file.read_bytes()))
    return files


def measure_tool(tool: Tool, files: dict[str, list[str]], folder: Path) -> ToolCosts:
    """Measures the tool on both sizes."""
    costs = []
    for size in ("small", "large"):
        target = folder / tool.name / size
        target.mkdir(parents=True)
        costs.append(tool.convert(files[size], target))
    return ToolCosts(tool.name, *costs)


def figures(ours: ToolCosts, theirs: Sequence[ToolCosts], small: int, large: int) -> list[Figure]:
    """Returns seconds per 100,000 transactions of each, and ours over the fastest."""
    rows = []
    for kind in ("wall", "cpu"):
        title = {"wall": "wall", "cpu": "CPU"}[kind]
        every = {one: getattr(one.large, kind) / large * PER for one in (ours, *theirs)}
        further = {
            one: per_transaction(getattr(one.large, kind), getattr(one.small, kind), large - small)
            * PER
            / 1e6
            for one in every
        }
        for seconds, case in (
            (every, f"{large:,} transactions in HAR, start included"),
            (further, f"further transactions in HAR, {small:,} to {large:,}"),
        ):
            if theirs:
                faster = min(theirs, key=lambda one: seconds[one])
                result = ratio(seconds[ours], seconds[faster])
                rows.append(Figure(f"{case}: `run` ÷ {faster.name}, the faster, {title}", result, TARGET))
            per_tool = "; ".join(f"{one.name} {each:.1f} s" for one, each in seconds.items())
            rows.append(Figure(f"{case}: {title} per {PER:,}", per_tool))
    return rows


def main() -> None:
    """Prints ratios and seconds, and the tools that could not be installed."""
    parser = argument_parser(__doc__)
    parser.add_argument("--small", type=int, default=8_000)
    parser.add_argument("--large", type=int, default=24_000)
    options = parser.parse_args()
    if options.large <= options.small:
        parser.error("--large must be larger than --small")
    print(describe_machine())
    theirs, skipped = [], []
    with TemporaryDirectory() as name:
        folder = Path(name)
        files = {
            "small": traffic(folder / "small_traffic", options.small),
            "large": traffic(folder / "large_traffic", options.large),
        }
        for title, install in (("mitmproxy2swagger", mitmproxy2swagger), ("har-to-openapi", har_to_openapi)):
            try:
                theirs.append(measure_tool(install(), files, folder))
            except Missing as reason:
                skipped.append(Figure(f"beside {title}", f"skipped: {reason}"))
        ours = measure_tool(
            Tool("`run`", lambda inputs, target: run_all_steps(inputs, None, target)), files, folder
        )
    report([*figures(ours, theirs, options.small, options.large), *skipped], options.json)


if __name__ == "__main__":
    main()
