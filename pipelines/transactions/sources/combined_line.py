r"""The line of an Apache or nginx access log as one expression, for detection (Python) and parsing (Java).

Accepted: common and combined log format, with or without a `host:port` or `host` in front (Apache's
vhost_combined), with anything after the user agent. Quoted fields may hold `\"`, `\\` and `\xhh` (Apache
mod_log_config, nginx `escape=default`). All repetitions are possessive: matching is linear in the line, and
Java does not recurse, so megabyte fields cannot overflow its stack. The syntax means the same to `re` (3.11+,
ASCII) and to `java.util.regex`.
"""

from __future__ import annotations

from typing import Final

_QUOTED: Final = r'[^"\\]*+(?:\\.[^"\\]*+)*+'
_CLIENT_ADDRESS_NEXT: Final = (
    r"(?= [0-9a-fA-F]*+[.:][0-9a-fA-F.:]*+ )"  # an IPv4 or IPv6 address as the second word
)
_VHOST: Final = rf"(?:([\w.*-]++:\d++|[\w.*-]++{_CLIENT_ADDRESS_NEXT}|\[[0-9a-fA-F:.]++\]:\d++) )?"
_TARGET: Final = (
    r'[^"\\ ]*+(?:(?:\\.| (?!HTTP/\d))[^"\\ ]*+)*+'  # a scanner's target may hold spaces; HTTP/x.y ends it
)
_REQUEST: Final = rf"(?:([A-Za-z][\w-]*+) ({_TARGET})(?: HTTP/[\d.]++)?+|{_QUOTED})"

LINE: Final = (
    rf'(?s)^{_VHOST}([^\s,]++)[^\["]*+\[([^\]"]*+)\] "{_REQUEST}" (\d{{3}}|-) (\d++|-)'
    rf'(?: "({_QUOTED})" "({_QUOTED})")?+.*+$'
)
"""Groups in the order of `FIELDS`; method and target are unset where the request line is no HTTP request."""

FIELDS: Final = (
    "host",
    "client_ip",
    "time",
    "method",
    "url",
    "status",
    "response_bytes",
    "referer",
    "user_agent",
)
