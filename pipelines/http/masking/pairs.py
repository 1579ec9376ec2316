"""Masks queries and URL-encoded forms in place.

Names and values are decoded before they are compared.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import quote, unquote_plus

from pipelines.http.masking.braces import Inner
from pipelines.http.masking.names import DECODINGS, Secrecy, classify_name, decode_fully, mask_value

MAX_PAIRS = 5_000
"""Pairs that are read of one text; the rest is dropped, because no parameter can be learned from it."""
_SEPARATOR = re.compile(r"(&|;(?=[^=&;\s]{1,64}=))")
_REQUESTING = frozenset(
    ("grant_type", "client_id", "redirect_uri", "code_verifier", "state", "session_state")
)
_NAMING = frozenset(("name", "key", "field"))
_SAFE = "=-._~!$'()*,/:;?@[]{}\"|"
"""Characters that stay unencoded, besides letters and digits, if they were unencoded in the value."""


def mask_pairs(text: str, inner: Inner) -> str:
    """Masks the values of secret names, and applies `inner` to the others."""
    pieces = _SEPARATOR.split(text, maxsplit=MAX_PAIRS)
    if len(pieces) > 2 * MAX_PAIRS:
        pieces = pieces[: 2 * MAX_PAIRS]
    names = [_name(piece) for piece in pieces[::2]]
    is_oauth = "code" in names and not _REQUESTING.isdisjoint(names)
    masked = [
        _masked(piece, name, Secrecy.MACHINE if is_oauth and name == "code" else classify_name(name), inner)
        for piece, name in zip(pieces[::2], names, strict=True)
    ]
    pieces[::2] = [*_mask_named_by_value(masked, names)]
    return "".join(pieces)


def encode_like(written: str, plain: str, kept: str, rounds: int, *, is_form: bool = True) -> str:
    """Encodes `kept` as `written` was encoded.

    `plain` is `written` after `rounds` of decoding.
    """
    if kept == plain:
        return written
    if not rounds:
        return kept.replace(" ", "+") if is_form else kept
    safe = "".join(sign for sign in _SAFE if sign in written)
    for _ in range(rounds):
        kept = quote(kept, safe=safe)
    return f"+{kept[3:]}" if written.startswith("+") and kept.startswith("%2B") else kept


def decode_value(written: str, *, is_form: bool = True) -> tuple[str, int]:
    """Returns the decoded value and the number of rounds, at most `DECODINGS`."""
    plain = written
    if is_form:
        # a "+" before digits begins an unencoded telephone number, elsewhere it is a space
        plain = re.sub(r"\A\+(?=[0-9])", "%2B", written).replace("+", " ")
    rounds = 0
    while "%" in plain and rounds < DECODINGS:
        again = unquote_plus(plain.replace("+", "%2B"), errors="replace")
        if again == plain:
            break
        plain, rounds = again, rounds + 1
    return plain, rounds


def _name(piece: str) -> str:
    return decode_fully(piece.partition("=")[0].replace("+", " "))


def _masked(piece: str, name: str, secrecy: Secrecy, inner: Inner) -> str:
    written_name, sign, written = piece.partition("=")
    if not sign:
        plain, rounds = decode_value(written_name)
        return encode_like(written_name, plain, inner(plain, ""), rounds)
    plain_name, name_rounds = decode_value(written_name)
    kept_name = (
        encode_like(written_name, plain_name, inner(plain_name, ""), name_rounds)
        if plain_name
        else written_name
    )
    plain, rounds = decode_value(written)
    kept = mask_value(plain, secrecy) if secrecy else inner(plain, name)
    return f"{kept_name}={encode_like(written, plain, kept, rounds)}"


def _mask_named_by_value(pieces: list[str], names: list[str]) -> Iterator[str]:
    """Masks the value of a name that is itself a value: `name=password&value=x`."""
    levels = [
        classify_name(piece.partition("=")[2])
        for piece, name in zip(pieces, names, strict=True)
        if name.lower() in _NAMING
    ]
    secrecy = max(levels, default=Secrecy.NONE)
    for piece, name in zip(pieces, names, strict=True):
        if secrecy and name.lower() in ("value", "val"):
            yield f"{piece.partition('=')[0]}={mask_value(decode_value(piece.partition('=')[2])[0], secrecy)}"
        else:
            yield piece
