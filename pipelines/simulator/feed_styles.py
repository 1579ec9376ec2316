"""Feeds of sections, tags and searches: RSS and Atom at a path of their own, or the page's path with a query.

Forms as content systems document them: `?feed=rss2` and `/feed/` (WordPress), `?format=feed&type=rss` (Joomla),
`?flav=rss20` (Blosxom), `/index.xml` (Hugo), `.rss` and `.atom` (forums).
"""

from __future__ import annotations

from random import Random

from pipelines.simulator.habits import Audience, Habits, paths, resource
from pipelines.simulator.operation import Operation, Parameter
from pipelines.simulator.values import Values
from pipelines.simulator.words import NOUNS, SECTIONS, one

_READERS: Audience = (("reader", 0.7), ("bot", 0.2), ("browser", 0.08), ("server", 0.02))
_MEDIA = (
    "application/rss+xml; charset=UTF-8", "application/rss+xml", "application/atom+xml", "text/xml",
    "text/xml; charset=utf-8", "application/xml",
)  # fmt: skip
# What turns a page into its feed: parameters with their values; none where the path says it.
_QUERIES: tuple[tuple[tuple[str, tuple[str, ...]], ...], ...] = (
    (("feed", ("rss2", "rss2", "atom", "rdf")),),
    (("flav", ("rss20", "rss20", "atom10")),),
    (("format", ("feed",)), ("type", ("rss", "atom"))),
    (("format", ("rss",)),),
    (("output", ("atom", "rss")),),
)
_ENDINGS = "/feed /feed/ /rss /index.xml /feed.xml .rss .atom /atom.xml /feed/atom"


def feeds(rng: Random, habits: Habits) -> list[Operation]:
    """One way of the site, for several of its sections and tags."""
    by_query = rng.random() < 0.5
    chosen = rng.choice(_QUERIES) if by_query else ()
    query = tuple(Parameter("query", name, Values("enum", values)) for name, values in chosen)
    ending = one(rng, "~ ~ /") if by_query else one(rng, _ENDINGS)
    made = []
    for section in rng.sample(SECTIONS, rng.randrange(1, 4)):
        under = one(rng, "~ /tags /tag /category /{n} /topics")
        pool = [f"{section}{under}{ending}"]
        pool += [f"{section}{under}/{rng.choice(NOUNS)}{ending}" for _ in range(rng.choice((2, 20)))]
        replies = habits.replies(rng.choice(_MEDIA), 14000, revalidated=True)
        made.append(resource("feed", "/{path}", replies, paths(pool), *query, audience=_READERS, weight=1.5))
    return made
