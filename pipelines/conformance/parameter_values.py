"""Deserialising parameters: strings of a request → the values they may stand for.

Values in a URL have no type, so a string stands for every value that it can be read as.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from pipelines.conformance.operation import Parameter
from pipelines.http.numbers import parse_number
from pipelines.requests import urlencoded

DELIMITERS = {"form": ",", "simple": ",", "spaceDelimited": " ", "pipeDelimited": "|"}


def parse_pairs(query: str) -> tuple[list[tuple[str, str]], bool]:
    """Parses a query into decoded names and values, and whether these are all of them.

    Decoding and the limit on pairs are those of learning (`urlencoded`).
    """
    return urlencoded.split_pairs(query), query.count("&") < urlencoded.MAX_PAIRS


def read_scalars(text: str) -> Iterator[object]:
    """Yields every value that a string can be read as, the string itself last."""
    if text in ("true", "false"):
        yield text == "true"
    elif (number := parse_number(text)) is not None:
        yield number
    yield text


def split_items(parameter: Parameter, values: Sequence[str]) -> list[str]:
    """Splits the values of an array parameter into its items.

    Depending on the style (OpenAPI 3.1 s. 4.8.12.2), an item is a repeated parameter or a part of one value.
    """
    if parameter.explode and parameter.style != "simple":
        return list(values)
    delimiter = DELIMITERS.get(parameter.style, ",")
    return [item for value in values for item in value.split(delimiter)]


def parse_members(parameter: Parameter, values: Sequence[str]) -> dict[str, str]:
    """Parses an object parameter into the names and values of its members.

    It is written as `k=v,k=v` or `k,v,k,v`, or `values` hold names and values in turn already.
    """
    if parameter.style == "simple" and parameter.explode:
        return {
            name: member
            for value in values
            for name, _, member in (pair.partition("=") for pair in value.split(","))
        }
    turns = list(values) if is_spread_over_pairs(parameter) else split_items(parameter, values)
    return dict(zip(turns[::2], turns[1::2], strict=False))


def is_spread_over_pairs(parameter: Parameter) -> bool:
    """Whether each member of an object is a pair of its own in the query.

    As in `a=1&b=2` and `name[a]=1&name[b]=2`.
    """
    is_object = parameter.shape.members is not None
    return is_object and (
        parameter.style == "deepObject" or (parameter.style == "form" and parameter.explode)
    )
