"""What a feature says, in words for people: a phrase where it holds and one where it does not, and groups of one subject.

Most features are one of several answers to one question (media type of the answer, ending of the file name):
`GROUPS` puts these together, because a person asks the question once. No phrase quotes traffic.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final, NamedTuple

from ml.columns import Host, Path, Query
from ml.features import FEATURES, FLAGS
from ml.phrase_words import (
    ANSWERS,
    ENDINGS,
    HOST_KINDS,
    HOST_PHRASES,
    PATH_KINDS,
    PATH_PHRASES,
    QUERY_KINDS,
    QUERY_PHRASES,
    QUESTIONS,
    SIZES,
    YES_OR_NO,
)
from ml.words import EXTENSIONS, HOST_WORDS, PATH_WORDS, QUERY_WORDS


class Phrase(NamedTuple):
    """Words for a value above `above`, for any other, and for one that is not known (negative)."""

    present: str
    absent: str
    above: float = 0.0
    unknown: str = ""


class Group(NamedTuple):
    """Features about one subject. `is_choice`: flags, the most precise first; the first that holds says it all."""

    name: str
    features: tuple[str, ...]
    is_choice: bool


def _of_words(prefix: str, words: Mapping[Any, str], phrase: Phrase) -> Iterator[tuple[str, Phrase]]:
    """`phrase` with {} filled by each word's kind, under the name of its feature."""
    for member, kind in words.items():
        filled = Phrase(phrase.present.format(kind), phrase.absent.format(kind))
        yield f"{prefix}_{member.name.lower()}", filled


def _of_columns(prefix: str, phrases: Mapping[Any, tuple[Any, ...]]) -> Iterator[tuple[str, Phrase]]:
    for member, words in phrases.items():
        yield f"{prefix}_{member.name.lower()}", Phrase(*words)


def _of_flags() -> Iterator[tuple[str, Phrase]]:
    for flag in FLAGS:
        if flag.name in YES_OR_NO:
            yield flag.name, Phrase(*YES_OR_NO[flag.name])
        elif flag.name in ANSWERS:
            present, absent = QUESTIONS[flag.signal]
            yield flag.name, Phrase(present.format(ANSWERS[flag.name]), absent.format(ANSWERS[flag.name]))


PHRASES: Final[Mapping[str, Phrase]] = {
    **dict(_of_columns("host", HOST_PHRASES)),
    **dict(_of_words("host_word", HOST_KINDS, Phrase("host says {}", "host does not say {}"))),
    **dict(_of_columns("path", PATH_PHRASES)),
    **dict(_of_words("path_word", PATH_KINDS, Phrase("path says {}", "path does not say {}"))),
    **dict(_of_words("early_word", PATH_KINDS, Phrase("path begins with {}", "path does not begin with {}"))),
    **dict(_of_words("extension", ENDINGS, Phrase("file name ends like {}", "not the file name of {}"))),
    **dict(_of_columns("query", QUERY_PHRASES)),
    **dict(_of_words("query_word", QUERY_KINDS, Phrase("query has {}", "query has no {}"))),
    **{name: Phrase(*words) for name, words in SIZES.items()},
    **dict(_of_flags()),
}
"""Phrase of each name in `FEATURES`; a test holds it complete."""


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
    writing = (Path.DASHES, Path.UNDERSCORES, Path.DOTS, Path.CAMELS, Path.SLUG, Path.UPPER_SHARE)
    yield Group("path_writing", _names("path", writing), False)
    odd = (Path.MARKERS, Path.PARENTHESES, Path.ESCAPES, Path.EMPTY_SEGMENTS, Path.HIDDEN)
    yield Group("path_characters", _names("path", odd), False)
    query = (Query.LENGTH, Query.PARAMETERS, Query.DIGIT_SHARE, Query.BRACKETS, Query.BRACES)
    yield Group("query_size", _names("query", query), False)
    format_ = ("query_names_format", "query_word_format")
    yield Group("query_format", format_, True)
    yield Group("host_form", _names("host", Host), False)
    alone = (*_names("host_word", HOST_WORDS), *_names("query_word", QUERY_WORDS), *SIZES)
    alone += _names("path", (Path.PLURALS, Path.DATE, Path.ENDS_IN_SLASH, Path.HASHED_NAME))
    yield from (Group(name, (name,), False) for name in alone if name not in format_)


GROUPS: Final[tuple[Group, ...]] = tuple(_groups())
"""Every feature is in exactly one group; a test holds it so."""

_ABSENT, _PRESENT, _UNKNOWN = 0, 1, 2
STATES: Final = 3
"""Texts of a feature for one direction: absent, present, unknown."""


def state_of(name: str, value: float) -> int:
    """Which of the `STATES` texts of the feature `name` a value has."""
    phrase = PHRASES[name]
    if phrase.unknown and value < 0:
        return _UNKNOWN
    return _PRESENT if value > phrase.above else _ABSENT


def texts(direction: str) -> list[str]:
    """`direction` ("for", "against") and the phrase, for every feature in order of `FEATURES` and each of its states."""
    found = []
    for name in FEATURES:
        phrase = PHRASES[name]
        found += [f"{direction}: {words}" for words in (phrase.absent, phrase.present, phrase.unknown)]
    return found
