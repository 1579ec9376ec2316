"""A realistic report: a shop, a bank, a weather service and hostile host names."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from pipelines.report.facts import (
    CandidateFact,
    DocumentFact,
    EndpointFact,
    Facts,
    Histogram,
    HostComparison,
    InputFacts,
    OutlierClientFact,
    QuarantineFact,
    ReasonFact,
    SchemaFacts,
    Totals,
    Variant,
)

START = datetime(2026, 3, 1, 0, 4, tzinfo=UTC)
HOSTILE_HOST = "<img src=x onerror=alert(1)>.example"
HOSTILE_PATH = "/</script><script>alert(1)</script>"
REORDERED_PATH = "/invoice\u202egpj.exe"

HOSTS = ("api.shop.example", "www.shop.example", "bank.example:8443", "weather.example", "cdn.media.example")
RESOURCES = ("users", "orders", "carts", "payments", "accounts", "forecasts", "sessions", "invoices")
SHAPES: tuple[tuple[str, str], ...] = (
    ("GET", "/api/v2/{name}"),
    ("POST", "/api/v2/{name}"),
    ("GET", "/api/v2/{name}/{{{name}Id}}"),
    ("PUT", "/api/v2/{name}/{{{name}Id}}"),
    ("PATCH", "/api/v2/{name}/{{{name}Id}}"),
    ("DELETE", "/api/v2/{name}/{{{name}Id}}"),
    ("GET", "/api/v2/{name}/{{{name}Id}}/history/{{entryId}}"),
)
VARIANTS: tuple[tuple[Variant, ...], ...] = (("ml",), ("ml", "session"), ("ml", "session"), ("session",))

SCHEMAS = SchemaFacts(
    {
        "string": 402,
        "integer": 241,
        "boolean": 61,
        "array": 40,
        "number": 22,
        "object": 6,
        "union": 9,
    },
    0.913,
    sizes={"none": 40, "1 to 5": 120, "6 to 10": 30, "11 to 50": 9, "over 50": 1},
    most_query_parameters=51,
    constraints=900,
    sure_constraints=612,
    tested=20_000,
    false_alarms=3,
)


def endpoint(index: int, host: str, method: str, path: str) -> EndpointFact:
    """Returns an endpoint whose figures follow from `index`, so a test can name them."""
    variants = VARIANTS[index % len(VARIANTS)]
    requests = 1 + (index * 7919) % 20011
    return EndpointFact(
        host=host,
        method=method,
        path_template=path,
        variants=variants,
        requests=requests,
        successful=requests - index % 5 * requests // 20,
        clients=1 + requests // 9,
        probability=round(0.5 + (index * 37 % 499) / 1000, 3) if "ml" in variants else None,
        first_seen=START + timedelta(minutes=index % 600),
        last_seen=START + timedelta(days=1, minutes=index % 1200),
        state=("new", "new", "saved", "ignored")[index // 3 % 4],
        parameters=index % 9,
        spread="seen by one client on one day only" if index % 3 == 1 else "",
        why="for: responds with JSON (+2.10); against: path in lower case (-0.20)"
        if "ml" in variants
        else "",
    )


def endpoints(count: int) -> list[EndpointFact]:
    """Returns `count` distinct endpoints, spread over `HOSTS`."""
    made = []
    for index in range(count):
        method, shape = SHAPES[index % len(SHAPES)]
        name = RESOURCES[index // len(SHAPES) % len(RESOURCES)]
        area = index // (len(SHAPES) * len(RESOURCES))
        path = shape.format(name=name) if area == 0 else f"/area{area}" + shape.format(name=name)
        made.append(endpoint(index, HOSTS[index % len(HOSTS)], method, path))
    return made


QUARANTINE = [
    QuarantineFact(
        "status is not a number between 100 and 599",
        24,
        '{"EdgeResponseStatus":"-","ClientRequestHost":"api.shop.example"}',
    ),
    QuarantineFact("the line is not JSON", 15, "</td><script>alert(1)</script> … 203.0.113.0 - - [REDACTED]"),
    QuarantineFact("time lies outside the window", 2, '{"EdgeStartTimestamp":"1970-01-01T00:00:00Z"}'),
]

REASONS = [
    ReasonFact("ml", "no identifier is named for the host", 53),
    ReasonFact("session", "pages (HTML) carry the identifier, not API", 17),
]


def totals_of(listed: list[EndpointFact]) -> Totals:
    """Returns the totals where the listed endpoints are all there are."""
    return Totals(
        ml=sum("ml" in one.variants for one in listed),
        both=sum(len(one.variants) == 2 for one in listed),
        only_session=sum(one.variants == ("session",) for one in listed),
        session_pages=17,
        hosts=len({one.host for one in listed if "ml" in one.variants}),
    )


def example(count: int = 312) -> Facts:
    """Returns a report of `count` endpoints, including the hostile ones."""
    hostile = [
        endpoint(1, HOSTILE_HOST, "GET", HOSTILE_PATH),
        endpoint(2, "weather.example", "=CMD()", REORDERED_PATH),
    ]
    listed = hostile + endpoints(count - len(hostile))
    return Facts(
        title="Traffic of 1 and 2 March",
        generated_at=START + timedelta(days=2),
        inputs=InputFacts(3, 48_251, 48_210, 41, START, START + timedelta(days=1, hours=20), 14),
        endpoints=listed,
        totals=totals_of(listed),
        histogram=Histogram(
            ["0", "1", "2", "3–5", "6–10", "11–20", "21–50", "51–100", "101–200", "> 200"],
            [1, 0, 1, 2, 2, 3, 3, 1, 1, 0],
            [6, 1, 2, 1, 1, 2, 1, 0, 0, 0],
        ),
        comparison=[
            HostComparison("api.shop.example", 121, 64, 60, 61, 4, True),
            HostComparison("www.shop.example", 40, 38, 31, 9, 7, True),
            HostComparison("bank.example:8443", 18, 18, 18, 0, 0, True),
            HostComparison("weather.example", 52, 0, 0, 52, 0, False),
            HostComparison("cdn.media.example", 3, 9, 3, 0, 6, True),
            HostComparison(HOSTILE_HOST, 1, 0, 0, 1, 0, False),
        ],
        hosts_total=6,
        quarantine=QUARANTINE,
        uncovered_hosts=2,
        documents=[
            DocumentFact(host, profile, f"openapi/{host.replace(':', '_')}.{profile}.yaml")
            for host in HOSTS[:4]
            for profile in ("openapi-3.1", "openapi-3.0")
        ],
        schema_facts=SCHEMAS,
        outlier_clients=[OutlierClientFact("0a1b2c3d", 7, 3, "client-errors, other-kind")],
        outlier_clients_total=2,
        candidates=[
            CandidateFact(
                HOSTILE_HOST, "GET", HOSTILE_PATH, 85, 9, 0.31, "against: host name contains a site (-2.10)"
            )
        ],
        notes=["2 files were read before and were not read again."],
        reasons=REASONS,
        buckets={"unchanged": 1, "up to 50 more": 1, "over 50 more": 1, "fewer": 1, "not covered": 2},
    )


def empty_example() -> Facts:
    """Returns a report of a run that read traffic but found no endpoints.

    No other step ran.
    """
    return replace(
        example(),
        endpoints=[],
        totals=Totals(),
        buckets={},
        histogram=Histogram(["0", "1"], [0, 0], [0, 0]),
        comparison=[],
        hosts_total=0,
        quarantine=[],
        inputs=InputFacts(1, 120, 120, 0, START, START, 1),
        uncovered_hosts=0,
        documents=[],
        schema_facts=None,
        notes=[],
        reasons=[],
        candidates=[],
    )
