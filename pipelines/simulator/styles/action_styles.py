"""Actions of pages: form posts, HTML fragments, redirects, feeds, broken links."""

from __future__ import annotations

from random import Random

from pipelines.simulator.styles.page_styles import draw_article_path
from pipelines.simulator.vocabulary.operation import Operation, Parameter, make_responses
from pipelines.simulator.vocabulary.values import Values, draw_entities
from pipelines.simulator.vocabulary.web_conventions import (
    PAGE_AUDIENCE,
    SCRIPT_AUDIENCE,
    Audience,
    WebConventions,
    declare_resource,
    make_path_variable,
    make_query_parameters,
)
from pipelines.simulator.vocabulary.words import FIELDS, NOUNS, SECTIONS, draw_text

_FORM_MEDIA = (
    "application/x-www-form-urlencoded",
    "application/x-www-form-urlencoded",
    "multipart/form-data; boundary=----b",
)


def declare_forms(rng: Random, conventions: WebConventions) -> list[Operation]:
    """Declares posts of HTML forms, whose response is a redirect or the next page."""
    operations, redirect = [], conventions.html if conventions.types_redirect else ""
    for _ in range(rng.randrange(1, 4)):
        path = draw_text(
            rng,
            """/{w}-{n} /login /cart/add /contact /{s} /search /wp-comments-post.php /newsletter
            /account/settings /{s}/{d}/{w} /checkout/{n} /users/sign_in /api/contact-form
            /session /{n}/submit""",
        )
        responses = make_responses(
            [
                (0.5, 302, redirect, 0),
                (0.15, 303, "", 0),
                (0.28, 200, conventions.html, 14000),
                (0.04, 422, conventions.html, 14000),
                (0.03, 403, conventions.html, 900),
            ]
        )
        names = (name.replace("-", "_") for name in rng.sample(FIELDS, rng.randrange(2, 6)))
        fields = (Parameter("body", name, Values("words"), 0.9) for name in names)
        senders = (("browser", 0.95), ("bot", 0.02), ("server", 0.03))
        operations.append(
            declare_resource(
                "form-post",
                path + conventions.extension.strip("/"),
                responses,
                *fields,
                method="POST",
                audience=senders,
                request_media=rng.choice(_FORM_MEDIA),
                weight=0.7,
            )
        )
    return operations


def declare_fragments(rng: Random, conventions: WebConventions) -> list[Operation]:
    """Declares HTML fragments that scripts fetch or frames show.

    Scripts are htmx, Turbo, or use partial templates.
    """
    operations = []
    for _ in range(rng.randrange(1, 4)):
        path = draw_text(
            rng,
            """/{s}/_{n} /partials/{n} /ajax/{n} /widgets/{n}.html /{n}/render /api/html/{n}
            /templates/{n}.html /embed/{n} /{s}/{d}/row /notifications/render /{v}/partials/{n}""",
        )
        operations.append(
            declare_resource(
                "fragment",
                path,
                conventions.responses(conventions.html, 2500),
                *make_query_parameters(draw_text(rng, "id:int page:small _:unix"), 0.6),
                modes=rng.choice((("fetch",), ("xhr",), ("iframe",))),
                audience=SCRIPT_AUDIENCE,
                weight=1.5,
                cache_control=conventions.page_cache,
            )
        )
    return operations


def declare_redirects(rng: Random, conventions: WebConventions) -> list[Operation]:
    """Declares moved pages, short links and single sign-on.

    Most responses have no content type.
    """
    pool = make_path_variable([draw_article_path(rng, rng.choice(SECTIONS)) for _ in range(40)] + [""] * 10)
    media = conventions.html if conventions.types_redirect else ""
    moved = make_responses(
        [(0.7, 301, media, 160), (0.2, 302, media, 0), (0.06, 308, "", 0), (0.04, 307, "", 0)]
    )
    operations = [declare_resource("redirect", "/{path}", moved, pool, weight=1.2)]
    if rng.random() < 0.5:
        code = Parameter("path", "code", draw_entities(rng, "base62", 30))
        single_sign_on = make_responses([(1, 302, media, 0)])
        operations.append(
            declare_resource(
                "redirect", draw_text(rng, "/r /go /out /l /link") + "/{code}", single_sign_on, code
            )
        )
        path = draw_text(
            rng, "/oauth/authorize /auth/callback /logout /sso/start /login/redirect /api/auth/signin"
        )
        responses = make_responses([(0.9, 302, "", 0), (0.1, 200, conventions.html, 5000)])
        target = make_query_parameters(draw_text(rng, "url:word next:word return_to:word state:base62"), 0.7)
        operations.append(declare_resource("redirect", path, responses, *target, weight=0.7))
    return operations


_FEED_AUDIENCE: Audience = (("reader", 0.7), ("bot", 0.2), ("browser", 0.08), ("server", 0.02))
_MEDIA = (
    "application/rss+xml; charset=UTF-8", "application/rss+xml", "application/atom+xml", "text/xml",
    "text/xml; charset=utf-8", "application/xml",
)  # fmt: skip
# Parameters, with their values, that turn a page into its feed; none if the path does so.
_QUERIES: tuple[tuple[tuple[str, tuple[str, ...]], ...], ...] = (
    (("feed", ("rss2", "rss2", "atom", "rdf")),),
    (("flav", ("rss20", "rss20", "atom10")),),
    (("format", ("feed",)), ("type", ("rss", "atom"))),
    (("format", ("rss",)),),
    (("output", ("atom", "rss")),),
)
_ENDINGS = "/feed /feed/ /rss /index.xml /feed.xml .rss .atom /atom.xml /feed/atom"


