"""Error rate and delay of the test for inactive endpoints, by kind of traffic.

The rate at which active endpoints are mistaken for inactive, and the days until an inactive one is detected
(docs/changes.md).
"""

from __future__ import annotations

import numpy as np

from pipelines.changes.significance import measure_inactivity
from pipelines.runtime import settings
from tests.endpoint_activity import DAYS, TRAFFIC, count_flagged_gaps

ENDPOINTS = 300
LONGEST = 400


def main() -> None:
    """Prints the table in Markdown."""
    changes = settings.load_settings().changes
    print("| traffic | gaps | share taken for the end | median days until an end is seen |")
    print("|---|---|---|---|")
    for name, traffic in TRAFFIC.items():
        rng = np.random.default_rng(11)
        histories = [np.flatnonzero(traffic(rng)).tolist() for _ in range(ENDPOINTS)]
        marks = sum(count_flagged_gaps(active, changes) for active in histories)
        gaps = sum(len(active) - 1 for active in histories)
        waits = []
        for active in histories[:50]:
            inactivities = (
                measure_inactivity(active, active[-1] + 1 + days, changes.cycles, changes.cycles_seen)
                for days in range(1, LONGEST)
            )
            days = next(
                (
                    one.days
                    for one in inactivities
                    if one.chance is not None and one.chance <= changes.idle_risk
                ),
                LONGEST,
            )
            waits.append(days)
        wait = np.median(waits)
        print(f"| {name} | {gaps:,} | {marks / gaps:.4f} | {'over ' if wait == LONGEST else ''}{wait:.0f} |")
    print(f"\n{ENDPOINTS} endpoints a kind, {DAYS} days each, looked at every day.")


if __name__ == "__main__":
    main()
