"""A PDF is whole, bounded and always the same, or there is none."""

from __future__ import annotations

import gc
import logging
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from weasyprint import HTML
from weasyprint.urls import FatalURLFetchingError

from invoice_renderer.errors import AssetRefused, DocumentTooLarge, RenderingError
from invoice_renderer.pdf.assets import Asset
from invoice_renderer.pdf.engine import PdfEngine
from invoice_renderer.pdf.fonts import BundledFonts
from invoice_renderer.pdf.stylesheets import Style
from tests.pdf_reading import everything_in, pages_of, sizes_of, tags_of, words_of

FONTS = BundledFonts()
PLAIN = Style("plain", "", "letter", "#000000", "#000000")
LOGO = b'<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><path d="M0 0H9V9Z"/></svg>'


@pytest.fixture
def engine() -> PdfEngine:
    return PdfEngine(FONTS, max_pages=3, max_bytes=200_000)


def a_page(body: str = "<p>Hello</p>", head: str = "") -> str:
    return f'<html lang="en"><head><title>Title</title>{head}</head><body>{body}</body></html>'


def test_a_page_becomes_a_tagged_pdf(engine: PdfEngine) -> None:
    """With its text and its structure."""
    pdf = engine.render(a_page("<h1>Hello</h1><p>World</p>"), PLAIN, {})
    assert (pdf.pages, words_of(pdf.content)) == (1, "Hello World")
    assert {"Document", "H1", "P"} <= set(tags_of(pdf.content))


@pytest.mark.parametrize(("paper", "size"), [("letter", (612, 792)), ("a4", (595, 842))])
def test_the_paper_is_the_one_asked_for(
    engine: PdfEngine, paper: str, size: tuple[int, int]
) -> None:
    """US Letter and A4."""
    style = Style("plain", "", paper, "#000000", "#000000")
    assert {size} == sizes_of(engine.render(a_page(), style, {}).content)


def test_a_bundled_asset_is_drawn(engine: PdfEngine) -> None:
    """By the scheme ``asset:``, and by no other."""
    page = a_page('<img alt="a square" src="asset:logo">')
    pdf = engine.render(page, PLAIN, {"logo": Asset(LOGO, "image/svg+xml")})
    assert "Figure" in tags_of(pdf.content)


def test_a_style_that_is_not_understood_is_told_with_its_place(engine: PdfEngine) -> None:
    """A page is drawn without it, but somebody who writes a style wants to know."""
    complaints = engine.style_complaints("p { color: red }\np { colr: red }")
    assert complaints == ("Ignored `colr: red ` at 2:5, unknown property.",)


def test_a_missing_logo_is_an_error(engine: PdfEngine) -> None:
    """Not an invoice with a hole at its head."""
    with pytest.raises(AssetRefused):
        engine.render(a_page('<img alt="x" src="asset:logo">'), PLAIN, {})


def test_a_damaged_asset_is_an_error(engine: PdfEngine) -> None:
    """WeasyPrint logs it and goes on; we do not."""
    with pytest.raises(RenderingError):
        engine.render(
            a_page('<img alt="x" src="asset:logo">'),
            PLAIN,
            {"logo": Asset(b"\x89PNG", "image/png")},
        )


@pytest.mark.parametrize(
    "body",
    [
        "<div>" * 2_000,
        '<table><tr><td colspan="1000000000">x</table>',
        '<p style="font-size: 1e9px">x</p>',
        '<p style="font-size: 0; width: 1e300px">x</p>' + "<div>" * 2_000,
    ],
)
def test_what_breaks_the_engine_is_a_rendering_error(engine: PdfEngine, body: str) -> None:
    """Recursion, memory, division by zero; the next render is fine, and so is the collector."""
    with pytest.raises(RenderingError):
        engine.render(a_page(body), PLAIN, {})
    assert gc.isenabled()
    assert words_of(engine.render(a_page(), PLAIN, {}).content) == "Hello"


@pytest.mark.parametrize("failure", [FatalURLFetchingError, MemoryError, RecursionError, OSError])
def test_whatever_the_engine_raises_is_translated(
    engine: PdfEngine, monkeypatch: pytest.MonkeyPatch, failure: type[BaseException]
) -> None:
    """Even a ``BaseException``; its message may quote the page, so it is not repeated."""

    def fail(*_args: object, **_options: object) -> None:
        raise failure("Jane Doe")

    monkeypatch.setattr(HTML, "render", fail)
    with pytest.raises(RenderingError, match=failure.__name__) as caught:
        engine.render(a_page(), PLAIN, {})
    assert "Jane" not in str(caught.value)


