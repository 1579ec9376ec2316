"""The report in a real browser: safe, legible, and complete without a network."""

from __future__ import annotations

import pytest

from pipelines.report.chart import PLOT_HEIGHT
from tests.report_browser import Open, chromium, column, count_shown, report_opener, rows  # noqa: F401  # fixtures
from tests.report_example import HOSTILE_HOST, HOSTILE_PATH, REORDERED_PATH, empty_example, example

pytestmark = pytest.mark.browser


def test_page_loads_from_disk_and_asks_for_nothing(open_report: Open) -> None:
    seen = open_report(example())
    assert rows(seen.page).count() == 50
    assert count_shown(seen.page) == "1–50 of 312 endpoints"
    assert len(seen.requests) == 1


def test_hostile_names_are_shown_and_run_nothing(open_report: Open) -> None:
    page = open_report(example()).page
    page.get_by_label("Search").fill("onerror")
    assert column(page, "host") == [HOSTILE_HOST]
    toggle = page.locator("#inventory-rows .toggle")
    assert toggle.inner_text() == HOSTILE_PATH
    toggle.click()
    assert HOSTILE_PATH in page.locator("tr.detail").inner_text()
    page.get_by_label("Search").fill("invoice\u202e")
    assert toggle.inner_text() == REORDERED_PATH.replace("\u202e", "\\u202e")
    assert page.locator("img").count() == 0
    assert page.locator("script").count() == 2


def test_policy_stops_injected_code(open_report: Open) -> None:
    seen = open_report(example())
    blocked = seen.page.evaluate(
        """() => {
          const script = document.createElement('script');
          try { script.textContent = 'window.ran = 1'; document.body.append(script); } catch {}
          try { document.body.innerHTML += '<img src=x onerror="window.ran = 1">'; } catch {}
          return window.ran === undefined && document.images.length === 0;
        }"""
    )
    assert blocked
    assert seen.complaints  # the browser reports what it blocked
    seen.complaints.clear()


def test_histogram_bars_have_the_height_of_their_value(open_report: Open) -> None:
    page = open_report(example()).page
    histogram = example().histogram
    largest = int(page.locator("#histogram").get_attribute("data-largest") or 0)
    for variant, values in (("ml", histogram.ml), ("session", histogram.session)):
        bars = page.locator(f"#histogram rect.bar-{variant}")
        boxes = bars.evaluate_all(
            "bars => bars.map(bar => [bar.dataset.label, +bar.dataset.value, bar.getBBox().height])"
        )
        assert [(label, value) for label, value, _ in boxes] == list(
            zip(histogram.labels, values, strict=True)
        )
        for _, value, height in boxes:
            assert height == pytest.approx(PLOT_HEIGHT * value / largest, abs=0.1)
    assert "6 by session" in (page.locator("#histogram desc").text_content() or "")


def test_dark_mode_changes_the_ground(open_report: Open) -> None:
    ground = "getComputedStyle(document.body).backgroundColor"
    light = open_report(example(), color_scheme="light").page.evaluate(ground)
    dark = open_report(example(), color_scheme="dark").page.evaluate(ground)
    assert (light, dark) == ("rgb(247, 248, 249)", "rgb(16, 19, 23)")


def test_page_without_javascript_shows_all_but_the_inventory(open_report: Open) -> None:
    page = open_report(example(), java_script_enabled=False).page
    assert page.locator("noscript p").is_visible()
    assert page.get_by_text("Found 235 endpoints").is_visible()
    assert page.locator("#hosts-table tbody tr").count() == 6
    assert page.locator("#quarantine-table").get_by_text("</td><script>alert(1)</script>").is_visible()


def test_empty_report_has_no_broken_controls(open_report: Open) -> None:
    page = open_report(empty_example()).page
    assert page.get_by_text("No endpoint found.").is_visible()
    assert page.locator("#histogram, form, .pager").count() == 0


def test_narrow_page_does_not_scroll_sideways(open_report: Open) -> None:
    page = open_report(example(), viewport={"width": 360, "height": 740}).page
    assert page.evaluate("document.documentElement.scrollWidth") == 360


def test_paper_holds_every_filtered_row(open_report: Open) -> None:
    page = open_report(example()).page
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert rows(page).count() == 312
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert rows(page).count() == 50
