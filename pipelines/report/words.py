"""Facts in words: numbers, times, hostile text made visible, the summary and the way out of an empty page."""

from __future__ import annotations

import re
from datetime import UTC, datetime

from pipelines.report.facts import Facts, InputFacts, Totals

# Control characters and the marks that reorder or hide text: a path from an attacker must look like what it
# is. `assets/endpoints.js` shows the same set in the same way.
INVISIBLE = re.compile(
    "[\u0000-\u001f\u007f-\u009f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]"
)

AGREEING = 0.15
"""Standard deviation of clients' probabilities below which the page says that they agree."""


def escape_invisible(text: str) -> str:
    r"""`text` with every invisible character written as its escape, "\u202e" for U+202E."""
    return INVISIBLE.sub(lambda found: f"\\u{ord(found.group()):04x}", text)


def format_number(value: int) -> str:
    """48210 -> "48,210"."""
    return f"{value:,}"


def format_count(value: int, noun: str) -> str:
    """(1, "host") -> "1 host", (48210, "host") -> "48,210 hosts". Regular plurals only."""
    return f"{format_number(value)} {noun}" if value == 1 else f"{format_number(value)} {noun}s"


def format_signed(value: int) -> str:
    """57 -> "+57", -6 -> "−6" (a minus, not a hyphen), 0 -> "0"."""
    return f"{value:+,}".replace("-", "−") if value else "0"


def format_percent(share: float) -> str:
    """A share between 0 and 1 -> "12.3 %". Never "0.0 %" or "100.0 %" for what is not exactly none or all."""
    if 0 < share < 0.001:
        return "< 0.1 %"
    if 0.999 < share < 1:
        return "> 99.9 %"
    return f"{share:.1%}".replace("%", " %").replace(".0 ", " ")


def to_utc(moment: datetime) -> datetime:
    """The same moment in UTC; a naive one is taken as UTC."""
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def format_minute(moment: datetime) -> str:
    """2026-03-01 12:05 UTC."""
    return f"{to_utc(moment):%Y-%m-%d %H:%M} UTC"


def describe_spread(low: float | None, high: float | None, deviation: float | None, client_days: int) -> str:
    """How much the clients of an endpoint differ; a client counts once a day. Empty where the classifier saw none."""
    if low is None or high is None or deviation is None:
        return ""
    if client_days == 1:
        return "seen by one client on one day only"
    said = f"between {low:.2f} and {high:.2f} in {format_number(client_days)} days of clients, standard deviation {deviation:.2f}"
    return f"{said}: they {'agree' if deviation < AGREEING else 'differ'}"


def summarise(facts: Facts) -> str:
    """The result in one sentence."""
    inputs = facts.inputs
    if not inputs.read:
        return "No traffic was read yet."
    totals = facts.totals
    found = format_count(totals.ml, "endpoint") if totals.ml else "no endpoint"
    hosts = format_count(inputs.hosts, "host")
    sentence = (
        f"Found {found} on {f'{format_number(totals.hosts)} of {hosts}' if totals.ml else hosts} in "
        f"{format_count(inputs.valid, 'transaction')} from {format_count(inputs.files, 'file')}"
    )
    if inputs.first_seen is not None and inputs.last_seen is not None:
        first, last = to_utc(inputs.first_seen).date(), to_utc(inputs.last_seen).date()
        sentence += f", {f'on {first}' if first == last else f'between {first} and {last}'}"
    return f"{sentence}.{describe_session_only(totals)}"


def describe_session_only(totals: Totals) -> str:
    """What session identifiers alone found, in a sentence; nothing where that is none."""
    if not totals.only_session:
        return ""
    pages = f", {format_number(totals.session_pages)} of them pages or assets" if totals.session_pages else ""
    return f" Session identifiers alone list {format_number(totals.only_session)} more{pages}."


def explain_emptiness(inputs: InputFacts) -> tuple[str, list[str]]:
    """Why no endpoint was found, and what to do about it, likeliest first."""
    if not inputs.read:
        return "No record was read.", [
            "Check that the path given to ingest holds log files; ingest --help lists the formats.",
            "Name the format with --format where the guess from the first lines fails.",
        ]
    if not inputs.valid:
        return f"All {format_count(inputs.read, 'record')} went to quarantine.", [
            "Read the reasons under “Input quality”: a wrong --format shows as one reason for every record.",
            "Check that the log has a time, a host, a method, a path and a status.",
        ]
    return (
        f"{format_count(inputs.valid, 'transaction')} were read, but none was selected as a call of an API.",
        [
            "If these hosts serve APIs, name their session identifiers in selection.sessions and compare.",
            "Raise selection.miss_cost (what a missed endpoint costs), or train the classifier on traffic of your own.",
            "An endpoint needs endpoints.min_answers requests answered without an error: add traffic, or lower it.",
        ],
    )
