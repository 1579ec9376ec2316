"""Logpush lines of one API before and after it changed.

The changes are known, so the reports on them can be checked.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import orjson

HOST = "api.shop.example"
FIRST = date(2026, 6, 1)
CLIENTS = 25
"""Each asks for everything once a day."""


def requests(rng: random.Random, changed: bool) -> Iterator[tuple[str, str, int]]:
    """Yields method, path with query, and status of one client's requests on one day."""
    page = rng.randint(1, 20)
    if not changed:
        yield (
            "GET",
            f"/v1/orders?page={page}&ref={rng.randint(1000, 9999)}&sort={rng.choice(['asc', 'desc'])}",
            200,
        )
        yield "GET", "/v1/legacy/rates", 200
    else:
        ref = UUID(int=rng.getrandbits(128), version=4) if rng.random() < 0.6 else rng.randint(1000, 9999)
        wide = rng.choice([page, 70_000 + page])
        query = f"page={wide}&ref={ref}&sort={rng.choice(['asc', 'desc'])}&expand={rng.choice(['items', 'client'])}"
        yield "GET", f"/v1/orders?{query}", 200
        yield "POST", "/v1/refunds", 201
        yield "DELETE", f"/v1/orders/{rng.randint(10_000, 99_999)}", 204
        if rng.random() < 0.2:
            yield "GET", "/v1/legacy/rates", 404
    yield "GET", f"/v1/orders/{rng.randint(10_000, 99_999)}", 200


def write_day(folder: Path, number: int, *, changed: bool) -> Path:
    """Writes the file of day `number`, from 0; equal numbers give equal files."""
    rng = random.Random(number)  # noqa: S311 - traffic, no secret
    day = FIRST + timedelta(days=number)
    file = folder / f"{day:%Y%m%d}.ndjson"
    folder.mkdir(parents=True, exist_ok=True)
    lines = []
    for client in range(CLIENTS):
        moment = datetime.combine(day, time(8 + client % 10, rng.randrange(60)))
        for place, (method, target, status) in enumerate(requests(rng, changed)):
            lines.append(
                orjson.dumps(
                    line(f"{number:04x}{client:04x}{place:04x}", moment, client, method, target, status)
                )
            )
    file.write_bytes(b"\n".join(lines) + b"\n")
    return file


def line(ray: str, moment: datetime, client: int, method: str, target: str, status: int) -> dict[str, Any]:
    """Returns a line of Logpush."""
    body = method == "POST"
    return {
        "RayID": ray,
        "EdgeStartTimestamp": f"{moment.isoformat()}Z",
        "ClientIP": f"198.18.0.{client}",
        "ClientRequestHost": HOST,
        "ClientRequestMethod": method,
        "ClientRequestScheme": "https",
        "ClientRequestURI": target,
        "ClientRequestPath": target.partition("?")[0],
        "ClientRequestUserAgent": "okhttp/4.12.0",
        "ClientRequestReferer": "",
        "ClientRequestBytes": 300,
        "EdgeResponseStatus": status,
        "EdgeResponseBytes": 900,
        "EdgeResponseContentType": "application/json",
        "RequestHeaders": {
            "accept": "application/json",
            "authorization": f"Bearer token-of-client-{client:04d}",
        },
        "Cookies": {},
        "ResponseHeaders": {"content-type": "application/json"},
        "RequestBody": orjson.dumps({"reason": "damaged", "amount": client + 1}).decode() if body else "",
    }
