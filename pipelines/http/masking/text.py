"""Masks secrets and personal values in any text.

Structured text is parsed, the rest is searched. Each structure passes the texts within back to `mask_text`, so JSON in a string
of JSON in a field of a form is read too.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache, partial

from pipelines.http.masking.bodies import mask_elements, mask_parts
from pipelines.http.masking.braces import Inner, mask_members
from pipelines.http.masking.issuers import mask_issued_secrets
from pipelines.http.masking.names import Secrecy, classify_name, decode_fully, mask_value
from pipelines.http.masking.pairs import mask_pairs
from pipelines.http.masking.paths import is_absolute, mask_url, mask_urls
from pipelines.http.masking.personal import mask_personal
from pipelines.http.redaction import MASK

MAX_DEPTH = 6
"""Nesting depth of texts that is read; text nested more deeply is masked as a whole if it names a secret."""
SHORT_CHARACTERS = 64
"""Texts up to this length are cached: values and segments repeat."""
_PLAIN = re.compile(r"[\w .,-]*+\Z")
"""Text without a sign of structure."""
_PAIRS = re.compile(
    r"[^\s=&?/:{}<>\"']{1,256}=\S*+\Z|[^\s=&?/{}<>\"']{1,256}=[^&]*+(?:&[^\s=&{}<>\"']{1,256}=[^&]*+|&[^\s=&]{0,256}(?=&|\Z))++\Z"
)
_EMBEDDED = re.compile(r"[{\[]\s{0,8}[\"'{\[]")
"""JSON within a text."""
_GRAPHQL = re.compile(
    r"\A\s{0,64}(?:query|mutation|subscription|fragment)\b[^{]{0,4096}[{]|"
    r"\A\s{0,64}\w{1,64}\s{0,8}\(\s{0,8}\w{1,64}\s{0,8}:"
)
_NAMED = re.compile(r"(?<![\w.\-\[\]%\\$@])([\w.\-\[\]%\\$@]++)([\"']?\s*+(?:=>|:=|[:=])(?!//)[ \t]*+)")
_NAMED_LAST = re.compile(r"(?<![\w.\-\[\]%\\$@])([\w.\-\[\]%\\$@]++)[\"']?\s*+(?:=>|:=|[:=])\s*+\Z")
_BLOCK = re.compile(r"[|>][+-]?[0-9]?[ \t]*\n(?:(?:[ \t]+[^\n]*)?(?:\n|\Z))*+")
_QUOTED = re.compile(r"\"(?:[^\"\\]++|\\[\s\S])*+(?:\"|\Z)|'(?:[^'\\]++|\\[\s\S])*+(?:'|\Z)")
_LINE = re.compile(r"[^\r\n]*+")
_WORD = re.compile(r"[^\s,;&\"'<>)\]}]++")
_SCHEME = re.compile(r"(?i)(?:bearer|basic|token|digest|negotiate|apikey|aws4-hmac-sha256)\s{1,8}")
_INI = re.compile(r"\s{0,64}\[[\w .:-]{1,128}\][ \t]{0,64}\r?\n")
"""A section of a configuration file, not a list."""
_USER = re.compile(
    r"(?<![\w.%+-])([\w.%+-]{1,64}+:)[^\s/:@\"']{1,256}(?=@(?:[A-Za-z\[]|[0-9]{1,3}\.[0-9]{1,3}\.[0-9])(?!ha256:|ha512:))"
)
"""`user:password@host` without a scheme; not `image:tag@sha256:..`."""
_LINE_START = re.compile(r"(?:\A|\n)[ \t-]*\Z")
_WHOLE_LINE = ("cookie", "authorization")


def mask_text(text: str, name: str = "", depth: int = 0) -> str:
    """Masks `text`, the decoded value of `name`, which is not a secret's name."""
    if len(text) < 3 or (len(text) < 16 and text.isalpha()):
        return text
    return _mask_cached(text, name, depth) if len(text) <= SHORT_CHARACTERS else _mask(text, name, depth)


@lru_cache(maxsize=1 << 14)
def _mask_cached(text: str, name: str, depth: int) -> str:
    return _mask(text, name, depth)


