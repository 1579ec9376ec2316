"""Places of a secret or personal value in a transaction, and the masked results."""

from __future__ import annotations

import json
import re
from urllib.parse import quote, unquote

import pytest

from pipelines.http.masking.personal import has_check_digit, is_personal_mask
from pipelines.http.masking.transaction import MASKERS
from pipelines.http.segment_formats import UNAMBIGUOUS_FORMATS
from tests.inferred_schemas import schema_of
from tests.planted_secrets import PARTS, PLACES, SECRET, TOKENS


@pytest.mark.parametrize(("column", "sent", "kept"), PLACES)
def test_secrets_of_a_request(column: str, sent: str, kept: str) -> None:
    masker = MASKERS[column]
    assert masker(sent.replace("{}", SECRET)) == kept
    assert masker(kept) == kept


@pytest.mark.parametrize("name", PARTS)
@pytest.mark.parametrize("line", ["\r\n", "\n"])
def test_secret_parts_of_any_quoting(name: str, line: str) -> None:
    part = "--b\nContent-Disposition: form-data; {}\n\n{}\n"
    body = (
        part.format(name, SECRET)
        + part.format('name="color"', "blue")
        + part.format('name="meta"', '{"pin":"4711"}')
    )
    kept = (
        part.format(name, "redacted")
        + part.format('name="color"', "blue")
        + part.format('name="meta"', '{"pin":"redacted"}')
    )
    masker = MASKERS["request_body"]
    assert masker(f"{body}--b--\n".replace("\n", line)) == f"{kept}--b--\n".replace("\n", line)


@pytest.mark.parametrize("token", TOKENS)
@pytest.mark.parametrize("name", ["note", "x", "html"])
def test_tokens_of_issuers_in_fields_of_any_name(name: str, token: str) -> None:
    masked = MASKERS["request_body"](json.dumps({name: token, "n": 1}))
    assert json.loads(masked)["n"] == 1
    assert "redacted" in masked
    assert not any(part in masked for part in ("planted", "ABCDEFGHI", "MIIE", "c2lnb", "abcdef"))


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ({"x": "ann@corp.example"}, {"x": "redacted@example.invalid"}),
        (
            {"x": "mail Ann <ann.o'neil+x@mail.corp.example>, now"},
            {"x": "mail Ann <redacted@example.invalid>, now"},
        ),
        ({"ann@corp.example": 1}, {"redacted@example.invalid": 1}),
        ({"x": "+41 79 123 45 67"}, {"x": "+99 99 999 99 99"}),
        ({"x": "+41791234567"}, {"x": "+99999999999"}),
        ({"x": "call 044 668 18 00 now"}, {"x": "call 099 999 99 99 now"}),
        ({"x": "(415) 555-2671"}, {"x": "(999) 999-9999"}),
        ({"phone": "0791234567"}, {"phone": "0999999999"}),
        ({"phone": 41791234567}, {"phone": 99999999999}),
        ({"contact": {"mobileNumber": ["0791234567"]}}, {"contact": {"mobileNumber": ["0999999999"]}}),
        ({"x": "4111 1111 1111 1111"}, {"x": "9999 9999 9999 9999"}),
        ({"x": "4111111111111111"}, {"x": "9999999999999999"}),
        ({"x": 5555555555554444}, {"x": 9999999999999999}),
        ({"x": "3782-822463-10005"}, {"x": "9999-999999-99999"}),
    ],
)
def test_personal_values_keep_their_class_and_shape(sent: dict[str, object], kept: dict[str, object]) -> None:
    masked = MASKERS["request_body"](json.dumps(sent))
    assert json.loads(masked) == kept
    assert MASKERS["request_body"](masked) == masked


@pytest.mark.parametrize(
    "value",
    [
        0,
        -7,
        46.948123,
        1718000001,
        1718000001000,
        1718000001000000,
        10152021234567890,
        4111111111111112,
        1234567890123456789,
        4532015112830366189,
        "2026-10-31T10:00:00+02:00",
        "2026-10-31 10:00:00",
        "46.948123,7.447419",
        "+40.20361-075.00417/",
        "550e8400-e29b-41d4-a716-446655440000",
        "4111111111111111",
        "d41d8cd98f00b204e9800998ecf8427e",
        "1.2.3-rc.1+build.5",
        "10.0.0.1",
        "978-3-16-148410-0",
        "SKU-555-1234",
        "0042",
        "12 30 45",
        "logo@2x.png",
        "vue@3.2.1",
        "@scope/name",
        "a@b",
        "sha256:d41d8cd98f00b204e9800998ecf8427ed41d8cd98f00b204e9800998ecf8427e",
        "eyJpZCI6MTB9",
        "x",
        "",
        None,
        True,
        "sk-circle-fade-dot",
        "go-test-ins-wo-disk-z7r09489kzyf",
        "a: b",
        "rgb(1, 2, 3)",
        "https://x.example/a?page=2#top",
        "a=1&b=2",
        "[1, 2]",
        "<b>x</b>",
        "100-200-3000",
        "SELECT 1",
        "12:30",
        "urn:isbn:0451450523",
        "key: value",
    ],
)
def test_ordinary_values_stay(value: object) -> None:
    body = json.dumps({"orderId" if value == "4111111111111111" else "color": value})
    assert MASKERS["request_body"](body) == body.replace("key: value", "key: redacted-token")


