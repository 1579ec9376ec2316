"""Multipart bodies (RFC 7578), masked in their place: what files hold, fields of secret names, what other fields show."""

from __future__ import annotations

import re

from pipelines.http.masking.braces import Inner
from pipelines.http.masking.names import decoded, mask_of, secrecy_of
from pipelines.http.redaction import MASK

_DELIMITER = re.compile(r"\s{0,8}(--[^\r\n]{1,70})")
_BLANK_LINE = re.compile(r"\r?\n[ \t]*\r?\n")
_NAME = re.compile(
    r"(?i)(?:^|[;\s])name(?:\*[0-9]?\*?)?\s*=\s*(?:\"((?:[^\"\\\r\n]|\\.)*+)|'([^'\r\n]*+)|([^\s;\"]*+))"
)
_FILE = re.compile(r"(?i)[;\s]filename(?:\*[0-9]?\*?)?\s*=")
_FILE_NAME = re.compile(r"(?i)([;\s]filename(?:\*[0-9]?\*?)?\s*=\s*)(\"[^\"\r\n]*\"?|[^\s;]++)")
_CHARSET = re.compile(r"^[A-Za-z0-9_-]{0,32}'[A-Za-z0-9_-]{0,16}'")
HEAD_CHARACTERS = 4096


def without_secret_parts(body: str, inner: Inner) -> str:
    """`body` with files, fields of secret names, and what `inner` finds in other fields, masked."""
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
    named = _NAME.search(head)
    name = _decoded_name(next((group for group in named.groups() if group is not None), "")) if named else ""
    secrecy = secrecy_of(name)
    return head + (mask_of(text, secrecy) if secrecy else inner(text, name)) + rest


def _decoded_name(name: str) -> str:
    return decoded(_CHARSET.sub("", name)).replace("\\", "")
