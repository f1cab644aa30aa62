"""The preview's page, as a person uses it: looks, keys, files that change, mistakes."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.browser.conftest import MILLISECONDS

PICTURE = "#pages img"
LONG_GALLERY = {
    "documented", "no-lines", "one-line", "60-lines", "900-lines", "credit", "40-taxes",
    "every-script", "longest-names", "open", "paid", "unknown-status", "nothing-optional",
    "outside-the-period", "unknown-types",
}  # fmt: skip


def opened(page: Page, url: str, query: str = "") -> None:
    """The page, with the first picture drawn."""
    page.goto(f"{url}?{query}")
    expect_drawn(page)


def expect_drawn(page: Page) -> None:
    """A picture that has pixels, and nothing being drawn any more."""
    expect(page.locator("body")).to_have_attribute("data-state", "shown", timeout=MILLISECONDS)
    expect(page.locator(PICTURE).first).not_to_have_js_property("naturalWidth", 0)


def proof_of(page: Page) -> str:
    return page.locator("#pages").get_attribute("data-proof") or ""


def chosen(page: Page) -> str:
    return page.locator("#cases [aria-current]").get_attribute("data-case") or ""


@contextmanager
def another_proof(page: Page) -> Iterator[None]:
    """Inside, something is done; after it the picture is another one."""
    before = proof_of(page)
    yield
    expect(page.locator("#pages")).not_to_have_attribute("data-proof", before, timeout=MILLISECONDS)
    expect_drawn(page)


@pytest.fixture
def edited(folder: Path) -> Iterator[Callable[[str, str, str], None]]:
    """Replaces a text in a file; the files are as they were when the test is over."""
    kept: dict[Path, str] = {}

    def edit(name: str, old: str, new: str) -> None:
        file = folder / name
        text = file.read_text("utf-8")
        kept.setdefault(file, text)
        assert old in text
        file.write_text(text.replace(old, new, 1), "utf-8")

    yield edit
    for file, text in kept.items():
        file.write_text(text, "utf-8")


# ----------------------------------------------------------------------------- looks


def test_it_shows_the_first_invoice_as_a_picture(page: Page, url: str) -> None:
    """Of a page of Letter paper, with what it is and what is to be noticed."""
    opened(page, url)
    width, height = page.locator(PICTURE).first.evaluate("x => [x.naturalWidth, x.naturalHeight]")
    assert width / height == pytest.approx(8.5 / 11, abs=0.002)
    assert chosen(page) == "documented"
    expect(page.locator("#notices")).to_contain_text("balance-differs")
    expect(page.locator("#facts")).to_contain_text("v1@")


def test_the_whole_gallery_is_there(page: Page, url: str) -> None:
    opened(page, url)
    names = page.locator("#cases a").evaluate_all("all => all.map(x => x.dataset.case)")
    assert set(names) >= LONG_GALLERY


def test_the_link_leads_to_the_pdf_whose_hash_is_told(page: Page, url: str) -> None:
    opened(page, url, "case=closed")
    answer = page.request.get(f"{url.rstrip('/')}{page.locator('#pdf').get_attribute('href')}")
    told = page.locator("#facts dd.mono").get_attribute("title")
    assert answer.body().startswith(b"%PDF-")
    assert told == hashlib.sha256(answer.body()).hexdigest()


def test_every_page_of_a_long_invoice_is_drawn_when_it_is_looked_at(page: Page, url: str) -> None:
    opened(page, url, "case=60-lines")
    pages = page.locator(PICTURE)
    assert pages.count() > 1
    pages.last.scroll_into_view_if_needed()
    expect(pages.last).not_to_have_js_property("naturalWidth", 0, timeout=MILLISECONDS)


def test_the_html_is_shown_in_a_frame_that_may_do_nothing(page: Page, url: str) -> None:
    """The same words as the PDF, with the bundle's own font, and without a script."""
    opened(page, url, "case=paid")
    page.locator("#view").get_by_text("HTML").click()
    frame = page.frame_locator("#html")
    expect(frame.locator("h1")).to_have_text("Invoice 004")
    expect(frame.locator(".paid")).to_be_visible()
    assert page.locator("#html").get_attribute("sandbox") == ""
    assert page.locator(PICTURE).first.is_hidden()


@pytest.mark.parametrize(
    ("width", "height", "scheme"), [(1440, 900, "light"), (1440, 900, "dark"), (390, 844, "light")]
)
def test_it_is_accessible(page: Page, url: str, width: int, height: int, scheme: Any) -> None:
    """axe finds nothing, in light and dark, on a wide window and on a telephone."""
    page.set_viewport_size({"width": width, "height": height})
    page.emulate_media(color_scheme=scheme)
    opened(page, url, "case=unknown-types")
    # Not the sandboxed frame: axe would need a script in it.
    violations = Axe().run(page, options={"iframes": False}).response["violations"]
    assert [(each["id"], each["nodes"][0]["target"]) for each in violations] == []


def test_nothing_hangs_over_a_narrow_window(page: Page, url: str) -> None:
    page.set_viewport_size({"width": 360, "height": 740})
    opened(page, url, "case=longest-names")
    assert page.evaluate("document.documentElement.scrollWidth") <= 360


# ----------------------------------------------------------------------------- choices, keys


