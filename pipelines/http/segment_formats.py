"""Formats of path segments that identify a variable without context.

The same pattern runs in Python and in Spark. Each format names its source. Patterns are anchored, bounded and free of nested
repetition.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from pipelines.http.value_patterns import UUID


@dataclass(frozen=True, slots=True)
class SegmentFormat:
    """A format of a path segment.

    `pattern` must match the whole segment, in Python's `re` and in java.util.regex alike.
    """

    name: str
    pattern: str
    source: str


SEGMENT_FORMATS = (
    SegmentFormat("uuid", UUID, "RFC 9562 s. 4"),
    SegmentFormat("integer", r"-?[0-9]{1,20}", "decimal digits, up to 64 bits"),
    SegmentFormat("date", r"[0-9]{4}-[01][0-9]-[0-3][0-9]", "RFC 3339 full-date"),
    SegmentFormat(
        "datetime",
        r"[0-9]{4}-?[01][0-9]-?[0-3][0-9][T_ ][0-9:.%A-Z+-]{4,24}",
        "RFC 3339 date-time, and its basic form",
    ),
    SegmentFormat(
        "ulid", r"[0-7][0-9A-HJKMNP-TV-Z]{25}", "ULID specification: Crockford base 32, 26 characters"
    ),
    SegmentFormat(
        "hex",
        r"(?=[0-9a-fA-F]{0,63}[0-9])[0-9a-fA-F]{16,128}",
        "digests and ObjectIds (12 bytes, BSON): 8 bytes and more",
    ),
    SegmentFormat(
        "email",
        r"[A-Za-z0-9._%+-]{1,64}(?:@|%40)[A-Za-z0-9.-]{1,190}\.[A-Za-z]{2,24}",
        "RFC 5322 addr-spec, common subset",
    ),
    SegmentFormat("jwt", r"eyJ[A-Za-z0-9_-]{6,}\.[A-Za-z0-9_-]{2,}\.[A-Za-z0-9_-]*", "RFC 7519"),
    SegmentFormat(
        "coordinates",
        r"-?[0-9]{1,3}\.[0-9]{1,10},-?[0-9]{1,3}\.[0-9]{1,10}",
        "RFC 5870 (geo URI) coordinates",
    ),
    SegmentFormat(
        "mixed",
        r"(?=[A-Za-z_-]{0,63}[0-9][A-Za-z_-]{0,63}[0-9])(?=[0-9_-]{0,63}[A-Za-z])[A-Za-z0-9][A-Za-z0-9_-]{8,127}",
        "nine characters or more with letters and at least two digits: opaque keys",
    ),
    SegmentFormat(
        "masked",
        r"redacted(?:-token)?|(?:\+|%2[Bb])?(?:[0(]|%28){0,3}9(?:(?:[ ()-]|%2[089]){0,2}9){6,19}",
        "a credential, telephone or card number that ingest masked (docs/adr/0013)",
    ),
)

VARIABLE = r"^(?:" + "|".join(recogniser.pattern for recogniser in SEGMENT_FORMATS) + r")$"
"""Matches a segment that is a variable by its format alone."""

VERSION_NUMBERS = r"[0-9]{1,3}(?:\.[0-9]{1,3}){0,2}"
VERSION = f"v{VERSION_NUMBERS}"
VERSION_DAY = r"[0-9]{4}-[01][0-9]-[0-3][0-9](?:-preview)?"
VERSION_MONTH_OR_DAY = r"[0-9]{4}-[01][0-9](?:-[0-3][0-9])?(?:-preview)?"
"""Versions of an API in a path: `v2.1`, and dates as Azure writes them (`2015-05-01-preview`)."""

LITERAL = f"^(?:{VERSION}|{VERSION_DAY})$"
"""Matches versions (`v1`, `v2.1`, Azure's `2015-05-01-preview`), which are literals."""

PLACEHOLDER = "{}"
VARIABLE_STEP = "/" + PLACEHOLDER
"""The step of a variable segment."""

ROOT = ""
"""The prefix of a path's first step."""
DEEPER = "/**"
"""Stands for the steps beyond paths.max_depth."""

_UNSURE = ("integer", "date", "mixed")

UNAMBIGUOUS_FORMATS = (
    *(each for each in SEGMENT_FORMATS if each.name not in _UNSURE),
    SegmentFormat("long integer", r"-?[0-9]{5,20}", "five digits and more: neither a version nor a year"),
    SegmentFormat("integers", r"[0-9]{1,20}(?:(?:,|%2[Cc])[0-9]{1,20})+", "OpenAPI style simple: a,b,c"),
    SegmentFormat("ipv4", r"(?:[0-9]{1,3}\.){3}[0-9]{1,3}", "RFC 6943 s. 3.1.1: dotted decimal"),
    SegmentFormat("phone", r"(?:\+|%2[Bb])[0-9]{7,15}", "ITU-T E.164"),
    SegmentFormat(
        "base64",
        r"[A-Za-z0-9_+-]{14,}(?:={1,2}|(?:%3[Dd]){1,2})",
        "RFC 4648: padded, at least eleven bytes",
    ),
)
"""Formats that are a variable in any position.

Small numbers, dates and mixed keys are not among them, because versions resemble them.
"""

UNAMBIGUOUS = "|".join(recogniser.pattern for recogniser in UNAMBIGUOUS_FORMATS)

ODATA_KEY = r"(?<=[A-Za-z0-9_.])\([^/]{1,512}\)"
"""`(5)` in `Products(5)`: the key after a name (OData 4.01 URL conventions, s. 4.3)."""

DATE_PART = (
    r"(?<=[A-Za-z][._-])(?:(?:19|20)[0-9]{2}-[01][0-9](?:-[0-3][0-9])?|(?:19|20)[0-9]{2}[01][0-9][0-3][0-9])"
)
"""The date in `report-2024-05-31`: an ISO 8601 month or day after a word."""

YEAR_PART = r"(?<=[A-Za-z][._-])(?:19|20)[0-9]{2}"
"""The year in `report-2024.pdf`; in file names only."""

_EXTENSIONS = (
    "json geojson jsonld xml html? xhtml csv tsv txt md rst ya?ml toml pdf rtf docx? xlsx? pptx? odt ods ps png jpe?g gif svg "
    "webp avif ico bmp tiff? mp3 mp4 m4a mpe?g ogg wav webm mov avi ts m3u8 zip tar tar\\.gz tgz gz bz2 7z rar jar js mjs css "
    "map wasm php aspx? jsp cgi rss atom ics kml gpx proto parquet avro bin log sql"
)
EXTENSIONS = r"\.(?:" + "|".join(_EXTENSIONS.split()) + ")"
"""File extensions: media types registered with IANA, by the names that Apache's mime.types gives them."""

CUSTOM_METHOD = ":[a-z][A-Za-z_]{2,40}"
"""`:cancel` in `123:cancel`: a custom method (Google AIP-136), also in snake case."""

SUFFIX = f"(?:{EXTENSIONS}|{CUSTOM_METHOD})"
SUFFIX_START = rf"(?<=[^/])(?!\.tar\.)(?={SUFFIX}$)"
"""The start of the suffix of a path's last segment: `users` | `.json`, `123` | `:cancel`; for `.tar.gz` the last extension."""

_KEY_MASK = (rf"{ODATA_KEY}(?=/|$)", "({})")
MASKS = (
    (rf"/(?:{UNAMBIGUOUS})(?=/|{SUFFIX}?$)", VARIABLE_STEP),
    _KEY_MASK,
    (rf"{DATE_PART}(?=(?:{EXTENSIONS})?(?:/|$))", PLACEHOLDER),
    (rf"{YEAR_PART}(?={EXTENSIONS}$)", PLACEHOLDER),
)
"""Patterns of variables searched for in a whole path, and their replacements; applied in this order.

No replacement refers to a group: Python and Java write those differently.
"""

_ENDS = f"(?=/|{SUFFIX}?$)"
TYPED_SEGMENT = f"/(?!{LITERAL.strip('^$')}{_ENDS}){VARIABLE.strip('^$')}{_ENDS}"
"""Segments of a masked path that the first guess takes for variables: those of a format that is not a version."""

UNUSUAL_MASKS = (_KEY_MASK,)
UNUSUAL_SIGNS = "[;%({}]|//"
"""A path without these signs has one spelling except for its end, and needs neither `UNRESERVED` nor `UNUSUAL_MASKS`."""

UNRESERVED = (("%2[Dd]", "-"), ("%2[Ee]", "."), ("%5[Ff]", "_"), ("%7[Ee]", "~"))
"""Escapes of characters that need none (RFC 3986 s. 2.3); escaped letters and digits do not occur in practice."""


_JAVA_END = r"(?=(?:\r\n|[\n\r\u0085\u2028\u2029])?\Z)"


def compile_pattern(pattern: str) -> re.Pattern[str]:
    """Compiles a pattern with `$` as Java defines it, before a last line terminator.

    Python and Spark must split hostile paths at the same places.
    """
    return re.compile(pattern.replace("$", _JAVA_END))


def detect_segment_format(segment: str) -> str | None:
    """Returns the name of the first format that matches the whole segment; else None."""
    return next((r.name for r in SEGMENT_FORMATS if re.fullmatch(r.pattern, segment)), None)
