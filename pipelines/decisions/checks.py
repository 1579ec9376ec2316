"""Patterns of hosts: `*` stands for the leftmost labels (`*.example.com`) or for every host. Value layer."""

from __future__ import annotations

import re

from pipelines.decisions import template_parsing
from pipelines.http.segment_formats import PLACEHOLDER, UNRESERVED, VARIABLE_STEP

ANY = "*"
_LABEL_VARIABLE = r"\{[A-Za-z_][A-Za-z0-9_]{0,63}\}"
_NAME = r"(?:[a-z0-9_](?:[a-z0-9_.-]{0,253}[a-z0-9_])?|\[[0-9a-f:.]{2,45}\])(?::[0-9]{1,5})?"
"""As hosts of transactions (`pipelines/transactions/spark/columns.py`, RFC 3986 s. 3.2.2)."""


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
    """Whether `pattern` is about `host`; `decisions.spark.host_matches` says the same of columns."""
    return host.endswith(pattern[1:]) if is_pattern(pattern) else host == pattern


def most_specific_first(patterns: set[str]) -> list[str]:
    """Exact hosts, then longer patterns before shorter ones: the order in which decisions win."""
    return sorted(patterns, key=lambda pattern: (is_pattern(pattern), -len(pattern), pattern))


NAME = r"[A-Za-z_][A-Za-z0-9_]{0,63}"
TEMPLATE_CHARACTERS = 4096  # as paths of transactions
SHOWN_CHARACTERS = 60
_METHOD = r"[A-Z][A-Z-]{1,19}"  # as pipelines/transactions/spark/columns.py
_NEEDLESS_ESCAPE = "|".join(escape for escape, _ in UNRESERVED)


def shown(value: object) -> str:
    """A value for one line of an error: quoted, control characters escaped, short."""
    text = repr(value if not isinstance(value, str) else value[:SHOWN_CHARACTERS])
    return text[:SHOWN_CHARACTERS] + "…" if len(str(value)) > SHOWN_CHARACTERS else text


def checked_template(text: str) -> str:
    """`/users/{userId}`: starts with a slash, written as the inventory writes paths, with names that are valid and unique."""
    if not text.startswith("/"):
        raise ValueError(f'expected a template that starts with "/", found {shown(text)}')
    if len(text) > TEMPLATE_CHARACTERS:
        raise ValueError(f"expected at most {TEMPLATE_CHARACTERS} characters, found {len(text)}")
    outside = re.sub(rf"\{{{NAME}\}}", "", text)
    if "{" in outside or "}" in outside:
        raise ValueError(
            f"expected placeholders like {{userId}} (a letter or _, then letters, digits, _; at most 64), "
            f"found {shown(text)}. Write a brace of the path itself as %7B or %7D"
        )
    _checked_text(outside, text)
    if text != "/" and ("//" in text or text.endswith("/")):
        raise ValueError(
            f"expected no empty segment, found {shown(text)}. Paths are compared without doubled or last slashes"
        )
    names = template_parsing.placeholders(text)
    if len(set(names)) < len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(
            f"expected each name once, found {{{twice}}} twice in {shown(text)}. Give every placeholder its own"
        )
    _checked_shape(text)
    return text


def checked_segment(text: str) -> str:
    """A literal segment, without slash."""
    if not text or "/" in text or "{" in text or "}" in text:
        raise ValueError(f"expected segments without slash or braces, like me, found {shown(text)}")
    _checked_text(text, text)
    _checked_shape(f"/{text}")
    return text


def checked_segments(texts: tuple[str, ...]) -> tuple[str, ...]:
    """At least one, each once."""
    if not texts or len(set(texts)) < len(texts):
        raise ValueError(f"expected at least one segment, each once, found {shown(list(texts))}")
    return texts


def ending_in_a_variable(template: str) -> str:
    """The decision is about the siblings of a variable, so the last segment must be one."""
    if not template_parsing.shape(template).endswith(VARIABLE_STEP):
        raise ValueError(
            f"expected a template whose last segment is a placeholder, like /users/{{userId}}, found {shown(template)}"
        )
    return template


def checked_host(text: str) -> str:
    """A host, a pattern or `*`; in lower case as ingest writes hosts."""
    host = lowered(text)
    if not is_host_or_pattern(host):
        raise ValueError(
            f'expected a host name, "*.example.com" (every host that ends so) or "*", found {shown(text)}'
        )
    return host


def checked_name_of_alias(text: str) -> str:
    """The host that others are taken for."""
    host = lowered(text)
    if not is_host(host):
        raise ValueError(
            f'expected a host name, whose labels may be variables as in "{{tenant}}.example.com", found {shown(text)}'
        )
    names = template_parsing.placeholders(host)
    if len(set(names)) < len(names):
        raise ValueError(f"expected each name in braces once, found {shown(text)}")
    return host


def checked_method(text: str) -> str:
    """In upper case."""
    method = text.upper()
    if not re.fullmatch(_METHOD, method):
        raise ValueError(
            f"expected an HTTP method like GET, found {shown(text)}. Leave it out for all methods"
        )
    return method


def _checked_text(literals: str, text: str) -> None:
    """Nothing that paths are compared without, and no control characters."""
    odd = next((each for each in literals if each in "?#;" or not each.isprintable()), None)
    if odd is not None:
        raise ValueError(
            f"expected a path without ?, #, ; and control characters, found {shown(odd)} in {shown(text)}"
        )
    escape = re.search(_NEEDLESS_ESCAPE, literals)
    if escape:
        raise ValueError(
            f"expected no needless escape, found {escape[0]} in {shown(text)}. Paths are compared with the character itself"
        )


def _checked_shape(text: str) -> None:
    path_shape = template_parsing.shape(text)
    masked = template_parsing.masked(path_shape)
    if masked != path_shape:
        raise ValueError(
            f"expected literals that are no identifiers, found {shown(text)}, which is written {shown(masked)} before any "
            "decision is applied. Put a placeholder there"
        )
    step = template_parsing.unreachable(path_shape)
    if step is not None:
        raise ValueError(
            f"expected a placeholder to be a whole segment, or its part as a date (report-{{day}}), a key (Products({{id}})) "
            f"or before an extension or a custom method, found {shown(step.removeprefix('/'))} in {shown(text)}. "
            f"No path is ever written so: write {PLACEHOLDER[0]}name{PLACEHOLDER[1]} for the whole segment"
        )
