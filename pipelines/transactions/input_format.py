"""Which format an input has: by what its name promises, its content shows and the user says."""

from __future__ import annotations

from typing import Final, cast

from pipelines.errors import InputError
from pipelines.transactions.input_paths import Named, shown
from pipelines.transactions.sources.compression import without_suffix
from pipelines.transactions.sources.detect import (
    FORMATS,
    LABELS,
    Format,
    claimed_format,
    description_of,
    format_of,
    is_utf16,
)

KNOWN_FORMATS: Final = "Known formats: " + "; ".join(LABELS.values()) + "."


class LeftOut(Exception):
    """A file of a folder or glob that is no input; the text says why."""


class WrongFormat(InputError):
    """A file whose name or whose user promises what its content does not hold."""


def check_format(asked: str) -> None:
    """Accepts `auto` and the names of formats.

    Raises:
        InputError: for anything else.
    """
    if asked != "auto" and asked not in FORMATS:
        choices = f"Choose auto, {', '.join(FORMATS)}."
        raise InputError("--format", f"unknown format {shown(asked)!r}", choices)


def chosen_format(named: Named, head: bytes, asked: str) -> Format:
    """The format of a file that begins (decompressed) with `head`, where `asked` is a format or `auto`.

    Raises:
        LeftOut: a file of a folder or glob that nobody promised to be of a known format.
        WrongFormat: any other file that is of none.
    """
    if not head:
        raise _refusal(named, "is empty", "Leave it out, or capture traffic first.")
    found = format_of(head)
    if asked != "auto":
        return _asked_format(named, head, cast(Format, asked), found)
    if found is not None:
        return found
    claimed = claimed_format(without_suffix(named.path.name))
    if claimed is not None and (
        named.is_explicit or claimed != "combined"
    ):  # other logs lie beside access logs
        problem = f"is named like {LABELS[claimed]} but holds {description_of(head)}"
        raise WrongFormat(named.shown, problem, _way_out(head))
    raise _refusal(named, f"has no known format: {description_of(head)}", _way_out(head))


def _asked_format(named: Named, head: bytes, asked: Format, found: Format | None) -> Format:
    """The user is believed about a file named; of a folder, the files that look like it are meant."""
    if is_utf16(head) and asked != "har":
        raise _refusal(named, "is UTF-16 text, where UTF-8 is expected", _way_out(head))
    if not named.is_explicit and found != asked:
        raise LeftOut(f"is no {LABELS[asked]}: {LABELS[found] if found else description_of(head)}")
    return asked


def _refusal(named: Named, problem: str, way_out: str) -> Exception:
    return WrongFormat(named.shown, problem, way_out) if named.is_explicit else LeftOut(problem)


def _way_out(head: bytes) -> str:
    return "Convert it to UTF-8 (iconv -f UTF-16 -t UTF-8)." if is_utf16(head) else KNOWN_FORMATS
