"""The report's inventory in a real browser: search, filters, details, download."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

from tests.report_browser import Open, chromium, column, count_shown, report_opener, rows  # noqa: F401  # fixtures
from tests.report_example import HOSTILE_HOST, HOSTILE_PATH, REORDERED_PATH, example

pytestmark = pytest.mark.browser


def test_search_narrows_rows_by_every_word(open_report: Open) -> None:
    page = open_report(example()).page
    page.get_by_label("Search").fill("api.shop.example/API users  delete")
    expected = [
        e
        for e in example().endpoints
        if e.method == "DELETE"
        and e.host == "api.shop.example"
        and e.path_template.startswith("/api/v2/users")
    ]
    assert rows(page).count() == len(expected) == 1
    assert count_shown(page) == "1 endpoint that matches, out of 312"
    page.get_by_label("Search").fill("nothing is called like this")
    assert page.locator("#inventory-none").is_visible()
    page.locator("#inventory-none-reset").click()
    assert rows(page).count() == 50


def test_filters_combine(open_report: Open) -> None:
    page = open_report(example()).page
    page.get_by_role("combobox", name="Host").select_option("weather.example")
    page.get_by_label("Method").select_option("GET")
    page.get_by_label("Found by").select_option("both")
    page.get_by_label("State").select_option("saved")
    expected = [
        e.path_template
        for e in example().endpoints
        if (e.host, e.method, e.state, len(e.variants)) == ("weather.example", "GET", "saved", 2)
    ]
    assert expected
    shown = page.locator("#inventory-rows .toggle").all_text_contents()
    assert sorted(shown) == sorted(expected)
    assert set(column(page, "found")) == {"ML + session"}


def test_sorting_turns_round_and_is_announced(open_report: Open) -> None:
    page = open_report(example()).page
    head = page.locator('#inventory-table th[data-key="requests"]')
    largest_first = sorted((e.requests for e in example().endpoints), reverse=True)
    assert head.get_attribute("aria-sort") == "descending"
    assert column(page, "requests") == [f"{n:,}" for n in largest_first[:50]]
    head.get_by_role("button").click()
    assert head.get_attribute("aria-sort") == "ascending"
    assert column(page, "requests") == [f"{n:,}" for n in largest_first[::-1][:50]]
    page.locator('#inventory-table th[data-key="probability"] button').click()
    page.locator('#inventory-table th[data-key="probability"] button').click()
    assert head.get_attribute("aria-sort") is None
    lowest = sorted(e.probability for e in example().endpoints if e.probability is not None)
    assert column(page, "probability") == [f"{p:.3f}" for p in lowest[:50]]  # unknown values come last


def test_twenty_thousand_endpoints_are_searched(open_report: Open) -> None:
    page = open_report(example(20_000)).page
    assert count_shown(page) == "1–50 of 20,000 endpoints"
    page.get_by_label("Search").press_sequentially("area12/ users get")
    expected = sum(
        "/area12/" in e.path_template and "/users" in e.path_template and e.method == "GET"
        for e in example(20_000).endpoints
    )
    assert rows(page).count() == expected > 0
    page.get_by_role("button", name="Reset", exact=True).click()
    page.get_by_role("button", name="Last", exact=True).click()
    assert page.locator("#page-label").inner_text() == "Page 400 of 400"


def test_details_open_and_close_by_keyboard(open_report: Open) -> None:
    page = open_report(example(), address="#q=onerror").page
    page.keyboard.press("/")
    assert page.evaluate("document.activeElement.id") == "filter-q"
    toggle = page.locator("#inventory-rows .toggle")
    toggle.focus()
    page.keyboard.press("Enter")
    assert toggle.get_attribute("aria-expanded") == "true"
    assert "7,524 (95 %)" in page.locator("tr.detail").inner_text()
    page.keyboard.press("Space")
    assert toggle.get_attribute("aria-expanded") == "false"
    assert page.locator("tr.detail").count() == 0


def test_address_keeps_and_restores_the_view(open_report: Open) -> None:
    first = open_report(example()).page
    first.get_by_label("Search").fill("users & more=yes")
    first.get_by_label("Search").fill("users")
    first.get_by_label("Method").select_option("GET")
    first.locator('#inventory-table th[data-key="clients"] button').click()
    address = first.evaluate("location.hash")
    second = open_report(example(), address=address).page
    assert second.get_by_label("Search").input_value() == "users"
    assert column(second, "clients") == column(first, "clients")
    assert count_shown(second) == count_shown(first)


@pytest.mark.parametrize(
    "address", ["#sort=__proto__&page=0", "#host=gone.example", "#host=%&found=x", "#page=99999", "#=&&="]
)
def test_strange_address_shows_the_inventory(open_report: Open, address: str) -> None:
    page = open_report(example(), address=address).page
    assert rows(page).count() > 0
    assert (
        page.locator("select").evaluate_all("selects => selects.map(select => select.selectedIndex)")
        == [0] * 4
    )


def test_host_of_the_comparison_filters_the_inventory(open_report: Open) -> None:
    page = open_report(example()).page
    page.locator("#hosts-table").get_by_role("link", name=HOSTILE_HOST).click()
    assert column(page, "host") == [HOSTILE_HOST]
    page.locator("#hosts-table thead").get_by_role("button", name="Difference").click()
    first = page.locator("#hosts-table tbody tr").first.inner_text()
    assert first.startswith("api.shop.example")


def test_downloads_hold_the_filtered_rows(open_report: Open) -> None:
    page = open_report(example()).page
    page.get_by_label("Method").select_option("=CMD()")
    with page.expect_download() as waiting:
        page.get_by_role("button", name="Download NDJSON").click()
    [line] = Path(waiting.value.path()).read_text("utf-8").splitlines()
    assert json.loads(line)["path_template"] == REORDERED_PATH
    with page.expect_download() as waiting:
        page.get_by_role("button", name="Download CSV").click()
    with Path(waiting.value.path()).open(encoding="utf-8", newline="") as file:
        [row] = csv.DictReader(file)
    assert row["method"] == "'=CMD()"  # not a formula in a spreadsheet
    assert row["variants"] == "ml session"


def test_copy_puts_the_filtered_rows_on_the_clipboard(open_report: Open) -> None:
    page = open_report(
        example(), address="#q=onerror", permissions=["clipboard-read", "clipboard-write"]
    ).page
    page.get_by_role("button", name="Copy NDJSON").click()
    page.get_by_role("button", name="Copied").wait_for()
    copied = json.loads(page.evaluate("navigator.clipboard.readText()"))
    assert (copied["host"], copied["path_template"]) == (HOSTILE_HOST, HOSTILE_PATH)
