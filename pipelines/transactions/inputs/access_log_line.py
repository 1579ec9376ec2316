"""The grammar of an Apache or nginx access log line as one regular expression.

It is used for detection (Python) and for parsing (Spark).
"""

from __future__ import annotations

import re
from typing import Final

_V4: Final = r"\d{1,3}(?:\.\d{1,3}){3}"
_V6: Final = (  # RFC 4291 s. 2.2: eight groups, or fewer around "::"; an IPv4 address or a zone may end it
    r"(?=[0-9a-fA-F:.]{0,40}::|(?:[0-9a-fA-F]{1,4}:){6,7}[0-9a-fA-F.])"
    r"[0-9a-fA-F]{0,4}(?::[0-9a-fA-F]{0,4}){2,8}(?:(?:\.\d{1,3}){3})?(?:%[\w.-]{1,16})?"
)
ADDRESS: Final = rf"(?:{_V4}|{_V6})(?![\w.])"
_PORT: Final = r"(?::\d{1,5})?"
_ANY_ADDRESS: Final = rf"\[?{ADDRESS}\]?{_PORT}"
_PRIVATE: Final = (  # RFC 1918, RFC 6598, loopback, RFC 4193, link-local
    r"(?=\[?(?:10\.|127\.|192\.168\.|172\.(?:1[6-9]|2\d|3[01])\.|100\.(?:6[4-9]|[7-9]\d|1[01]\d|12[0-7])\."
    r"|::1[ \]]|[fF][cCdDeE][0-9a-fA-F]{2}:))"
)

_NAME: Final = r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,252}+"
# Not an address, nor a host name that a provider derives from one, nor a file in which grep found the line.
_NO_ADDRESS: Final = (
    r"(?![\d.]+[ :]|[\w.-]{0,250}\d{1,3}(?:[.-]\d{1,3}){3}|[\w.-]{1,250}\.(?:log|txt|out|gz)[.:])"
)
_HOST: Final = rf"{_NO_ADDRESS}[A-Za-z0-9_*][A-Za-z0-9_.*-]{{0,252}}+"
_CERTAIN_HOST: Final = (
    rf"(?=\S{{1,253}}\.[A-Za-z][A-Za-z0-9-]{{1,62}}\.?[ :]|\S{{1,253}}:\d|localhost ){_HOST}{_PORT}"
)
# Below 32768, where ephemeral ports begin (Linux; IANA: 49152).
_SERVER_PORT: Final = r":(?:[1-9]\d{0,3}|[12]\d{4}|3[01]\d{3}|32[0-6]\d{2}|327[0-5]\d|3276[0-7])(?!\d)"

QUOTED: Final = r'[^"\\]*+(?:\\.[^"\\]*+)*+'
"""The text between quotes: quotes and backslashes in it are escaped."""
_TIME_NEXT: Final = r"(?=\[)"
_USER: Final = rf'(?:"{QUOTED}" |[^\["]*+){_TIME_NEXT}'
_IDENT_AND_USER: Final = rf' (?:{_TIME_NEXT}|[^\s"\[]++ {_USER})'
_USER_ALONE: Final = rf" - {_USER}"
# `- - shop.example [`: a user name of several words, or a virtual host in the third field
_HOST_LAST: Final = rf'\S++ \S++ [^\["]+ (?=[^\s"\[]++ \[)(?:{_CERTAIN_HOST}|{_ANY_ADDRESS}) \['

_MONTH_TIME: Final = r"[A-Z][a-z]{2} [ \d]\d (?:\d{4} )?\d\d:\d\d:\d\d(?:\.\d{1,9})?"
_ISO_TIME: Final = (
    r"(?:[A-Z][a-z]{2} )?\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d{1,9})?(?:Z|[+-]\d\d:?\d\d| [A-Z]{3,4})?"
)
_WORD: Final = r"[^\s\[\"]{1,255}"
_TAG: Final = r"[\w./@-]{1,128}"
_PID: Final = r"\[\d{1,10}\]"
_STRUCTURED_DATA: Final = rf'(?:\[[^\]"]*+(?:"{QUOTED}"[^\]"]*+)*+\])++'  # RFC 5424 s. 6.3

