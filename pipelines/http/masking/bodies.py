"""Masks XML, HTML and multipart bodies in place, by names.

The names are those of elements, attributes and parts.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from html import escape, unescape

from pipelines.http.masking.braces import Inner, apply_edits
from pipelines.http.masking.names import (
    Secrecy,
    classify_descendants,
    classify_name,
    decode_fully,
    mask_value,
)
from pipelines.http.redaction import MASK

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


def mask_elements(text: str, inner: Inner) -> str:
    """Masks attributes, and everything inside elements, of secret names.

    `inner` is applied to the rest.
    """
    edits: list[tuple[int, int, str]] = []
    stack = [_Element("", Secrecy.NONE)]
    for found in _PIECE.finditer(text):
        group = next((number for number in (1, 2, 4, 6) if found[number] is not None), 0)
        if group == 4:
            _tag(found, stack, edits, inner)
        elif group:
            _text(found, group, stack, edits, inner)
    return apply_edits(text, edits)


def _local(name: str) -> str:
    return name.rpartition(":")[2]


def _tag(
    found: re.Match[str], stack: list[_Element], edits: list[tuple[int, int, str]], inner: Inner
) -> None:
    name, sign, rest = _local(found[4]), found[3], found[5]
    if sign == "/":
        if len(stack) > 1 and any(element.name == name for element in stack[-8:]):
            while len(stack) > 1 and stack.pop().name != name:
                pass  # unclosed elements
        return
    attributes = list(_ATTRIBUTE.finditer(rest))
    values = [next(group for group in (2, 3, 4) if one[group] is not None) for one in attributes]
    named = max(
        (
            classify_name(one[value])
            for one, value in zip(attributes, values, strict=True)
            if _local(one[1]).lower() in _NAMING and _NAME.fullmatch(one[value])
        ),
        default=Secrecy.NONE,
    )
    secrecy = max(stack[-1].below, classify_name(name), named)
    below = max(stack[-1].below, classify_descendants(name), named)
    for one, value in zip(attributes, values, strict=True):
        local = _local(one[1])
        own = classify_name(local) if not one[1].startswith("xmlns") else Secrecy.NONE
        if named and local.lower() in _VALUED:
            own = named
        plain = unescape(one[value])
        kept = mask_value(plain, own) if own else inner(plain, local)
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
    kept = mask_value(plain, element.secrecy) if element.secrecy else inner(plain, element.name)
    if kept != plain:
        start = found.start(group) + written.index(content)
        edits.append((start, start + len(content), escape(kept) if group == 6 else kept))
    if element.name.lower() in _NAMING and len(stack) > 1 and _NAME.fullmatch(plain):
        stack[-2].below = max(stack[-2].below, classify_name(plain))  # its sibling is its value


_DELIMITER = re.compile(r"\s{0,8}(--[^\r\n]{1,70})")
_BLANK_LINE = re.compile(r"\r?\n[ \t]*\r?\n")
_NAME_OF_PART = re.compile(
    r"(?i)(?:^|[;\s])name(?:\*[0-9]?\*?)?\s*=\s*(?:\"((?:[^\"\\\r\n]|\\.)*+)|'([^'\r\n]*+)|([^\s;\"]*+))"
)
_FILE = re.compile(r"(?i)[;\s]filename(?:\*[0-9]?\*?)?\s*=")
_FILE_NAME = re.compile(r"(?i)([;\s]filename(?:\*[0-9]?\*?)?\s*=\s*)(\"[^\"\r\n]*\"?|[^\s;]++)")
_CHARSET = re.compile(r"^[A-Za-z0-9_-]{0,32}'[A-Za-z0-9_-]{0,16}'")
HEAD_CHARACTERS = 4096


def mask_parts(body: str, inner: Inner) -> str:
    """Masks files and fields of secret names, and applies `inner` to other fields."""
    delimiter = _DELIMITER.match(body)
    if delimiter is None:
        return inner(body, "")
    pieces = re.split(rf"((?:\A|\n)\s{{0,8}}{re.escape(delimiter[1])})", body)
    pieces[::2] = [_part(piece, inner) for piece in pieces[::2]]
    return "".join(pieces)


def _part(piece: str, inner: Inner) -> str:
    blank = _BLANK_LINE.search(piece, 0, HEAD_CHARACTERS)
    if blank is None:
        return piece if len(piece) < 8 else inner(piece, "")
    head, content = piece[: blank.end()], piece[blank.end() :]
    text = content.removesuffix("\r")
    rest = content[len(text) :]
    if not text:
        return piece
    if _FILE.search(head):
        masked = _FILE_NAME.sub(lambda found: found[1] + inner(found[2], "filename"), head)
        return masked + MASK + rest
    named = _NAME_OF_PART.search(head)
    name = _decoded_name(next((group for group in named.groups() if group is not None), "")) if named else ""
    secrecy = classify_name(name)
    return head + (mask_value(text, secrecy) if secrecy else inner(text, name)) + rest


def _decoded_name(name: str) -> str:
    return decode_fully(_CHARSET.sub("", name)).replace("\\", "")
