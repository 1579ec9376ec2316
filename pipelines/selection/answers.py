"""What an answer is made of, by its media type: the families by which the comparison explains an endpoint."""

from __future__ import annotations

from functools import reduce
from operator import or_

from pyspark.sql import Column
from pyspark.sql import functions as F

FAMILIES = ("html", "data", "asset", "untyped")
"""Of `media_family`; what is none of these (plain text, bytes, PDF) is "other"."""

_HTML = ("text/html", "application/xhtml+xml")
_ASSET_STARTS = ("image/", "font/", "audio/", "video/", "text/css")
_ASSET_PARTS = ("javascript", "font-", "mpegurl")  # before data: image/svg+xml is a picture
_DATA_PARTS = ("json", "xml", "grpc", "protobuf", "msgpack", "cbor", "thrift", "event-stream", "csv")


def media_family() -> Column:
    """`response_content_type` → "html", "data", "asset", "untyped" (none was sent or logged) or "other"."""
    kind = F.lower("response_content_type")
    return (
        F.when(F.coalesce(kind, F.lit("")) == "", F.lit("untyped"))
        .when(reduce(or_, map(kind.startswith, _HTML)), F.lit("html"))
        .when(
            reduce(or_, [*map(kind.startswith, _ASSET_STARTS), *map(kind.contains, _ASSET_PARTS)]),
            F.lit("asset"),
        )
        .when(reduce(or_, map(kind.contains, _DATA_PARTS)), F.lit("data"))
        .otherwise(F.lit("other"))
    )
