"""Names in a document: operation ids that are unique and stay the same from run to run, tags."""

from __future__ import annotations

import hashlib
import re

from pipelines.openapi.template import Template
from pipelines.openapi.text import readable
from pipelines.schemas.placeholders import PLACEHOLDER

CLEAN_LITERAL = r"[a-z][a-z0-9]*(?:-[a-z][a-z0-9]*)*"
CLEAN_NAME = r"[A-Za-z][A-Za-z0-9]*"
BY = "by"
UNTELLING_SEGMENT = r"(?:api|rest|rpc|v[0-9]+(?:\.[0-9]+)*)"
ID_CHARACTERS = 100
HASH_CHARACTERS = 10
TAG_CHARACTERS = 64


def operation_id(method: str, path: str) -> str:
    """`GET /users/{userId}/order-items` → `get_users_by_userId_orderItems`, from method and path alone.

    Simple paths give different ids by construction (a literal `by` or an underscore is not simple); all
    others get a hash of method and path, so that a new endpoint never changes the id of another.
    """
    words, is_simple = [_word(method.lower())], re.fullmatch("[A-Z]+", method) is not None
    for segment in path.split("/")[1:] if path != "/" else []:
        placeholder = re.fullmatch(PLACEHOLDER, segment)
        if placeholder:
            words += [BY, _word(placeholder[1])]
            is_simple = is_simple and re.fullmatch(CLEAN_NAME, placeholder[1]) is not None
        else:
            words.append(_word(segment))
            is_simple = is_simple and segment != BY and re.fullmatch(CLEAN_LITERAL, segment) is not None
    simple = "_".join(word for word in words if word)
    if is_simple and len(simple) <= ID_CHARACTERS:
        return simple
    digest = hashlib.sha256(f"{method} {path}".encode()).hexdigest()[:HASH_CHARACTERS]
    return f"{simple[: ID_CHARACTERS - HASH_CHARACTERS - 1]}_{digest}".lstrip("_")


def tag(template: Template) -> str | None:
    """The first literal segment that names something: `/api/v2/users/{id}` → `users`; else None."""
    for segment in template.shape.split("/"):
        if segment and "{}" not in segment and not re.fullmatch(UNTELLING_SEGMENT, segment, re.IGNORECASE):
            return readable(segment, TAG_CHARACTERS)
    return None


def _word(text: str) -> str:
    """Letters and digits of `text`, what follows another character in upper case."""
    first, *rest = [part for part in re.split(r"[^A-Za-z0-9]+", text) if part] or [""]
    return first + "".join(part[0].upper() + part[1:] for part in rest)
