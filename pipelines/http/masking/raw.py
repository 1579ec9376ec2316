"""The original text of a rejected record: enough to recognise it, without secrets, personal values and client addresses."""

from __future__ import annotations

import re

from pipelines.http.masking.text import masked_line, masked_text, without_forms
from pipelines.http.redaction import MASK

_STRING = r'"(?:[^"\\]++|\\[\s\S])*+(?:"|\\?\Z)'
SECTION = re.compile(
    rf'("(?:Cookies|RequestHeaders|ResponseHeaders)"\s{{0,8}}:\s{{0,8}})(?:\{{[^{{}}]{{0,65536}}\}}?|{_STRING})'
)
FIELD = re.compile(rf'("(?:ClientIP|RequestBody|ClientRequestReferer|OriginIP)"\s{{0,8}}:\s{{0,8}}){_STRING}')
CLIENT = re.compile(
    r"^(?:[A-Za-z0-9.-]{1,255}(?::\d{1,5})?\s)?[0-9a-fA-F.:]{3,45}\s\S{1,256}\s\S{1,256}(?=\s\[)"
)
LONG_RUN = re.compile(
    r"[A-Za-z0-9+_=~-]{20,}|(?<![A-Za-z0-9_])(?=[A-Za-z_]{0,64}[0-9])(?=[0-9_]{0,64}[A-Za-z])[A-Za-z0-9_]{12,}"
)
"""Any long run, and a shorter one that mixes letters and digits."""
_WORD = re.compile(r"[^\s\"]+")


def masked_raw(raw: str) -> str:
    """`raw`, masked: whole sections of headers, cookies and bodies go, as unparsed text has few names to go by."""
    text = SECTION.sub(rf'\1"{MASK}"', raw)
    text = FIELD.sub(rf'\1"{MASK}"', text)
    text = CLIENT.sub("- - -", text)
    if text.lstrip()[:1] in ("{", "["):
        text = masked_text(text)
    else:
        text = _WORD.sub(lambda word: masked_text(word[0]), masked_line(text))
    return LONG_RUN.sub("…", without_forms(text))
