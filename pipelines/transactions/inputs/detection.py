"""Detects the format of a file by its first bytes, its name and the user's choice."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterable
from typing import Final, Literal, cast

from pipelines.runtime.errors import InputError
from pipelines.transactions.inputs.access_log_line import parse_line
from pipelines.transactions.inputs.compression import HEAD_BYTES, strip_compression_suffix
from pipelines.transactions.inputs.names import NamedFile, printable_name

Format = Literal["har", "logpush", "combined"]
FORMATS: Final[tuple[Format, ...]] = ("har", "logpush", "combined")
"""Every format, in the order in which detection tries them."""

LABELS: Final[dict[Format, str]] = {
    "har": "HAR (HTTP Archive, JSON)",
    "logpush": "Logpush (one JSON object a line)",
    "combined": "Apache or nginx access log (common or combined)",
}
_FORMAT_OF_SUFFIX: Final[dict[str, Format]] = {
    ".har": "har",
    ".ndjson": "logpush",
    ".jsonl": "logpush",
    ".log": "combined",
}

_UTF16: Final = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_LINES: Final = 50  # lines examined, of which a majority decides: enough to outvote a damaged first one
_HAR_START: Final = re.compile(r'\s*\{\s*"log"\s*:\s*\{')
_HAR_LATER: Final = re.compile(
    r'"log"\s*:\s*\{\s*"(?:version|creator|browser|pages|entries|comment|_\w+)"\s*:'
)
_LOGPUSH_FIELD: Final = re.compile(
    r'"(?:RayID|EdgeStartTimestamp|EdgeResponse(?:Status|Bytes|ContentType)'
    r'|ClientRequest(?:Host|Method|URI|Path|Scheme))"\s*:'
)

# File types passed by mistake, by their first bytes: a word helps more than hexadecimal digits.
_KINDS: Final[tuple[tuple[bytes, str], ...]] = (
    (b"PK\x03\x04", "a ZIP archive"),
    (b"BZh", "bzip2 data"),
    (b"\xfd7zXZ", "xz data"),
    (b"7z\xbc\xaf", "a 7-Zip archive"),
    (b"\x04\x22\x4d\x18", "lz4 data"),
    (b"PAR1", "a Parquet file"),
    (b"Obj\x01", "an Avro file"),
    (b"SQLite format 3", "an SQLite database"),
    (b"\xd4\xc3\xb2\xa1", "a packet capture"),
    (b"\x0a\x0d\x0d\x0a", "a packet capture"),
    (b"%PDF", "a PDF document"),
    (b"\x89PNG", "a PNG image"),
    (b"\xff\xd8\xff", "a JPEG image"),
    (b"\x7fELF", "a program"),
)
_JSON: Final = (  # by the text after the bracket: a log line may begin with one, too
    (re.compile(r'\s*\[\s*(?:[\]{["]|(?:-?\d[\d.eE+-]{0,32}|true|false|null)\s*[,\]])'), "a JSON array"),
    (re.compile(r'\s*\{\s*[}"]'), "JSON with an unrecognised structure"),
)


def detect_format(head: bytes) -> Format | None:
    """Returns the format of a file that begins (decompressed) with `head`.

    None if it is none of `FORMATS`. `head` has at most `HEAD_BYTES` bytes. UTF-16 is accepted for HAR only, which is decoded as
    a whole; Spark reads the line formats as UTF-8.
    """
    text = decode_text(head)
    if _HAR_START.match(text):
        return "har"
    if is_utf16(head):
        return "har" if _HAR_LATER.search(text) and text.lstrip().startswith("{") else None
    lines = _voting_lines(text, is_cut=len(head) >= HEAD_BYTES)
    if _is_majority(
        line.lstrip().startswith("{") and _LOGPUSH_FIELD.search(line) is not None for line in lines
    ):
        return "logpush"
    if text.lstrip().startswith("{") and _HAR_LATER.search(text):
        return "har"
    return "combined" if _is_majority(parse_line(line) is not None for line in lines) else None


def infer_format_from_name(name: str) -> Format | None:
    """Returns the format that the suffix of a name suggests.

    `name` is in lower case, without the suffix of a compression.
    """
    return next((format for ending, format in _FORMAT_OF_SUFFIX.items() if name.endswith(ending)), None)


def is_utf16(head: bytes) -> bool:
    """Whether the text begins with a byte order mark of UTF-16."""
    return head.startswith(_UTF16)


def describe_content(head: bytes) -> str:
    """Describes a file of unknown format: `a PDF document (begins with '%PDF-1.7')`."""
    if not head.strip():
        return "nothing but blank lines"
    return f"{_describe_kind(head)} (begins with {ascii(head[:24])[1:]})"


def _describe_kind(head: bytes) -> str:
    kind = next((kind for magic, kind in _KINDS if head.startswith(magic)), None)
    if kind is not None:
        return kind
    if is_utf16(head):
        return "UTF-16 text, where UTF-8 is expected"
    if b"\x00" in head:
        return "binary data"
    text = decode_text(head)
    return next((kind for form, kind in _JSON if form.match(text)), "unrecognised text")


def decode_text(head: bytes) -> str:
    """Decodes `head` by its byte order mark, which is removed, otherwise as UTF-8.

    Invalid bytes become U+FFFD.
    """
    if is_utf16(head):
        return head.decode("utf-16", errors="replace")
    return head.removeprefix(codecs.BOM_UTF8).decode("utf-8", errors="replace")


def _voting_lines(text: str, *, is_cut: bool) -> list[str]:
    """Returns the first non-blank lines.

    The last line, if the head cuts it, counts only if it is the only one.
    """
    lines = [line.removesuffix("\r") for line in text.split("\n")]
    whole = lines[:-1] if is_cut and len(lines) > 1 else lines
    return [line for line in whole if line.strip()][:_LINES]


def _is_majority(votes: Iterable[bool]) -> bool:
    """Whether at least half of the votes are true."""
    given = list(votes)
    return bool(given) and 2 * sum(given) >= len(given)


KNOWN_FORMATS: Final = "Known formats: " + "; ".join(LABELS.values()) + "."


class SkippedFile(Exception):
    """A file of a folder or glob that is not an input; the text says why."""


class WrongFormat(InputError):
    """A file whose content is not of the format that its name or the user specifies."""


def check_format(asked: str) -> None:
    """Accepts `auto` and the names of formats.

    Raises:
        InputError: for anything else.
    """
    if asked != "auto" and asked not in FORMATS:
        choices = f"Choose auto, {', '.join(FORMATS)}."
        raise InputError("--format", f"unknown format {printable_name(asked)!r}", choices)


def choose_format(named: NamedFile, head: bytes, asked: str) -> Format:
    """Returns the format of a file that begins (decompressed) with `head`.

    Args:
        named: the file.
        head: its first plain bytes.
        asked: a format, or `auto`.

    Raises:
        SkippedFile: a file of a folder or glob that is not expected to be of a known format.
        WrongFormat: any other file of unknown format.
    """
    if not head:
        raise _rejection(named, "is empty", "Leave it out, or capture traffic first.")
    found = detect_format(head)
    if asked != "auto":
        return _asked_format(named, head, cast(Format, asked), found)
    if found is not None:
        return found
    claimed = infer_format_from_name(strip_compression_suffix(named.path.name))
    if claimed is not None and (
        named.is_explicit or claimed != "combined"
    ):  # other logs are stored next to access logs
        problem = f"is named like {LABELS[claimed]} but holds {describe_content(head)}"
        raise WrongFormat(named.printable, problem, _way_out(head))
    raise _rejection(named, f"has no known format: {describe_content(head)}", _way_out(head))


def _asked_format(named: NamedFile, head: bytes, asked: Format, found: Format | None) -> Format:
    """Returns `asked` for a file named explicitly.

    Of a folder, only files that look like that format are accepted.
    """
    if is_utf16(head) and asked != "har":
        raise _rejection(named, "is UTF-16 text, where UTF-8 is expected", _way_out(head))
    if not named.is_explicit and found != asked:
        raise SkippedFile(
            f"is not of the format {LABELS[asked]}: {LABELS[found] if found else describe_content(head)}"
        )
    return asked


def _rejection(named: NamedFile, problem: str, way_out: str) -> Exception:
    return WrongFormat(named.printable, problem, way_out) if named.is_explicit else SkippedFile(problem)


def _way_out(head: bytes) -> str:
    return "Convert it to UTF-8 (iconv -f UTF-16 -t UTF-8)." if is_utf16(head) else KNOWN_FORMATS