PREFIXES: Final[dict[str, str]] = {
    "compose": r"[\w./@-]{1,128} {0,64}\| ?",
    "kubectl": r"\[(?:pod/)?[\w.-]{1,253}(?:/[\w.-]{1,253}){1,2}\] ",
    "cri": rf"{_ISO_TIME} std(?:out|err) [FP] ",
    "timestamp": rf'{_ISO_TIME} (?={_ANY_ADDRESS}|"|{_HOST}:\d)',  # a bare word might be the machine's name
    "syslog_5424": rf"<\d{{1,3}}>1 (?:{_ISO_TIME}|-)(?: [!-~]{{1,255}}){{4}} (?:-|{_STRUCTURED_DATA}) (?:\ufeff)?",
    "syslog": rf"(?:<\d{{1,3}}>)?(?:{_MONTH_TIME}|{_ISO_TIME}) (?:{_WORD} )?(?:\w{{1,16}}\.\w{{1,16}} )?{_TAG}(?:{_PID})?: ",
    "tag": rf"(?:<\d{{1,3}}>{_TAG}|(?:<\d{{1,3}}>)?(?:{_WORD} )?{_TAG}{_PID}): ",
    "grep": r"[\w./-]{0,255}?(?:\.(?:log|txt|out)|[_-]log)(?:[.-]\w{1,16}){0,3}:(?:\d{1,9}[:-])?",
}
"""Prefixes that tools put before a line, by tool; they are skipped."""

FORWARDED: Final = rf'"(?:(?:\[?(?P<forwarded>{ADDRESS})\]?{_PORT}|unknown|-)(?:, ?(?:{_ANY_ADDRESS}|unknown|-)){{0,32}}+)?" '
"""X-Forwarded-For in quotes: its first address is the client's."""


def _client(name: str) -> str:
    """An address, alone or with a port; the group is the address."""
    return rf"\[?(?P<client{name}>{ADDRESS})\]?{_PORT}"


CLIENT_AND_HOST: Final[dict[str, str]] = {
    # a virtual host that is a name, then an address: %v %h, %v:%p %h, %v:%p:%h
    "host_first": rf"(?P<hostFirst>{_HOST}{_PORT}) {_client('AfterHost')}{_IDENT_AND_USER}",
    "host_joined": rf"(?P<hostJoined>{_HOST}:\d{{1,5}}): ?{_client('Joined')}{_IDENT_AND_USER}",
    # a virtual host that is an address, with a port that only servers have
    "address_host": rf"(?P<hostAddress>(?:{_V4}|\[{_V6}\]):(?:80|443)) {_client('AfterAddress')}{_IDENT_AND_USER}",
    # vhost_combined where clients have names, or none
    "host_port_first": rf"(?P<hostPort>{_HOST}{_SERVER_PORT}) (?P<clientNameAfter>{_NAME}|-){_PORT}{_USER_ALONE}",
    # a virtual host in the second field
    "host_second": rf"{_client('BeforeHost')} (?P<hostSecond>{_CERTAIN_HOST}|{_HOST}(?= - [^\s\[])){_IDENT_AND_USER}",
    "host_port_second": rf"(?P<clientNameBefore>{_NAME}) (?P<hostPortSecond>{_HOST}{_SERVER_PORT}){_USER_ALONE}",
    # X-Forwarded-For in place of the client, or before it
    "list": rf"{_client('Listed')}(?:, ?(?:{_ANY_ADDRESS}|unknown|-)){{1,32}}+(?: {_ANY_ADDRESS})?{_IDENT_AND_USER}",
    "no_list": rf"- {_client('Behind')}{_USER_ALONE}",
    # of two addresses, the one outside private networks
    "private_first": rf"{_PRIVATE}{_ANY_ADDRESS} (?!{_PRIVATE}){_client('PublicSecond')}{_IDENT_AND_USER}",
    "private_second": rf"(?!{_PRIVATE}){_client('PublicFirst')} {_PRIVATE}{_ANY_ADDRESS}{_IDENT_AND_USER}",
    "address": rf"(?!\S++ {_ANY_ADDRESS} |{_HOST_LAST}){_client('')}{_IDENT_AND_USER}",
    "name": rf"(?!{_ANY_ADDRESS} )(?P<clientName>{_NAME}|-){_PORT}{_USER_ALONE}",
}
"""Arrangements of client and virtual host, in the order in which they are tried."""

