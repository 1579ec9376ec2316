"""Explains the template of a path, and why its endpoints are listed or not."""

from __future__ import annotations

import sys
from pathlib import Path

# run as a script: make modules importable from the repository root, and read the arguments before other imports
if __name__ == "__main__":
    sys.path[0] = str(Path(__file__).resolve().parents[1])
    from jobs.__main__ import main

    sys.exit(main([Path(__file__).stem, *sys.argv[1:]]))

from typing import Any

from pyspark.sql import DataFrame
from pyspark.sql import functions as F
from rich.console import Console
from rich.table import Table as RichTable
from rich.text import Text

from pipelines.http.segment_formats import ROOT, VARIABLE_STEP
from pipelines.paths.placeholder_names import name_placeholders
from pipelines.paths.rules import MERGED_INTO_VARIABLE, VARIABLE
from pipelines.paths.spark.steps import mask_path, split_steps
from pipelines.paths.tables import PATH_RULES
from pipelines.runtime.errors import InputError
from pipelines.workflows.inventory import read_transactions
from pipelines.workflows.run import Run
from pipelines.workflows.standing import COUNTED, describe_standings
from pipelines.workflows.templates import assign_path_templates

NO_RULE = "no rule: no such path was seen, so only the format of the segment decides"
MAX_HOSTS_SHOWN = 5


def explain_levels(rules: DataFrame, path_steps: list[str]) -> list[dict[str, Any]]:
    """Returns the rules of one host along a path, one for each level.

    Each has level, segment, decision, template so far, reason and figures.
    """
    levels: list[dict[str, Any]] = []
    prefix = ROOT
    for level, step in enumerate(path_steps, 1):
        at_node = rules.where((F.col("prefix") == prefix) & F.col("step").isin(step, VARIABLE_STEP)).collect()
        by_step = {row["step"]: row.asDict() for row in at_node}
        rule = by_step.get(step) or (by_step.get(VARIABLE_STEP) if step.startswith("/") else None)
        if rule is None:
            levels.append({"level": level, "segment": step, "decision": "unknown", "reason": NO_RULE})
            break
        variable = rule["decision"] == VARIABLE
        prefix += VARIABLE_STEP if variable else "" if rule["decision"] == MERGED_INTO_VARIABLE else step
        figures = {
            name: rule[name]
            for name in ("origin", "probability", "children", "siblings", "clients", "overlap", "reason")
        }
        levels.append(
            {
                "level": level,
                "segment": step,
                "decision": rule["decision"],
                "template": name_placeholders(prefix),
                **figures,
            }
        )
    return levels


def _require_only_host(rules: DataFrame) -> str:
    hosts = sorted(
        row["host"] for row in rules.select("host").distinct().limit(MAX_HOSTS_SHOWN + 1).collect()
    )
    if len(hosts) != 1:
        named_hosts = ", ".join(hosts[:MAX_HOSTS_SHOWN]) or "none yet"
        raise InputError(
            "--host",
            f"expected a host, as there are rules for {named_hosts}",
            "Give --host, or run discover first.",
        )
    return str(hosts[0])


def _print_levels(levels: list[dict[str, Any]]) -> None:
    table = RichTable("level", "segment", "decision", "template so far", "by", "why", show_lines=False)
    for each in levels:
        cells = (
            each["level"],
            each["segment"],
            each["decision"],
            each.get("template", ""),
            each.get("origin", ""),
            each["reason"],
        )
        table.add_row(*(Text(str(cell)) for cell in cells))
    Console(file=sys.stdout, highlight=False).print(table, markup=False)


def explain_path(run: Run, path: str, host: str | None) -> None:
    """Shows the levels of a path and the standing of its endpoints.

    Without `host`, the only host that has rules is taken.

    Raises:
        InputError: nothing is known about the host, or none was given and several have rules.
    """
    rules = PATH_RULES.read(run.warehouse)
    host = host or _require_only_host(rules)
    host_rules = rules.where(F.col("host") == host).localCheckpoint()
    if host_rules.isEmpty() and read_transactions(run).where(F.col("host") == host).isEmpty():
        raise InputError(
            host,
            "no path rules of this host, and no traffic",
            "Run discover first, or give --host one that it found.",
        )
    place = F.lit(host).alias("host"), mask_path(F.lit(path), run.settings.paths).alias("path_shape")
    resolved = assign_path_templates(run, run.warehouse.spark.range(1).select(*place))
    parts, path_template = resolved.select(split_steps(F.col("path_shape")), "path_template").collect()[0]
    levels = explain_levels(host_rules, parts)
    endpoints = describe_standings(run, host, path_template)
    if not run.as_json:
        _print_levels(levels)
        _print_standings(endpoints, path_template)
    template = levels[-1].get("template") or (levels[-2]["template"] if len(levels) > 1 else "")
    run.finish(
        host=host,
        path=path,
        template=template,
        complete=levels[-1]["decision"] != "unknown",
        levels=levels,
        path_template=path_template,
        endpoints=endpoints,
    )


def _print_standings(endpoints: list[dict[str, Any]], path_template: str) -> None:
    console = Console(file=sys.stdout, highlight=False, markup=False)
    if not endpoints:
        console.print(Text(f"{path_template}: nothing like it was asked for"))
    for each in endpoints:
        console.print(
            Text(f"{each['method']} {path_template} ({each['variant']}): {each['state']}, {each['why']}")
        )
        counts = ", ".join(f"{each[name]:,} {name.replace('_', ' ')}" for name in COUNTED if each[name])
        console.print(Text(f"  {counts}"))
        for reason in each["reasons"]:
            console.print(Text(f"  {reason}"))
