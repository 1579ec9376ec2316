"""Patterns of secrets by issuer, as data, each with its source.

They are bounded wherever something must follow a repetition, so that no text makes them slow (`eyJ` repeated, for instance).
Heads also run in RE2, which has no look-around and limits bounds to 1,000. The list was compared with excerpts of gitleaks' rules
(github.com/gitleaks/gitleaks, MIT), not with all of them; the expressions are our own, from the issuers' documentation.
"""

from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Issuer:
    """The pattern of an issuer's secrets.

    `pattern` is the secret itself; `head` is shorter and occurs in every match: most texts contain none and need no more search.
    """

    name: str
    pattern: str
    head: str
    source: str


_W = "[A-Za-z0-9_-]"
_ALONE = "(?<![A-Za-z0-9])"
"""Not inside a word: for short prefixes (`disk-`)."""
_MIXED = r"[A-Za-z_-]{0,40}[0-9][A-Za-z0-9_-]{8,}"
"""With a digit near the start, which keys have and hyphenated words do not."""

ISSUERS = (
    Issuer("jwt", rf"eyJ{_W}{{6,2048}}\.{_W}{{2,}}(?:\.{_W}*)?", rf"eyJ{_W}{{6}}", "RFC 7519"),
    Issuer(
        "bearer",
        r"(?:[Bb]earer|BEARER)(?:\s|%20|\+){1,4}[A-Za-z0-9._~+/=-]{4,}",
        "[Bb]earer|BEARER",
        "RFC 6750",
    ),
    Issuer("basic", r"[Bb]asic(?:\s|%20|\+){1,4}[A-Za-z0-9+/=_-]{6,}", "[Bb]asic(?:\\s|%20|\\+)", "RFC 7617"),
    Issuer(
        "private key",
        r"-----BEGIN [A-Z ]{0,30}PRIVATE KEY(?: BLOCK)?-----[^-]{0,8192}",
        "PRIVATE KEY",
        "RFC 7468",
    ),
    Issuer(
        "github",
        r"gh[pousr]_[A-Za-z0-9]{16,}|github_pat_[A-Za-z0-9_]{16,}",
        "gh[pousr]_|github_pat_",
        "docs.github.com: about authentication",
    ),
    Issuer(
        "gitlab",
        rf"gl(?:pat|dt|rt|rtr|cbt|ptt|ft|imt|agent|soat|oas|ffct|wt)-{_W}{{16,}}",
        rf"gl[a-z]{{2,6}}-{_W}{{9}}",
        "docs.gitlab.com: token overview",
    ),
    Issuer(
        "slack",
        r"xox[abceoprs](?:\.xox[a-z])?-[A-Za-z0-9-]{8,}|xapp-[0-9]-[A-Za-z0-9-]{8,}",
        "xox[a-z]|xapp-",
        "api.slack.com: token types",
    ),
    Issuer(
        "slack web hook",
        r"hooks\.slack(?:-gov)?\.com/(?:services|workflows|triggers)/[A-Za-z0-9_/-]{8,}",
        r"hooks\.slack",
        "api.slack.com: incoming webhooks",
    ),
    Issuer(
        "discord web hook",
        rf"discord(?:app)?\.com/api/(?:v[0-9]{{1,2}}/)?webhooks/[0-9]{{5,20}}/{_W}{{8,}}",
        "/webhooks/",
        "discord.com/developers: webhook resource",
    ),
    Issuer(
        "teams web hook",
        r"webhook\.office\.com/webhookb?2?/[A-Za-z0-9@/-]{8,}",
        r"webhook\.office",
        "learn.microsoft.com: incoming webhooks",
    ),
    Issuer("telegram", rf"[0-9]{{6,12}}:AA{_W}{{30,}}", f":AA{_W}{{8}}", "core.telegram.org/bots/api"),
    Issuer(
        "openai and alike",
        rf"{_ALONE}sk-(?:(?:proj|svcacct|admin|None|ant|or|lf)-{_W}{{12,}}|{_MIXED})",
        f"sk-{_W}{{9}}",
        "platform.openai.com, docs.anthropic.com: authentication",
    ),
    Issuer(
        "aws",
        r"(?:AKIA|ASIA|ABIA|ACCA)[0-9A-Z]{12,}",
        "A(?:KI|SI|BI|CC)A[0-9A-Z]{9}",
        "docs.aws.amazon.com: IAM identifiers",
    ),
    Issuer(
        "google",
        rf"AIza{_W}{{20,}}|ya29\.{_W}{{16,}}|GOCSPX-{_W}{{16,}}|1//0{_W}{{20,}}",
        r"AIza|ya29\.|GOCSPX-|1//0",
        "cloud.google.com: API keys, OAuth 2.0",
    ),
    Issuer(
        "stripe",
        r"[srp]k_(?:live|test)_[0-9A-Za-z]{8,}|whsec_[0-9A-Za-z+/=]{16,}",
        "k_(?:live|test)_|whsec_",
        "docs.stripe.com: keys",
    ),
    Issuer("sendgrid", rf"SG\.{_W}{{10,64}}\.{_W}{{10,}}", rf"SG\.{_W}{{10}}", "docs.sendgrid.com: API keys"),
    Issuer(
        "mailgun", rf"{_ALONE}key-[0-9a-f]{{32}}", "key-[0-9a-f]{9}", "documentation.mailgun.com: API keys"
    ),
    Issuer(
        "mailchimp", r"[0-9a-f]{32}-us[0-9]{1,2}", "[0-9a-f]-us[0-9]", "mailchimp.com/developer: API keys"
    ),
    Issuer("twilio", rf"{_ALONE}SK[0-9a-f]{{32}}", "SK[0-9a-f]{9}", "twilio.com/docs: API keys"),
    Issuer("npm", r"npm_[A-Za-z0-9]{20,}", "npm_[A-Za-z0-9]{9}", "docs.npmjs.com: access tokens"),
    Issuer("pypi", rf"pypi-{_W}{{16,}}", f"pypi-{_W}{{9}}", "pypi.org/help: API tokens"),
    Issuer("rubygems", r"rubygems_[0-9a-f]{20,}", "rubygems_", "guides.rubygems.org: API key scopes"),
    Issuer("docker", rf"dckr_(?:pat|oat)_{_W}{{16,}}", "dckr_", "docs.docker.com: access tokens"),
    Issuer(
        "hugging face",
        rf"{_ALONE}(?:hf|api_org)_[A-Za-z0-9]{{20,}}",
        "(?:hf|api_org)_[A-Za-z0-9]{9}",
        "huggingface.co/docs: user access tokens",
    ),
    Issuer(
        "groq, replicate, perplexity, xai",
        rf"{_ALONE}(?:gsk_|r8_|pplx-|xai-)[A-Za-z0-9]{{24,}}",
        "(?:gsk_|r8_|pplx-|xai-)[A-Za-z0-9]{9}",
        "their consoles",
    ),
    Issuer("digitalocean", r"do[opr]_v1_[0-9a-f]{32,}", "do[opr]_v1_", "docs.digitalocean.com: tokens"),
    Issuer(
        "shopify", r"shp(?:at|ca|pa|ss|tka)_[0-9a-fA-F]{16,}", "shp[a-z]{2,3}_", "shopify.dev: access tokens"
    ),
    Issuer("square", rf"sq0[a-z]{{3}}-{_W}{{16,}}", "sq0[a-z]{3}-", "developer.squareup.com: access tokens"),
    Issuer(
        "databricks", r"dapi[0-9a-f]{32}", "dapi[0-9a-f]{9}", "docs.databricks.com: personal access tokens"
    ),
    Issuer(
        "vault", rf"hv[sbr]\.{_W}{{20,}}", rf"hv[sbr]\.{_W}{{9}}", "developer.hashicorp.com: Vault tokens"
    ),
    Issuer(
        "atlassian",
        rf"AT(?:ATT3|CTT3|BB){_W}{{20,}}",
        f"AT(?:ATT3|CTT3|BB){_W}{{9}}",
        "support.atlassian.com: API tokens",
    ),
    Issuer(
        "linear, notion",
        r"lin_(?:api|oauth)_[A-Za-z0-9]{20,}|ntn_[A-Za-z0-9]{20,}",
        "lin_(?:api|oauth)_|ntn_[A-Za-z0-9]{9}",
        "developers.linear.app, developers.notion.com",
    ),
    Issuer(
        "grafana", r"gl(?:sa|c)_[A-Za-z0-9+/=_]{20,}", "gl(?:sa|c)_", "grafana.com/docs: service accounts"
    ),
    Issuer("postman", rf"PMAK-{_W}{{20,}}", "PMAK-", "learning.postman.com: API keys"),
    Issuer(
        "doppler",
        rf"{_ALONE}dp\.(?:pt|st|sa|ct|scim|audit)\.[A-Za-z0-9._-]{{20,}}",
        r"dp\.[a-z]{2,5}\.[A-Za-z0-9._-]{9}",
        "docs.doppler.com: token formats",
    ),
    Issuer(
        "new relic", r"NR(?:AK|AL|RA|II|JS)-[A-Za-z0-9]{16,}", "NR[A-Z]{2}-", "docs.newrelic.com: API keys"
    ),
    Issuer("sentry", r"sntry[su]_[A-Za-z0-9+/=_-]{20,}", "sntr[ysu]{1,2}_", "docs.sentry.io: auth tokens"),
    Issuer(
        "facebook",
        rf"{_ALONE}EAA[A-Za-z][A-Za-z0-9]{{40,}}",
        "EAA[A-Za-z0-9]{9}",
        "developers.facebook.com: access tokens",
    ),
    Issuer(
        "planetscale, supabase",
        rf"pscale_(?:tkn|pw|oauth)_{_W}{{16,}}|sb[ps]_[a-f0-9]{{32,}}",
        "pscale_|sb[ps]_[a-f0-9]{9}",
        "planetscale.com/docs, supabase.com/docs",
    ),
    Issuer("age", r"AGE-SECRET-KEY-1[A-Z0-9]{20,}", "AGE-SECRET-KEY-1", "age-encryption.org"),
)

SECRET_VALUE = "|".join(rule.pattern for rule in ISSUERS)
SECRET = re.compile(SECRET_VALUE)
HEAD_OF_SECRET = "|".join(rule.head for rule in ISSUERS)
_HEAD = re.compile(HEAD_OF_SECRET)
_RUN = re.compile(r"[A-Za-z0-9_./:~+-]{12}|[Bb]earer|BEARER|[Bb]asic|PRIVATE")
"""Occurs in every secret and in few texts: searched first, because an alternation is slow."""


def mask_issued_secrets(text: str, mask: str) -> str:
    """Replaces every secret of a known form by `mask`."""
    return SECRET.sub(mask, text) if _RUN.search(text) and _HEAD.search(text) else text
