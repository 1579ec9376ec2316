"""Services whose paths begin with a tenant: `/v2/{tenant}/servers/detail`.

Clouds and platforms work like this (OpenStack names compute, volumes and images of a project, others accounts and
subscriptions). Programs call them, and their logs are often plain access logs.
"""

from __future__ import annotations

from random import Random

from pipelines.simulator.styles.api_styles import declare_operation
from pipelines.simulator.vocabulary.api_conventions import ApiConventions
from pipelines.simulator.vocabulary.operation import Operation, Parameter
from pipelines.simulator.vocabulary.values import draw_entities
from pipelines.simulator.vocabulary.words import NOUNS, draw_text

_ROOTS = "/{v} /{v} /{v} ~ /{n}/{v} /{n} /{v}/{s} /{v}/tenants /{v}/projects /{v}/accounts /api/{v} /{s}"
# Formats of tenants with weights: OpenStack has 32 hexadecimal digits, other clouds UUIDs, numbers or codes.
_TENANTS = (("md5", 45), ("uuid", 20), ("hex24", 10), ("bigint", 8), ("base62", 7), ("sha1", 5), ("int", 5))
# Operations below a tenant: method, suffix ("{}" = the item), share of collections that have it, weight of its traffic.
# Listings and their details lead, because programs poll them.
_OPERATIONS = (
    ("GET", "", 0.7, 6), ("GET", "/detail", 0.5, 8), ("GET", "/{}", 0.8, 8), ("POST", "", 0.6, 2),
    ("DELETE", "/{}", 0.5, 1.5), ("PUT", "/{}", 0.2, 1), ("POST", "/{}/action", 0.4, 2), ("GET", "/{}/part", 0.3, 3),
    ("GET", "/{}/part/{}", 0.1, 1), ("HEAD", "/{}", 0.05, 0.5),
)  # fmt: skip


def declare_tenant_services(rng: Random, conventions: ApiConventions, size: int) -> list[Operation]:
    """Declares collections of a tenant with listings, details, items and actions."""
    root, plain = draw_text(rng, _ROOTS), rng.random() < 0.8
    kind = rng.choices([kind for kind, _ in _TENANTS], [weight for _, weight in _TENANTS])[0]
    tenant = Parameter("path", "tenantId", draw_entities(rng, kind, rng.choice((1, 2, 5, 40))))
    operations = []
    for noun in rng.sample(NOUNS, size):
        # Extensions of a service are named after it: `os-volume-attachments`.
        name = noun if plain or rng.random() < 0.5 else f"{draw_text(rng, '{n}')[:2]}-{noun}"
        path, weight = f"{root}/{{tenantId}}/{conventions.collection(name)}", rng.random() ** 2 + 0.05
        item, part = (Parameter("path", name, draw_entities(rng, kind, 60)) for name in ("id", "partId"))
        for method, suffix, share, traffic in _OPERATIONS:
            if rng.random() > share:
                continue
            template = suffix.replace("part", conventions.collection(rng.choice(NOUNS))).replace(
                "{}", "{id}", 1
            )
            template = template.replace("{}", "{partId}")
            given = (tenant, item, part)[: 1 + suffix.count("{}")]
            writes = method in ("POST", "PUT")
            lists = conventions.query(rng, 3) if method == "GET" and not suffix.endswith("{}") else ()
            responses = conventions.responses(rng, method, rng.choice((400, 1900, 9000)))
            operations.append(
                declare_operation(
                    conventions, "tenant", method, path + template,
                    (*given, *lists, *(conventions.body(rng) if writes else ())), responses,
                    request_media="application/json" if writes else "", weight=weight * traffic,
                )
            )  # fmt: skip
    return operations
