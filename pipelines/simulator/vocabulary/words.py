"""Vocabulary of the simulator: every name in simulated traffic consists of it.

It is broad on purpose: a classifier that is trained on many invented names cannot memorise them.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from random import Random

# Items of collections, in the singular (`pluralise` below adds the ending).
_NOUNS = """
    account address agent agreement alarm album alert allocation amenity answer appointment approval area
    article artist asset assignment attachment attendee auction audit author award backup badge balance
    banner basket batch beacon bed benefit bid bill binding block blueprint board bond book booking border
    box branch brand bridge brief broker bucket budget bug build bundle bus cabin calendar call camera
    campaign candidate capture car card career carrier cart case catalog category certificate channel
    chapter charge chart chat check checkout claim class clause client clinic clip cluster coach code
    cohort collection college color column comment commission community company component concert
    condition connection consent contact container content contest contract contributor conversation copy
    corner country coupon course courier credential credit crew cruise currency customer cycle dashboard
    dataset deal dealer debt deck delivery department deployment deposit design desk destination device
    diagram dialog diet digest discount discussion dispute district dividend doctor document domain
    donation donor door draft driver drone duty edition element employee engine engagement enrollment
    entity entry episode error estimate event exam exchange exercise exhibit expense export facility
    factor family farm favorite feature feed fee field file filter fine flag fleet flight floor folder
    follower food forecast form formula forum fraud friend fund gallery game garage gate gift goal grade
    grant graph group guest guide habit harvest hint holder holiday home horse hospital hotel house
    identity image import incident index ingredient inspection instance instructor instrument insurance
    integration interest interview invite invoice island issue item job journal journey key keyword
    kitchen label lab lane language layer lead league lease lecture ledger lesson letter level library
    license lift limit line link list listing loan location locker log lot machine mail manual map market
    match material meal measurement medal medication meeting member membership memo menu merchant message
    meter method metric milestone mission model module moment money mood motor movement museum nest
    network newsletter node note notice notification offer office officer operator opinion option order
    organization outage outlet owner package page pallet panel park parcel partner part passenger passport
    patch path patient payment payout penalty permit person pet phase phone photo pipeline place plan
    planet plant plate player playlist plugin pod point policy poll pool port portfolio position post
    preference premium prescription price printer prize probe process product profile program project
    promotion property proposal protocol provider publisher purchase qualification quest question queue
    quota quote race ranking rate rating reader receipt recipe recommendation record redirect referral
    refund region registration release reminder rental repair reply report reservation resident resource
    response restaurant result reward rider ride ring risk road role room route routine row rule run
    salary sale sample satellite scan schedule school scope score screen script season seat secret sector
    segment seller seminar sensor series server service session setting shape share shelf shift ship
    shipment shop signal signature site skill slot snapshot source space speaker species sponsor sport
    spot staff stage standard station statement status step stock stop storage store story stream street
    student study subject subscriber subscription suggestion supplier survey switch symbol system table
    tag target task tax taxi team template tenant terminal term territory test theater theme thread ticket
    tile timer token tool topic tournament tour track trade trail trailer train transaction transfer
    translation transport treatment trend trial trigger trip truck trustee tunnel turbine unit update
    upload usage user vacancy valve vehicle vendor venue version vessel video view village visit visitor
    voice volume volunteer vote voucher wallet warehouse warranty watch water weather webhook widget
    window wish worker workflow workout workspace yard year zone
"""
NOUNS = tuple(_NOUNS.split())

# Actions: RPC methods, sub-resources with a verb, and form posts.
_VERBS = """
    accept activate add allocate approve archive assign authorize calculate cancel capture check claim
    clone close commit compare complete confirm convert count create deactivate decline delete describe
    detach disable discover dismiss dispatch download duplicate enable enroll estimate evaluate execute
    export extend fetch finalize find follow forward freeze generate get grant hide import inspect invite
    issue join launch leave like list load lock lookup mark match merge move mute notify open pause pay
    pin predict preview print process publish pull push query quote rate reactivate read refresh refund
    register reject release reload remove rename renew reopen reorder replace reply report request resend
    reserve reset resolve restart restore resume retry revoke rotate save scan schedule search send set
    share ship sign snooze sort split start stop submit subscribe suggest suspend sync tag test track
    transfer translate trigger unlock unpin unsubscribe update upgrade upload validate verify view vote
    withdraw
"""
VERBS = tuple(_VERBS.split())

_ADJECTIVES = """
    amber ample autumn azure bold brave bright brisk calm candid clean clever cobalt copper coral cosmic
    crisp daily dapper deep eager early easy emerald even fair fast fine fond fresh gentle giant glad
    golden grand green happy hidden honest humble indigo ivory jolly keen kind large lively local lucky
    lunar lush mellow merry mighty misty modern narrow neat nimble noble nordic olive open patient plain
    polar prime proud pure quick quiet rapid rare ready red rich royal rustic sharp shiny silent silver
    simple sleek small smart snowy soft solar solid spare spicy steady sunny super sweet swift tender tidy
    tiny urban vivid warm wide wild windy wise witty young zesty
