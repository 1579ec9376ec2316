"""Decisions on frames: rules of concrete hosts, operators' names, aliases of hosts, what is ignored or saved. Frame layer.

Operators write few decisions, so they become literals in expressions, or a small broadcast frame. No text of theirs or of the
traffic's is ever a pattern of a regular expression. Of several hosts' patterns the most specific wins: the host itself, then the
longer pattern.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from pipelines.decisions.checks import ANY, is_pattern, most_specific_first
from pipelines.decisions.model import Decision, HostAlias, Ignore, OnEndpoint, Save
from pipelines.decisions.rules import collect_names, collect_rules
from pipelines.decisions.template_parsing import PLACEHOLDER_PATTERN
from pipelines.http.segment_formats import PLACEHOLDER

RULES = "pattern string, prefix string, step string, decision string, reason string"
NAMING = "struct<template: string, last_only: boolean>"


def host_matches(host: Column, pattern: str) -> Column:
    """Whether `pattern` (a host, `*.example.com` or `*`) is about the host; `checks.covers` says the same of values."""
    return host.endswith(pattern[1:]) if is_pattern(pattern) else host == pattern


def host_patterns(host: Column) -> Column:
    """Array of all that may be written about a host, the most specific first: `[a.b.c, *.b.c, *.c, *]`."""
    labels = F.split(host, r"\.")
    each = F.transform(
        F.sequence(F.lit(1), F.size(labels)),
        lambda first: F.when(first == 1, host).otherwise(
            F.concat(F.lit("*."), F.array_join(F.slice(labels, first, F.size(labels)), "."))
        ),
    )
    return F.concat(each, F.array(F.lit(ANY)))


def select_operator_rules(decisions: Sequence[Decision], hosts: DataFrame) -> DataFrame:
    """`host` (distinct or not) → `host, prefix, step, decision, reason`: one row a step that operators decided on that host.

    A rule of the step itself wins over one of "/{}" (every other segment), whatever their patterns: that is the reader's part.
    """
    told = [
        (rule.host, rule.prefix, rule.step, rule.decision, rule.reason) for rule in collect_rules(decisions)
    ]
    rows = hosts.sparkSession.createDataFrame(told, RULES)
    tried = hosts.select("host", F.posexplode(host_patterns(F.col("host"))).alias("rank", "pattern"))
    won = F.min_by(F.struct("decision", "reason"), "rank").alias("won")
    found = tried.join(F.broadcast(rows), "pattern").groupBy("host", "prefix", "step").agg(won)
    return found.select("host", "prefix", "step", "won.decision", "won.reason")


def with_operator_names(templates: DataFrame, decisions: Sequence[Decision]) -> DataFrame:
    """`host, path_shape, path_template, ...` → the same with the operators' names in `path_template`, where they gave any."""
    named = {
        key: {"template": each.template, "last_only": each.last_only}
        for key, each in collect_names(decisions).items()
    }
    if not named:
        return templates
    given = _decided(named, [F.col("path_shape")], NAMING)
    inferred, operators = F.col("path_template"), given["template"]
    before, last = F.regexp_replace(inferred, r"[^/]*$", ""), F.substring_index(operators, "/", -1)
    last_named = F.when(before.contains(last), operators).otherwise(F.concat(before, last))
    chosen = F.when(given["last_only"], last_named).otherwise(operators)
    return templates.withColumn("path_template", F.coalesce(chosen, inferred))


def with_aliases(rows: DataFrame, decisions: Sequence[Decision]) -> DataFrame:
    """`host, ...` → the same with the alias' name as `host`, where operators count several hosts as one."""
    told = {(each.host_alias, ""): each.name for each in decisions if isinstance(each, HostAlias)}
    if not told:
        return rows
    return rows.withColumn("host", F.coalesce(_decided(told, [F.lit("")]), F.col("host")))


def is_ignored(decisions: Sequence[Decision]) -> Column:
    """Whether operators left the endpoint (`host, method, path_template`) out. Never NULL."""
    return F.coalesce(_verdict(decisions) == Ignore.kind, F.lit(False))


def is_saved(decisions: Sequence[Decision]) -> Column:
    """Whether operators want the endpoint (`host, method, path_template`) listed whatever its probability. Never NULL."""
    return F.coalesce(_verdict(decisions) == Save.kind, F.lit(False))


def _verdict(decisions: Sequence[Decision]) -> Column:
    """`ignore`, `save` or NULL: of both kinds together, so that the more specific one wins; with a method before without."""
    told = {
        (each.host, f"{each.method} {each.shape}" if each.method else each.shape): each.kind
        for each in decisions
        if isinstance(each, OnEndpoint)
    }
    shape = F.regexp_replace("path_template", PLACEHOLDER_PATTERN, PLACEHOLDER)
    return _decided(told, [F.concat("method", F.lit(" "), shape), shape])


def _decided(told: Mapping[tuple[str, str], Any], keys: Sequence[Column], form: str = "string") -> Column:
    """(host pattern, key) → value, looked up by the host of the row and the first of `keys` that is known; NULL if none is.

    All exact hosts share one map, so the expression grows with the patterns only.
    """
    exact = {f"{host} {key}": value for (host, key), value in told.items() if not is_pattern(host)}
    found = [look_up(exact, F.concat(F.col("host"), F.lit(" "), key), form) for key in keys]
    for pattern in most_specific_first({host for host, _ in told if is_pattern(host)}):
        mine = {key: value for (host, key), value in told.items() if host == pattern}
        known = F.coalesce(*(look_up(mine, key, form) for key in keys))
        found.append(F.when(host_matches(F.col("host"), pattern), known))
    return F.coalesce(*found)


def look_up(values: Mapping[str, Any], key: Column, form: str = "string") -> Column:
    """The value of a key, NULL if there is none.

    One JSON text for the whole map: a literal for each entry would cost a call to the JVM each.
    """
    literals = F.from_json(F.lit(json.dumps(values)), f"map<string, {form}>")
    return F.try_element_at(literals, key)
