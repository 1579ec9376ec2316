"""Checks of the values in decisions, and patterns of hosts.

Value layer. In a pattern, `*` stands for the leftmost labels (`*.example.com`) or for every host.
"""

from __future__ import annotations

import re

from pipelines.decisions import template_parsing
from pipelines.http.segment_formats import PLACEHOLDER, UNRESERVED, VARIABLE_STEP

ANY = "*"
_LABEL_VARIABLE = r"\{[A-Za-z_][A-Za-z0-9_]{0,63}\}"
_NAME = r"(?:[a-z0-9_](?:[a-z0-9_.-]{0,253}[a-z0-9_])?|\[[0-9a-f:.]{2,45}\])(?::[0-9]{1,5})?"
"""As hosts of transactions (`pipelines/transactions/spark/columns.py`, RFC 3986 s. 3.2.2)."""


def is_pattern(host: str) -> bool:
    """Whether a text may stand for several hosts."""
    return host.startswith("*")


def lower_host(host: str) -> str:
    """Lowers the case, as ingest does; names in braces (of an alias) keep theirs."""
    return re.sub(
        rf"({_LABEL_VARIABLE})|[^{{]+|\{{", lambda match: match[0] if match[1] else match[0].lower(), host
    )


def is_host(text: str) -> bool:
    """Whether a text is a host name, with or without a port.

    Labels may hold `{name}`, as the names of aliases do.
    """
    return re.fullmatch(_NAME, re.sub(_LABEL_VARIABLE, "x", text)) is not None


def is_host_or_pattern(text: str) -> bool:
    """Whether a text is a host, `*`, or `*.` and a host."""
    return text == ANY or is_host(text.removeprefix("*."))


def covers_host(pattern: str, host: str) -> bool:
    """Whether `pattern` covers `host`; `decisions.spark.host_matches` is for columns."""
    return host.endswith(pattern[1:]) if is_pattern(pattern) else host == pattern


def sort_by_specificity(patterns: set[str]) -> list[str]:
    """Sorts exact hosts first, then longer patterns before shorter ones.

    In this order decisions win.
    """
    return sorted(patterns, key=lambda pattern: (is_pattern(pattern), -len(pattern), pattern))


NAME = r"[A-Za-z_][A-Za-z0-9_]{0,63}"
TEMPLATE_CHARACTERS = 4096  # as paths of transactions
SHOWN_CHARACTERS = 60
_METHOD = r"[A-Z][A-Z-]{1,19}"  # as pipelines/transactions/spark/columns.py
_UNNECESSARY_ESCAPE = "|".join(escape for escape, _ in UNRESERVED)


def quote(value: object) -> str:
    """Quotes a value for an error message: control characters escaped, shortened."""
    text = repr(value if not isinstance(value, str) else value[:SHOWN_CHARACTERS])
    return text[:SHOWN_CHARACTERS] + "…" if len(str(value)) > SHOWN_CHARACTERS else text


def check_template(text: str) -> str:
    """Checks a template: `/users/{userId}`.

    It starts with a slash, is normalised like the paths of the inventory, and its names are valid and unique.
    """
    if not text.startswith("/"):
        raise ValueError(f'expected a template that starts with "/", found {quote(text)}')
    if len(text) > TEMPLATE_CHARACTERS:
        raise ValueError(f"expected at most {TEMPLATE_CHARACTERS} characters, found {len(text)}")
    outside = re.sub(rf"\{{{NAME}\}}", "", text)
    if "{" in outside or "}" in outside:
        raise ValueError(
            f"expected placeholders like {{userId}} (a letter or _, then letters, digits, _; at most 64), "
            f"found {quote(text)}. Write a brace of the path itself as %7B or %7D"
        )
    _check_text(outside, text)
    if text != "/" and ("//" in text or text.endswith("/")):
        raise ValueError(
            f"expected no empty segment, found {quote(text)}. Paths are compared without doubled or last slashes"
        )
    names = template_parsing.list_placeholders(text)
    if len(set(names)) < len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(
            f"expected each name once, found {{{twice}}} twice in {quote(text)}. Give every placeholder its own"
        )
    _check_shape(text)
    return text


def check_segment(text: str) -> str:
    """Checks a literal segment, which has no slash."""
    if not text or "/" in text or "{" in text or "}" in text:
        raise ValueError(f"expected segments without slash or braces, like me, found {quote(text)}")
    _check_text(text, text)
    _check_shape(f"/{text}")
    return text


def check_segments(texts: tuple[str, ...]) -> tuple[str, ...]:
    """Checks that there is at least one segment, and each once."""
    if not texts or len(set(texts)) < len(texts):
        raise ValueError(f"expected at least one segment, each once, found {quote(list(texts))}")
    return texts


def check_ends_in_variable(template: str) -> str:
    """Checks that the last segment is a variable: the decision is about its siblings."""
    if not template_parsing.derive_shape(template).endswith(VARIABLE_STEP):
        raise ValueError(
            f"expected a template whose last segment is a placeholder, like /users/{{userId}}, found {quote(template)}"
        )
    return template


def check_host(text: str) -> str:
    """Checks a host, a pattern or `*`; returns it in lower case, as ingest does."""
    host = lower_host(text)
    if not is_host_or_pattern(host):
        raise ValueError(
            f'expected a host name, "*.example.com" (every host that ends so) or "*", found {quote(text)}'
        )
    return host


def check_alias_name(text: str) -> str:
    """Checks the host that others are counted as."""
    host = lower_host(text)
    if not is_host(host):
        raise ValueError(
            f'expected a host name, whose labels may be variables as in "{{tenant}}.example.com", found {quote(text)}'
        )
    names = template_parsing.list_placeholders(host)
    if len(set(names)) < len(names):
        raise ValueError(f"expected each name in braces once, found {quote(text)}")
    return host


def check_method(text: str) -> str:
    """Checks an HTTP method; returns it in upper case."""
    method = text.upper()
    if not re.fullmatch(_METHOD, method):
        raise ValueError(
            f"expected an HTTP method like GET, found {quote(text)}. Leave it out for all methods"
        )
    return method


def _check_text(literals: str, text: str) -> None:
    """Checks for characters that normalised paths do not have."""
    odd = next((each for each in literals if each in "?#;" or not each.isprintable()), None)
    if odd is not None:
        raise ValueError(
            f"expected a path without ?, #, ; and control characters, found {quote(odd)} in {quote(text)}"
        )
    escape = re.search(_UNNECESSARY_ESCAPE, literals)
    if escape:
        raise ValueError(
            f"expected no unnecessary escape, found {escape[0]} in {quote(text)}. Paths are compared with the character itself"
        )


def _check_shape(text: str) -> None:
    path_shape = template_parsing.derive_shape(text)
    masked = template_parsing.mask_path(path_shape)
    if masked != path_shape:
        raise ValueError(
            f"expected literals that are not identifiers, found {quote(text)}, which is masked as {quote(masked)} before any "
            "decision is applied. Put a placeholder there"
        )
    step = template_parsing.find_unreachable_step(path_shape)
    if step is not None:
        raise ValueError(
            f"expected a placeholder to be a whole segment, or its part as a date (report-{{day}}), a key (Products({{id}})) "
            f"or before an extension or a custom method, found {quote(step.removeprefix('/'))} in {quote(text)}. "
            f"No path is ever masked like this: write {PLACEHOLDER[0]}name{PLACEHOLDER[1]} for the whole segment"
        )