_PLAIN: Final = (
    rf'(?P<clientPlain>{ADDRESS}) - [^\s"\[]++ {_TIME_NEXT}'  # nearly all lines: recognised at once
)
_ANY: Final = (
    rf"(?>{'|'.join(PREFIXES.values())}){{0,4}}+(?:{FORWARDED})?+"
    rf'(?>{"|".join(CLIENT_AND_HOST.values())}|(?P<unsure>[^\["]++){_TIME_NEXT})'
)
START: Final = rf"(?>{_PLAIN}|{_ANY})"


_TIME: Final = (  # as Apache and nginx write it, with or without fraction and zone; or any other text, unchanged
    r"(?:(?P<day>\d\d)/(?P<month>[A-Za-z]{3})/(?P<year>\d{4})[: ](?P<clock>\d\d:\d\d:\d\d)(?:[.,](?P<fraction>\d{1,9}))?"
    r'(?: ?(?P<zone>[+-]\d\d:?\d\d|Z|UTC|GMT))?(?=\])|(?P<otherTime>[^\]"]++))'
)
_TARGET: Final = (
    r'[^"\\ ]*+(?:(?:\\.| (?!HTTP/\d))[^"\\ ]*+)*+'  # a scanner's target may hold spaces; HTTP/x.y ends it
)
_REQUEST: Final = rf"(?:(?P<method>[A-Za-z][\w-]*+) (?P<url>{_TARGET})(?: HTTP/[\d.]++)?+|{QUOTED})"

LINE: Final = (
    rf'(?s)\A{START}\[{_TIME}\] "{_REQUEST}" (?P<status>\d{{3}}|-) (?P<bytes>\d++|-)'
    rf'(?: "(?P<referer>{QUOTED})" "(?P<agent>{QUOTED})")?+'
)
"""An expression for the beginning of a line (the rest is free text), with named groups."""

ANSI_ESCAPES: Final = r"\x1b\[[0-9;?]{0,32}[A-Za-z]"
"""ANSI escapes (ECMA-48 s. 5.4) of tools that colour logs; servers write the escape character as text."""


def _groups(start: str) -> tuple[str, ...]:
    return tuple(name for name in re.compile(LINE).groupindex if name.startswith(start))


FIELDS: Final[dict[str, tuple[str, ...]]] = {
    "unsure": ("unsure",),
    "host": _groups("host"),
    "forwarded": ("forwarded",),
    "client": _groups("client"),
    **{name: (name,) for name in ("day", "month", "year", "clock", "fraction", "zone", "otherTime")},
    **{name: (name,) for name in ("method", "url", "status", "bytes", "referer", "agent")},
}
"""The fields of a line, and the groups that may hold each: at most one of them matches."""
_PYTHON: Final = re.compile(LINE, re.ASCII)


def to_java_pattern(pattern: str) -> str:
    """Converts a pattern of `re` to `java.util.regex`: `(?P<name>` becomes `(?<name>`."""
    return pattern.replace("(?P<", "(?<")


def parse_line(line: str) -> dict[str, str] | None:
    """Returns the `FIELDS` of a line, empty where it has none.

    None if it is not a line of an access log.
    """
    match = _PYTHON.match(re.sub(ANSI_ESCAPES, "", line))
    if match is None:
        return None
    return {name: "".join(match[group] or "" for group in groups) for name, groups in FIELDS.items()}
