"""Values of path variables for the training of path templates: forms that people and programs give to identifiers.

Wider than the identifiers of simulated sites (`values.IDENTIFIERS`): names and words, codes, lists, files, and variables whose
values have two forms. A maker is drawn once for a variable; each call gives one of its values.
"""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from string import ascii_lowercase, ascii_uppercase, digits

from pipelines.simulator.vocabulary.values import COUNTRIES, LOCALES, MAKERS, slug, token, uuid
from pipelines.simulator.vocabulary.words import ADJECTIVES, NOUNS, VERBS

Maker = Callable[[], str]

_CONSONANTS, _VOWELS = "bcdfghjklmnprstvwz", "aeiou"
_ALPHABETS = (
    digits + ascii_uppercase + ascii_lowercase, ascii_lowercase + digits, "ABCDEFGHJKLMNPQRSTUVWXYZ23456789",
    digits + ascii_uppercase + ascii_lowercase + "-_",
)  # fmt: skip
_FILES = ("txt", "json", "pdf", "png", "csv", "yaml", "md", "tar.gz")


def pseudo_word(rng: Random, syllables: int = 0) -> str:
    """A word of no language: of one to four syllables unless their number is given."""
    return "".join(
        rng.choice(_CONSONANTS)
        + rng.choice(_VOWELS)
        + (rng.choice(_CONSONANTS) if rng.random() < 0.35 else "")
        for _ in range(syllables or rng.randint(1, 4))
    )


def any_word(rng: Random) -> str:
    """A noun, an adjective, a verb, or as often as not a word that no dictionary has."""
    known = (rng.choice(NOUNS), rng.choice(ADJECTIVES), rng.choice(VERBS))
    return rng.choice((*known, pseudo_word(rng), pseudo_word(rng)))


def any_words(rng: Random, most: int, between: str) -> str:
    """One to `most` words."""
    return between.join(any_word(rng) for _ in range(rng.randint(1, most)))


def _number(rng: Random) -> Maker:
    most = 10 ** rng.randint(1, 7)
    return lambda: str(rng.randrange(1, most))


def _small(rng: Random) -> Maker:
    most = rng.randint(2, 30)
    return lambda: str(rng.randrange(most))


def _uuid(rng: Random) -> Maker:
    return (lambda: uuid(rng).upper()) if rng.random() < 0.1 else (lambda: uuid(rng))


def _hex(rng: Random) -> Maker:
    size = rng.choice((8, 12, 16, 24, 32, 40, 64))
    return lambda: f"{rng.getrandbits(4 * size):0{size}x}"


def _opaque(rng: Random) -> Maker:
    size, alphabet = rng.choice((6, 8, 10, 11, 16, 22, 28)), rng.choice(_ALPHABETS)
    return lambda: token(rng, size, alphabet)


def _prefixed(rng: Random) -> Maker:
    prefix = rng.choice((pseudo_word(rng, 1), any_word(rng)[:3], any_word(rng), any_word(rng)[:2].upper()))
    joint, size, numeric = rng.choice(("_", "-", "", ".")), rng.choice((4, 6, 8, 14, 24)), rng.random() < 0.5
    alphabet, size = (digits, min(size, 8)) if numeric else (_ALPHABETS[0], size)
    return lambda: prefix + joint + token(rng, size, alphabet)


def _own(rng: Random) -> Maker:
    """A site's own form, as `id12345-a` of mission row D7."""
    prefix, joint = any_word(rng)[: rng.randint(1, 4)], rng.choice("-_:.")
    return lambda: f"{prefix}{rng.randrange(10 ** rng.randint(2, 6))}{joint}{rng.choice('abcdefgh')}"


def _few_words(rng: Random) -> Maker:
    pool = [any_words(rng, 2, rng.choice("-_")) for _ in range(rng.choice((2, 3, 5, 8, 15, 40)))]
    return lambda: rng.choice(pool)


def _name(rng: Random) -> Maker:
    joint = rng.choice("._-")
    forms: tuple[Maker, ...] = (
        lambda: pseudo_word(rng).capitalize(),
        lambda: pseudo_word(rng) + joint + pseudo_word(rng),
        lambda: pseudo_word(rng) + str(rng.randrange(100)),
        lambda: pseudo_word(rng).capitalize() + pseudo_word(rng).capitalize(),
    )
    return rng.choice(forms)


def _code(rng: Random) -> Maker:
    size = rng.choice((2, 3, 4, 5))
    alphabet = rng.choice((ascii_uppercase, ascii_uppercase + digits, ascii_lowercase))
    return lambda: token(rng, size, alphabet)


def _two_forms(rng: Random) -> Maker:
    one, other = draw_maker(rng), draw_maker(rng)
    return lambda: one() if rng.random() < 0.5 else other()


def _colon(rng: Random) -> Maker:
    prefix = any_word(rng)
    return lambda: f"{prefix}:{rng.choice((any_word(rng), str(rng.randrange(999))))}"


def _fresh(make: Callable[[Random], str]) -> Callable[[Random], Maker]:
    return lambda rng: lambda: make(rng)


# Form of a variable and its weight: integers, UUIDs and words lead, as in published API descriptions.
_FORMS: tuple[tuple[Callable[[Random], Maker], float], ...] = (
    (_number, 16), (_small, 6), (_uuid, 10), (_hex, 7), (_opaque, 5), (_prefixed, 6), (_own, 5), (_few_words, 5),
    (_name, 6), (_code, 4), (_two_forms, 5), (_colon, 1),
    (_fresh(MAKERS["bigint"]), 4), (_fresh(MAKERS["ulid"]), 2), (_fresh(slug), 8), (_fresh(any_word), 4),
    (_fresh(lambda rng: f"{pseudo_word(rng)}@{pseudo_word(rng)}.example"), 2), (_fresh(MAKERS["date"]), 2),
    (_fresh(lambda rng: rng.choice(LOCALES)), 2), (_fresh(lambda rng: rng.choice(COUNTRIES)), 1),
    (_fresh(lambda rng: f"{any_word(rng)}.{rng.choice(_FILES)}"), 3),
    (_fresh(lambda rng: f"{any_word(rng)}.{any_word(rng)}"), 1), (_fresh(MAKERS["float"]), 1),
    (_fresh(lambda rng: f"{rng.randrange(1, 9)}.{rng.randrange(20)}.{rng.randrange(30)}"), 2),
    (_fresh(lambda rng: any_word(rng) + any_word(rng).capitalize()), 2), (_fresh(MAKERS["int-list"]), 1),
    (_fresh(MAKERS["word-list"]), 1), (_fresh(lambda rng: any_words(rng, 2, "_").upper()), 2),
    (_fresh(lambda rng: any_words(rng, 3, "%20")), 2),
)  # fmt: skip


def draw_maker(rng: Random) -> Maker:
    """A variable's maker of values."""
    return rng.choices([form for form, _ in _FORMS], [weight for _, weight in _FORMS])[0](rng)
