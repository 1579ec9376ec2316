"""Classes of characters: the insides of bracket expressions, the same text in Python, Java and ECMA-262."""

from __future__ import annotations

import re

DANGEROUS = "\\x00-\\x1f\\x7f\"'<>`;{}|^\\\\"
"""What injections into SQL, HTML, shells and templates need (METHODS B9 rule 4; CWE-74)."""
CLASSES = {
    "lower": "a-z", "upper": "A-Z", "digit": "0-9", "hyphen": "-", "underscore": "_", "dot": ".",
    "punctuation": "!#$%&()*+,/:=?@\\[\\]~", "space": " ", "other": "^\\x00-\\x7f", "dangerous": DANGEROUS,
}  # fmt: skip
BITS = {name: 1 << place for place, name in enumerate(CLASSES)}
_COMPILED = {name: re.compile(f"[{inside}]") for name, inside in CLASSES.items()}


def classes_of(value: str) -> int:
    """The classes of a text's characters, a bit each (`BITS`); sets of them merge by `|`."""
    return sum(BITS[name] for name, pattern in _COMPILED.items() if pattern.search(value))


def bracket(allowed: int) -> str:
    """The classes of a set as one bracket expression (without "other", a complement); the hyphen stands last."""
    named = (name for name, bit in BITS.items() if allowed & bit and name not in ("hyphen", "other"))
    inside = "".join(CLASSES[name] for name in named)
    return f"[{inside}-]" if allowed & BITS["hyphen"] else f"[{inside}]"