def test_an_interrupt_is_not_swallowed(engine: PdfEngine, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ctrl-C stays Ctrl-C."""

    def interrupt(*_args: object, **_options: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(HTML, "render", interrupt)
    with pytest.raises(KeyboardInterrupt):
        engine.render(a_page(), PLAIN, {})
    assert gc.isenabled()


def test_too_many_pages_are_refused(engine: PdfEngine) -> None:
    """Three fit, four do not."""
    leaf = '<p style="break-after: page">x</p>'
    assert pages_of(engine.render(a_page(leaf * 2 + "x"), PLAIN, {}).content) == 3
    with pytest.raises(DocumentTooLarge) as refused:
        engine.render(a_page(leaf * 3 + "x"), PLAIN, {})
    assert (refused.value.count, refused.value.limit) == (4, 3)


def test_too_many_bytes_are_refused() -> None:
    """The limit is the engine's."""
    with pytest.raises(DocumentTooLarge, match="bytes"):
        PdfEngine(FONTS, max_pages=3, max_bytes=500).render(a_page(), PLAIN, {})


def test_presentational_attributes_are_ignored(engine: PdfEngine) -> None:
    """They would style and fetch past the style sheet."""
    plain = engine.render(a_page("<table><tr><td>x</table>"), PLAIN, {})
    hinted = engine.render(a_page('<table><tr><td bgcolor="red">x</table>'), PLAIN, {})
    assert plain.content == hinted.content


def test_the_same_page_is_the_same_bytes(engine: PdfEngine) -> None:
    """Also in another engine of the same process."""
    other = PdfEngine(FONTS, max_pages=3, max_bytes=200_000)
    pages = [one.render(a_page(), PLAIN, {}).content for one in (engine, engine, other)]
    assert pages[0] == pages[1] == pages[2]


def test_no_date_but_the_pages_own(engine: PdfEngine) -> None:
    """A file that told when it was drawn would differ every time."""
    assert b"CreationDate" not in everything_in(engine.render(a_page(), PLAIN, {}).content)


def test_the_collector_stays_off_where_it_was_off(engine: PdfEngine) -> None:
    """It is held during a render and put back as it was."""
    gc.disable()
    try:
        engine.render(a_page(), PLAIN, {})
        assert not gc.isenabled()
    finally:
        gc.enable()


def test_threads_do_not_mix_their_complaints(engine: PdfEngine) -> None:
    """The good page comes out whole while the bad one fails beside it."""
    bad, good = a_page('<img alt="x" src="http://x.example/y.png">'), a_page()

    def draw(page: str) -> str:
        try:
            return words_of(engine.render(page, PLAIN, {}).content)
        except AssetRefused:
            return "refused"

    with ThreadPoolExecutor(4) as threads:
        assert list(threads.map(draw, [good, bad] * 6)) == ["Hello", "refused"] * 6


def test_another_threads_errors_are_not_ours(engine: PdfEngine) -> None:
    """Something else in the process may use WeasyPrint's logger."""
    stop = threading.Event()

    def complain() -> None:
        while not stop.is_set():
            logging.getLogger("weasyprint").error("not about this page")

    noise = threading.Thread(target=complain)
    noise.start()
    try:
        assert engine.render(a_page(), PLAIN, {}).pages == 1
    finally:
        stop.set()
        noise.join()


@pytest.mark.parametrize("level", [logging.CRITICAL, logging.DEBUG])
def test_complaints_are_heard_at_any_log_level(engine: PdfEngine, level: int) -> None:
    """An application that silences its logs must not get damaged PDFs."""
    root = logging.getLogger()
    before = root.level
    root.setLevel(level)
    try:
        with pytest.raises(RenderingError):
            engine.render(
                a_page("<svg><use href='#'/><image/></svg><img alt='x' src='x'>"), PLAIN, {}
            )
    finally:
        root.setLevel(before)


def test_the_identity_names_what_decides_the_bytes(engine: PdfEngine) -> None:
    """Versions and fonts."""
    for part in ("harfbuzz ", "pydyf ", "pango 1.", "deflate ", f"fonts {FONTS.digest}"):
        assert part in engine.identity
