"""The command `apicensus`.

It passes the arguments to the step's module in `jobs.cli`, and imports only that one.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib import import_module

from pipelines.runtime.release import package_version

STEPS = {
    "run": "run ingest, discover, compare, learn, export and report (start here)",
    "ingest": "read log files into the warehouse",
    "decide": "store operators' decisions on paths and endpoints",
    "discover": "find the endpoints, by classifier, by session identifier or both",
    "compare": "compare the endpoints of the two variants",
    "learn": "learn the schemas of parameters and bodies",
    "changes": "list the changes since the last published documents",
    "explain": "explain the template of a path, and why its endpoints are listed or not",
    "export": "write OpenAPI documents or the list of endpoints",
    "validate": "check requests against the learned schemas or OpenAPI documents",
    "report": "write one HTML page about everything in the warehouse",
    "score": "write the probability of being an API call for each transaction of files",
    "train": "train a classifier and register it in MLflow",
    "simulate": "write labelled traffic of simulated sites",
}

USAGE = """Usage: apicensus STEP [OPTIONS] [ARGUMENTS]

Finds the API endpoints in logged HTTP traffic, learns their schemas, and writes OpenAPI documents.

Steps:
{steps}

Examples:
  apicensus run access.ndjson.gz --out found
  apicensus run captures/ --out found --settings mine.yaml
  apicensus STEP --help        show the options and examples of a step
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Runs one step; returns its exit code (2 for an unknown step)."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    usage = USAGE.format(steps="\n".join(f"  {name:<10}{what}" for name, what in STEPS.items()))
    if not arguments or arguments[0] in ("-h", "--help"):
        sys.stdout.write(usage)
        return 0 if arguments else 2
    if arguments[0] == "--version":
        sys.stdout.write(f"apicensus {package_version('(not installed)')}\n")
        return 0
    step, *rest = arguments
    if step not in STEPS:
        sys.stderr.write(f"error: no step {step!r}. Steps: {', '.join(STEPS)}. See apicensus --help\n")
        return 2
    code: int = import_module(f"{__package__}.cli.{step}").main(rest)
    return code


if __name__ == "__main__":
    sys.exit(main())
