"""Applies decisions to frames: rules, names, aliases, ignored and saved endpoints.

Frame layer. Operators write few decisions, so they become literals in expressions, or a small broadcast frame. Neither their
texts nor those of the traffic are ever used as regular expressions. Of several host patterns the most specific wins: the host
itself, then the longer pattern.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from pipelines.decisions.checks import ANY, is_pattern, sort_by_specificity
from pipelines.decisions.model import Decision, HostAlias, Ignore, OnEndpoint, Save
from pipelines.decisions.rules import collect_names, collect_rules
from pipelines.decisions.template_parsing import PLACEHOLDER_PATTERN
from pipelines.http.segment_formats import PLACEHOLDER

RULES = "pattern string, prefix string, step string, decision string, reason string"
NAMING = "struct<template: string, last_only: boolean>"


def host_matches(host: Column, pattern: str) -> Column:
    """Whether `pattern` covers the host; `checks.covers_host` is for values.

    A pattern is a host, `*.example.com` or `*`.
    """
    return host.endswith(pattern[1:]) if is_pattern(pattern) else host == pattern


def host_patterns(host: Column) -> Column:
    """Array of all patterns that cover a host: `[a.b.c, *.b.c, *.c, *]`.

    The most specific comes first.
    """
    labels = F.split(host, r"\.")
    each = F.transform(
        F.sequence(F.lit(1), F.size(labels)),
        lambda first: F.when(first == 1, host).otherwise(
            F.concat(F.lit("*."), F.array_join(F.slice(labels, first, F.size(labels)), "."))
        ),
    )
    return F.concat(each, F.array(F.lit(ANY)))


def select_operator_rules(decisions: Sequence[Decision], hosts: DataFrame) -> DataFrame:
    """Selects the operators' rules for hosts.

    A rule for the step itself wins over one for "/{}" (every other segment), whatever their patterns: readers must see to that.

    Args:
        decisions: Operators' decisions.
        hosts: Rows with `host`, distinct or not.

    Returns:
        `host, prefix, step, decision, reason`: one row per step that operators decided on that host.
    """
    rule_rows = [
        (rule.host, rule.prefix, rule.step, rule.decision, rule.reason) for rule in collect_rules(decisions)
    ]
    rows = hosts.sparkSession.createDataFrame(rule_rows, RULES)
    tried = hosts.select("host", F.posexplode(host_patterns(F.col("host"))).alias("rank", "pattern"))
    won = F.min_by(F.struct("decision", "reason"), "rank").alias("won")
    decided = tried.join(F.broadcast(rows), "pattern").groupBy("host", "prefix", "step").agg(won)
    return decided.select("host", "prefix", "step", "won.decision", "won.reason")


def with_operator_names(templates: DataFrame, decisions: Sequence[Decision]) -> DataFrame:
    """Replaces names in `path_template` by those that operators gave.

    Rows have `host, path_shape, path_template, ...`.
    """
    named = {
        key: {"template": each.template, "last_only": each.last_only}
        for key, each in collect_names(decisions).items()
    }
    if not named:
        return templates
    given = _look_up_decision(named, [F.col("path_shape")], NAMING)
    inferred, operators = F.col("path_template"), given["template"]
    before, last = F.regexp_replace(inferred, r"[^/]*$", ""), F.substring_index(operators, "/", -1)
    last_named = F.when(before.contains(last), operators).otherwise(F.concat(before, last))
    chosen = F.when(given["last_only"], last_named).otherwise(operators)
    return templates.withColumn("path_template", F.coalesce(chosen, inferred))


def with_aliases(rows: DataFrame, decisions: Sequence[Decision]) -> DataFrame:
    """Replaces `host` by the name of its alias, if it has one."""
    by_subject = {(each.host_alias, ""): each.name for each in decisions if isinstance(each, HostAlias)}
    if not by_subject:
        return rows
    return rows.withColumn("host", F.coalesce(_look_up_decision(by_subject, [F.lit("")]), F.col("host")))


def is_ignored(decisions: Sequence[Decision]) -> Column:
    """Whether operators ignore the endpoint (`host, method, path_template`).

    Never NULL.
    """
    return F.coalesce(_endpoint_decision(decisions) == Ignore.kind, F.lit(False))


def is_saved(decisions: Sequence[Decision]) -> Column:
    """Whether operators list the endpoint whatever its probability.

    Rows have `host, method, path_template`. Never NULL.
    """
    return F.coalesce(_endpoint_decision(decisions) == Save.kind, F.lit(False))


def _endpoint_decision(decisions: Sequence[Decision]) -> Column:
    """Decision on the endpoint: `ignore`, `save` or NULL.

    Both kinds are looked up together, so that the more specific one wins; one with a method wins over one without.
    """
    by_subject = {
        (each.host, f"{each.method} {each.shape}" if each.method else each.shape): each.kind
        for each in decisions
        if isinstance(each, OnEndpoint)
    }
    shape = F.regexp_replace("path_template", PLACEHOLDER_PATTERN, PLACEHOLDER)
    return _look_up_decision(by_subject, [F.concat("method", F.lit(" "), shape), shape])


def _look_up_decision(
    by_subject: Mapping[tuple[str, str], Any], keys: Sequence[Column], value_type: str = "string"
) -> Column:
    """Looks up the value for the host of a row; NULL if there is none.

    All exact hosts share one map, so the expression grows with the patterns only.

    Args:
        by_subject: (host pattern, key) → value.
        keys: Keys of the row; the first that has a value counts.
        value_type: Type of the values in Spark's DDL.
    """
    exact = {f"{host} {key}": value for (host, key), value in by_subject.items() if not is_pattern(host)}
    candidates = [look_up(exact, F.concat(F.col("host"), F.lit(" "), key), value_type) for key in keys]
    for pattern in sort_by_specificity({host for host, _ in by_subject if is_pattern(host)}):
        mine = {key: value for (host, key), value in by_subject.items() if host == pattern}
        value = F.coalesce(*(look_up(mine, key, value_type) for key in keys))
        candidates.append(F.when(host_matches(F.col("host"), pattern), value))
    return F.coalesce(*candidates)


def look_up(values: Mapping[str, Any], key: Column, value_type: str = "string") -> Column:
    """Looks up the value of a key, NULL if there is none.

    One JSON text for the whole map: a literal for each entry would cost a call to the JVM each.
    """
    literals = F.from_json(F.lit(json.dumps(values)), f"map<string, {value_type}>")
    return F.try_element_at(literals, key)
