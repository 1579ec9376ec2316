"""Names of header fields and cookies that may be parameters of an API.

Ingest removed their values, so a mask stands for each value. Names that the protocol, browsers, proxies and measurement send to
any server are left out:
- names that OpenAPI ignores as parameters (3.1 s. 4.8.12.1): Accept, Content-Type, Authorization; and Cookie, whose cookies are
  read one by one;
- IANA's registry of HTTP field names: RFC 9110 (semantics), 9111 (caching), 9112 and 9113 (connections), 9218 (Priority),
  9421 and 9530 (signatures, digests), 7239 (Forwarded), 6265 (Cookie), Fetch (CORS, Sec-*), W3C Trace Context and Baggage, Client
  Hints (RFC 8942). Of these, conditional requests that depend on a state (If-Match), Prefer (RFC 7240) and Idempotency-Key are
  kept, as an API defines them;
- names that proxies, content delivery networks, clouds and tracers add according to their documentation.
"""

from __future__ import annotations

import re
from functools import lru_cache

from pipelines.http.redaction import MASK
from pipelines.requests.parameter_names import NAME_CHARACTERS
from pipelines.requests.urlencoded import Observation, observe_pairs

MAX_NAMES = 100
"""Most header fields, or cookies, read of one request.

Servers refuse more (Apache's LimitRequestFields).
"""
SEPARATOR = "\n"
"""Separates names in one text: no name contains it (RFC 9110 s. 5.6.2)."""
NAME_SET_CACHE_SIZE = 8192
"""Sets of names whose result a worker caches: programs of one kind send the same."""
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
"""Beginnings of the names of header fields that are not an API's own.

Fetch, proxies, Zipkin, OpenTracing, Jaeger; Cloudflare, AWS, Fastly, Akamai, Envoy, Vercel, Azure, Google, Netlify, Varnish;
Datadog, New Relic, Sentry.
"""
GENERAL_COOKIES = tuple(
    "_ga _gid _gat _gcl_ _gac_ __utm _fbp _fbc _hj _clck _clsk _uet _pk_ mp_ ajs_ amp_ amplitude_ optimizely intercom- __hs "
    "hubspotutk optanon cookieconsent __stripe_ __cf _cf cf_ awsalb ak_bmsc bm_s _abck incap_ses visid_incap nlbi_ datadome "
    "arraffinity".split()
)
"""Beginnings of the names of cookies that are not an API's own.

Vendors document them for measurement, consent, load balancing and bot defence.
"""
_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
"""The grammar of names of header fields and cookies (RFC 9110 s. 5.6.2)."""


@lru_cache(maxsize=NAME_SET_CACHE_SIZE)
def read_header_names(joined: str) -> tuple[Observation, ...]:
    """Reads names of header fields: one observation for each that may be a parameter.

    Args:
        joined: Names in lower case, separated by `SEPARATOR`.
    """
    return _observe("header", joined, GENERAL_PREFIXES, GENERAL_HEADERS)


@lru_cache(maxsize=NAME_SET_CACHE_SIZE)
def read_cookie_names(joined: str) -> tuple[Observation, ...]:
    """Reads names of cookies: one observation for each that may be a parameter.

    Args:
        joined: Names separated by `SEPARATOR`.
    """
    return _observe("cookie", joined, GENERAL_COOKIES)


def _observe(
    location: str, joined: str, prefixes: tuple[str, ...], general: frozenset[str] = frozenset()
) -> tuple[Observation, ...]:
    names = dict.fromkeys(joined.split(SEPARATOR)[:MAX_NAMES])
    own = (
        name
        for name in names
        if name.lower() not in general and not name.lower().startswith(prefixes) and _TOKEN.fullmatch(name)
    )
    return tuple(observe_pairs(location, [(name, MASK) for name in own if len(name) <= NAME_CHARACTERS]))