def declare_feeds(rng: Random, conventions: WebConventions) -> list[Operation]:
    """Declares feeds for some sections and tags, all in one of the usual ways."""
    by_query = rng.random() < 0.5
    chosen = rng.choice(_QUERIES) if by_query else ()
    query = tuple(Parameter("query", name, Values("enum", values)) for name, values in chosen)
    ending = draw_text(rng, "~ ~ /") if by_query else draw_text(rng, _ENDINGS)
    operations = []
    for section in rng.sample(SECTIONS, rng.randrange(1, 4)):
        under = draw_text(rng, "~ /tags /tag /category /{n} /topics")
        pool = [f"{section}{under}{ending}"]
        pool += [f"{section}{under}/{rng.choice(NOUNS)}{ending}" for _ in range(rng.choice((2, 20)))]
        responses = conventions.responses(rng.choice(_MEDIA), 14000, revalidated=True)
        operations.append(
            declare_resource(
                "feed",
                "/{path}",
                responses,
                make_path_variable(pool),
                *query,
                audience=_FEED_AUDIENCE,
                weight=1.5,
            )
        )
    return operations


FORM = "application/x-www-form-urlencoded"
# Remains of quoting, cutting and pasting at the end of an address.
_JUNK = (
    "%22", "&quot;", ")", "%20target=", "%27", ",", "...", "%20", "%E2%80%9D", "%0A", "]", "%3E", "~",
    "+++++++Result:+sent;", "%3C/a%3E", "http://x.example/", "%D0%BF%D1%80", "undefined", "null",
    "index.html%20", "&amp;page=2", "%5C",
)  # fmt: skip
_GUESSED = """node/add/{n} user/register {n}/{n} {s}/{h} {n}.php {n}/feed {s}/page/{d} {n}/wlwmanifest.xml
    wp-content/{n}.php .env api/.env .git/HEAD {n}/.env.bak {n}/.git/config .well-known/{n} api/{n}.bak"""
_BROKEN_LINK_AUDIENCE: Audience = (("bot", 0.5), ("browser", 0.35), ("reader", 0.05), ("server", 0.1))
_SPAM_AUDIENCE: Audience = (("bot", 0.3), ("server", 0.3), ("browser", 0.4))


def declare_broken_links(rng: Random, conventions: WebConventions) -> list[Operation]:
    """Declares wrong addresses, as people, crawlers and spam programs use them.

    They are truncated, quoted or moved; spam programs also post forms to articles.
    """
    html = conventions.html
    articles = [draw_article_path(rng, rng.choice(SECTIONS)) for _ in range(60)]
    rotten = [
        path + (rng.choice(_JUNK) if rng.random() < 0.6 else conventions.extension) for path in articles
    ]
    rotten += [draw_text(rng, _GUESSED) for _ in range(30)]
    missing = make_responses(
        [(0.85, 404, html, 350), (0.06, 410, html, 300), (0.04, 403, html, 300), (0.05, 400, html, 200)]
    )
    operations = [
        declare_resource(
            "broken-link",
            "/{path}",
            missing,
            make_path_variable(rotten),
            audience=_BROKEN_LINK_AUDIENCE,
            weight=1.5,
        )
    ]
    if rng.random() < 0.5:
        pool = make_path_variable(
            [draw_article_path(rng, rng.choice(SECTIONS)) + conventions.extension for _ in range(30)]
        )
        refused = [(0.2, 403, html, 400), (0.2, 404, html, 400), (0.15, 405, html, 200), (0.1, 302, "", 0)]
        accepted = make_responses([(0.35, 200, html, 12000), *refused])
        fields = (
            Parameter("body", "comment", Values("text")),
            Parameter("body", "email", Values("email"), 0.8),
        )
        operations.append(
            declare_resource(
                "spam-post", "/{path}", accepted, pool, *fields, method="POST", audience=_SPAM_AUDIENCE,
                request_media=FORM, weight=0.5,
            )
        )  # fmt: skip
    return operations


_POSTED = """/saml/acs /signin-oidc /login/callback /{n}/token/post /oauth2/form_post /secure/3ds
    /payment/return /auth/{n}/post /api/auth/callback /{v}/authorize /{n}/frame /checkout/{w} /sso/post
    /Account/ExternalLogin"""


def declare_posted_documents(rng: Random, conventions: WebConventions) -> list[Operation]:
    """Declares documents that a browser gets by POST.

    Sign-on between sites, payment and widgets, as a page or in a frame.
    """
    sent = (Parameter("body", "returnUrl", Values("word")), Parameter("body", "state", Values("base62")))
    redirect = conventions.html if conventions.types_redirect else ""
    responses = make_responses(
        [(0.5, 200, conventions.html, 900), (0.45, 302, redirect, 0), (0.05, 400, conventions.html, 500)]
    )
    modes = rng.choice((("navigate",), ("iframe",)))
    return [
        declare_resource(
            "posted-document", draw_text(rng, _POSTED), responses, *sent, method="POST", modes=modes,
            audience=PAGE_AUDIENCE, request_media=FORM, weight=0.8,
        )
    ]  # fmt: skip
