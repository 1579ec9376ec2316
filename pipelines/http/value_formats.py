"""Formats of values, in one table for learning, checking and documents.

Each text has exactly one kind: that of the first format that matches, otherwise `TEXT`. So counts of kinds add up to the number
of values and merge by addition. The patterns are disjoint except that boolean and number precede the formats of text.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal

from pipelines.http import value_patterns

JsonType = Literal["boolean", "integer", "number", "string", "null", "object", "array"]
MAX_CHARACTERS = 2048
"""Longer values are cut to this length first: no format needs more, and hostile text costs no more."""


@dataclass(frozen=True, slots=True)
class ValueFormat:
    """One kind of value.

    Attributes:
        kind: its name.
        type: its JSON type.
        pattern: matches the whole value.
        source: the standard that defines it.
        shortest: least number of characters.
        longest: largest number of characters.
        holds: a substring of every match. With `shortest`, `longest` and `starts` it adds nothing to the pattern, but saves most
            evaluations of regular expressions.
        starts: the first character is in this half-open range of code points.
        format: JSON Schema `format`, if one is registered.
        writes_pattern: whether schemas have the pattern itself, because there is no registered format.
        min_distinct: least number of different values; one constant may match a format by chance.
    """

    kind: str
    type: JsonType
    pattern: str
    source: str
    shortest: int
    longest: int
    holds: str = ""
    starts: tuple[str, str] = ("", "")
    format: str | None = None
    writes_pattern: bool = False
    min_distinct: int = 1

    @property
    def python(self) -> str:
        r"""The pattern for `re`, where the end of the text is `\Z` (`\z` only from 3.14)."""
        return rf"\A(?:{self.pattern})\Z"

    @property
    def ecma(self) -> str:
        """The pattern for JSON Schema `pattern`.

        In ECMA-262 `$` without flag m is the end of the text.
        """
        return f"^(?:{self.pattern})$" if "|" in self.pattern else f"^{self.pattern}$"

    def may_be(self, first: str, length: int) -> bool:
        """Whether a text of this length and first character may match.

        `holds` is tested separately.
        """
        low, high = self.starts
        return self.shortest <= length <= self.longest and (not high or low <= first < high)


def _identifier(kind: str, length: int, source: str) -> ValueFormat:
    return ValueFormat(
        kind, "string", value_patterns.hexadecimal(length), source, length, length, writes_pattern=True
    )


EMPTY, REDACTED, BOOLEAN, INTEGER, NUMBER, TEXT = "empty", "redacted", "boolean", "integer", "number", "text"
UNIX_SECONDS, UNIX_MILLISECONDS, DIGITS, JWT = "unix-seconds", "unix-milliseconds", "digits", "jwt"
SUSPICIOUS, LIST, NULL, OBJECT, ARRAY = "suspicious", "list", "null", "object", "array"
BIG_INTEGER = "big-integer"
PIPED, SPACED = "piped", "spaced"
SEMVER, LOCALE, TOKEN = "semver", "locale", "token"

NUMERIC_STARTS = ("-", ":")
"""Range of first characters: a digit or a hyphen."""

VALUE_FORMATS: tuple[ValueFormat, ...] = (
    ValueFormat(
        EMPTY, "string", value_patterns.EMPTY, "URL standard (WHATWG) s. 5.1: a name without value", 0, 0
    ),
    ValueFormat(
        REDACTED,
        "string",
        value_patterns.REDACTED,
        "the mask that ingest writes in place of a secret",
        8,
        73,
        "redacted",
    ),
    ValueFormat(
        TOKEN,
        "string",
        value_patterns.TOKEN,
        "the mask of a machine's secret: text without dangerous characters",
        14,
        14,
        "redacted-",
    ),
    ValueFormat(BOOLEAN, "boolean", value_patterns.BOOLEAN, "RFC 8259 s. 3", 4, 5, "e"),
    ValueFormat(
        UNIX_SECONDS,
        "integer",
        value_patterns.UNIX_SECONDS,
        "POSIX.1-2017 s. 4.16",
        9,
        10,
        starts=NUMERIC_STARTS,
    ),
    ValueFormat(
        UNIX_MILLISECONDS,
        "integer",
        value_patterns.UNIX_MILLISECONDS,
        "ECMA-262 s. 21.4.1 time values",
        12,
        13,
        starts=NUMERIC_STARTS,
    ),
    ValueFormat(
        INTEGER,
        "integer",
        value_patterns.INTEGER,
        "RFC 8259 s. 6; OpenAPI Format Registry: int64",
        1,
        20,
        starts=NUMERIC_STARTS,
    ),
    ValueFormat(NUMBER, "number", value_patterns.NUMBER, "RFC 8259 s. 6", 1, 38, starts=NUMERIC_STARTS),
    ValueFormat("uuid", "string", value_patterns.UUID, "RFC 9562 s. 4", 36, 36, "-", format="uuid"),
    ValueFormat(
        "date", "string", value_patterns.DATE, "RFC 3339 s. 5.6 full-date", 10, 10, "-", format="date"
    ),
    ValueFormat(
        "date-time", "string", value_patterns.DATE_TIME, "RFC 3339 s. 5.6", 20, 35, "T", format="date-time"
    ),
    ValueFormat(
        "email", "string", value_patterns.EMAIL, "HTML standard s. 4.10.5.1.5", 3, 640, "@", format="email"
    ),
    ValueFormat(
        "ipv4", "string", value_patterns.IPV4, "RFC 2673 s. 3.2 dotted-quad", 7, 15, ".", format="ipv4"
    ),
    ValueFormat(
        "ipv6", "string", value_patterns.IPV6, "RFC 3986 s. 3.2.2; RFC 4291 s. 2.2", 2, 45, ":", format="ipv6"
    ),
    ValueFormat("uri", "string", value_patterns.URI, "RFC 3986", 5, MAX_CHARACTERS, "://", format="uri"),
    ValueFormat(JWT, "string", value_patterns.JWT, "RFC 7519 s. 3", 9, MAX_CHARACTERS, "eyJ"),
    ValueFormat(
        "ulid",
        "string",
        value_patterns.ULID,
        "ULID specification: Crockford base 32",
        26,
        26,
        writes_pattern=True,
    ),
    _identifier("objectid", 24, "BSON specification: ObjectId, 12 bytes"),
    _identifier(
        "hex32", 32, "128 bits: MD5 (RFC 1321), UUID without hyphens, trace id (W3C Trace Context s. 3.2.2.3)"
    ),
    _identifier("hex40", 40, "160 bits: SHA-1 (FIPS 180-4), git object name"),
    _identifier("hex64", 64, "256 bits: SHA-256 (FIPS 180-4)"),
    ValueFormat(
        SEMVER,
        "string",
        value_patterns.SEMVER,
        "Semantic Versioning 2.0.0",
        5,
        700,
        ".",
        NUMERIC_STARTS,
        writes_pattern=True,
        min_distinct=3,
    ),
    ValueFormat(
        LOCALE, "string", value_patterns.LOCALE, "RFC 5646 s. 2.1", 5, 12, writes_pattern=True, min_distinct=3
    ),
    ValueFormat(
        DIGITS,
        "string",
        value_patterns.DIGITS,
        "decimal digits that are not a number: leading zeros, more than 64 bits",
        1,
        64,
        starts=NUMERIC_STARTS,
        writes_pattern=True,
    ),
    ValueFormat(
        PIPED,
        "string",
        value_patterns.PIPED,
        "OpenAPI 3.1 s. 4.8.12.3: style pipeDelimited",
        3,
        MAX_CHARACTERS,
        "|",
    ),
    ValueFormat(
        SPACED,
        "string",
        value_patterns.SPACED,
        "OpenAPI 3.1 s. 4.8.12.3: style spaceDelimited",
        3,
        MAX_CHARACTERS,
        " ",
    ),
    ValueFormat(
        SUSPICIOUS,
        "string",
        value_patterns.SUSPICIOUS,
        "characters that end or open a construct in SQL, HTML, shells: CWE-74",
        1,
        MAX_CHARACTERS,
    ),
    ValueFormat(
        LIST,
        "string",
        value_patterns.LIST,
        "OpenAPI 3.1 s. 4.8.12.3: style simple, form",
        3,
        MAX_CHARACTERS,
        ",",
    ),
    ValueFormat(TEXT, "string", "", "everything else", 0, MAX_CHARACTERS),
)
NUMBER_KINDS = (*(one.kind for one in VALUE_FORMATS if one.type in ("integer", "number")), BIG_INTEGER)
"""Kinds that are numbers in JSON."""
EMPTY_KINDS = (EMPTY, NULL)
"""Kinds of an absent value."""
LIST_KINDS = (LIST, PIPED, SPACED)
"""Kinds of text that may be lists, by their separator: comma, pipe, space."""
UNFORMATTED_KINDS = (TEXT, SUSPICIOUS, *LIST_KINDS)
"""Kinds of text without a format."""
JSON_ONLY: dict[str, JsonType] = {NULL: "null", OBJECT: "object", ARRAY: "array", BIG_INTEGER: "integer"}
"""Kinds that only JSON distinguishes from text (RFC 8259 s. 3); in a URL integers of more than 64 bits are digits."""
TYPES_WITHOUT_TEXT = (NULL, OBJECT, ARRAY)
"""JSON types that determine the kind regardless of the text."""
BY_KIND = {recogniser.kind: recogniser for recogniser in VALUE_FORMATS}
"""In order of precedence; `TEXT` comes last and stands for text of no format (its pattern is never evaluated)."""

_COMPILED = tuple((r, re.compile(r.python).search) for r in VALUE_FORMATS if r.kind != TEXT)


@lru_cache(maxsize=1 << 16)
def _candidates(first: str, length: int) -> tuple[tuple[str, str, Any], ...]:
    """Returns the formats possible for a text of this length and first character.

    Each is (kind, required substring, search function).
    """
    return tuple((r.kind, r.holds, search) for r, search in _COMPILED if r.may_be(first, length))


def detect_kind(value: str, json_type: str | None = None) -> str:
    """Returns the kind of one value, from its first `MAX_CHARACTERS` characters.

    `json_type` is the type of the value in a JSON body; None in a URL, where numbers are written like text.
    """
    if json_type in TYPES_WITHOUT_TEXT:
        return str(json_type)
    cut = value[:MAX_CHARACTERS]
    kind = TEXT
    for candidate, held, search in _candidates(cut[:1], len(cut)):
        if held in cut and search(cut):
            kind = candidate
            break
    if json_type == "number" and kind not in NUMBER_KINDS:
        return BIG_INTEGER if re.fullmatch(value_patterns.WHOLE_NUMBER, cut) else NUMBER
    if json_type != "string" or type_of(kind) == "string":
        return kind
    return DIGITS if re.fullmatch(value_patterns.DIGITS, cut) else TEXT


def type_of(kind: str) -> JsonType:
    """Returns the JSON type of a value of this kind.

    An unknown kind (of another version) is text.
    """
    if kind in JSON_ONLY:
        return JSON_ONLY[kind]
    return BY_KIND[kind].type if kind in BY_KIND else "string"
