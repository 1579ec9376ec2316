"""What counts as a credential, by name and by form."""

from __future__ import annotations

import re

import pytest

from pipelines.http.redaction import (
    JSON_SECRET,
    JSON_TOKEN,
    MASK,
    PART_SECRET,
    QUERY_SECRET,
    QUERY_TOKEN,
    RAW_CLIENT,
    RAW_SECTION,
    TOKEN_MASK,
    has_secret_name,
    redacted_text,
)

SECRET = "Zx9planted8Secret7"


@pytest.mark.parametrize(
    "name",
    [
        "Authorization",
        "X-Api-Key",
        "x-auth-token",
        "access_token",
        "apikey",
        "password",
        "PHPSESSID",
        "JSESSIONID",
        "connect.sid",
        "client_secret",
        "sig",
        "X-Amz-Signature",
        "api.key",
        "_csrf",
        "key",
        "user[password]",
    ],
)
def test_names_of_credentials(name: str) -> None:
    assert has_secret_name(name)


@pytest.mark.parametrize(
    "name",
    [
        "monkey",
        "author",
        "design",
        "page",
        "limit",
        "mapping",
        "inside",
        "accept",
        "keyword",
        "turkey",
        "disaster",
        "footprint",
    ],
)
def test_names_that_only_look_so(name: str) -> None:
    assert not has_secret_name(name)


@pytest.mark.parametrize(
    "text",
    [
        "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl",
        "Bearer abcdef0123456789",
        "bearer%20abcdef0123456789",
        "Basic dXNlcjpwYXNz",
        "ghp_0123456789abcdefghij0123456789abcdef",
        "AKIAABCDEFGHIJKLMNOP",
        "sk_live_0123456789abcdef",
        "xoxb-1234567890-abcdef",
    ],
)
def test_values_of_a_credentials_form_are_masked(text: str) -> None:
    out = redacted_text(f"before {text} after")
    assert text not in out
    assert out.startswith("before ")
    assert out.endswith(" after")


def test_user_information_of_a_url_is_masked() -> None:
    assert redacted_text("https://ann:hunter2@host.example/x") == "https://redacted@host.example/x"


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        (f"a=1&access_token={SECRET}&b=2", "a=1&access_token=redacted&b=2"),
        (f"key={SECRET}", "key=redacted"),
        (f"api.key={SECRET}&keyword=blue", "api.key=redacted&keyword=blue"),
        (f"user[password]={SECRET}", "user[password]=redacted"),
        ("monkey=1&page=2", "monkey=1&page=2"),
        (f"x=1;sid={SECRET}", "x=1;sid=redacted"),
    ],
)
def test_query_values_of_secret_names(query: str, expected: str) -> None:
    assert re.sub(QUERY_SECRET, r"\1redacted", query) == expected


@pytest.mark.parametrize(
    "body",
    [
        f'{{"password": "{SECRET}"}}',
        f'{{"a": {{"api_key":"{SECRET}", "b": 1}}}}',
        f'{{"token": "{SECRET}',  # cut off in the middle
        f'{{"pin": "{SECRET}"}}',
        f'{{"otp": {SECRET}}}',
        f'{{"secret": "a\\"{SECRET}"}}',
    ],
)
def test_json_members_of_secret_names(body: str) -> None:
    assert SECRET not in re.sub(JSON_SECRET, r'\1"redacted"', body)


def test_json_members_of_other_names_stay() -> None:
    body = '{"name": "Ann", "monkey": "kong", "count": 3}'
    assert re.sub(JSON_SECRET, r'\1"redacted"', body) == body


@pytest.mark.parametrize("line", ["\r\n", "\n"])
@pytest.mark.parametrize(
    "head",
    [
        'Content-Disposition: form-data; name="user_password"',
        'Content-Disposition: form-data; name="pin"',
        'Content-Disposition: form-data; name="card[cvc]"',
        'Content-Disposition: form-data; name="doc"; filename="a.sql"\nContent-Type: text/plain',
        'content-type: text/plain\ncontent-disposition: form-data; name="doc"; filename*=a.sql',
    ],
)
def test_secret_parts_and_files_of_a_multipart_body(head: str, line: str) -> None:
    plain = '--b\nContent-Disposition: form-data; name="monkey"\n\nkong\n'
    body = f"{plain}--b\n{head}\n\n{SECRET}\n-- a comment\n{SECRET}\n{plain}--b--\n"
    found = re.sub(PART_SECRET, rf"\1{MASK}", body.replace("\n", line))
    assert SECRET not in found
    assert (found.count("kong"), found.count(MASK)) == (2, 1)


@pytest.mark.parametrize(
    "text", ["--a\n" * 5000, '--a\nname="' * 3000, "--a\n" + "x: y\n" * 9000, "--" + "pin" * 9000]
)
def test_hostile_parts_are_read_in_bounded_time(text: str) -> None:
    assert re.sub(PART_SECRET, "", text) is not None  # ends


def test_whole_sections_go_from_unparsed_text() -> None:
    raw = f'{{"RayID":"1","Cookies":{{"a":"{SECRET}"}},"RequestHeaders":{{"x-y":"{SECRET}'
    assert SECRET not in re.sub(RAW_SECTION, r'\1"…"', raw)


@pytest.mark.parametrize(
    "line", ["10.1.2.3 - ann [17/May/2015", "shop.example:80 2001:db8::1 - - [17/May/2015"]
)
def test_the_client_goes_from_an_access_log_line(line: str) -> None:
    assert re.sub(RAW_CLIENT, "- - -", line) == "- - - [17/May/2015"


@pytest.mark.parametrize(
    ("query", "told"),
    [
        (f"access_token={SECRET}&b=2", "access_token=redacted-token&b=2"),
        ("a=1&sig=a%2Bb%2F8%3D", "a=1&sig=redacted-token"),
        (f"password={SECRET}", f"password={SECRET}"),
        ("otp=123456&pin=1234", "otp=123456&pin=1234"),
        ("token=a%27b", "token=a%27b"),
        ("token=" + "a" * 129, "token=" + "a" * 129),
        ("token=a'b", "token=a'b"),
    ],
)
def test_mask_tells_tokens_of_machines_and_nothing_of_what_people_choose(query: str, told: str) -> None:
    assert re.sub(QUERY_TOKEN, rf"\1{TOKEN_MASK}", query) == told
    masked = re.sub(QUERY_SECRET, rf"\1{MASK}", told)
    assert (
        masked == told if TOKEN_MASK in told else all(value not in masked for value in query.split("=")[1:])
    )


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (f'{{"authCode": "{SECRET}", "n": 1}}', '{"authCode": "redacted-token", "n": 1}'),
        (f'{{"password": "{SECRET}"}}', '{"password": "redacted"}'),
        ('{"claimToken": "a b"}', '{"claimToken": "redacted"}'),
        ('{"token": "redacted-token\\"x"}', '{"token": "redacted"}'),
        ('{"token": 123456}', '{"token": "redacted"}'),
    ],
)
def test_members_of_a_body_are_masked_the_same_way(body: str, told: str) -> None:
    once = re.sub(JSON_TOKEN, rf'\1"{TOKEN_MASK}"', body)
    assert re.sub(JSON_SECRET, rf'\1"{MASK}"', once) == told
