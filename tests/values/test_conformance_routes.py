"""Finds the operation of a request by host, method and path.

The most specific path wins; servers and parts of segments count.
"""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.conformance.request_check import Request
from pipelines.conformance.routes import read_servers, split_literals
from pipelines.requests.path_parameters import match_segment
from tests.conformance_examples import check_request, checker, get, openapi, post


@pytest.mark.parametrize(
    ("path", "template"),
    [
        ("/users/me", "/users/me"),
        ("/users/5", "/users/{id}"),
        ("/users/5/", "/users/{id}"),
        ("//users//5", "/users/{id}"),
        ("/users;v=1/5", "/users/{id}"),
        ("/%75sers/5", "/users/{id}"),
        ("/users/5.json", "/users/{id}.json"),
        ("/users/me/posts", "/users/{id}/posts"),  # the literal does not lead to a path, the variable does
        ("/jobs/7:cancel", "/jobs/{id}:cancel"),
        ("/deep/a/b/c", "/deep/**"),
        ("/users", None),
        ("/users/5/posts/7", None),
        ("*", None),
    ],
)
def test_most_specific_path_wins(path: str, template: str | None) -> None:
    templates = (
        "/users/{id}",
        "/users/me",
        "/users/{id}.json",
        "/users/{id}/posts",
        "/jobs/{id}:cancel",
        "/deep/**",
    )
    check = checker(openapi({one: get() for one in templates}))
    assert check_request(check, path).template == template


def test_method_decides_between_paths_that_fit() -> None:
    check = checker(openapi({"/users/me": get(), "/users/{id}": post({"type": "object"})}))
    assert check_request(check, "/users/me", "POST").template == "/users/{id}"
    refused = check_request(check, "/users/me", "DELETE")
    assert (refused.template, refused.outcome, refused.findings[0].rule) == (
        "/users/me",
        "unknown",
        "unknown-method",
    )
    assert check_request(check, "/users/me", "HEAD").outcome == "conform"


def test_hosts_without_a_document_are_distinguished_from_unknown_paths() -> None:
    check = checker(openapi({"/x": get()}))
    assert check_request(check, "/y").findings[0].rule == "unknown-endpoint"
    assert check.check_request(Request("other.example.com", "GET", "/x")).findings[0].rule == "unknown-host"


@pytest.mark.parametrize(
    ("url", "host", "path", "fits"),
    [
        ("https://api.example.com/v1/", "api.example.com", "/v1/x", True),
        ("https://API.example.com:443/v1", "api.example.com", "/v1/x", True),
        ("http://api.example.com:8080", "api.example.com:8080", "/x", True),
        ("http://api.example.com:8080", "api.example.com", "/x", False),
        ("/v1", "anything.example", "/v1/x", True),
        ("https://{tenant}.example.com", "acme.example.com", "/x", True),
        ("https://{tenant}.example.com", "example.com", "/x", False),
        ("https://%7BhostVar1%7D.example.com", "{hostvar1}.example.com", "/x", True),
        ("https://api.example.com/{stage}", "api.example.com", "/beta/x", True),
        ("https://api.example.com/{stage}", "api.example.com", "/gamma/x", False),
    ],
)
def test_servers_give_hosts_and_base_paths(url: str, host: str, path: str, fits: bool) -> None:
    server = {"url": url, "variables": {"stage": {"enum": ["alpha", "beta"], "default": "alpha"}}}
    check = checker({**openapi({"/x": get()}), "servers": [server]})
    assert (check.check_request(Request(host, "GET", path)).outcome == "conform") is fits


def test_document_without_servers_is_about_any_host() -> None:
    assert read_servers(None) == read_servers([]) == read_servers([{"url": "/"}])


def test_servers_of_an_operation_replace_the_document_s() -> None:
    item = get()
    item["get"]["servers"] = [{"url": "https://elsewhere.example.com"}]
    check = checker(openapi({"/x": item}))
    assert check_request(check, "/x").outcome == "unknown"
    assert check.check_request(Request("elsewhere.example.com", "GET", "/x")).outcome == "conform"


def test_first_document_of_an_operation_counts() -> None:
    loose, strict = openapi({"/x": get()}), openapi({"/x": get()})
    assert checker(loose, strict).routes.duplicates == 1


@pytest.mark.parametrize(
    ("template", "segment", "values"),
    [
        ("{a}", "x", ("x",)),
        ("{a}-{b}", "x-y-z", ("x-y", "z")),
        ("{a}{b}", "xyz", ("xy", "z")),
        ("report-{date}.pdf", "report-5.pdf", ("5",)),
        ("report-{date}.pdf", "report-.pdf", None),
        ("{lat},{lon}", ",5", None),
        ("({id})", "(5)", ("5",)),
        ("plain", "plain", ()),
        ("plain", "other", None),
    ],
)
def test_parts_of_a_segment(template: str, segment: str, values: Any) -> None:
    assert match_segment(split_literals(template), segment) == values


@given(
    st.lists(
        st.tuples(st.text("ab-.", max_size=3), st.text("ab-.", min_size=1, max_size=4)),
        min_size=1,
        max_size=4,
    )
)
def test_what_is_put_together_is_found_to_fit(parts: list[tuple[str, str]]) -> None:
    literals = [*(literal for literal, _ in parts), "!"]
    segment = "".join(literal + text for literal, text in parts) + "!"
    matched = match_segment(literals, segment)
    assert matched is not None
    assert all(matched)
    assert (
        "".join(literal + text for literal, text in zip(literals[:-1], matched, strict=True)) + "!" == segment
    )


FILES = openapi(
    {
        "/files/{fileId}": get(
            {"name": "fileId", "in": "path", "required": True, "schema": {"enum": ["a", "b"]}}
        ),
        "/files/{fileId}/parts/{part}": get(),
    }
)


@pytest.mark.parametrize(
    ("path", "resolved", "template", "outcome"),
    [
        ("/files/a", "/files/{fileId}", "/files/{fileId}", "conform"),
        (
            "/files/c",
            "/files/{other}",
            "/files/{fileId}",
            "violate",
        ),  # parameter names are the document's own
        (
            "/files/c.html",
            "/files/{fileId}.html",
            None,
            "unknown",
        ),  # not documented: not matched by a path in another case
        (
            "/files/c.html",
            "/files/{fileId}",
            "/files/{fileId}",
            "violate",
        ),  # an extension that belongs to the variable
        ("//files/a/", "/files/{x}", "/files/{fileId}", "conform"),
        ("/files/a/parts/7", "/files/{x}/parts/{y}", "/files/{fileId}/parts/{part}", "conform"),
        ("/files/a/parts", "/files/{x}/parts", None, "unknown"),
        ("*", "*", None, "unknown"),
    ],
)
def test_a_path_that_learning_resolved_is_of_its_template_only(
    path: str, resolved: str, template: str | None, outcome: str
) -> None:
    result = checker(FILES).check_request(Request("api.example.com", "GET", path, template=resolved))
    assert (result.template, result.outcome) == (template, outcome)
