"""Which OPTIONS requests are a browser's question before the call (CORS preflight), not a call.

Fetch Standard s. 4.8: a preflight is an OPTIONS request with Origin and Access-Control-Request-Method; scripts cannot set
these. Where a log keeps the names of request headers they decide. Where it does not, the request only looks like one,
and what else is asked of the path decides when endpoints are read (`endpoints.build`).
"""

from __future__ import annotations

from pyspark.sql import Column
from pyspark.sql import functions as F

NO, LIKELY, TOLD = 0, 1, 2
"""Codes of column `preflight`."""
QUESTION = "access-control-request-method"
WHOLE = "user-agent"
"""The name that shows that a log keeps all request headers: logs of chosen headers have a field of its own for it."""
HEAD_BYTES = 1024
"""Logs that count the head of an answer (Cloudflare Logpush, Apache's %O) show up to so much of one without a body."""


def preflight() -> Column:
    """`NO`, `LIKELY` (the log has no header names, and it looks like one) or `TOLD` (its header says so). Never NULL."""
    names, agent = F.col("request_header_names"), F.col("user_agent")
    told = F.coalesce(F.array_contains(names, QUESTION), F.lit(False))
    shown = F.coalesce(F.array_contains(names, WHOLE), F.lit(False))
    by_browser = F.coalesce(agent.startswith("Mozilla/"), F.lit(True))
    likely = ~shown & by_browser & _is_bare()
    code = F.when(told, F.lit(TOLD)).when(likely, F.lit(LIKELY)).otherwise(F.lit(NO))
    return F.when(F.col("method") == "OPTIONS", code).otherwise(F.lit(NO)).cast("tinyint")


def _is_bare() -> Column:
    """Whether the answer is a 200 or 204 without a body, as far as the log tells."""
    untyped = F.coalesce(F.col("response_content_type"), F.lit("")) == ""
    small = F.coalesce(F.col("response_bytes"), F.lit(0)) <= HEAD_BYTES
    return F.col("status").isin(200, 204) & untyped & small
