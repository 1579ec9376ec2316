"""Host names, the shape of a site (API, mixed, web, assets) and the front end that calls it."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from pipelines.simulator.words import ADJECTIVES, NOUNS, SECTIONS, TOP_DOMAINS

# Shape of a site and its share of the fleet.
SHAPES = (("api", 28), ("mixed", 38), ("web", 20), ("assets", 14))
# First labels by shape; "" = none, "{n}" = a noun. Each label that smells of an API also stands before web
# sites and back.
_LABELS = {
    "api": ("api", "api", "api", "api2", "gateway", "gw", "{n}", "{n}-api", "{n}-service", "services",
    "ws", "rpc", "graphql", "data", "backend", "www", "", "m", "edge", "eu1", "app", "cdn", "hooks",
    "auth", "id", "events"),
    "mixed": ("www", "www", "www", "app", "", "", "", "my", "portal", "admin", "shop", "account", "{n}",
    "dashboard", "console", "m", "api", "cdn", "web", "beta"),
    "web": ("www", "www", "www", "", "", "blog", "docs", "shop", "help", "forum", "developers", "api-docs",
    "api", "news", "{n}", "wiki", "status", "support"),
    "assets": ("cdn", "static", "assets", "media", "img", "images", "fonts", "s3", "files", "px", "t",
    "ads", "{n}", "video", "js", "api-cdn", "api", "apis", "service", "services", "data", "rest", "{n}-service", "ws",
    "{n}-api", "gateway", "www", "", "sync", "tags", "app"),
}  # fmt: skip
# Kinds of names that sites of any shape bear: what a host is called says little of what it serves. {d} is a number.
_ANY = (
    ("", "www", "www", "m", "web", "app", "{n}"),
    ("shop", "store", "blog", "news", "docs", "help", "support", "forum", "wiki", "community", "status",
    "developers"),
    ("static", "cdn", "assets", "media", "img", "images", "files", "video", "js"),
    ("api", "api{d}", "{n}-api", "rest", "rpc", "services", "{n}-service", "gateway", "data", "backend"),
    ("login", "auth", "accounts", "id", "my", "portal", "admin"),
    ("track", "events", "stats", "ads", "metrics", "logs"),
    ("{d}", "web{d}", "srv-{d}", "node{d}", "{n}{d}", "10-0-{d}-{d}", "eu{d}", "{n}.{n}", "{n}-{d}.dev"),
)  # fmt: skip
# Share of sites that are named without regard to their shape. With none, `shop.` alone outweighed an API's path (4.0 of
# the log-odds); half leaves a word of the host the say of one hint among others.
_NAMED_ANYHOW = 0.5


@dataclass(frozen=True, slots=True)
class Front:
    """A host, its shape, and the web origin whose scripts call it ("" = its own pages)."""

    host: str
    shape: str
    origin: str

    def referers(self, rng: Random) -> tuple[str, ...]:
        """Pages that one visitor comes from; other origins show only themselves."""
        if self.origin:
            return (f"{self.origin}/",)
        root = f"https://{self.host}/"
        return (
            root,
            root + rng.choice(SECTIONS),
            f"{root}{rng.choice(SECTIONS)}/{rng.choice(ADJECTIVES)}-{rng.choice(NOUNS)}",
        )


def draw_front(rng: Random, index: int) -> Front:
    """A front. The name is unique in a fleet because it holds the number of the site."""
    shape = rng.choices([name for name, _ in SHAPES], [weight for _, weight in SHAPES])[0]
    if index < 6:  # small fleets have every shape
        shape = ("mixed", "api", "web", "mixed", "assets", "api")[index]
    domain = f"{rng.choice(ADJECTIVES)}-{rng.choice(NOUNS)}{index}.{rng.choice(TOP_DOMAINS)}"
    label = rng.choice(_LABELS[shape]).replace("{n}", rng.choice(NOUNS))
    label = _name_anyhow(domain, label)
    # A front end on another host calls most API hosts and loads all asset hosts; a mixed site calls itself.
    elsewhere = rng.random() < {"api": 0.85, "mixed": 0.08, "web": 0.0, "assets": 1.0}[shape]
    origin = f"https://{rng.choice(('www', 'app', 'my', 'portal'))}.{domain}" if elsewhere else ""
    return Front(f"{label}.{domain}" if label else domain, shape, origin)


def _name_anyhow(domain: str, usual: str) -> str:
    """The label by habit, or one of any kind: by a source of its own, so that the name changes nothing else of the site."""
    rng = Random(domain)  # noqa: S311  # a simulation, no secret
    if rng.random() >= _NAMED_ANYHOW:
        return usual
    form = rng.choice(rng.choice(_ANY))
    while "{n}" in form:
        form = form.replace("{n}", rng.choice(NOUNS), 1)
    while "{d}" in form:
        form = form.replace("{d}", str(rng.randrange(1, 255)), 1)
    return form
