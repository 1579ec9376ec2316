"""Kinds of parameter values, and generators of values of each kind.

A kind is a short name ("uuid", "date", "enum" ...), written to `params.csv` as truth. Entities (identifiers
in paths) come from a pool with skewed popularity, everything else is drawn fresh.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from urllib.parse import quote

from pipelines.simulator.vocabulary.words import ADJECTIVES, NOUNS

BASE62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
LOCALES = ("en", "de", "fr", "en-US", "pt-BR", "nl", "es", "ja", "en-GB", "it", "pl", "sv-SE")
COUNTRIES = ("DE", "FR", "US", "GB", "NL", "ES", "IT", "SE", "BR", "JP", "CH", "AT")
# Exponent of the skew of popularity: index = size * u**3 gives the first tenth of a pool 46 % of the draws
# (0.1**(1/3)).
SKEW = 3
_EXTENSIONS = (
    ".txt",
    ".png",
    ".jpg",
    ".pdf",
    ".csv",
    ".json",
    ".md",
    ".zip",
    ".xml",
    ".tar.gz",
    ".log",
    "",
    ".docx",
)


def create_random_source(seed: int, *purpose: object) -> Random:
    """Creates a separate random source for one purpose.

    It is seeded by text, and so independent of PYTHONHASHSEED.
    """
    text = ":".join(str(part) for part in (seed, *purpose))
    return Random(text)  # noqa: S311 - reproducible test data; nothing secret is made here


def draw_token(rng: Random, size: int, alphabet: str = BASE62) -> str:
    """Draws `size` random characters; never a real secret."""
    return "".join(rng.choices(alphabet, k=size))


def draw_uuid(rng: Random) -> str:
    """Draws a UUID (RFC 9562 version 4)."""
    digits, variant = f"{rng.getrandbits(128):032x}", "89ab"[rng.getrandbits(2)]
    return f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-{variant}{digits[17:20]}-{digits[20:]}"


def draw_slug(rng: Random) -> str:
    """Draws two to five words joined by "-", sometimes with a number at the end."""
    words = [rng.choice(ADJECTIVES), rng.choice(NOUNS), *rng.choices(NOUNS, k=rng.randrange(4))]
    return "-".join(words) + (f"-{rng.randrange(2, 3000)}" if rng.random() < 0.15 else "")


def draw_date(rng: Random) -> str:
    """Draws an ISO 8601 date of the years 2019 to 2026."""
    return f"{rng.randrange(2019, 2027)}-{rng.randrange(1, 13):02}-{rng.randrange(1, 29):02}"


def _datetime(rng: Random) -> str:
    seconds = rng.randrange(86400)
    return f"{draw_date(rng)}T{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}Z"


def _words(rng: Random) -> str:
    return " ".join(rng.choices(NOUNS, k=rng.randrange(1, 4)))


def _email(rng: Random) -> str:
    return f"{rng.choice(ADJECTIVES)}.{rng.choice(NOUNS)}{rng.randrange(100)}@mail.example"


def _user_name(rng: Random) -> str:
    return (
        f"{rng.choice(ADJECTIVES)}{rng.choice('._-')}{rng.choice(NOUNS)}{rng.choice(('', '7', '42', '88'))}"
    )


def _ulid(rng: Random) -> str:
    return f"01{draw_token(rng, 24, CROCKFORD)}"


def draw_file_name(rng: Random) -> str:
    """Draws a name with an extension, as in paths of documents and objects."""
    return f"{draw_slug(rng)}{rng.choice(_EXTENSIONS)}"


def _url(rng: Random) -> str:
    """Draws an address of another site.

    It may end in an empty field or a macro for an identifier.
    """
    path = "/".join(rng.choices(NOUNS, k=rng.randrange(1, 4)))
    tail = rng.choice(("", "", "?uid=", "?id=$UID", "?uid=${USER_ID}", f"?p={rng.randrange(1000)}&uid=[UID]"))
    return f"https://{rng.choice(ADJECTIVES)}-{rng.choice(NOUNS)}.example/{path}{tail}"


def _consent(rng: Random) -> str:
    """Draws a consent string: URL-safe base64 of a bit field, or nothing."""
    return draw_token(rng, rng.choice((0, 0, 40, 120, 300)), f"{BASE62}-_")


def _custom(rng: Random) -> str:
    return f"id{rng.randrange(10**4, 10**5)}-{rng.choice('abcdef')}"


GENERATORS: dict[str, Callable[[Random], str]] = {
    "int": lambda rng: str(int(10 ** (1 + 5 * rng.random()))),
    "bigint": lambda rng: str(rng.randrange(10**12, 10**18)),
    "small": lambda rng: str(1 + int(20 * rng.random() ** SKEW)),
    "choice": lambda rng: rng.choice(("10", "20", "20", "25", "50", "100")),
    "step": lambda rng: str(20 * int(30 * rng.random() ** SKEW)),
    "float": lambda rng: f"{rng.uniform(-90, 180):.{rng.randrange(1, 6)}f}",
    "bool": lambda rng: "true" if rng.random() < 0.7 else "false",
    "unix": lambda rng: str(rng.randrange(1_600_000_000, 1_790_000_000)),
    "uuid": draw_uuid,
    "ulid": _ulid,
    "hex24": lambda rng: f"{rng.getrandbits(96):024x}",
    "md5": lambda rng: f"{rng.getrandbits(128):032x}",
    "sha1": lambda rng: f"{rng.getrandbits(160):040x}",
    "base62": lambda rng: draw_token(rng, 22),
    "custom": _custom,
    "url": _url,
    "consent": _consent,
    "file-name": draw_file_name,
    "slug": draw_slug,
    "word": lambda rng: rng.choice(NOUNS),
    "words": _words,
    "date": draw_date,
    "datetime": _datetime,
    "email": _email,
    "user-name": _user_name,
    "format": lambda rng: rng.choice(("json", "json", "json", "jsonp", "xml", "csv", "geojson", "html")),
    "locale": lambda rng: rng.choice(LOCALES),
    "country": lambda rng: rng.choice(COUNTRIES),
    "sku": lambda rng: f"{draw_token(rng, 3, CROCKFORD[10:])}-{rng.randrange(1000, 99999)}",
    "int-list": lambda rng: ",".join(str(rng.randrange(1, 9999)) for _ in range(rng.randrange(1, 6))),
    "word-list": lambda rng: ",".join(rng.choices(NOUNS, k=rng.randrange(1, 5))),
    "object": lambda rng: json.dumps({rng.choice(NOUNS): rng.randrange(100)}),
    "text": lambda rng: " ".join(rng.choices(NOUNS + ADJECTIVES, k=rng.randrange(4, 20))),
}

# Identifiers of entities, with the weight of each in a fleet: integers and UUIDs lead, the rest is the long
# tail, including formats of a site's own.
IDENTIFIERS = (
    "int",
    "uuid",
    "hex24",
    "ulid",
    "base62",
    "prefixed",
    "slug",
    "custom",
    "bigint",
    "user-name",
    "sku",
    "date",
)
IDENTIFIER_WEIGHTS = (30, 20, 8, 6, 7, 7, 8, 4, 4, 3, 2, 1)


@dataclass(frozen=True, slots=True)
class Values:
    """Source of the values of one parameter.

    Values come from `pool`, or are generated by `GENERATORS[kind]` if it is empty.
    """

    kind: str
    pool: tuple[str, ...] = ()

    def draw(self, rng: Random) -> str:
        """Draws one value as text, not encoded."""
        if self.pool:
            return self.pool[int(len(self.pool) * rng.random() ** SKEW)]
        return GENERATORS[self.kind](rng)


def draw_entities(rng: Random, kind: str, size: int) -> Values:
    """Draws a pool of `size` identifiers of one kind; the popular ones come first."""
    if kind == "prefixed":
        prefix = rng.choice(NOUNS)[: rng.choice((2, 3, 4))]
        return Values(kind, tuple(f"{prefix}_{draw_token(rng, 14)}" for _ in range(size)))
    return Values(kind, tuple(GENERATORS[kind](rng) for _ in range(size)))


def encode_value(value: str) -> str:
    """Encodes a value for a path segment or query (RFC 3986 section 2.1)."""
    return value if value.isalnum() else quote(value, safe="-_.~,:")


def to_json_value(kind: str, value: str) -> object:
    """Returns the JSON value of a drawn text of `kind`."""
    if kind in ("int", "small", "choice", "step", "unix"):
        return int(value)
    if kind == "float":
        return float(value)
    if kind == "bool":
        return value == "true"
    if kind in ("int-list", "word-list", "enum-list"):
        return [int(part) if kind == "int-list" else part for part in value.split(",")]
    return json.loads(value) if kind == "object" else value
