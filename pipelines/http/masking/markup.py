"""XML (and HTML) bodies, masked in their place by the names of elements and attributes; namespaces' prefixes do not matter."""

from __future__ import annotations

import re
from dataclasses import dataclass
from html import escape, unescape

from pipelines.http.masking.braces import Inner, with_edits
from pipelines.http.masking.names import Secrecy, mask_of, secrecy_below, secrecy_of

_PIECE = re.compile(
    r"<!\[CDATA\[([\s\S]*?)(?:\]\]>|\Z)"  # 1: text as it is
    r"|<!--([\s\S]*?)(?:-->|\Z)"  # 2: comment
    r"|<([/?!]?)([^\s<>/=?]++)((?:[^<>\"']++|\"[^\"]*+(?:\"|\Z)|'[^']*+(?:'|\Z))*+)(?:>|(?=<)|\Z)"  # 3, 4, 5: a tag
    r"|([^<]++)|<"  # 6: text
)
_ATTRIBUTE = re.compile(r"(?<![\w:.-])([\w:.-]++)\s*+=\s*+(?:\"([^\"]*+)|'([^']*+)|([^\s\"'>]++))")
_NAMING = frozenset("name key id field param header type attributename".split())
_VALUED = frozenset("value val content data text default".split())
_NAME = re.compile(r"[\w.\-\[\]:%$]{1,64}")


@dataclass(slots=True)
class _Element:
    name: str
    secrecy: Secrecy
    below: Secrecy = Secrecy.NONE


def without_secret_elements(text: str, inner: Inner) -> str:
    """`text` with attributes and everything below elements of secret names, and what `inner` finds elsewhere, masked."""
    edits: list[tuple[int, int, str]] = []
    stack = [_Element("", Secrecy.NONE)]
    for found in _PIECE.finditer(text):
        group = next((number for number in (1, 2, 4, 6) if found[number] is not None), 0)
        if group == 4:
            _tag(found, stack, edits, inner)
        elif group:
            _text(found, group, stack, edits, inner)
    return with_edits(text, edits)


def _local(name: str) -> str:
    return name.rpartition(":")[2]


def _tag(
    found: re.Match[str], stack: list[_Element], edits: list[tuple[int, int, str]], inner: Inner
) -> None:
    name, sign, rest = _local(found[4]), found[3], found[5]
    if sign == "/":
        if len(stack) > 1 and any(element.name == name for element in stack[-8:]):
            while len(stack) > 1 and stack.pop().name != name:
                pass  # elements that were not closed
        return
    attributes = list(_ATTRIBUTE.finditer(rest))
    values = [next(group for group in (2, 3, 4) if one[group] is not None) for one in attributes]
    named = max(
        (
            secrecy_of(one[value])
            for one, value in zip(attributes, values, strict=True)
            if _local(one[1]).lower() in _NAMING and _NAME.fullmatch(one[value])
        ),
        default=Secrecy.NONE,
    )
    secrecy = max(stack[-1].below, secrecy_of(name), named)
    below = max(stack[-1].below, secrecy_below(name), named)
    for one, value in zip(attributes, values, strict=True):
        local = _local(one[1])
        own = secrecy_of(local) if not one[1].startswith("xmlns") else Secrecy.NONE
        if named and local.lower() in _VALUED:
            own = named
        plain = unescape(one[value])
        kept = mask_of(plain, own) if own else inner(plain, local)
        if kept != plain:
            start = found.start(5) + one.start(value)
            edits.append((start, start + len(one[value]), escape(kept)))
    if not sign and not rest.rstrip().endswith("/"):
        stack.append(_Element(name, secrecy, below))


def _text(
    found: re.Match[str],
    group: int,
    stack: list[_Element],
    edits: list[tuple[int, int, str]],
    inner: Inner,
) -> None:
    written = found[group]
    content = written.strip()
    if not content:
        return
    element = stack[-1]
    plain = unescape(content) if group == 6 else content
    kept = mask_of(plain, element.secrecy) if element.secrecy else inner(plain, element.name)
    if kept != plain:
        start = found.start(group) + written.index(content)
        edits.append((start, start + len(content), escape(kept) if group == 6 else kept))
    if element.name.lower() in _NAMING and len(stack) > 1 and _NAME.fullmatch(plain):
        stack[-2].below = max(stack[-2].below, secrecy_of(plain))  # what comes beside it is its value
