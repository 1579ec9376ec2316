"""Requests that pages get without offering anything: broken links, spam, documents that another site posts."""

from __future__ import annotations

from random import Random

from pipelines.simulator.habits import PAGE_AUDIENCE, Audience, Habits, paths, resource
from pipelines.simulator.operation import Operation, Parameter, answers
from pipelines.simulator.page_styles import article
from pipelines.simulator.values import Values
from pipelines.simulator.words import SECTIONS, one

FORM = "application/x-www-form-urlencoded"
# What quoting, cutting and pasting leave at the end of an address.
_JUNK = (
    "%22", "&quot;", ")", "%20target=", "%27", ",", "...", "%20", "%E2%80%9D", "%0A", "]", "%3E", "~",
    "+++++++Result:+sent;", "%3C/a%3E", "http://x.example/", "%D0%BF%D1%80", "undefined", "null",
    "index.html%20", "&amp;page=2", "%5C",
)  # fmt: skip
_GUESSED = """node/add/{n} user/register {n}/{n} {s}/{h} {n}.php {n}/feed {s}/page/{d} {n}/wlwmanifest.xml
    wp-content/{n}.php .env api/.env .git/HEAD {n}/.env.bak {n}/.git/config .well-known/{n} api/{n}.bak"""
_LOST: Audience = (("bot", 0.5), ("browser", 0.35), ("reader", 0.05), ("server", 0.1))
_SPAMMERS: Audience = (("bot", 0.3), ("server", 0.3), ("browser", 0.4))


def broken_links(rng: Random, habits: Habits) -> list[Operation]:
    """Addresses that people, crawlers and spam programs get wrong: cut, quoted, moved; forms sent to articles."""
    html = habits.html
    articles = [article(rng, rng.choice(SECTIONS)) for _ in range(60)]
    rotten = [path + (rng.choice(_JUNK) if rng.random() < 0.6 else habits.extension) for path in articles]
    rotten += [one(rng, _GUESSED) for _ in range(30)]
    gone = answers(
        [(0.85, 404, html, 350), (0.06, 410, html, 300), (0.04, 403, html, 300), (0.05, 400, html, 200)]
    )
    made = [resource("broken-link", "/{path}", gone, paths(rotten), audience=_LOST, weight=1.5)]
    if rng.random() < 0.5:
        pool = paths([article(rng, rng.choice(SECTIONS)) + habits.extension for _ in range(30)])
        refused = [(0.2, 403, html, 400), (0.2, 404, html, 400), (0.15, 405, html, 200), (0.1, 302, "", 0)]
        taken = answers([(0.35, 200, html, 12000), *refused])
        fields = (
            Parameter("body", "comment", Values("text")),
            Parameter("body", "email", Values("email"), 0.8),
        )
        made.append(
            resource(
                "spam-post", "/{path}", taken, pool, *fields, method="POST", audience=_SPAMMERS,
                request_media=FORM, weight=0.5,
            )
        )  # fmt: skip
    return made


_POSTED = """/saml/acs /signin-oidc /login/callback /{n}/token/post /oauth2/form_post /secure/3ds
    /payment/return /auth/{n}/post /api/auth/callback /{v}/authorize /{n}/frame /checkout/{w} /sso/post
    /Account/ExternalLogin"""


def posted_documents(rng: Random, habits: Habits) -> list[Operation]:
    """Documents that a browser gets by POST, as a page or in a frame: sign-on between sites, payment, widgets."""
    sent = (Parameter("body", "returnUrl", Values("word")), Parameter("body", "state", Values("base62")))
    redirect = habits.html if habits.types_redirect else ""
    replies = answers([(0.5, 200, habits.html, 900), (0.45, 302, redirect, 0), (0.05, 400, habits.html, 500)])
    modes = rng.choice((("navigate",), ("iframe",)))
    return [
        resource(
            "posted-document", one(rng, _POSTED), replies, *sent, method="POST", modes=modes,
            audience=PAGE_AUDIENCE, request_media=FORM, weight=0.8,
        )
    ]  # fmt: skip