"""
ADJECTIVES = tuple(_ADJECTIVES.split())

# Names of fields, in lower case words; the site's case style joins them.
_FIELDS = """
    name title description first-name last-name full-name display-name email phone birth-date created-at
    updated-at starts-at ends-at expires-at due-date amount total subtotal price unit-price currency
    tax-rate discount quantity weight height width length depth size color status state type kind category
    priority level score rating rank position sort-order enabled active visible archived is-default
    is-public verified notes comment message subject body summary content language locale country
    country-code city street postal-code region latitude longitude altitude radius time-zone reference
    external-id parent-id owner-id group-id account-id team-id version revision checksum source channel
    campaign medium device-id platform os-version app-version build-number user-name nick-name password
    reason code percentage duration interval timeout retries limit-value threshold capacity balance credit
    points tags labels items roles permissions scopes url callback-url website avatar-url image-url
    file-name mime-type byte-count hash signature iban account-number card-last-four expiry-month
    expiry-year vat-number company-name department job-title gender age nationality arrival-date
    departure-date adults children rooms seats distance speed temperature humidity pressure
"""
FIELDS = tuple(_FIELDS.split())

# Query parameters that many APIs share: name -> kind of its values (see `values.py`).
PAGING = (
    ("page", "small"),
    ("limit", "choice"),
    ("offset", "step"),
    ("per-page", "choice"),
    ("page-size", "choice"),
    ("cursor", "base62"),
    ("q", "words"),
    ("query", "words"),
    ("search", "words"),
    ("sort", "enum"),
    ("order", "enum"),
    ("fields", "enum-list"),
    ("include", "enum"),
    ("expand", "enum"),
    ("filter", "enum"),
    ("from", "date"),
    ("to", "date"),
    ("since", "datetime"),
    ("until", "unix"),
    ("lang", "locale"),
    ("locale", "locale"),
    ("format", "format"),
    ("ids", "int-list"),
    ("lat", "float"),
    ("lng", "float"),
    ("active", "bool"),
    ("with-deleted", "bool"),
    ("min-price", "float"),
    ("updated-after", "datetime"),
    ("type", "enum"),
    ("status", "enum"),
)

_SECTIONS = """
    about blog careers cases community compare contact culture customers discover documentation events
    explore faq features gallery glossary guide handbook health help history how-it-works ideas industries
    insights inspiration jobs journal learn legal lifestyle magazine manual media news partners people
    pilot platform press pricing privacy products projects reference research resources reviews roadmap
    sale science security services shop shows solutions stories support team technology terms tips tools
    topics training travel trends tutorials universe values video webinars wiki work
"""
SECTIONS = tuple(_SECTIONS.split())

VERSIONS = (
    "v1",
    "v1",
    "v1",
    "v2",
    "v2",
    "v3",
    "v4beta",
    "v2.1",
    "v1.0",
    "1.0",
    "2023-10-01",
    "2024-06",
    "latest",
)
TOP_DOMAINS = ("example", "example.com", "example.org", "example.net", "test")

_IRREGULAR = {"person": "people", "series": "series", "species": "species", "staff": "staff"}


def pluralise(noun: str) -> str:
    """Returns the English plural of a noun of `NOUNS` ("category" → "categories")."""
    if noun in _IRREGULAR:
        return _IRREGULAR[noun]
    if noun.endswith("y") and noun[-2] not in "aeiou":
        return noun[:-1] + "ies"
    return noun + ("es" if noun.endswith(("s", "x", "ch", "sh")) else "s")


def join_words(words: str, case: str) -> str:
    """Joins words, given with "-" between them, in a case style.

    `case` is "camel", "pascal", "snake", "kebab" or "flat".
    """
    parts = words.split("-")
    if case == "camel":
        return parts[0] + "".join(part.capitalize() for part in parts[1:])
    if case == "pascal":
        return "".join(part.capitalize() for part in parts)
    return {"snake": "_", "kebab": "-", "flat": ""}[case].join(parts)


def draw_text(rng: Random, options: str) -> str:
    """Draws one of the options, which are separated by white space.

    "~" stands for the empty text.

    In an option, {n} is a noun, {s} a plural, {w} a verb, {v} a version, {d} a digit and {h} eight
    hexadecimal digits.
    """
    text = rng.choice(options.split())
    if "{" not in text:
        return "" if text == "~" else text
    return _PLACEHOLDER.sub(lambda found: _FILLERS[found[1]](rng), text)


_PLACEHOLDER = re.compile(r"\{(\w)\}")
_FILLERS: dict[str, Callable[[Random], str]] = {
    "n": lambda rng: rng.choice(NOUNS),
    "s": lambda rng: pluralise(rng.choice(NOUNS)),
    "w": lambda rng: rng.choice(VERBS),
    "v": lambda rng: rng.choice(VERSIONS),
    "d": lambda rng: str(rng.randrange(1, 10)),
    "h": lambda rng: f"{rng.getrandbits(32):08x}",
}
