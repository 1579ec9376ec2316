"""Formatting facts: numbers, times, hostile text, sentences."""

from __future__ import annotations

import re
from datetime import UTC, datetime

from pipelines.report.facts import Facts, InputFacts, Totals

# Control characters, and characters that reorder or hide text: an attacker's path must look like what it is.
# `assets/endpoints.js` escapes the same characters in the same way.
INVISIBLE = re.compile(
    "[\u0000-\u001f\u007f-\u009f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]"
)

AGREEING = 0.15
"""Standard deviation of the clients' probabilities below which they are said to agree."""


def escape_invisible(text: str) -> str:
    r"""Escapes every invisible character, such as "\u202e" for U+202E."""
    return INVISIBLE.sub(lambda found: f"\\u{ord(found.group()):04x}", text)


def format_number(value: int) -> str:
    """Formats a whole number: 48210 -> "48,210"."""
    return f"{value:,}"


def format_count(value: int, noun: str) -> str:
    """Formats a count: (1, "host") -> "1 host", (48210, "host") -> "48,210 hosts".

    Regular plurals only.
    """
    return f"{format_number(value)} {noun}" if value == 1 else f"{format_number(value)} {noun}s"


def format_signed(value: int) -> str:
    """Formats a difference: 57 -> "+57", -6 -> "−6" (a minus, not a hyphen), 0 -> "0"."""
    return f"{value:+,}".replace("-", "−") if value else "0"


def format_percent(share: float) -> str:
    """Formats a share between 0 and 1: 0.123 -> "12.3 %".

    "0.0 %" and "100.0 %" stand only for exactly none and all.
    """
    if 0 < share < 0.001:
        return "< 0.1 %"
    if 0.999 < share < 1:
        return "> 99.9 %"
    return f"{share:.1%}".replace("%", " %").replace(".0 ", " ")


def to_utc(moment: datetime) -> datetime:
    """Converts a time to UTC; one without a time zone is taken as UTC."""
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def format_minute(moment: datetime) -> str:
    """Formats a time: "2026-03-01 12:05 UTC"."""
    return f"{to_utc(moment):%Y-%m-%d %H:%M} UTC"


def describe_spread(low: float | None, high: float | None, deviation: float | None, client_days: int) -> str:
    """Describes how much the clients of an endpoint differ, each counted once a day.

    Empty if the classifier saw no client.
    """
    if low is None or high is None or deviation is None:
        return ""
    if client_days == 1:
        return "seen by one client on one day only"
    days = format_number(client_days)
    described = (
        f"between {low:.2f} and {high:.2f} in {days} days of clients, standard deviation {deviation:.2f}"
    )
    return f"{described}: they {'agree' if deviation < AGREEING else 'differ'}"


def summarise(facts: Facts) -> str:
    """Summarises the result in one sentence."""
    inputs = facts.inputs
    if not inputs.read:
        return "No traffic was read yet."
    totals = facts.totals
    endpoints = format_count(totals.ml, "endpoint") if totals.ml else "no endpoint"
    hosts = format_count(inputs.hosts, "host")
    sentence = (
        f"Found {endpoints} on {f'{format_number(totals.hosts)} of {hosts}' if totals.ml else hosts} in "
        f"{format_count(inputs.valid, 'transaction')} from {format_count(inputs.files, 'file')}"
    )
    if inputs.first_seen is not None and inputs.last_seen is not None:
        first, last = to_utc(inputs.first_seen).date(), to_utc(inputs.last_seen).date()
        sentence += f", {f'on {first}' if first == last else f'between {first} and {last}'}"
    return f"{sentence}.{describe_session_only(totals)}"


def describe_session_only(totals: Totals) -> str:
    """Describes the endpoints of session identifiers alone; empty if there are none."""
    if not totals.only_session:
        return ""
    pages = f", {format_number(totals.session_pages)} of them pages or assets" if totals.session_pages else ""
    return f" Session identifiers alone list {format_number(totals.only_session)} more{pages}."


def explain_emptiness(inputs: InputFacts) -> tuple[str, list[str]]:
    """Explains why no endpoint was found, with advice, the likeliest first."""
    if not inputs.read:
        return "No record was read.", [
            "Check that the path given to ingest holds log files; ingest --help lists the formats.",
            "Give the format with --format if it was not detected from the first lines.",
        ]
    if not inputs.valid:
        return f"All {format_count(inputs.read, 'record')} went to quarantine.", [
            "Read the reasons under “Input quality”: with a wrong --format, all records have the same reason.",
            "Check that the log has a time, a host, a method, a path and a status.",
        ]
    return (
        f"{format_count(inputs.valid, 'transaction')} were read, but none was classified as an API call.",
        [
            "If these hosts serve APIs, name their session identifiers in selection.sessions and run compare.",
            "Raise selection.miss_cost (the cost of a missed endpoint), or train the classifier on your own traffic.",
            "An endpoint needs endpoints.min_answers requests without an error response: add traffic, or lower it.",
        ],
    )
