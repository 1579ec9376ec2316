"""Patterns of hosts: `*` stands for the leftmost labels (`*.example.com`) or for every host. Value layer."""

from __future__ import annotations

import re

ANY = "*"
_LABEL_VARIABLE = r"\{[A-Za-z_][A-Za-z0-9_]{0,63}\}"
_NAME = r"(?:[a-z0-9_](?:[a-z0-9_.-]{0,253}[a-z0-9_])?|\[[0-9a-f:.]{2,45}\])(?::[0-9]{1,5})?"
"""As hosts of transactions (`pipelines/transactions/violations.py`, RFC 3986 s. 3.2.2)."""


def is_pattern(host: str) -> bool:
    """Whether it may stand for several hosts."""
    return host.startswith("*")


def lowered(host: str) -> str:
    """Lower case as ingest writes hosts; names in braces (of an alias) keep their letters."""
    return re.sub(
        rf"({_LABEL_VARIABLE})|[^{{]+|\{{", lambda found: found[0] if found[1] else found[0].lower(), host
    )


def is_host(text: str) -> bool:
    """A host's name with or without port; labels may hold `{name}`, as the names of aliases do."""
    return re.fullmatch(_NAME, re.sub(_LABEL_VARIABLE, "x", text)) is not None


def is_host_or_pattern(text: str) -> bool:
    """A host, `*`, or `*.` and a host."""
    return text == ANY or is_host(text.removeprefix("*."))


def covers(pattern: str, host: str) -> bool:
    """Whether `pattern` is about `host`; `apply.host_matches` says the same of columns."""
    return host.endswith(pattern[1:]) if is_pattern(pattern) else host == pattern


def most_specific_first(patterns: set[str]) -> list[str]:
    """Exact hosts, then longer patterns before shorter ones: the order in which decisions win."""
    return sorted(patterns, key=lambda pattern: (is_pattern(pattern), -len(pattern), pattern))
