"""Fixtures for tests of the report in a real browser.

Chromium of this machine; pages are opened from disk.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Dialog, Locator, Page, sync_playwright

from pipelines.report.facts import Facts
from pipelines.report.page import render

ARGUMENTS = [
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
PROGRAMS = ("chromium", "chromium-browser", "google-chrome")


@dataclass
class OpenedPage:
    """A page with its requests, messages and errors."""

    page: Page
    requests: list[str]
    complaints: list[str]


Open = Callable[..., OpenedPage]


@pytest.fixture(scope="module", name="browser")
def chromium() -> Iterator[Browser]:
    """A running Chromium; tests are skipped where no browser is installed."""
    program = os.environ.get("APICENSUS_CHROMIUM") or next(filter(None, map(shutil.which, PROGRAMS)), None)
    if program is None:
        reason = f"no browser: none of {', '.join(PROGRAMS)} is on PATH and APICENSUS_CHROMIUM is not set"
        if os.environ.get("APICENSUS_REQUIRE_BROWSER") == "1":
            pytest.fail(reason)
        pytest.skip(reason)
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=program, args=ARGUMENTS)
        yield started
        started.close()


def record_dialog(seen: OpenedPage, dialog: Dialog) -> None:
    """Records the message of a dialog as a complaint and dismisses it."""
    seen.complaints.append(dialog.message)
    dialog.dismiss()


@pytest.fixture(name="open_report")
def report_opener(browser: Browser, tmp_path: Path) -> Iterator[Open]:
    """Returns `open_report(facts, address, **context options)`.

    It fails where the page makes a request or logs an error.
    """
    contexts, opened = [], []

    def open_page(facts: Facts, address: str = "", **options: object) -> OpenedPage:
        file = tmp_path / "report.html"
        file.write_text(render(facts), encoding="utf-8")
        context = browser.new_context(**options)  # type: ignore[arg-type]  # passed through to playwright
        contexts.append(context)
        seen = OpenedPage(context.new_page(), [], [])
        opened.append(seen)
        seen.page.on("request", lambda request: seen.requests.append(request.url.split("#")[0]))
        seen.page.on("console", lambda message: seen.complaints.append(message.text))
        seen.page.on("pageerror", lambda error: seen.complaints.append(str(error)))
        seen.page.on("dialog", lambda dialog: record_dialog(seen, dialog))
        seen.page.goto(file.as_uri() + address)
        return seen

    yield open_page
    for seen in opened:
        own = [
            url
            for url in seen.requests
            if url.startswith("blob:") or url == (tmp_path / "report.html").as_uri()
        ]
        assert seen.requests == own
        assert seen.complaints == []
    for context in contexts:
        context.close()


def rows(page: Page) -> Locator:
    """Locates the visible rows of the inventory."""
    return page.locator("#inventory-rows tr.endpoint")


def column(page: Page, key: str) -> list[str]:
    """Returns the texts of one column of the inventory."""
    return page.locator(f"#inventory-rows td.col-{key}").all_text_contents()


def count_shown(page: Page) -> str:
    """Returns the text that counts the visible rows."""
    return page.locator("#inventory-count").inner_text()
