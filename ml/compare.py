"""The comparison of the two variants as figures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, Protocol

from matplotlib.figure import Figure

from ml.figures import DARK, LIGHT

SOURCE_SHARES: Final = {"unchanged": 0.46, "up to 50 more": 0.15, "over 50 more": 0.28, "fewer": 0.09}
"""Shares of domains by what the classifier changed: Cloudflare's post of 2023-03-15 (rounded there, so 98 %)."""


class Counts(Protocol):
    """Hosts by number of endpoints: `labels[i]` is a range, `ml[i]` and `session[i]` the hosts in it."""

    @property
    def labels(self) -> Sequence[str]: ...  # noqa: D102  # described by the class
    @property
    def ml(self) -> Sequence[int]: ...  # noqa: D102
    @property
    def session(self) -> Sequence[int]: ...  # noqa: D102


def histogram_figure(counts: Counts) -> Figure:
    """Bars side by side: how many hosts have so many endpoints by each variant."""
    figure = Figure(figsize=(9, 4), layout="constrained")
    axes = figure.subplots()
    places = range(len(counts.labels))
    axes.bar([place - 0.2 for place in places], counts.ml, 0.4, color=DARK, label="by classifier")
    axes.bar([place + 0.2 for place in places], counts.session, 0.4, color=LIGHT, label="by session")
    axes.set_xticks(list(places), list(counts.labels))
    axes.set(xlabel="endpoints of a host", ylabel="hosts", title="Endpoints per host, by variant")
    axes.legend()
    return figure


def difference_figure(buckets: Mapping[str, int]) -> Figure:
    """Bars side by side: shares of covered hosts by what the classifier changed, here and in the source.

    `buckets` counts hosts; only the names of `SOURCE_SHARES` are shown, a missing one is 0.
    """
    hosts = {name: buckets.get(name, 0) for name in SOURCE_SHARES}
    whole = sum(hosts.values()) or 1
    figure = Figure(figsize=(7, 4), layout="constrained")
    axes = figure.subplots()
    places = range(len(hosts))
    here = axes.bar(
        [place - 0.2 for place in places], [n / whole for n in hosts.values()], 0.4, color=DARK, label="here"
    )
    axes.bar(
        [place + 0.2 for place in places],
        [*SOURCE_SHARES.values()],
        0.4,
        color=LIGHT,
        label="Cloudflare, 2023",
    )
    axes.bar_label(here, [f"{n:,}" for n in hosts.values()])
    axes.set_xticks(list(places), list(hosts))
    axes.set(
        xlabel="endpoints by classifier against session",
        ylabel="share of hosts with an identifier",
        title="What the classifier changed",
    )
    axes.legend()
    return figure
