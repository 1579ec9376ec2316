"""An API is listed under a host of any name, beside the pages of that host.

Also in a log without content types.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

BROWSER = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0 Safari/537.36"
PAGES = (
    ("/", "text/html"), ("/products/{}-shoe", "text/html"), ("/category/shoes", "text/html"),
    ("/static/app.4f3a2b1c.js", "application/javascript"), ("/static/main.css", "text/css"), ("/images/p{}.jpg", "image/jpeg"),
)  # fmt: skip


def write_log(file: Path, host: str, *, typed: bool, pages: int) -> None:
    """Writes 85 calls of one endpoint, and requests for pages and their files.

    All are answered 200, the calls with JSON.
    """
    rng, lines = Random(f"{host}{typed}"), []  # noqa: S311 - reproducible test data
    wanted = [("/api/v1/users", "application/json", f"198.18.{n % 25}.7") for n in range(85)]
    for _ in range(pages):
        path, media = rng.choice(PAGES)
        wanted.append((path.format(rng.randrange(40)), media, f"198.19.{rng.randrange(200)}.7"))
    for number, (path, media, address) in enumerate(wanted):
        size = (900 if "/api/" in path else 9000) + 40 * rng.randrange(200)
        lines.append(
            {
                "RayID": f"{host}-{number}", "EdgeStartTimestamp": f"2026-06-01T{number % 24:02}:00:00Z", "ClientIP": address,
                "ClientRequestHost": host, "ClientRequestMethod": "GET", "ClientRequestURI": path, "ClientRequestScheme": "https",
                "ClientRequestUserAgent": BROWSER, "EdgeResponseStatus": 200, "EdgeResponseBytes": size,
                "EdgeResponseContentType": media if typed else "",
            }
        )  # fmt: skip
    file.write_text("\n".join(map(json.dumps, lines)))


def test_users_of_a_shop_are_listed_beside_its_pages(apicensus: Callable[..., Any], tmp_path: Path) -> None:
    hosts = [f"{name}.example.{top}" for name in ("shop", "blog", "static", "www") for top in ("com", "net")]
    for host in hosts:
        write_log(tmp_path / f"{host}.ndjson", host, typed=host.endswith("com"), pages=900)
    root, out = tmp_path / "warehouse", tmp_path / "found" / "endpoints.ndjson"
    found = apicensus("discover", tmp_path, "--format", "logpush", "--warehouse", root, "--variant", "ml")
    assert found.code == 0, found.err
    listed = apicensus("export", "--what", "endpoints", "--out", out.parent, "--warehouse", root)
    assert listed.code == 0, listed.err
    endpoints = [json.loads(line) for line in out.read_text().splitlines()]
    assert {(each["host"], each["method"], each["path_template"]) for each in endpoints} == {
        (host, "GET", "/api/v1/users") for host in hosts
    }
