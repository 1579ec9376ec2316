"""Names of header fields and cookies → those that an API may ask for. Their values left at ingest, so a mask stands for each.

Left out is what the protocol, browsers, proxies and measurement send to any server:
- what OpenAPI ignores as a parameter (3.1 s. 4.8.12.1): Accept, Content-Type, Authorization; and Cookie, whose cookies count;
- IANA's registry of HTTP field names: RFC 9110 (semantics), 9111 (caching), 9112 and 9113 (connections), 9218 (Priority),
  9421 and 9530 (signatures, digests), 7239 (Forwarded), 6265 (Cookie), Fetch (CORS, Sec-*), W3C Trace Context and Baggage, Client
  Hints (RFC 8942). Kept of them: conditions on a state (If-Match), Prefer (RFC 7240) and Idempotency-Key, which an API defines;
- what the documentation of proxies, content delivery networks, clouds and tracers says they add.
"""

from __future__ import annotations

import re
from functools import lru_cache

from pipelines.http.redaction import MASK
from pipelines.requests.parameter_names import NAME_CHARACTERS
from pipelines.requests.urlencoded import Observation, observe_pairs

MAX_NAMES = 100
"""Header fields, or cookies, read of one request: servers refuse more (Apache's LimitRequestFields)."""
SEPARATOR = "\n"
"""Between names in one text: no name holds it (RFC 9110 s. 5.6.2)."""
NAME_SET_CACHE_SIZE = 8192
"""Sets of names that a worker keeps judged: programs of one kind send the same."""
GENERAL_HEADERS = frozenset(
    "accept accept-charset accept-datetime accept-encoding accept-language access-control-request-headers "
    "access-control-request-method access-control-request-private-network alt-used authorization available-dictionary b3 "
    "baggage cache-control cdn-loop client-ip connection content-digest content-disposition content-encoding content-language "
    "content-length content-location content-md5 content-range content-type cookie cookie2 date depth dictionary-id digest "
    "dnt dpr downlink early-data ect expect forwarded from host http2-settings if-modified-since if-none-match if-range "
    "if-unmodified-since keep-alive last-event-id max-forwards origin pragma priority proxy-authorization proxy-connection "
    "purpose range referer repr-digest rtt save-data service-worker service-worker-navigation-preload signature signature-input "
    "te traceparent tracestate trailer transfer-encoding true-client-ip upgrade upgrade-insecure-requests user-agent via "
    "viewport-width want-content-digest want-repr-digest warning width x-client-ip x-cloud-trace-context x-cluster-client-ip "
    "x-correlation-id x-moz x-original-host x-original-url x-purpose x-real-ip x-request-id x-request-start x-requested-with "
    "x-rewrite-url x-scheme x-trace-id x-wap-profile".split()
)
GENERAL_PREFIXES = tuple(
    "sec- x-forwarded x-b3- ot-tracer- x-ot-span- uber-trace- cf- cloudfront- x-amz-cf- x-amzn- fastly- x-fastly- akamai- "
    "x-akamai- x-envoy- x-vercel- x-azure- x-arr- x-appengine- x-goog- x-nf- x-varnish x-datadog- newrelic x-newrelic- "
    "sentry-trace".split()
)
"""Beginnings of names: Fetch, proxies, Zipkin, OpenTracing, Jaeger; Cloudflare, AWS, Fastly, Akamai, Envoy, Vercel, Azure,
Google, Netlify, Varnish; Datadog, New Relic, Sentry.
"""
GENERAL_COOKIES = tuple(
    "_ga _gid _gat _gcl_ _gac_ __utm _fbp _fbc _hj _clck _clsk _uet _pk_ mp_ ajs_ amp_ amplitude_ optimizely intercom- __hs "
    "hubspotutk optanon cookieconsent __stripe_ __cf _cf cf_ awsalb ak_bmsc bm_s _abck incap_ses visid_incap nlbi_ datadome "
    "arraffinity".split()
)
"""Beginnings of the names that vendors document of their measurement, consent, balancing and bot-defence cookies."""
_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
"""RFC 9110 s. 5.6.2, which names of header fields and cookies are."""


@lru_cache(maxsize=NAME_SET_CACHE_SIZE)
def read_header_names(joined: str) -> tuple[Observation, ...]:
    """Names of header fields, in lower case with `SEPARATOR` between them → one observation of each that may be a parameter."""
    return _observed("header", joined, GENERAL_PREFIXES, GENERAL_HEADERS)


@lru_cache(maxsize=NAME_SET_CACHE_SIZE)
def read_cookie_names(joined: str) -> tuple[Observation, ...]:
    """Names of cookies with `SEPARATOR` between them → one observation of each that may be a parameter."""
    return _observed("cookie", joined, GENERAL_COOKIES)


def _observed(
    location: str, joined: str, prefixes: tuple[str, ...], general: frozenset[str] = frozenset()
) -> tuple[Observation, ...]:
    names = dict.fromkeys(joined.split(SEPARATOR)[:MAX_NAMES])
    own = (
        name
        for name in names
        if name.lower() not in general and not name.lower().startswith(prefixes) and _TOKEN.fullmatch(name)
    )
    return tuple(observe_pairs(location, [(name, MASK) for name in own if len(name) <= NAME_CHARACTERS]))
