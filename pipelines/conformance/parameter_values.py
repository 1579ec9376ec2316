"""Texts of a request → values: values in URLs have no type, so a text stands for whatever it may be read as."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from pipelines.conformance.operation import Parameter
from pipelines.http.numbers import parse_number
from pipelines.requests import urlencoded

DELIMITERS = {"form": ",", "simple": ",", "spaceDelimited": " ", "pipeDelimited": "|"}


def parse_pairs(query: str) -> tuple[list[tuple[str, str]], bool]:
    """Names and values, decoded as learning does, and whether that is all of them."""
    return urlencoded.split_pairs(query), query.count("&") < urlencoded.MAX_PAIRS


def read_scalars(text: str) -> Iterator[object]:
    """All that a text can be read as, the text itself last."""
    if text in ("true", "false"):
        yield text == "true"
    elif (number := parse_number(text)) is not None:
        yield number
    yield text


def split_items(parameter: Parameter, texts: Sequence[str]) -> list[str]:
    """Texts of the items of a list, by style (OpenAPI 3.1 s. 4.8.12.2): repeated, or several in one text."""
    if parameter.explode and parameter.style != "simple":
        return list(texts)
    delimiter = DELIMITERS.get(parameter.style, ",")
    return [item for text in texts for item in text.split(delimiter)]


def parse_members(parameter: Parameter, texts: Sequence[str]) -> dict[str, str]:
    """Names and texts of an object's members: `k=v,k=v`, `k,v,k,v`, or texts that are names and values in turn already."""
    if parameter.style == "simple" and parameter.explode:
        return {
            name: value
            for text in texts
            for name, _, value in (one.partition("=") for one in text.split(","))
        }
    turns = list(texts) if is_spread_over_pairs(parameter) else split_items(parameter, texts)
    return dict(zip(turns[::2], turns[1::2], strict=False))


def is_spread_over_pairs(parameter: Parameter) -> bool:
    """Whether an object's members are pairs of the query of their own: `a=1&b=2`, `name[a]=1&name[b]=2`."""
    is_object = parameter.shape.members is not None
    return is_object and (
        parameter.style == "deepObject" or (parameter.style == "form" and parameter.explode)
    )