def _mask(text: str, name: str, depth: int) -> str:
    if _PLAIN.match(text):
        return mask_known_forms(text, name)
    if depth > MAX_DEPTH:
        return MASK if _names_a_secret(text) else mask_known_forms(text, name)
    inner: Inner = partial(mask_text, depth=depth + 1)
    structure = _structure(text)
    if structure is not None:
        return structure(text, inner)
    is_url = text[0] in "/?" and ("/" in text[1:] or "?" in text or "=" in text)
    if is_url or is_absolute(text):
        return mask_known_forms(mask_url(text, inner), name)
    return _plain(text, name, inner)


def _plain(text: str, name: str, inner: Inner) -> str:
    embedded = _EMBEDDED.search(text)
    head = text if embedded is None else text[: embedded.start()]
    masked = mask_known_forms(mask_named_values(mask_urls(head, inner)), name)
    if embedded is None:
        return masked
    before = _NAMED_LAST.search(head, max(0, len(head) - 256))
    if before is not None and classify_name(before[1]):
        return masked + MASK
    return masked + mask_members(text[embedded.start() :], inner)


def mask_line(text: str) -> str:
    """Masks a header field: URLs, named values, known forms of secrets, and addresses.

    Numbers stay, because versions look like telephone numbers.
    """
    inner: Inner = partial(mask_text, depth=1)
    text = mask_named_values(mask_urls(text, inner))
    return mask_known_forms(text, with_numbers=False)


def mask_known_forms(text: str, name: str = "", *, with_numbers: bool = True) -> str:
    """Masks secrets of known forms and personal values."""
    if "@" in text and ":" in text:
        text = _USER.sub(rf"\1{MASK}", text)
    return mask_personal(mask_issued_secrets(text, MASK), name, with_numbers=with_numbers)


def mask_named_values(text: str) -> str:
    """Masks values of secret names in `name: value` and `name=value` in any text.

    A value extends to the end of the word, the quotation, the line or the block.
    """
    if ":" not in text and "=" not in text:
        return text
    parts: list[str] = []
    last = 0
    for found in _NAMED.finditer(text):
        if found.start() < last or not (secrecy := classify_name(found[1])):
            continue
        start = found.end()
        end = _end_of_value(text, found)
        value = text[start:end].strip("\"'")
        if not value:
            continue
        quote = text[start] if text[start] in "\"'" else ""
        parts += [text[last:start], quote, mask_value(value, secrecy), quote]
        last = end
    return "".join([*parts, text[last:]])


def _end_of_value(text: str, found: re.Match[str]) -> int:
    start = found.end()
    if quoted := _QUOTED.match(text, start):
        return quoted.end()
    if block := _BLOCK.match(text, start):
        return start + len(block[0].rstrip("\n"))
    line_start = _LINE_START.search(text, max(0, found.start() - 64), found.start())
    is_line = line_start is not None
    if line_start is not None and text.startswith(("\n", "\r\n"), start):
        indent = len(line_start[0].lstrip("\n"))
        nested = re.compile(rf"\r?\n(?:(?:[ \t]{{{indent + 1}}}|[ \t]{{{indent}}}-)[^\n]*(?:\n|\Z))++").match(
            text, start
        )
        return start + len(nested[0].rstrip("\n")) if nested else start
    is_whole = any(word in found[1].lower() for word in _WHOLE_LINE)
    line = _LINE.match(text, start)
    if line and (is_whole or (is_line and "&" not in line[0])):
        return line.end()
    scheme = _SCHEME.match(text, start)
    word = _WORD.match(text, scheme.end() if scheme else start)
    return word.end() if word else start


def _structure(text: str) -> Callable[[str, Inner], str] | None:
    """Returns the function that masks text of this structure; None for plain text."""
    start = text.lstrip()[:64]
    first = start[:1]
    if _INI.match(text):
        return None
    if first in "{[" or _GRAPHQL.match(text):
        return mask_members
    if first == '"' and text.rstrip()[-1:] in '"}]':
        return mask_members
    if first == "<":
        return mask_elements
    if start.startswith("--") and "name" in text.lower():
        return mask_parts
    if _PAIRS.match(text) or (first == "%" and not any(map(str.isspace, text.strip()))):
        return mask_pairs
    return None


def _names_a_secret(text: str) -> bool:
    plain = decode_fully(text)
    return any(classify_name(word) is not Secrecy.NONE for word in re.findall(r"[\w.\-]{2,64}", plain))
