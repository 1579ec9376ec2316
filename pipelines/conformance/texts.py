"""Texts of a request → values: values in URLs have no type, so a text stands for whatever it may be read as."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from urllib.parse import unquote, unquote_plus

from pipelines.conformance.operation import Parameter

MAX_PAIRS = 500
"""Pairs read of one query or form, as in learning."""
DELIMITERS = {"form": ",", "simple": ",", "spaceDelimited": " ", "pipeDelimited": "|"}
_INTEGER = re.compile(r"-?(?:0|[1-9][0-9]{0,18})\Z")
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]{0,307})(?:\.[0-9]{1,340})?(?:[eE][+-]?[0-9]{1,3})?\Z")
_BAD_ESCAPE = re.compile(r"%(?![0-9A-Fa-f]{2})")


def pairs(query: str) -> tuple[list[tuple[str, str]], bool]:
    """Names and values, decoded (URL standard s. 5.1), and whether that is all of them. A pair without name is none."""
    pieces = [piece for piece in query.split("&") if piece and not piece.startswith("=")]
    split = [piece.partition("=") for piece in pieces[:MAX_PAIRS]]
    return [(decoded(name), decoded(value)) for name, _, value in split], len(pieces) <= MAX_PAIRS


def decoded(text: str) -> str:
    """Percent-decoded, "+" as a space; a text that is not encoded stays as it is, as in learning."""
    if "%" not in text:
        return text.replace("+", " ")
    return text if _BAD_ESCAPE.search(text) else unquote_plus(text)


def path_decoded(text: str) -> str:
    """Percent-decoded; in paths "+" is itself (RFC 3986)."""
    return unquote(text)


def scalars(text: str) -> Iterator[object]:
    """All that a text can be read as, the text itself last."""
    if text in ("true", "false"):
        yield text == "true"
    elif _INTEGER.match(text):
        yield int(text)
    elif _NUMBER.match(text) and math.isfinite(number := float(text)):
        yield number
    yield text


def listed(parameter: Parameter, texts: Sequence[str]) -> list[str]:
    """Texts of the items of a list, by style (OpenAPI 3.1 s. 4.8.12.2): repeated, or several in one text."""
    if parameter.explode and parameter.style != "simple":
        return list(texts)
    delimiter = DELIMITERS.get(parameter.style, ",")
    return [item for text in texts for item in text.split(delimiter)]


def entries(parameter: Parameter, texts: Sequence[str]) -> dict[str, str]:
    """Names and texts of an object's members: `k=v,k=v`, `k,v,k,v`, or texts that are names and values in turn already."""
    if parameter.style == "simple" and parameter.explode:
        return {
            name: value
            for text in texts
            for name, _, value in (one.partition("=") for one in text.split(","))
        }
    turns = list(texts) if is_spread(parameter) else listed(parameter, texts)
    return dict(zip(turns[::2], turns[1::2], strict=False))


def is_spread(parameter: Parameter) -> bool:
    """Whether an object's members are pairs of the query of their own: `a=1&b=2`, `name[a]=1&name[b]=2`."""
    is_object = parameter.shape.members is not None
    return is_object and (
        parameter.style == "deepObject" or (parameter.style == "form" and parameter.explode)
    )
