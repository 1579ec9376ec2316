"""Attacks on the operations of a site: senders, values, responses."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random
from typing import NamedTuple

from pipelines.simulator.sites.clients import Client, draw_client
from pipelines.simulator.sites.site import Site
from pipelines.simulator.styles.scans import ATTACK_VALUES
from pipelines.simulator.vocabulary.operation import Operation, Parameter, Response
from pipelines.simulator.vocabulary.values import create_random_source

PAYLOADS = (
    *ATTACK_VALUES, "-1", "0", "999999999999", "99999999999999999999", "1e308", "NaN", "null", "undefined", "true", "admin",
    "test", "[]", "..%2f..%2fetc%2fpasswd", "../../windows/win.ini", "/etc/passwd", "%0d%0aSet-Cookie:a=b", "AAAA%n%n%n", "*",
    "x' AND SLEEP(5)--", "1 OR 1=1", "(SELECT 1)", "`id`", "$(id)", "A" * 700, "https://evil.example/x", "\u0131\u0307",
    "test%27",
)  # fmt: skip
"""What attackers and broken programs write into parameters, with and without dangerous characters.

CWE-20, 22, 74, 89, 601.
"""
REFUSALS = ((400, 0.6), (404, 0.15), (500, 0.25))
"""Status of the answer where the site notices an attack, and its share."""
ERROR_BYTES = 300
ORDINARY_SHARE = 0.2
"""Share (0-1) of attacks that come from clients which also send ordinary requests (stolen sessions, misused accounts)."""


@dataclass(frozen=True, slots=True)
class AttackPlan:
    """How much of a site's API traffic are attacks.

    Attributes:
        share: Share (0-1) of API requests with one hostile value.
        addresses: Clients from which they come, 1 to 50, besides ordinary ones.
        unnoticed: Share (0-1) of attacks that are answered as if they were none.
    """

    share: float = 0.0
    addresses: int = 6
    unnoticed: float = 0.6


NO_ATTACKS = AttackPlan()


class Attack(NamedTuple):
    """One attack: `client` sends `value` as the value of `parameter`.

    `status` is 0 where the response is the ordinary one.
    """

    client: Client
    parameter: Parameter
    value: str
    status: int = 0


def draw_attackers(plan: AttackPlan, site: Site, seed: int) -> tuple[Client, ...]:
    """Draws the clients that attack a site, by programs and by hand."""
    rng = create_random_source(seed, "attackers", site.host)
    roles = ("scanner", "browser", "server")
    return tuple(
        draw_client(rng, rng.choice(roles), site.host, signed_in=False, referers=())
        for _ in range(plan.addresses)
    )


def draw_attack(
    plan: AttackPlan, operation: Operation, attackers: tuple[Client, ...], ordinary: Client, rng: Random
) -> Attack | None:
    """Draws whether a request is an attack, and which."""
    if rng.random() >= plan.share or not operation.is_api or not operation.parameters:
        return None
    refusal = rng.choices([status for status, _ in REFUSALS], [share for _, share in REFUSALS])[0]
    return Attack(
        ordinary if rng.random() < ORDINARY_SHARE else rng.choice(attackers),
        rng.choice(operation.parameters),
        rng.choice(PAYLOADS),
        0 if rng.random() < plan.unnoticed else refusal,
    )


def answer(attack: Attack, ordinary: Response) -> Response:
    """Returns the response to an attack: the ordinary one if it goes unnoticed."""
    return Response(attack.status, ordinary.media, ERROR_BYTES) if attack.status else ordinary
