"""The grammar of path templates, shared by learning and by documents."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import count
from urllib.parse import quote

from pipelines.http.text import replace_surrogates

PLACEHOLDER = r"\{([A-Za-z_][A-Za-z0-9_.-]{0,63})\}"
"""A placeholder. Braces around anything else are ordinary characters of a path. Means the same in `re` and in java.util.regex."""


PATH_CHARACTERS = "/:@!$&'()*+,;=~-._%"
"""pchar of RFC 3986 s. 3.3 and "/"; "%" is handled separately."""


@dataclass(frozen=True, slots=True)
class Template:
    """A parsed path template.

    The percent-encoded `literals` stand around and between `names`, so there is one more of them.
    """

    literals: tuple[str, ...]
    names: tuple[str, ...]

    @property
    def shape(self) -> str:
        """The template without its names.

        A document must not hold two templates of one shape (OpenAPI s. 4.8.8.2).
        """
        return "{}".join(self.literals)

    def path(self, names: tuple[str, ...]) -> str:
        """Returns the key of the Path Item, with `names` in the placeholders."""
        return (
            "".join(f"{literal}{{{name}}}" for literal, name in zip(self.literals, names, strict=False))
            + self.literals[-1]
        )


def parse_template(path_template: str) -> Template:
    """Parses a template.

    Braces that enclose no name are percent-encoded; a path always starts with a slash.
    """
    parts = re.split(PLACEHOLDER, replace_surrogates(path_template))
    literals = [_encoded(part) for part in parts[::2]]
    if not literals[0].startswith("/"):
        literals[0] = f"/{literals[0]}"
    return Template(tuple(literals), tuple(parts[1::2]))


def make_names_unique(names: tuple[str, ...]) -> tuple[str, ...]:
    """Makes names unique: the second `id` becomes `id2`.

    OpenAPI identifies a parameter of a location by its name alone.
    """
    chosen: list[str] = []
    for name in names:
        candidates = (name if n == 1 else f"{name}{n}" for n in count(1))
        chosen.append(
            next(
                candidate
                for candidate in candidates
                if candidate not in chosen and (candidate == name or candidate not in names)
            )
        )
    return tuple(chosen)


def _encoded(literal: str) -> str:
    """Percent-encodes a literal where RFC 3986 requires it.

    Escapes stay; a "%" that is not part of an escape is encoded.
    """
    return re.sub(r"%(?![0-9A-Fa-f]{2})", "%25", quote(literal, safe=PATH_CHARACTERS))
