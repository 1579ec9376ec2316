"""Templates by the commands: day by day, explained, and with operators' decisions."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

RNG = random.Random(3)  # noqa: S311  # repeatable examples, no secret
HOST, SITE = "api.shop.example", "www.shop.example"
WORDS = ("amber", "bridge", "candle", "desert", "ember", "falcon", "garden", "harbor")
BROWSER = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0 Safari/537.36"
DECISIONS = f"""decisions:
  - split: /api/users/{{userId}}
    into: [u12]
    host: {HOST}
  - rename: /api/articles/{{articleId}}
    to: /api/articles/{{slug}}
    host: "*.shop.example"
  - ignore: /api/users/search
    host: {HOST}
"""


def api_paths() -> Iterator[str]:
    for _ in range(15):
        user = f"u{RNG.randrange(10, 99)}"
        yield f"/api/users/{user}"
        yield f"/api/users/{user}/orders/{RNG.randrange(10**6, 10**7)}"
        yield f"/api/articles/{'-'.join(RNG.sample(WORDS, 3))}-{RNG.randrange(90)}"
    yield from ("/api/users/me", "/api/users/search", "/api/users", "/api/articles", "/api/users/u12")


def write_day(folder: Path, day: int) -> Path:
    """Writes a Logpush file of one day.

    A scanner requests paths that do not exist, and a browser a page of another host.
    """
    rows = [(HOST, path, 200) for path in api_paths()] + [
        (HOST, f"/api/users/wp-{n}.php", 404) for n in range(5)
    ]
    rows += [(SITE, "/about-us", 200)] * 3
    file = folder / f"day{day}.ndjson"
    with file.open("w", encoding="utf-8") as out:
        for number, (host, path, status) in enumerate(rows):
            media, agent = (
                ("text/html", BROWSER) if host == SITE else ("application/json", "shop-app/3.1 okhttp/4.9")
            )
            out.write(json.dumps({
                "RayID": f"{day:02x}{number:014x}", "ClientRequestHost": host, "ClientRequestMethod": "GET",
                "ClientRequestURI": path, "EdgeResponseStatus": status, "EdgeResponseBytes": 412,
                "EdgeResponseContentType": media, "ClientIP": f"192.0.2.{number % 9}",
                "EdgeStartTimestamp": f"2026-06-{day:02d}T10:{number % 60:02d}:00Z",
                "ClientRequestUserAgent": agent,
            }) + "\n")  # fmt: skip
    return file


@pytest.fixture(scope="module")
def days(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    folder = tmp_path_factory.mktemp("days")
    return [write_day(folder, day) for day in (1, 2)]


def export_templates(apicensus: Callable[..., Any], root: Path, out: Path) -> set[str]:
    done = apicensus("export", "--what", "endpoints", "--format", "ndjson", "--out", out, "--warehouse", root)
    assert done.code == 0, done.err
    return {json.loads(line)["path_template"] for line in (out / "endpoints.ndjson").read_text().splitlines()}


def check_page(page: Any) -> None:
    """Checks the explanation of a page on a host without rules.

    No slice of the page was kept.
    """
    assert page.code == 0, page.err
    [unlisted] = page.summary["endpoints"]
    assert (unlisted["state"], unlisted["requests"], unlisted["successful"]) == ("not listed", 6, 6)
    assert unlisted["probability"] < unlisted["by_itself"] < 0.02
    assert "no slice was kept (selection.candidate_floor)" in unlisted["why"]
    assert any(reason.startswith("against: ") for reason in unlisted["reasons"])


def test_templates_day_by_day_explained_and_decided(
    apicensus: Callable[..., Any], days: list[Path], tmp_path: Path
) -> None:
    daily = tmp_path / "daily"
    for day in days:
        done = apicensus("discover", day, "--variant", "ml", "--warehouse", daily, "--json")
        assert done.code == 0, done.err
    assert done.summary["path_variables"] == 3
    expected = {
        "/api/users", "/api/users/me", "/api/users/search", "/api/users/{userId}", "/api/users/{userId}/orders/{orderId}",
        "/api/articles", "/api/articles/{articleId}",
    }  # fmt: skip
    assert export_templates(apicensus, daily, tmp_path / "a") == expected

    why = apicensus("explain", "/api/users/u77/orders/5", "--host", HOST, "--warehouse", daily, "--json")
    assert why.code == 0, why.err
    assert why.summary["template"] == "/api/users/{userId}/orders/{orderId}"
    assert [level["decision"] for level in why.summary["levels"]] == [
        "literal",
        "literal",
        "variable",
        "literal",
        "variable",
    ]
    assert all(level["reason"] for level in why.summary["levels"])
    [endpoint] = why.summary["endpoints"]
    assert (endpoint["method"], endpoint["variant"], endpoint["state"]) == ("GET", "ml", "listed")
    assert (endpoint["requests"], endpoint["successful"], endpoint["threshold"]) == (30, 30, 0.4)
    assert endpoint["probability"] > 0.4
    assert endpoint["reasons"]
    check_page(apicensus("explain", f"https://{SITE}/about-us", "--warehouse", daily, "--json"))
    unknown = apicensus("explain", "https://nobody.example/x", "--warehouse", daily)
    assert unknown.code == 2
    assert "no path rules of this host" in unknown.err

    file = tmp_path / "decisions.yaml"
    file.write_text(DECISIONS, encoding="utf-8")
    assert apicensus("decide", file, "--warehouse", daily).code == 0
    assert apicensus("discover", "--variant", "ml", "--warehouse", daily).code == 0
    assert export_templates(apicensus, daily, tmp_path / "c") == expected - {"/api/users/search", "/api/articles/{articleId}"} | {
        "/api/users/u12", "/api/articles/{slug}",
    }  # fmt: skip
    explained = apicensus("explain", "/api/users/u12", "--host", HOST, "--warehouse", daily)
    assert "operator" in explained.out
