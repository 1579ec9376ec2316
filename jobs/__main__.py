"""The console command `apicensus`: hands the arguments to the step's module in `jobs.cli`; only that one is imported."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib import import_module

from pipelines.runtime.release import package_version

STEPS = {
    "run": "everything: ingest, discover, compare, learn, export, report (start here)",
    "ingest": "files or directories into the tables transactions and quarantine",
    "decide": "an operators' file of decisions on paths and endpoints into the warehouse",
    "discover": "transactions into endpoints, by classifier, by session identifier or both",
    "compare": "the two variants: per host, histogram, agreement",
    "learn": "parameters of the endpoints: types, formats, counts",
    "changes": "what changed since the documents were published: since when, for whom, breaking or not",
    "explain": "why a path has its template, level by level",
    "export": "OpenAPI documents, or the list of endpoints",
    "validate": "requests against OpenAPI documents: what breaks them",
    "report": "one self-contained HTML page",
    "score": "the probability of being an API call for each transaction of files",
    "train": "the classifier, tracked and registered in MLflow",
    "simulate": "labelled traffic of declared sites",
}

USAGE = """Usage: apicensus STEP [OPTIONS] [ARGUMENTS]

Finds every API endpoint in HTTP traffic that is already logged, learns its parameters, writes OpenAPI.

Steps:
{steps}

Examples:
  apicensus run access.ndjson.gz --out found
  apicensus run captures/ --out found --settings mine.yaml
  apicensus STEP --help        options and examples of a step
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
