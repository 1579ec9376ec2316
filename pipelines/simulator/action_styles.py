"""What pages do: form posts, HTML fragments fetched by scripts, redirects."""

from __future__ import annotations

from random import Random

from pipelines.simulator.habits import SCRIPT_AUDIENCE, Habits, paths, queries, resource
from pipelines.simulator.operation import Operation, Parameter, answers
from pipelines.simulator.page_styles import article
from pipelines.simulator.values import Values, entities
from pipelines.simulator.words import FIELDS, SECTIONS, one

_FORM_MEDIA = (
    "application/x-www-form-urlencoded",
    "application/x-www-form-urlencoded",
    "multipart/form-data; boundary=----b",
)


def forms(rng: Random, habits: Habits) -> list[Operation]:
    """Posts of HTML forms, answered with a redirect or the next page."""
    made, redirect = [], habits.html if habits.types_redirect else ""
    for _ in range(rng.randrange(1, 4)):
        path = one(
            rng,
            """/{w}-{n} /login /cart/add /contact /{s} /search /wp-comments-post.php /newsletter
            /account/settings /{s}/{d}/{w} /checkout/{n} /users/sign_in /api/contact-form
            /session /{n}/submit""",
        )
        replies = answers(
            [
                (0.5, 302, redirect, 0),
                (0.15, 303, "", 0),
                (0.28, 200, habits.html, 14000),
                (0.04, 422, habits.html, 14000),
                (0.03, 403, habits.html, 900),
            ]
        )
        names = (name.replace("-", "_") for name in rng.sample(FIELDS, rng.randrange(2, 6)))
        fields = (Parameter("body", name, Values("words"), 0.9) for name in names)
        senders = (("browser", 0.95), ("bot", 0.02), ("server", 0.03))
        made.append(
            resource(
                "form-post",
                path + habits.extension.strip("/"),
                replies,
                *fields,
                method="POST",
                audience=senders,
                request_media=rng.choice(_FORM_MEDIA),
                weight=0.7,
            )
        )
    return made


def fragments(rng: Random, habits: Habits) -> list[Operation]:
    """HTML pieces fetched by scripts (htmx, Turbo, partial templates) or shown in frames."""
    made = []
    for _ in range(rng.randrange(1, 4)):
        path = one(
            rng,
            """/{s}/_{n} /partials/{n} /ajax/{n} /widgets/{n}.html /{n}/render /api/html/{n}
            /templates/{n}.html /embed/{n} /{s}/{d}/row /notifications/render /{v}/partials/{n}""",
        )
        made.append(
            resource(
                "fragment",
                path,
                habits.replies(habits.html, 2500),
                *queries(one(rng, "id:int page:small _:unix"), 0.6),
                modes=rng.choice((("fetch",), ("xhr",), ("iframe",))),
                audience=SCRIPT_AUDIENCE,
                weight=1.5,
                cache_control=habits.page_cache,
            )
        )
    return made


def redirects(rng: Random, habits: Habits) -> list[Operation]:
    """Moved pages, short links, single sign-on; most answers without a content type."""
    pool = paths([article(rng, rng.choice(SECTIONS)) for _ in range(40)] + [""] * 10)
    media = habits.html if habits.types_redirect else ""
    moved = answers([(0.7, 301, media, 160), (0.2, 302, media, 0), (0.06, 308, "", 0), (0.04, 307, "", 0)])
    made = [resource("redirect", "/{path}", moved, pool, weight=1.2)]
    if rng.random() < 0.5:
        code = Parameter("path", "code", entities(rng, "base62", 30))
        found = answers([(1, 302, media, 0)])
        made.append(resource("redirect", one(rng, "/r /go /out /l /link") + "/{code}", found, code))
        path = one(rng, "/oauth/authorize /auth/callback /logout /sso/start /login/redirect /api/auth/signin")
        replies = answers([(0.9, 302, "", 0), (0.1, 200, habits.html, 5000)])
        target = queries(one(rng, "url:word next:word return_to:word state:base62"), 0.7)
        made.append(resource("redirect", path, replies, *target, weight=0.7))
    return made
