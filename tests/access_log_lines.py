"""Beginnings of access log lines as servers, containers and loggers write them.

Each is listed with the client and virtual host that it holds.
"""

from __future__ import annotations

from typing import NamedTuple

END = '[24/Nov/2026:10:00:00 +0000] "GET /a HTTP/1.1" 200 5 "-" "curl/8"'


class Start(NamedTuple):
    """The text before the time, with the client and virtual host that it holds.

    `client` is None where the two cannot be distinguished.
    """

    text: str
    client: str | None
    host: str = ""


PLAIN = Start("203.0.113.7 - -", "203.0.113.7")
PREFIXES: dict[str, list[str]] = {
    "compose": ["nginx_1 | ", "nginx-1  | ", "web.1.x7@node1    | ", "\x1b[36mweb_1  |\x1b[0m ", "nginx-1  |\x1b[0m"],
    "kubectl": ["[pod/web-7d9f8b6c5-x2x9z/nginx] ", "[web-0/nginx] "],
    "cri": ["2026-11-24T10:00:00.123456789+01:00 stdout F "],
    "timestamp": ["2026-11-24T10:00:00.123456789Z ", "nginx-1  | 2026-11-24T10:00:00.123Z "],
    "syslog_5424": [
        "<190>1 2026-11-24T10:00:00.003Z web1 nginx 123 - - ",
        "<190>1 2026-11-24T10:00:00.003+01:00 web1.example nginx - ID47 - \ufeff",
        '<190>1 - web1 nginx 123 - [origin@1 ip="192.0.2.9" note="a \\"]b"][x y="z"] ',
    ],
    "syslog": [
        "<190>Nov 24 10:00:00 web1 nginx: ",
        "Nov  4 10:00:00 web1 nginx[123]: ",
        "Nov 24 10:00:00.123456 web1.example nginx[123]: ",
        "<190>Nov 24 10:00:00 192.0.2.9 nginx: ",
        "Nov 24 10:00:00 nginx: ",
        "Nov 24 10:00:00 web1 local7.info nginx: ",
        "2026-11-24T10:00:00.123456+00:00 web1 nginx[123]: ",
        "2026-11-24T10:00:00+0000 web1 nginx[123]: ",
        "Tue 2026-11-24 10:00:00 UTC web1 docker/a1b2c3[123]: ",
    ],
    "tag": ["<190>nginx: ", "web1 nginx[123]: ", "nginx[123]: "],
    "grep": ["access.log:", "/var/log/nginx/access.log.2.gz:", "access.log:80:", "logs/access_log-20261124:"],
}  # fmt: skip
"""By the name of the alternative, which is passed over before any line."""

STARTS: dict[str, list[Start]] = {
    "address": [
        PLAIN,
        Start("2001:db8::7 - frank", "2001:db8::7"),
        Start("::ffff:203.0.113.7 - -", "::ffff:203.0.113.7"),
        Start("fe80::1%eth0 - -", "fe80::1%eth0"),
        Start("203.0.113.9:51234 - -", "203.0.113.9"),
        Start("[2001:db8::9]:51234 - -", "2001:db8::9"),
        Start("[2001:db8::9] - -", "2001:db8::9"),
        Start('203.0.113.7 - ""', "203.0.113.7"),
        Start('203.0.113.7 - "John \\"x\\" [Doe]"', "203.0.113.7"),
        Start("203.0.113.7 - John Doe", "203.0.113.7"),
        Start("203.0.113.7 - john@shop.example", "203.0.113.7"),
        Start("203.0.113.7 ident frank", "203.0.113.7"),
        Start("203.0.113.7", "203.0.113.7"),
    ],
    "name": [
        Start("client.example - -", "client.example"),
        Start("client.example:51234 - -", "client.example"),
        Start("203-0-113-7.dip.example - frank", "203-0-113-7.dip.example"),
        Start("- - -", "-"),
    ],
    "host_first": [
        Start("shop.example 203.0.113.7 - -", "203.0.113.7", "shop.example"),
        Start("intranet 10.0.0.7 - -", "10.0.0.7", "intranet"),
        Start("*.example:80 203.0.113.7 - -", "203.0.113.7", "*.example:80"),
        Start("shop.example:443 2001:db8::7 - -", "2001:db8::7", "shop.example:443"),
        Start("shop.example:443 203.0.113.7:51234 - -", "203.0.113.7", "shop.example:443"),
        Start("shop.example:8443 [2001:db8::7]:51234 - -", "2001:db8::7", "shop.example:8443"),
    ],
    "host_joined": [
        Start("shop.example:443:203.0.113.7 - -", "203.0.113.7", "shop.example:443"),
        Start("shop.example:443: 2001:db8::7 - -", "2001:db8::7", "shop.example:443"),
    ],
    "address_host": [
        Start("192.0.2.1:443 203.0.113.7 - -", "203.0.113.7", "192.0.2.1:443"),
        Start("[2001:db8::2]:80 203.0.113.7 - -", "203.0.113.7", "[2001:db8::2]:80"),
    ],
    "host_port_first": [
        Start("shop.example:443 client.example - -", "client.example", "shop.example:443"),
        Start("shop.example:443 - - -", "-", "shop.example:443"),
    ],
    "host_second": [
        Start("203.0.113.7 shop.example - -", "203.0.113.7", "shop.example"),
        Start("203.0.113.7 shop.example frank", "203.0.113.7", "shop.example"),
        Start("203.0.113.7:51234 shop.example:8080 - -", "203.0.113.7", "shop.example:8080"),
        Start("203.0.113.7 intranet - frank", "203.0.113.7", "intranet"),
    ],
    "host_port_second": [Start("client.example shop.example:443 - -", "client.example", "shop.example:443")],
    "list": [
        Start("203.0.113.7, 10.0.0.1 - -", "203.0.113.7"),
        Start("203.0.113.7, unknown, 10.0.0.1 10.0.0.2 - -", "203.0.113.7"),
    ],
    "no_list": [Start("- 203.0.113.7 - -", "203.0.113.7")],
    "private_first": [Start("10.0.0.2 203.0.113.7 - -", "203.0.113.7")],
    "private_second": [Start("203.0.113.7 172.20.0.2 - -", "203.0.113.7")],
    "forwarded": [
        Start('"203.0.113.7" 10.0.0.2 - -', "203.0.113.7"),
        Start('"203.0.113.7, 10.0.0.1" 10.0.0.2 - -', "203.0.113.7"),
        Start('"[2001:db8::7]:4711" shop.example 10.0.0.2 - -', "2001:db8::7", "shop.example"),
        Start('"-" 203.0.113.7 - -', "203.0.113.7"),
        Start('"" 203.0.113.7 - -', "203.0.113.7"),
    ],
}
"""By the name of the alternative that takes them."""

UNSURE = (
    "203.0.113.7 198.51.100.1 - -",  # X-Forwarded-For and a proxy, or a server and a client
    "203.0.113.7:51234 198.51.100.1 - -",
    "shop.example client.example - -",  # which is which?
    "client.example:51234 shop.example - -",
    "203-0-113-7.dip.example 198.51.100.1 - -",  # %h %a: the name of a client
    "203.0.113.7 - - shop.example",
    "web-7d9f nginx 203.0.113.7 - -",
    "Nov 24 10:00:00 web1 203.0.113.7 - -",  # the machine's name, or a virtual host?
    "2026-11-24T10:00:00Z web1 203.0.113.7 - -",
    "nginx: 203.0.113.7 - -",
)
"""Starts that nothing proves to be the one or the other."""