@pytest.mark.parametrize(
    "path",
    [
        "/api/v1/users/42",
        "/password/reset",
        "/password/forgot-password",
        "/oauth/token",
        "/oauth2/v3/token",
        "/auth/v2.1/login",
        "/sessions/42",
        "/tokens/7/revoke",
        "/reset",
        "/users/550e8400-e29b-41d4-a716-446655440000/orders",
        "/a%20b/c",
        "/x;v=1/y",
        "/hooks/42",
        "/verify/email",
        "/img/logo@2x.png",
        "/npm/vue@3.2.1/dist/vue.js",
        "/secrets/list",
        "/actions/secrets/secret_name2",
        "/oauth-clients/519d660133f3fbb47357",
        "/geo/46.94,7.44",
        "/confirm/step-2",
        "/session/new",
        "/blobs/sha256:d41d8cd98f00b204e9800998ecf8427e",
        "/key/value",
        "/2026/10/31/",
        "/orders/1718000001",
        "//",
        "/",
        "",
        "*",
        "/a=b/c",
        "/v1/{id}:cancel",
        "/Products(5)/x",
    ],
)
def test_ordinary_paths_stay(path: str) -> None:
    assert MASKERS["path"](path) == path


@pytest.mark.parametrize(
    "query",
    [
        "page=1&limit=20",
        "q=blue+shoes+7&sort=price",
        "filter%5Bname%5D=a%20b",
        "code=US",
        "since=2026-10-31T10:00:00+02:00",
        "since=2026-10-31T10%3A00%3A00%2B02%3A00",
        "a",
        "=",
        "&&",
        "a=&b",
        "ids=1,2,3",
        "bbox=7.4,46.9,7.5,47.0",
        "t=1718000001",
        "x=%zz&y=%E0%A4%A",
        "cursor=eyJpZCI6MTB9",
        "monkey=1",
        "n=12+3456789",
        "u=https%3A%2F%2Fx.example%2Fa%3Fb%3Dc",
    ],
)
def test_ordinary_queries_stay(query: str) -> None:
    assert MASKERS["query"](query) == query


@pytest.mark.parametrize(
    "agent",
    [
        "Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148",
        "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
        "okhttp/4.9.3",
        "text/html,application/xhtml+xml;q=0.9,*/*;q=0.8",
        "max-age=31536000, public",
        "XMLHttpRequest",
    ],
)
def test_ordinary_header_fields_stay(agent: str) -> None:
    assert MASKERS["user_agent"](agent) == agent
    assert MASKERS["referer"]("https://web.example/a/b") == "https://web.example/a/b"


@pytest.mark.parametrize(
    ("mask", "schema"),
    [
        ("redacted@example.invalid", {"type": "string", "format": "email"}),
        ("999-999-9999", {"type": "string", "maxLength": 64, "pattern": "^[a-zA-Z0-9_.-]*$"}),
        ("0999999999", {"type": "string", "pattern": "^[0-9]{1,64}$"}),
        ("9999999999", {"type": "integer", "format": "int64", "minimum": 0, "maximum": 999999999999}),
        ("+99 99 999 99 99", {"type": "string", "maxLength": 64}),
    ],
)
def test_what_is_learned_from_masks_of_personal_values_takes_them_all(mask: str, schema: object) -> None:
    assert is_personal_mask(mask)
    assert schema_of([mask] * 600, name="contact") == schema
    assert "9" not in str(schema_of([mask] * 4000, name="contact", clients=300).get("pattern", "")).replace(
        "0-9", ""
    )


def test_check_digits() -> None:
    assert all(map(has_check_digit, ["79927398713", "4111111111111111", "378282246310005"]))
    assert not any(map(has_check_digit, ["79927398710", "4111111111111112", "9999999999999999"]))


@pytest.mark.parametrize(
    "value", ["+41 79 123 45 67", "(415) 555-2671", "415-555-2671", "4111 1111 1111 1111", "ann@corp.example"]
)
def test_a_masked_segment_of_a_path_is_a_variable_by_form(value: str) -> None:
    masked = MASKERS["path"](f"/people/{quote(value, safe='')}").removeprefix("/people/")
    assert value not in unquote(masked)
    assert any(re.fullmatch(one.pattern, masked) for one in UNAMBIGUOUS_FORMATS)
