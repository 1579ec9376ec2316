"""Decisions for tests: a file with each kind, and strategies for Hypothesis."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import strategies as st

from pipelines.decisions.checks import check_template
from pipelines.decisions.file import parse_decisions
from pipelines.decisions.model import KINDS, Decision
from pipelines.runtime.errors import SettingsError

ALL_KINDS = """\
# operators' decisions of the shop
decisions:
  - pin: /users/{userId}/orders
    host: Shop.example.com
    note: seen in the code
  - {split: "/users/{userId}", into: [me, search], host: shop.example.com}
  - merge: /catalog/{item}
    host: "*.example.com"
  - {never_template: /settings, host: "*"}
  - {rename: "/users/{userId}", to: "/users/{login}", host: shop.example.com}
  - {ignore: /health, method: get, host: shop.example.com:8443}
  - {save: "/users/{userId}", host: "*"}
  - host_alias: "*.shop.example"
    name: "{tenant}.shop.example"
"""

HOSTS = ("*", "*.example.com", "shop.example.com", "[::1]:8080", "{tenant}.shop.example")
_LITERALS = (
    "users",
    "me",
    "v1",
    "2024",
    "a b",
    "é",
    "%2Fx",
    "$1",
    "\\Q(",
    "..",
    "a'b\"c",
    "search.json",
    "**",
)
_NOTES = st.none() | st.text(st.characters(exclude_categories=["Cs"]), max_size=20)


def refusal_message(text: str) -> str:
    """Returns the one-line message with which a file with this text is refused."""
    with pytest.raises(SettingsError) as caught:
        parse_decisions(text, "decisions.yaml")
    message = str(caught.value)
    assert message.splitlines() == [message], "one line"
    return message


def parse_entries(*entries: str) -> tuple[Decision, ...]:
    """Parses decisions in flow style, one entry a line from line 2 on."""
    return parse_decisions(
        "decisions:\n" + "".join(f"  - {{{entry}}}\n" for entry in entries), "decisions.yaml"
    )


@st.composite
def templates(draw: st.DrawFn, last: str | None = None, prefix: str = "n") -> str:
    """Draws a template; `last` is its last segment, names begin with `prefix`."""
    segments = draw(st.lists(st.sampled_from((*_LITERALS, "{}")), min_size=0 if last else 1, max_size=4))
    text = "".join(f"/{segment}" for segment in (*segments, *([last] if last else [])))
    for number in range(text.count("{}")):
        text = text.replace("{}", f"{{{prefix}{number}}}", 1)
    return check_template(text)


@st.composite
def decisions(draw: st.DrawFn) -> Decision:
    """Draws one decision of any kind."""
    kind = draw(st.sampled_from(sorted(KINDS)))
    entry: dict[str, Any] = {"note": draw(_NOTES)}
    if kind == "host_alias":
        entry |= {"host_alias": draw(st.sampled_from(HOSTS)), "name": draw(st.sampled_from(HOSTS[2:]))}
        return KINDS[kind].model_validate(entry)
    template = draw(templates(last="{}" if kind in ("split", "merge", "rename") else None))
    entry |= {kind: template, "host": draw(st.sampled_from(HOSTS))}
    if kind == "split":
        entry["into"] = tuple(draw(st.lists(st.sampled_from(_LITERALS), min_size=1, max_size=3, unique=True)))
    elif kind == "rename":
        entry["to"] = template.replace("{n", "{m")
    elif kind in ("ignore", "save"):
        entry["method"] = draw(st.none() | st.sampled_from(("GET", "M-SEARCH")))
    return KINDS[kind].model_validate(entry)
