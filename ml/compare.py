"""The comparison of the two variants as a figure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from matplotlib.figure import Figure

from ml.figures import DARK, LIGHT


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
