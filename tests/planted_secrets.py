"""Places in a request where a secret may occur (`{}`), and the masked result.

For tests of values and of whole runs.
"""

from __future__ import annotations

import json

SECRET = "Zx9planted8Secret7"
JSON_IN_QUERY = "%7B%22password%22%3A%22{}%22%7D"

QUERIES = [
    ("a=1&access_token={}&b=2", "a=1&access_token=redacted-token&b=2"),
    ("pass%77ord={}&a=1", "pass%77ord=redacted&a=1"),
    ("api%5Fkey={}", "api%5Fkey=redacted-token"),
    ("api%255Fkey={}", "api%255Fkey=redacted-token"),  # encoded twice
    ("pass\\u0077ord={}", "pass\\u0077ord=redacted"),
    ("user%5Bpassword%5D={}", "user%5Bpassword%5D=redacted"),
    ("+api_key+={}", "+api_key+=redacted-token"),
    ("x=1;sid={}", "x=1;sid=redacted-token"),
    (f"q={JSON_IN_QUERY}&n=1", "q=%7B%22password%22%3A%22redacted%22%7D&n=1"),
    (
        "next=https%3A%2F%2Fann%3A{}%40x.example%2Fa%3Ftoken%3Dabc&n=1",
        "next=https%3A%2F%2Fredacted%40x.example%2Fa%3Ftoken%3Dredacted-token&n=1",
    ),
    ("next=https://x.example/cb?access_token={}", "next=https://x.example/cb?access_token=redacted-token"),
    ("next=/reset/{}", "next=/reset/redacted"),
    ("u=https://x.example/%23access_token={}", "u=https://x.example/%23access_token=redacted-token"),
    ("grant_type=authorization_code&code={}", "grant_type=authorization_code&code=redacted-token"),
    ("code={}&state=7", "code=redacted-token&state=7"),
    ("name=password&value={}", "name=password&value=redacted"),
]
BODIES = [
    ('{"passwords": ["{}", "b"], "n": 1}', '{"passwords": ["redacted", "redacted"], "n": 1}'),
    ('{"auth": {"value": "{}"}, "n": 4}', '{"auth": {"value": "redacted-token"}, "n": 4}'),
    ('{"tokens": [["{}"]]}', '{"tokens": [["redacted-token"]]}'),
    ('{"credentials": [{"a":"{}"}]}', '{"credentials": [{"a":"redacted"}]}'),
    ('{"pass\\u0077ord":"{}"}', '{"pass\\u0077ord":"redacted"}'),
    ('{"a":"{\\"password\\": \\"{}\\"}"}', '{"a":"{\\"password\\": \\"redacted\\"}"}'),
    ('{"password"  :' + " " * 200 + '"{}"}', '{"password"  :' + " " * 200 + '"redacted"}'),
    ('{"name": "password", "value": "{}"}', '{"name": "password", "value": "redacted"}'),
    ('{"value": ["{}"], "key": "api_key"}', '{"value": ["redacted-token"], "key": "api_key"}'),
    ('[["password","{}"],["color","blue"]]', '[["password","redacted"],["color","blue"]]'),
    ('{"password":"a\\"{}","n":1}', '{"password":"redacted","n":1}'),
    ('{"token": "{}', '{"token": "redacted-token"'),  # cut off
    ('{"a": 1, "password": "{}", "a": 2}', '{"a": 1, "password": "redacted", "a": 2}'),
    ('{"grant_type": "x", "code": "{}"}', '{"grant_type": "x", "code": "redacted-token"}'),
    ('{"url": "https://ann:{}@x.example/a"}', '{"url": "https://redacted@x.example/a"}'),
    ('{"form": "a=1&pass%77ord={}"}', '{"form": "a=1&pass%77ord=redacted"}'),
    ("{'password': '{}'}", "{'password': 'redacted'}"),
    ("pass%77ord={}&a=1", "pass%77ord=redacted&a=1"),
    (f"data={JSON_IN_QUERY}&a=b", "data=%7B%22password%22%3A%22redacted%22%7D&a=b"),
    ("<a><password>{}</password><n>1</n></a>", "<a><password>redacted</password><n>1</n></a>"),
    ('<a apiKey="{}" n="1"/>', '<a apiKey="redacted-token" n="1"/>'),
    (
        "<s:E><wsse:Password Type='x'>{}</wsse:Password></s:E>",
        "<s:E><wsse:Password Type='x'>redacted</wsse:Password></s:E>",
    ),
    ("<a><tokens><t>{}</t></tokens></a>", "<a><tokens><t>redacted-token</t></tokens></a>"),
    ("<a><password><![CDATA[{}]]></password></a>", "<a><password><![CDATA[redacted]]></password></a>"),
    ('<p name="password" value="{}"/>', '<p name="password" value="redacted"/>'),
    ("<m><name>password</name><value>{}</value></m>", "<m><name>password</name><value>redacted</value></m>"),
    (
        'mutation { login(user: "ann", password: "{}") { token id } }',
        'mutation { login(user: "ann", password: "redacted") { token id } }',
    ),
    (
        '{"query": "{ me(apiKey: \\"{}\\") { id } }"}',
        '{"query": "{ me(apiKey: \\"redacted-token\\") { id } }"}',
    ),
    ("user: ann\npassword: {} and more\nport: 80", "user: ann\npassword: redacted\nport: 80"),
    ("a: 1\ntoken: |\n  {}\n  x\nb: 1", "a: 1\ntoken: redacted\nb: 1"),
    ("a: 1\ncredentials:\n  user: x\n  value: {}\nb: 2", "a: 1\ncredentials:redacted\nb: 2"),
    ("  tokens:\n  - {}\n  b: 2", "  tokens:redacted\n  b: 2"),
    ("[db]\npassword = {}\nport = 1", "[db]\npassword = redacted\nport = 1"),
    ("%7B%22password%22%3A%22{}%22%7D", "%7B%22password%22%3A%22redacted%22%7D"),
    ('cb({"password": "{}"})', 'cb({"password": "redacted"})'),
    ('{"dsn": "ann:{}@localhost/x"}', '{"dsn": "ann:redacted@localhost/x"}'),
    ('{"headers": ["Authorization: Bearer {}"]}', '{"headers": ["Authorization: redacted"]}'),
    ("please use token: {} today", "please use token: redacted-token today"),
    ("Authorization: Digest {} x", "Authorization: redacted"),
]
PARTS = [
    'name="password"',
    "name=password",
    "name='password'",
    "name*=UTF-8''pass%77ord",
    'name="pass\\u0077ord"',
]
PATHS = [
    ("/bot123456:{}/sendMessage", "/bot123456:redacted-token/sendMessage"),
    ("/services/T024BE7LD/B024BE7LD/{}", "/services/T024BE7LD/B024BE7LD/redacted"),
    ("/api/webhooks/123456789/{}", "/api/webhooks/123456789/redacted"),
    ("/shop;jsessionid={}/cart", "/shop;jsessionid=redacted-token/cart"),
    ("/x/token={}/y", "/x/token=redacted-token/y"),
    ("/x/pass%77ord={}", "/x/pass%77ord=redacted"),
    ("/password/{}", "/password/redacted"),
    ("/account/reset/{}", "/account/reset/redacted"),
    ("/reset-password/{}/form", "/reset-password/redacted/form"),
    ("/proxy/ann:{}@host/y", "/proxy/ann:redacted@host/y"),
    ("/a/ghp_0123456789{}", "/a/redacted"),
]
LINES = [
    ("sdk/1 (X11; rv:109.0) token={}", "sdk/1 (X11; rv:109.0) token=redacted-token"),
    ("sdk/1 Bearer {}", "sdk/1 redacted"),
    ("bot (+https://x.example/?api_key={})", "bot (+https://x.example/?api_key=redacted-token)"),
]
PLACES = [
    *(("query", *case) for case in QUERIES),
    *(("path", *case) for case in PATHS),
    *(("referer", f"https://web.example{sent}", f"https://web.example{kept}") for sent, kept in PATHS),
    *(("user_agent", *case) for case in LINES),
    *(("request_body", *case) for case in BODIES),
]
TOKENS = [
    "glpat-Zx9planted8Secret7ab",
    "sk-proj-Zx9planted8Secret7abcd",
    "sk-Zx9planted8Secret7abcd",
    "sk-ant-api03-Zx9planted8Secret7",
    "SG.Zx9planted8Secret7.Zx9planted8Secret7",
    "npm_Zx9planted8Secret7abcdef",
    "hf_Zx9planted8Secret7abcdef",
    "xoxb-1234567890-abcdef",
    "AKIAABCDEFGHIJKLMNOP",
    "dckr_pat_Zx9planted8Secret7",
    "whsec_Zx9planted8Secret7",
    "https://hooks.slack.com/services/T024BE7LD/B024BE7LD/Zx9planted8Secret7",
    "https://discord.com/api/webhooks/1234567890/Zx9planted8Secret7",
    "123456789:AAZx9planted8Secret7Zx9planted8Secret7",
    "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl",
    "-----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END",
]
"""Of known issuers, for fields of any name."""
PERSONAL = [
    "ann.planted7@corp7.example",
    "+41795550177",
    "+41 79 555 01 78",
    "(415) 555-0179",
    "4111111111111111",
    "5555 5555 5555 4444",
]
"""Personal values, for fields of any name."""


def plant(number: int, text: str) -> tuple[str, str]:
    """Returns the secret of this place, and the text that contains it."""
    own = f"Zx{number:03d}planted8Secret7"
    return own, text.replace("{}", own).replace(SECRET, own)


def places() -> dict[str, tuple[str, str, str]]:
    """Returns every place where a secret or personal value may occur.

    Name → column, text, and the value that must not be found there afterwards.
    """
    by_name = {}
    for number, (column, sent, _) in enumerate(PLACES):
        own, text = plant(number, sent)
        by_name[f"{column} {sent}"] = (column, text, own)
    for number, token in enumerate(TOKENS, 500):
        own, text = plant(number, token)
        if own in text:
            by_name[f"note {token}"] = ("request_body", json.dumps({"note": text, "n": 1}), own)
    for number, value in enumerate(PERSONAL):
        by_name[f"body {value}"] = ("request_body", json.dumps({f"field{number}": value, "n": 1}), value)
        if " " not in value:
            by_name[f"path {value}"] = ("path", f"/people/{value}", value)
            by_name[f"query {value}"] = (
                "query",
                f"n=1&q={value.replace('+', '%2B')}",
                value.removeprefix("+"),
            )
    return by_name
