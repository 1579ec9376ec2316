"""Masks JSON and similar notations in place.

These are JavaScript objects, several documents, truncated documents and GraphQL arguments. The text is split into tokens, and
nesting is followed with a stack, so any depth and any error is handled. Text that is not masked stays unchanged, so a JSON
document remains one.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import accumulate

from pipelines.http.masking.names import Secrecy, classify_descendants, classify_name, mask_value

Inner = Callable[[str, str], str]
"""Text and its name → the text without secrets of known forms and without personal values."""

_TOKEN = re.compile(
    r'("""[\s\S]*?(?:"""|\Z)|"(?:[^"\\]++|\\[\s\S])*+(?:"|\\?\Z)|\'(?:[^\'\\]++|\\[\s\S])*+(?:\'|\\?\Z))'  # 1: string
    r"|([{}\[\]():,])"  # 2: sign
    r"|[^\s\"'{}\[\]():,]++"  # a word or number
)
_ENDS = {"{": "}", "[": "]", "(": ")"}
_STAYS = frozenset(("null", "true", "false", "undefined", "None", "True", "False"))
"""Values that a secret member may show: absence, and truth values."""
_VARIABLE = re.compile(r"\$\w{1,128}")
_NAMING = frozenset(
    "name key field id label param parameter header attribute property type k n title variable".split()
)
_VALUED = frozenset("value val values v content text data default string current new old".split())
_NAME = re.compile(r"[\w.\-\[\]:%$\\]{1,64}")
_REQUESTING = frozenset(
    "grant_type granttype client_id clientid redirect_uri redirecturi code_verifier codeverifier state".split()
)
"""Members that make a sibling `code` an authorization code (RFC 6749 s. 4.1)."""


@dataclass(slots=True)
class _Leaf:
    start: int
    end: int
    text: str
    quote: str
    name: str = ""
    secrecy: Secrecy = Secrecy.NONE
    stays: bool = False


@dataclass(slots=True)
class _Frame:
    """An open container.

    Attributes:
        closing: the sign that closes it.
        name: its name.
        secrecy: of its items, by names around it.
        below: of objects in it, by names around it.
        first: index of its first leaf.
        is_call: whether it belongs to the arguments of a call (GraphQL).
        key: name of the current member.
        key_first: index of that member's first leaf.
        items: number of its items.
        members: (name, first leaf, end) of each member.
    """

    closing: str
    name: str
    secrecy: Secrecy
    below: Secrecy
    first: int
    is_call: bool
    key: str | None = None
    key_first: int = 0
    items: int = 0
    members: list[tuple[str, int, int]] = field(default_factory=list)


class _Document:
    """One pass over the tokens that collects leaves and marks secret ones."""

    def __init__(self, text: str, inner: Inner) -> None:
        self._text, self._inner = text, inner
        self._leaves: list[_Leaf] = []
        self._edits: list[tuple[int, int, str]] = []
        self._ranges: list[tuple[int, int, Secrecy]] = []
        self._stack = [_Frame("", "", Secrecy.NONE, Secrecy.NONE, 0, is_call=False)]

    def masked(self) -> str:
        waiting: _Leaf | None = None  # a string or word, which is a name if ":" follows
        for found in _TOKEN.finditer(self._text):
            sign = found[2]
            if sign == ":" and waiting is not None:
                self._name(waiting)
            elif waiting is not None and sign != "(":
                self._value(waiting)
            if sign is None:
                waiting = self._leaf(found)
                continue
            if sign in _ENDS:
                self._open(sign, waiting.text if waiting is not None else "")
            elif sign == ",":
                self._end_member()
            elif sign != ":":
                self._close(sign)
            waiting = None
        if waiting is not None:
            self._value(waiting)
        while len(self._stack) > 1:
            self._close(self._stack[-1].closing)
        self._end_member()
        self._apply_relations(self._stack[0])
        return self._apply_masks()

    def _leaf(self, found: re.Match[str]) -> _Leaf:
        written = found[0]
        quote = "" if found[1] is None else '"""' if written.startswith('"""') else written[0]
        return _Leaf(found.start(), found.end(), _unquoted(written, quote) if quote else written, quote)

    def _name(self, leaf: _Leaf) -> None:
        self._end_member()
        frame = self._stack[-1]
        frame.key, frame.key_first = leaf.text, len(self._leaves)
        kept = self._inner(leaf.text, "")  # an address or a token may be a name
        if kept != leaf.text:
            self._edits.append((leaf.start, leaf.end, _quoted(kept, leaf.quote or '"')))

    def _value(self, leaf: _Leaf) -> None:
        frame = self._stack[-1]
        leaf.name, leaf.secrecy = self._name_and_secrecy(frame)
        if not leaf.quote:
            is_type = frame.is_call and leaf.name.startswith("$")
            is_variable = frame.is_call and _VARIABLE.fullmatch(leaf.text) is not None
            is_sign = not any(map(str.isalnum, leaf.text))
            leaf.stays = is_type or is_variable or is_sign or leaf.text in _STAYS
        self._leaves.append(leaf)
        frame.items += 1
        if leaf.quote:  # an unquoted value may consist of several words
            self._end_member()

    def _name_and_secrecy(self, frame: _Frame) -> tuple[str, Secrecy]:
        if frame.key is None:
            return frame.name, frame.secrecy
        return frame.key, max(frame.secrecy, classify_name(frame.key))

    def _open(self, sign: str, word: str) -> None:
        outer = self._stack[-1]
        outer.items += 1
        name, secrecy = self._name_and_secrecy(outer)
        below = max(outer.below, classify_descendants(outer.key) if outer.key is not None else Secrecy.NONE)
        frame = _Frame(_ENDS[sign], name or word, secrecy, below, len(self._leaves), outer.is_call)
        if sign != "[":
            frame.secrecy, frame.is_call = below, outer.is_call or sign == "("
        self._stack.append(frame)

    def _end_member(self) -> None:
        frame = self._stack[-1]
        if frame.key is not None:
            frame.members.append((frame.key, frame.key_first, len(self._leaves)))
            frame.key = None

    def _close(self, sign: str) -> None:
        if len(self._stack) == 1 or self._stack[-1].closing != sign:
            return  # an unmatched closing sign
        self._end_member()
        self._apply_relations(self._stack.pop())
        if sign != ")":  # after the arguments of a call come its fields
            self._end_member()

    def _apply_relations(self, frame: _Frame) -> None:
        """Applies what members or items reveal about each other.

        A member may hold the name, and another its value; a `code` may be that of an OAuth request.
        """
        called = [
            self._implied_secrecy(start)
            for key, start, end in frame.members
            if key.lower() in _NAMING and end == start + 1
        ]
        if secrecy := max(called, default=Secrecy.NONE):
            valued = [(s, e, secrecy) for key, s, e in frame.members if key.lower() in _VALUED]
            self._ranges += valued
            for key, start, end in frame.members:  # `key` names a secret or is one
                if valued and key.lower() == "key" and end == start + 1 and self._implied_secrecy(start):
                    self._leaves[start].secrecy = frame.secrecy
        keys = {key.lower() for key, _, _ in frame.members}
        if "code" in keys and keys & _REQUESTING:
            self._ranges += [(s, e, Secrecy.MACHINE) for key, s, e in frame.members if key.lower() == "code"]
        is_pair = frame.closing == "]" and self._stack[-1].closing == "]" and frame.items == 2
        if is_pair and frame.first < len(self._leaves):
            self._ranges.append((frame.first + 1, len(self._leaves), self._implied_secrecy(frame.first)))

    def _implied_secrecy(self, place: int) -> Secrecy:
        """Returns the secrecy that a leaf implies if it is a name."""
        text = self._leaves[place].text
        return classify_name(text) if _NAME.fullmatch(text) else Secrecy.NONE

    def _apply_masks(self) -> str:
        steps = {kind: [0] * (len(self._leaves) + 1) for kind in Secrecy}
        for start, end, kind in self._ranges:
            steps[kind][start] += 1
            steps[kind][end] -= 1
        open_ranges = zip(*(accumulate(steps[kind]) for kind in Secrecy), strict=True)
        for leaf, counts in zip(self._leaves, open_ranges, strict=False):
            marked = max((kind for kind in Secrecy if counts[kind]), default=Secrecy.NONE)
            kept = self._replacement(leaf, max(marked, leaf.secrecy))
            if kept is not None:
                self._edits.append((leaf.start, leaf.end, kept))
        return apply_edits(self._text, self._edits)

    def _replacement(self, leaf: _Leaf, secrecy: Secrecy) -> str | None:
        """Returns the replacement of a leaf; None if it stays."""
        if secrecy and leaf.stays:
            return None
        kind = (
            secrecy if leaf.quote else Secrecy.HUMAN
        )  # a mask is a string, and reveals nothing else about a number
        kept = mask_value(leaf.text, kind) if secrecy else self._inner(leaf.text, leaf.name)
        if kept == leaf.text:
            return None
        is_number = not leaf.quote and re.fullmatch(r"-?[0-9]+", kept) is not None
        return kept if is_number else _quoted(kept, leaf.quote or '"')


def mask_members(text: str, inner: Inner) -> str:
    """Masks the values of secret names, and applies `inner` to the others."""
    return _Document(text, inner).masked()


def apply_edits(text: str, edits: list[tuple[int, int, str]]) -> str:
    """Replaces ranges of `text` by (start, end, new text); no two overlap."""
    if not edits:
        return text
    parts, last = [], 0
    for start, end, new in sorted(edits):
        parts += [text[last:start], new]
        last = end
    return "".join([*parts, text[last:]])


def _unquoted(written: str, quote: str) -> str:
    size = len(quote)
    is_whole = len(written) >= 2 * size and written.endswith(quote)
    body = written[size:-size] if is_whole else written[size:]
    if "\\" not in body:
        return body
    try:
        return str(json.loads(f'"{body}"', strict=False))
    except ValueError:  # quoted differently, or truncated
        return re.sub(
            r"\\(?:u([0-9A-Fa-f]{4})|([\s\S]))", lambda m: chr(int(m[1], 16)) if m[1] else m[2], body
        )


def _quoted(text: str, quote: str) -> str:
    written = json.dumps(text, ensure_ascii=False)
    return written if quote != "'" else "'" + written[1:-1].replace('\\"', '"').replace("'", "\\'") + "'"
