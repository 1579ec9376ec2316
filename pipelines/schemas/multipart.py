"""multipart/form-data bodies (RFC 7578) → the names of their parts, texts of fields, never what a file holds.

Ingest keeps a media type without its parameters, so the boundary is read from the body's first line (RFC 2046 s. 5.1.1).
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from pipelines.http.redaction import MASK, has_secret_name
from pipelines.schemas.names import NAME_CHARACTERS
from pipelines.schemas.sent_pairs import MAX_PAIRS, Observed, located

DELIMITER_CHARACTERS = 72
"""Two hyphens and a boundary of at most 70 characters (RFC 2046 s. 5.1.1)."""
HEAD_CHARACTERS = 2048
"""Of the header fields of a part: longer ones are no honest part's."""
_DELIMITER = re.compile(rf"--[^\r\n]{{1,{DELIMITER_CHARACTERS - 2}}}")
_NAME = re.compile(r'(?i)(?:^|[;\s])name="?([^"\r\n;]*)')
_IS_FILE = re.compile(r"(?i)[;\s]filename\*?=")
_TYPE = re.compile(r"(?i)(?:^|\n)content-type:[ \t]*([^\r\n;]*)")
_BLANK_LINE = re.compile(r"\r?\n\r?\n")
TEXT_TYPES = ("", "text/plain")


def parts(body: str) -> list[Observed]:
    """Fields at location "part" with their text, files and parts of other media types at "file" with the mask for a value.

    The text of a field with a secret name is masked too.
    """
    split = list(_split(body))
    fields = [(name, value) for name, value in split if value is not None]
    return located("part", fields) + located("file", [(name, MASK) for name, value in split if value is None])


def _split(body: str) -> Iterator[tuple[str, str | None]]:
    """Name and text of each part, None instead of what a file holds."""
    delimiter = _DELIMITER.match(body)
    if delimiter is None:
        return
    for piece in f"\n{body}".split(f"\n{delimiter[0]}", MAX_PAIRS + 1)[1 : MAX_PAIRS + 1]:
        blank = _BLANK_LINE.search(piece, 0, HEAD_CHARACTERS)
        name = _NAME.search(piece, 0, blank.start()) if blank else None
        if blank is None or name is None:
            continue
        known = name[1][:NAME_CHARACTERS]
        head = piece[: blank.start()]
        kind = _TYPE.search(head)
        if _IS_FILE.search(head) or (kind is not None and kind[1].strip().lower() not in TEXT_TYPES):
            yield known, None
        elif has_secret_name(known):
            yield known, MASK
        else:
            yield known, piece[blank.end() :].removesuffix("\r")
