r"""What is not Unicode becomes U+FFFD, in every source: the one decision about lone surrogates and bytes that are not UTF-8.

A browser does the same before it sends anything: an address or header is a "scalar value string" (WHATWG Infra s. 4.6,
URL s. 4.4), so that U+FFFD is what a server would have got. A question mark, which Java and Python write, would begin a query.
"""

from __future__ import annotations

import re
from typing import Final

_SURROGATE: Final = re.compile("[\ud800-\udfff]")
_HIGH: Final = r"\\u[dD][89abAB][0-9a-fA-F]{2}"
_LOW: Final = r"\\u[dD][c-fC-F][0-9a-fA-F]{2}"
LONE_ESCAPE: Final = rf"(?<!\\)((?:\\\\)*+)(?:{_HIGH}(?!{_LOW})|(?<!{_HIGH}){_LOW})"
r"""An escape of a lone surrogate in JSON text, for `java.util.regex`; its group is what stays before `\ufffd`."""


def scalar_text(text: str) -> str:
    r"""`text` with U+FFFD for each lone surrogate, which JSON can write (`"\ud800"`) and UTF-8 cannot hold."""
    return text if text.isascii() else _SURROGATE.sub("\ufffd", text)
