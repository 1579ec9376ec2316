r"""What is not Unicode becomes U+FFFD, in every source: the one decision about lone surrogates and bytes that are not UTF-8.

A browser does the same before it sends anything: an address or header is a "scalar value string" (WHATWG Infra s. 4.6,
URL s. 4.4), so that U+FFFD is what a server would have got. A question mark, which Java and Python write, would begin a query.
"""

from __future__ import annotations

import re
from typing import Final

from pyspark.sql import Column
from pyspark.sql import functions as F

_SURROGATE: Final = re.compile("[\ud800-\udfff]")
_HIGH: Final = r"\\u[dD][89abAB][0-9a-fA-F]{2}"
_LOW: Final = r"\\u[dD][c-fC-F][0-9a-fA-F]{2}"
_LONE_ESCAPE: Final = rf"(?<!\\)((?:\\\\)*+)(?:{_HIGH}(?!{_LOW})|(?<!{_HIGH}){_LOW})"


def scalar_text(text: str) -> str:
    r"""`text` with U+FFFD for each lone surrogate, which JSON can write (`"\ud800"`) and UTF-8 cannot hold."""
    return text if text.isascii() else _SURROGATE.sub("\ufffd", text)


def scalar_json(line: Column) -> Column:
    r"""JSON text with `\ufffd` for each escape of a lone surrogate; looked for only where there are surrogates."""
    suspicious = line.contains(r"\ud") | line.contains(r"\uD")
    return F.when(suspicious, F.regexp_replace(line, _LONE_ESCAPE, r"$1\\ufffd")).otherwise(line)


def valid_text(text: Column) -> Column:
    """Text as read from a file, with U+FFFD for what is not UTF-8."""
    return F.make_valid_utf8(text)
