"""Rendering the report as one HTML page that needs no network.

Hosts, paths and examples may come from attackers. Three measures keep them text: jinja2 escapes every value, the data for the
script is JSON without `<`, `>` and `&`, and a Content-Security-Policy allows only the page's own style and script, by hash.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping, Sequence
from functools import cache
from importlib import resources
from typing import Any

import orjson
from jinja2 import Environment, FunctionLoader, StrictUndefined

from pipelines.report import chart, words
from pipelines.report.facts import EndpointFact, Facts, SchemaFacts

STYLES = ("base.css", "tables.css", "media.css")
SCRIPTS = ("endpoints.js", "address.js", "inventory.js", "controls.js", "export.js", "tables.js")

# Names and order of one row of the inventory's data; `assets/endpoints.js` reads them from the page.
COLUMNS = (
    "host",
    "method",
    "path_template",
    "variants",
    "requests",
    "successful",
    "clients",
    "probability",
    "first_seen",
    "last_seen",
    "state",
    "parameters",
    "spread",
    "why",
)

# Characters that HTML's script data state, or JavaScript's line terminators, would not treat as JSON text.
SCRIPT_ESCAPES = str.maketrans({mark: f"\\u{ord(mark):04x}" for mark in "<>&\u2028\u2029"})

# Cloudflare's figures (post of 2023-03-15), shown for comparison: types of parameters ...
CLOUDFLARE_TYPES = (
    ("string", ("string",), "just over half"),
    ("integer", ("integer",), "almost a third"),
    ("array, boolean or number", ("array", "boolean", "number"), "17 %"),
    ("object", ("object",), "rare"),
)
# ... and what the ML variant changed per host.
CLOUDFLARE_CHANGES = (
    ("the same", "unchanged", "~46 %"),
    ("1 to 50 more", "up to 50 more", "~15 %"),
    ("over 50 more", "over 50 more", "~28 %"),
    ("fewer", "fewer", "~9 %"),
)


def render(facts: Facts) -> str:
    """Renders the page as HTML; the same facts give the same page.

    Write it as UTF-8.
    """
    style = "\n".join(read_asset(name) for name in STYLES)
    script = "(() => {\n'use strict';\n" + "\n".join(read_asset(name) for name in SCRIPTS) + "})();\n"
    return (
        make_environment()
        .get_template("page.html.j2")
        .render(
            facts=facts,
            style=style,
            script=script,
            policy=content_security_policy(style, script),
            endpoints_json=dump_script_json(endpoint_table(facts.endpoints)),
            chart=chart.draw(facts.histogram),
            emptiness=words.explain_emptiness(facts.inputs),
            changes=change_rows(facts.buckets),
            schema_rows=schema_rows(facts.schema_facts),
            size_rows=size_rows(facts.schema_facts),
        )
    )


def read_asset(name: str) -> str:
    """Reads a file of the page.

    Newlines are normalised, so that the hash is that of the browser.
    """
    return resources.files(__package__).joinpath("assets", name).read_text("utf-8")


@cache
def make_environment() -> Environment:
    """Makes the jinja2 environment: autoescape, the filters, errors for unknown names."""
    environment = Environment(
        loader=FunctionLoader(read_asset),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "visible": words.escape_invisible,
        "number": words.format_number,
        "counted": words.format_count,
        "percent": words.format_percent,
        "signed": words.format_signed,
        "minute": words.format_minute,
        "summary": words.summarise,
    }
    return environment


def content_security_policy(style: str, script: str) -> str:
    """Builds the Content-Security-Policy of the page.

    Nothing may be loaded, and only this style and this script are allowed.

    Trusted types prevent markup from becoming code through the DOM.
    """
    return (
        f"default-src 'none'; style-src '{hash_source(style)}'; script-src '{hash_source(script)}'; "
        "base-uri 'none'; form-action 'none'; require-trusted-types-for 'script'; trusted-types 'none'"
    )


def hash_source(text: str) -> str:
    """Hashes an element's text for the policy (CSP level 3, section 2.3.1).

    `sha256-` and the base64 of the digest of the text in UTF-8.
    """
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def dump_script_json(value: Any) -> str:
    """Writes JSON that is safe inside `<script>`, whatever its strings contain."""
    return orjson.dumps(value).decode().translate(SCRIPT_ESCAPES)


def endpoint_table(endpoints: Sequence[EndpointFact]) -> dict[str, Any]:
    """Builds the inventory's data as `columns` and `rows`; times are in RFC 3339.

    This takes half the size of one object per endpoint.
    """

    def cell(endpoint: EndpointFact, column: str) -> Any:
        value = getattr(endpoint, column)
        return f"{words.to_utc(value):%Y-%m-%dT%H:%M:%SZ}" if column in ("first_seen", "last_seen") else value

    return {
        "columns": COLUMNS,
        "rows": [[cell(endpoint, column) for column in COLUMNS] for endpoint in endpoints],
    }


def change_rows(buckets: Mapping[str, int]) -> list[tuple[str, int, float, str]]:
    """Counts the covered hosts by the change from session identifiers to ML.

    Returns:
        (change, hosts, share, Cloudflare's share); empty if no host is covered, as there is nothing to compare with.
    """
    covered = sum(buckets.get(bucket, 0) for _, bucket, _ in CLOUDFLARE_CHANGES)
    return [
        (change, buckets.get(bucket, 0), buckets.get(bucket, 0) / covered, source)
        for change, bucket, source in CLOUDFLARE_CHANGES
        if covered
    ]


def schema_rows(schema: SchemaFacts | None) -> list[tuple[str, int, float, str]]:
    """Counts the parameters by type, grouped as in Cloudflare's post.

    Returns:
        (types, parameters, share, Cloudflare's share); other types last.
    """
    total = sum(schema.types.values()) if schema else 0
    if schema is None or not total:
        return []
    rows = [
        (name, sum(schema.types.get(kind, 0) for kind in kinds), source)
        for name, kinds, source in CLOUDFLARE_TYPES
    ]
    if other := total - sum(count for _, count, _ in rows):
        rows.append(("several types or none", other, "not given"))
    return [(name, count, count / total, source) for name, count, source in rows]


def size_rows(schema: SchemaFacts | None) -> list[tuple[str, int, float]]:
    """Counts the endpoints by number of parameters: (number, endpoints, share)."""
    total = sum(schema.sizes.values()) if schema else 0
    return [(name, count, count / total) for name, count in schema.sizes.items()] if schema and total else []
