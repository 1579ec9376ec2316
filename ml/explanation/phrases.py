"""Phrases that explain features, by group of features.

Thresholds are in the units of the features.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from math import log1p
from typing import Any, Final, NamedTuple

from ml.requests.columns import Host, Path, Query
from ml.requests.features import FEATURES, FLAGS
from ml.requests.words import (
    EXTENSIONS,
    HOST_WORDS,
    PATH_WORDS,
    QUERY_WORDS,
    Extension,
    HostWord,
    PathWord,
    QueryWord,
)

HOST_PHRASES: Final[Mapping[Host, tuple[str, str] | tuple[str, str, float]]] = {
    Host.LABELS: ("host name with a subdomain", "host name without a subdomain", 2),
    Host.IS_ADDRESS: ("host is an IP address", "host is a name, not an IP address"),
    Host.HAS_PORT: ("host with a port", "host without a port"),
}
PATH_PHRASES: Final[Mapping[Path, tuple[str, str] | tuple[str, str, float]]] = {
    Path.LENGTH: ("long path", "short path", 40),
    Path.DEPTH: ("path of many segments", "path of few segments", 3),
    Path.DIGIT_SHARE: ("many digits in the path", "few digits in the path", 0.15),
    Path.UPPER_SHARE: ("upper case in the path", "path in lower case"),
    Path.LONGEST: ("a long segment in the path", "short segments in the path", 20),
    Path.NUMBERS: ("a number as a segment", "no number as a segment"),
    Path.LONG_NUMBERS: ("a long number as a segment", "no long number as a segment"),
    Path.UUIDS: ("a UUID in the path", "no UUID in the path"),
    Path.HEXES: ("a hexadecimal identifier in the path", "no hexadecimal identifier in the path"),
    Path.OPAQUE: ("an opaque identifier in the path", "no opaque identifier in the path"),
    Path.IDENTIFIER_SHARE: ("much of the path is identifiers", "little of the path is identifiers", 0.3),
    Path.PLURALS: ("a plural (a collection) in the path", "no plural (no collection) in the path"),
    Path.IDENTIFIER_AFTER_PLURAL: (
        "an identifier after a plural (an item of a collection)",
        "no identifier after a plural",
    ),
    Path.VERSION: ("a version in the path", "no version in the path"),
    Path.VERSION_EARLY: ("path begins with a version", "path does not begin with a version"),
    Path.DATE: ("a date in the path", "no date in the path"),
    Path.DECIMAL: ("a decimal number in the path", "no decimal number in the path"),
    Path.DASHES: ("dashes in the path", "no dashes in the path"),
    Path.UNDERSCORES: ("underscores in the path", "no underscores in the path"),
    Path.DOTS: ("dots in the path", "no dots in the path"),
    Path.CAMELS: ("camel case in the path", "no camel case in the path"),
    Path.SLUG: ("a title written with dashes in the path", "no title written with dashes in the path"),
    Path.MARKERS: ("punctuation in the path", "no punctuation in the path"),
    Path.PARENTHESES: ("parentheses in the path", "no parentheses in the path"),
    Path.ESCAPES: ("percent escapes in the path", "no percent escapes in the path"),
    Path.EMPTY_SEGMENTS: ("empty segments in the path", "no empty segments in the path"),
    Path.ENDS_IN_SLASH: ("path ends in a slash", "path does not end in a slash"),
    Path.LAST_LENGTH: ("long last segment", "short last segment", 12),
    Path.LAST_DIGIT_SHARE: ("many digits in the last segment", "few digits in the last segment", 0.3),
    Path.LAST_IS_IDENTIFIER: ("path ends in an identifier", "path does not end in an identifier"),
    Path.HASHED_NAME: ("a file name with a hash", "no file name with a hash"),
    Path.HIDDEN: ("last segment begins with a dot", "last segment does not begin with a dot"),
    Path.HAS_EXTENSION: ("a file extension", "no file extension"),
    Path.EXTENSION_LENGTH: ("file name with an extension", "file name without extension"),
}
QUERY_PHRASES: Final[Mapping[Query, tuple[str, str] | tuple[str, str, float]]] = {
    Query.LENGTH: ("long query", "short query or none", 40),
    Query.PARAMETERS: ("query parameters", "no query parameters"),
    Query.DIGIT_SHARE: ("many digits in the query", "few digits in the query", 0.15),
    Query.BRACKETS: ("brackets in the query", "no brackets in the query"),
    Query.BRACES: ("braces in the query", "no braces in the query"),
    Query.NAMES_FORMAT: ("query asks for a data format", "query does not ask for a data format"),
}
SIZES: Final[Mapping[str, tuple[str, str, float, str]]] = {
    "request_bytes_log": ("large request", "small request", log1p(2_000), "request size not logged"),
    "response_bytes_log": ("large response", "small response", log1p(20_000), "response size not logged"),
}
PATH_KINDS: Final[Mapping[PathWord, str]] = {
    PathWord.API: '"api"',
    PathWord.REST: '"rest"',
    PathWord.GRAPHQL: '"graphql"',
    PathWord.RPC: "a word of remote calls (rpc)",
    PathWord.AJAX: '"ajax"',
    PathWord.ODATA: '"odata"',
    PathWord.SOAP: '"soap"',
    PathWord.SOCKET: "a word of streams and sockets",
    PathWord.DATA: '"json" or "data"',
    PathWord.FEED: "a word of feeds",
    PathWord.ASSETS: "a word of static files",
    PathWord.BUNDLE: "a word of script bundles",
    PathWord.PAGE: "a word of web pages",
    PathWord.META: "a well-known file of a site",
    PathWord.LOGIN: "a word of signing in",
    PathWord.HEALTH: "a word of health checks",
    PathWord.PROBE: "a word that scanners try",
    PathWord.DOCS: "a word of documentation",
    PathWord.VERB: "a verb of calls",
    PathWord.BEACON: "a word of tracking",
    PathWord.SERVICE: "a word of services",
}
HOST_KINDS: Final[Mapping[HostWord, str]] = {
    HostWord.API: '"api" or the like',
    HostWord.GATEWAY: "a word of gateways",
    HostWord.ASSETS: "a word of static files",
    HostWord.WWW: '"www"',
    HostWord.SITE: "a word of web sites",
    HostWord.LOGIN: "a word of signing in",
    HostWord.BEACON: "a word of tracking",
}
QUERY_KINDS: Final[Mapping[QueryWord, str]] = {
    QueryWord.CALLBACK: "a callback parameter (JSONP)",
    QueryWord.BUST: "a cache-busting parameter",
    QueryWord.CAMPAIGN: "a campaign parameter",
    QueryWord.SEARCH: "a search parameter",
    QueryWord.FORMAT: "a format parameter",
    QueryWord.PAGING: "a parameter for paging or sorting",
    QueryWord.SELECT: "a parameter that selects fields",
    QueryWord.ASSET_VERSION: "a parameter for a file version",
    QueryWord.API_VERSION: "a parameter for an API version",
}
ENDINGS: Final[Mapping[Extension, str]] = {
    Extension.SCRIPT_PAGE: "a page made by a script (php, aspx)",
    Extension.HTML: "an HTML page",
    Extension.IMAGE: "an image",
    Extension.SCRIPT: "a script",
    Extension.STYLE: "a style sheet",
    Extension.FONT: "a font",
    Extension.MEDIA: "audio or video",
    Extension.ARCHIVE: "an archive or document",
    Extension.JSON: "a JSON file",
    Extension.XML: "an XML file",
    Extension.TEXT: "a text file",
    Extension.MAP: "a source map",
    Extension.SERVICE: "a service (asmx, svc)",
}
SIGNAL_PHRASES: Final[Mapping[str, tuple[str, str]]] = {
    "method": ("method is {}", "method is not {}"),
    "status": ("status: {}", "status is not: {}"),
    "response_type": ("responds with {}", "does not respond with {}"),
    "request_type": ("sends {}", "does not send {}"),
    "accept": ("asks for {} (Accept)", "does not ask for {} (Accept)"),
    "agent": ("sent by {} (User-Agent)", "not sent by {} (User-Agent)"),
    "fetch_dest": ("sent {} (Sec-Fetch-Dest)", "not sent {} (Sec-Fetch-Dest)"),
    "fetch_mode": ("fetched {} (Sec-Fetch-Mode)", "not fetched {} (Sec-Fetch-Mode)"),
    "requested_with": ("X-Requested-With names {}", "X-Requested-With does not name {}"),
    "origin": ("Origin names {}", "Origin does not name {}"),
    "referer": ("Referer names {}", "Referer does not name {}"),
}
"""Signal → texts around its value: if the value is this one, and if it is not."""

FLAG_VALUES: Final[Mapping[str, str]] = {
    **{f"method_{method}": method for method in ("GET", "HEAD", "POST", "DELETE", "OPTIONS")},
    "method_replaces": "PUT or PATCH",
    "status_success": "success (200, 201, 202)",
    "status_accepted": "created or accepted (201, 202)",
    "status_no_content": "no content (204)",
    "status_partial": "part of a file (206)",
    "status_not_modified": "not modified (304)",
    "status_redirect": "redirect (3xx)",
    "status_denied": "access denied (401, 403)",
    "status_not_found": "not found (404, 410)",
    "status_failed": "error of the server (5xx)",
    "status_refused": "request refused (other 4xx)",
    "response_json": "JSON",
    "response_json_like": "JSON or a format based on it",
    "response_html": "HTML",
    "response_image": "an image",
    "response_code": "a script, style sheet or font",
    "response_xml": "XML",
    "response_text": "plain text",
    "response_call": "a binary call or a stream of events",
    "response_file": "a file (bytes, document, audio or video)",
    "request_json": "JSON",
    "request_form": "a form",
    "request_xml": "XML",
    "request_other": "another content type",
    "accept_html": "HTML",
    "accept_any": "anything",
    "accept_json": "JSON",
    "accept_asset": "an image or style sheet",
    "agent_browser": "a browser",
    "agent_library": "an HTTP library or tool",
    "agent_app": "a mobile app",
    "agent_other": "another client",
    "agent_bot": "a bot",
    "fetch_dest_empty": "by a script of the page",
    "fetch_dest_document": "to show a document",
    "fetch_dest_asset": "to load an image, script, style sheet or font",
    "fetch_mode_no_cors": "as a part of a page (no-cors)",
    "fetch_mode_cors": "by a script across origins (cors)",
    "fetch_mode_navigate": "by navigation",
    "requested_with_script": "a script (XMLHttpRequest)",
    "requested_with_web_view": "a web view of an app",
    "origin_same": "this host",
    "origin_other": "another host",
    "referer_same": "this host",
    "referer_other": "another host",
}
FLAG_PHRASES: Final[Mapping[str, tuple[str, str]]] = {
    "response_untyped": ("response without a content type", "response has a content type"),
    "accept_none": ("no Accept header", "has an Accept header"),
    "agent_none": ("no User-Agent header", "has a User-Agent header"),
    "fetch_dest_none": ("no Sec-Fetch-Dest header", "has a Sec-Fetch-Dest header"),
    "cache_forbidden": ("response forbids shared caches", "response does not forbid shared caches"),
    "cache_long": ("response may be cached for a day or longer", "response may not be cached for a day"),
    "cache_short": ("response may be cached, for less than a day", "response has no short caching time"),
    "set_cookie": ("response sets a cookie", "response sets no cookie"),
    "etag": ("response has an ETag", "response has no ETag"),
    "accept_ranges": ("response offers ranges (Accept-Ranges)", "response offers no ranges"),
    "allow_origin": (
        "response allows other origins (CORS)",
        "response allows no other origins (no CORS header)",
    ),
    "content_encoding": ("response is compressed", "response is not compressed"),
    "rate_limit": ("response states a rate limit", "response states no rate limit"),
    "headers_logged": ("log has response headers", "log has no response headers"),
}
"""Flags with texts of their own."""


class Phrase(NamedTuple):
    """Texts for one feature.

    `present`: the value is greater than `above` · `absent`: it is not · `unknown`: it is negative, which stands for
    not logged.
    """

    present: str
    absent: str
    above: float = 0.0
    unknown: str = ""


class Group(NamedTuple):
    """Features about one subject.

    `is_choice`: the features are flags, the most precise first; the first that is set explains the whole group.
    """

    name: str
    features: tuple[str, ...]
    is_choice: bool


def _of_words(prefix: str, words: Mapping[Any, str], phrase: Phrase) -> Iterator[tuple[str, Phrase]]:
    """Yields each word's feature and `phrase` with {} replaced by the word's kind."""
    for member, kind in words.items():
        filled = Phrase(phrase.present.format(kind), phrase.absent.format(kind))
        yield f"{prefix}_{member.name.lower()}", filled


def _of_columns(prefix: str, phrases: Mapping[Any, tuple[Any, ...]]) -> Iterator[tuple[str, Phrase]]:
    for member, words in phrases.items():
        yield f"{prefix}_{member.name.lower()}", Phrase(*words)


def _of_flags() -> Iterator[tuple[str, Phrase]]:
    for flag in FLAGS:
        if flag.name in FLAG_PHRASES:
            yield flag.name, Phrase(*FLAG_PHRASES[flag.name])
        elif flag.name in FLAG_VALUES:
            present, absent = SIGNAL_PHRASES[flag.signal]
            yield (
                flag.name,
                Phrase(present.format(FLAG_VALUES[flag.name]), absent.format(FLAG_VALUES[flag.name])),
            )


PHRASES: Final[Mapping[str, Phrase]] = {
    **dict(_of_columns("host", HOST_PHRASES)),
    **dict(
        _of_words("host_word", HOST_KINDS, Phrase("host name contains {}", "host name does not contain {}"))
    ),
    **dict(_of_columns("path", PATH_PHRASES)),
    **dict(_of_words("path_word", PATH_KINDS, Phrase("path contains {}", "path does not contain {}"))),
    **dict(_of_words("early_word", PATH_KINDS, Phrase("path begins with {}", "path does not begin with {}"))),
    **dict(
        _of_words("extension", ENDINGS, Phrase("file extension of {}", "file extension is not that of {}"))
    ),
    **dict(_of_columns("query", QUERY_PHRASES)),
    **dict(_of_words("query_word", QUERY_KINDS, Phrase("query has {}", "query does not have {}"))),
    **{name: Phrase(*words) for name, words in SIZES.items()},
    **dict(_of_flags()),
}
"""Phrase of each name in `FEATURES`; a test checks that none is missing."""


def _names(prefix: str, members: Any) -> tuple[str, ...]:
    return tuple(f"{prefix}_{member.name.lower()}" for member in members)


def _groups() -> Iterator[Group]:
    signals = dict.fromkeys(flag.signal for flag in FLAGS)
    for signal in signals:
        yield Group(signal, tuple(flag.name for flag in FLAGS if flag.signal == signal), True)
    ending = (*_names("extension", EXTENSIONS), "path_has_extension", "path_extension_length")
    yield Group("file_ending", ending, True)
    words = zip(_names("early_word", PATH_WORDS), _names("path_word", PATH_WORDS), strict=True)
    yield from (Group(anywhere, (early, anywhere), True) for early, anywhere in words)
    yield Group("version", _names("path", (Path.VERSION_EARLY, Path.VERSION, Path.DECIMAL)), True)
    identifiers = (
        *(Path.NUMBERS, Path.LONG_NUMBERS, Path.UUIDS, Path.HEXES, Path.OPAQUE, Path.IDENTIFIER_SHARE),
        *(Path.IDENTIFIER_AFTER_PLURAL, Path.LAST_IS_IDENTIFIER, Path.DIGIT_SHARE, Path.LAST_DIGIT_SHARE),
    )
    yield Group("identifiers", _names("path", identifiers), False)
    lengths = (Path.LENGTH, Path.DEPTH, Path.LONGEST, Path.LAST_LENGTH)
    yield Group("path_length", _names("path", lengths), False)
    word_formats = (Path.DASHES, Path.UNDERSCORES, Path.DOTS, Path.CAMELS, Path.SLUG, Path.UPPER_SHARE)
    yield Group("path_writing", _names("path", word_formats), False)
    unusual = (Path.MARKERS, Path.PARENTHESES, Path.ESCAPES, Path.EMPTY_SEGMENTS, Path.HIDDEN)
    yield Group("path_characters", _names("path", unusual), False)
    query = (Query.LENGTH, Query.PARAMETERS, Query.DIGIT_SHARE, Query.BRACKETS, Query.BRACES)
    yield Group("query_size", _names("query", query), False)
    format_ = ("query_names_format", "query_word_format")
    yield Group("query_format", format_, True)
    yield Group("host_form", _names("host", Host), False)
    single = (*_names("host_word", HOST_WORDS), *_names("query_word", QUERY_WORDS), *SIZES)
    single += _names("path", (Path.PLURALS, Path.DATE, Path.ENDS_IN_SLASH, Path.HASHED_NAME))
    yield from (Group(name, (name,), False) for name in single if name not in format_)


GROUPS: Final[tuple[Group, ...]] = tuple(_groups())
"""Every feature is in exactly one group, which a test checks."""

_ABSENT, _PRESENT, _UNKNOWN = 0, 1, 2
STATES: Final = 3
"""Texts of a feature for one direction: absent, present, unknown."""


def find_state(name: str, value: float) -> int:
    """Returns the index of the text (of `STATES`) for a value of the feature `name`."""
    phrase = PHRASES[name]
    if phrase.unknown and value < 0:
        return _UNKNOWN
    return _PRESENT if value > phrase.above else _ABSENT


def list_texts(direction: str) -> list[str]:
    """Lists the texts of every feature in each state, after the direction.

    The order is that of `FEATURES`, and within a feature absent, present, unknown. `direction` is "for" or "against".
    """
    texts = []
    for name in FEATURES:
        phrase = PHRASES[name]
        texts += [f"{direction}: {words}" for words in (phrase.absent, phrase.present, phrase.unknown)]
    return texts
