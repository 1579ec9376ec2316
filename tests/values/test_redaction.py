"""Names of credentials, their masks, and the rest of unparsed text."""

from __future__ import annotations

import pytest

from pipelines.http.masking.issuers import mask_issued_secrets
from pipelines.http.masking.transaction import MASKERS, mask_raw
from pipelines.http.redaction import MASK, has_secret_name

SECRET = "Zx9planted8Secret7"
query, body = MASKERS["query"], MASKERS["request_body"]


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
        "pass",
        "device_code",
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
        "passenger",
        "country_code",
    ],
)
def test_names_that_only_look_like_credentials(name: str) -> None:
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
def test_values_with_the_format_of_a_credential_are_masked(text: str) -> None:
    out = mask_issued_secrets(f"before {text} after", MASK)
    assert text not in out
    assert out.startswith("before ")
    assert out.endswith(" after")


def test_user_information_of_a_url_is_masked() -> None:
    assert MASKERS["referer"]("https://ann:hunter2@host.example/x") == "https://redacted@host.example/x"


@pytest.mark.parametrize(
    ("sent", "expected"),
    [
        (f"a=1&access_token={SECRET}&b=2", "a=1&access_token=redacted-token&b=2"),
        (f"key={SECRET}", "key=redacted-token"),
        (f"api.key={SECRET}&keyword=blue", "api.key=redacted-token&keyword=blue"),
        (f"user[password]={SECRET}", "user[password]=redacted"),
        ("monkey=1&page=2", "monkey=1&page=2"),
        (f"x=1;sid={SECRET}", "x=1;sid=redacted-token"),
    ],
)
def test_query_values_of_secret_names(sent: str, expected: str) -> None:
    assert query(sent) == expected


@pytest.mark.parametrize(
    "sent",
    [
        f'{{"password": "{SECRET}"}}',
        f'{{"a": {{"api_key":"{SECRET}", "b": 1}}}}',
        f'{{"token": "{SECRET}',  # truncated in the middle
        f'{{"pin": "{SECRET}"}}',
        f'{{"otp": {SECRET}}}',
        f'{{"secret": "a\\"{SECRET}"}}',
    ],
)
def test_json_members_of_secret_names(sent: str) -> None:
    assert SECRET not in body(sent)


def test_json_members_of_other_names_stay() -> None:
    sent = '{"name": "Ann", "monkey": "kong", "count": 3}'
    assert body(sent) == sent


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
    sent = f"{plain}--b\n{head}\n\n{SECRET}\n-- a comment\n{SECRET}\n{plain}--b--\n"
    masked_body = body(sent.replace("\n", line))
    assert SECRET not in masked_body
    assert (masked_body.count("kong"), masked_body.count(MASK)) == (2, 1)


@pytest.mark.parametrize(
    "text", ["--a\n" * 5000, '--a\nname="' * 3000, "--a\n" + "x: y\n" * 9000, "--" + "pin" * 9000]
)
def test_hostile_parts_are_read_in_bounded_time(text: str) -> None:
    assert body(text) is not None  # it ends


def test_whole_sections_are_removed_from_unparsed_text() -> None:
    raw = f'{{"RayID":"1","Cookies":{{"a":"{SECRET}"}},"RequestHeaders":{{"x-y":"{SECRET}'
    assert SECRET not in mask_raw(raw)
    assert mask_raw(raw).startswith('{"RayID":"1","Cookies":"redacted","RequestHeaders":"redacted"')


@pytest.mark.parametrize(
    "line", ["10.1.2.3 - ann [17/May/2015", "shop.example:80 2001:db8::1 - - [17/May/2015"]
)
def test_the_client_is_removed_from_an_access_log_line(line: str) -> None:
    assert mask_raw(line) == "- - - [17/May/2015"


@pytest.mark.parametrize(
    "request_line",
    [
        f"GET /x?pass%77ord={SECRET[:9]} HTTP/1.1",
        f"GET /reset/{SECRET[:11]} HTTP/1.1",
        "GET /x?q=ann%40corp.example HTTP/1.1",
        "mail ann@corp.example to +41 79 123 45 67",
        f'{{"a": {{"pass\\u0077ord": "{SECRET[:9]}"',
    ],
)
def test_unparsed_text_loses_what_a_transaction_would(request_line: str) -> None:
    masked = mask_raw(request_line)
    assert not any(part in masked for part in (SECRET[:9], "ann", "corp", "123 45"))


@pytest.mark.parametrize(
    ("sent", "masked_text"),
    [
        (f"access_token={SECRET}&b=2", "access_token=redacted-token&b=2"),
        ("a=1&sig=a%2Bb%2F8%3D", "a=1&sig=redacted-token"),
        (f"password={SECRET}", "password=redacted"),
        ("otp=123456&pin=1234", "otp=redacted&pin=redacted"),
        ("token=a%27b", "token=redacted"),
        ("token=" + "a" * 129, "token=redacted"),
        ("token=a'b", "token=redacted"),
    ],
)
def test_mask_describes_tokens_of_machines_and_nothing_that_people_choose(
    sent: str, masked_text: str
) -> None:
    assert query(sent) == masked_text


@pytest.mark.parametrize(
    ("sent", "masked_text"),
    [
        (f'{{"authCode": "{SECRET}", "n": 1}}', '{"authCode": "redacted-token", "n": 1}'),
        (f'{{"password": "{SECRET}"}}', '{"password": "redacted"}'),
        ('{"claimToken": "a b"}', '{"claimToken": "redacted"}'),
        ('{"token": "redacted-token\\"x"}', '{"token": "redacted"}'),
        ('{"token": 123456}', '{"token": "redacted"}'),
    ],
)
def test_members_of_a_body_are_masked_the_same_way(sent: str, masked_text: str) -> None:
    assert body(sent) == masked_text
