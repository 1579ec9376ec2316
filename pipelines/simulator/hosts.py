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
    # A front end on another host calls most API hosts and loads all asset hosts; a mixed site calls itself.
    elsewhere = rng.random() < {"api": 0.85, "mixed": 0.08, "web": 0.0, "assets": 1.0}[shape]
    origin = f"https://{rng.choice(('www', 'app', 'my', 'portal'))}.{domain}" if elsewhere else ""
    return Front(f"{label}.{domain}" if label else domain, shape, origin)