def test_arrow_keys_walk_through_the_gallery(page: Page, url: str) -> None:
    """And stay at its ends; the address names the invoice, for a colleague."""
    opened(page, url)
    with another_proof(page):
        page.keyboard.press("ArrowRight")
    assert chosen(page) == "no-lines"
    assert "case=no-lines" in page.url
    with another_proof(page):
        page.keyboard.press("ArrowLeft")
    page.keyboard.press("ArrowLeft")
    assert chosen(page) == "documented"


def test_arrow_keys_in_a_choice_belong_to_the_choice(page: Page, url: str) -> None:
    opened(page, url)
    page.locator("#theme").focus()
    page.keyboard.press("ArrowRight")
    assert chosen(page) == "documented"


@pytest.mark.parametrize(
    ("choice", "value", "told"),
    [
        ("locale", "de", "locale"),
        ("paper", "a4", "paper"),
        ("theme", "mono", "theme"),
        ("time_zone", "Asia/Tokyo", "time_zone"),
    ],
)
def test_a_choice_is_another_picture(
    page: Page, url: str, choice: str, value: str, told: str
) -> None:
    opened(page, url, "case=closed")
    with another_proof(page):
        page.locator(f"#{choice}").select_option(value)
    assert f"{choice}=" in page.url
    scene = page.request.get(f"{url}scene?{page.url.partition('?')[2]}").json()
    assert value == scene["proof"]["presentation"][told]


def test_a_letter_turns_to_the_next_theme_and_shift_back(page: Page, url: str) -> None:
    opened(page, url, "case=one-line")
    first = page.locator("#theme").input_value()
    with another_proof(page):
        page.keyboard.press("t")
    assert page.locator("#theme").input_value() != first
    with another_proof(page):
        page.keyboard.press("Shift+T")
    assert page.locator("#theme").input_value() == first


def test_letters_can_be_switched_off(page: Page, url: str) -> None:
    """A letter alone must not be a trap for those who dictate (WCAG 2.1.4)."""
    opened(page, url, "case=one-line")
    page.keyboard.press("?")
    page.get_by_text("Keys that are a single letter").click()
    page.get_by_role("button", name="Close").click()
    page.keyboard.press("g")
    assert page.locator("#grey").is_checked() is False
    page.keyboard.press("ArrowRight")
    assert chosen(page) == "60-lines"


# ----------------------------------------------------------------------------- changes, mistakes


@pytest.mark.parametrize(
    ("file", "old", "new", "query"),
    [
        ("templates/v1/_charges.html", "<h2>", "<h2>NEW ", "case=one-line"),
        ("templates/v1/invoice.css", "font-size: 23pt", "font-size: 30pt", "case=one-line"),
        ("templates/v1/wording.toml", 'label = "Voice calls"', 'label = "NEW"', "case=one-line"),
        ("templates/v1/locales/es/LC_MESSAGES/messages.po", 'msgstr "Facturado a"',
         'msgstr "NEW"', "case=one-line&locale=es"),
        ("profiles/example.toml", 'legal_name = "', 'legal_name = "NEW ', "case=one-line"),
    ],
)  # fmt: skip
def test_a_saved_file_is_another_picture_without_a_reload(
    page: Page, url: str, edited: Callable[[str, str, str], None],
    file: str, old: str, new: str, query: str,
) -> None:  # fmt: skip
    """Template, style, wording, catalogue, profile; the page says which file it was."""
    opened(page, url, query)
    page.evaluate("window.isTheSamePage = true")
    with another_proof(page):
        edited(file, old, new)
    assert page.evaluate("window.isTheSamePage")
    expect(page.locator("#said")).to_contain_text(f"{Path(file).name} changed")


def test_a_mistake_is_a_panel_with_file_and_line_until_it_is_mended(
    page: Page, url: str, edited: Callable[[str, str, str], None]
) -> None:
    opened(page, url, "case=closed")
    before = proof_of(page)
    edited("templates/v1/_taxes.html", "invoice.taxes_total", "invoice.taxes_totl")
    panel = page.locator("#problem")
    expect(panel).to_be_visible(timeout=MILLISECONDS)
    expect(panel).to_contain_text("taxes_totl")
    expect(panel).to_contain_text(re.compile(r"_taxes\.html:\d+"))
    expect(page.locator("#problem-excerpt .here")).to_contain_text("invoice.taxes_totl")
    edited("templates/v1/_taxes.html", "invoice.taxes_totl", "invoice.taxes_total")
    expect(panel).to_be_hidden(timeout=MILLISECONDS)
    expect_drawn(page)
    assert proof_of(page) == before


def test_an_address_with_an_unknown_theme_offers_the_way_back(page: Page, url: str) -> None:
    page.goto(f"{url}?case=closed&theme=gothic")
    expect(page.locator("#problem")).to_contain_text("Offered: modern", timeout=MILLISECONDS)
    page.get_by_role("button", name="Back to the profile").click()
    expect_drawn(page)
    assert json.loads(page.evaluate("JSON.stringify([...new URLSearchParams(location.search)])")) \
        == [["case", "closed"]]  # fmt: skip


def test_text_of_an_invoice_is_text_on_the_page(
    page: Page, url: str, edited: Callable[[str, str, str], None]
) -> None:
    """Notices and errors quote sources and data; neither becomes markup of the preview."""
    opened(page, url, "case=one-line")
    edited("templates/v1/_taxes.html", "{{ invoice.taxes_total }}", "<b id=x>{{ invoice.b }}</b>")
    expect(page.locator("#problem-excerpt")).to_contain_text("<b id=x>", timeout=MILLISECONDS)
    assert page.locator("#problem #x").count() == 0
