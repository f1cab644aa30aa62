"""One render: HTML and a style to PDF bytes, complete and bounded, or an error.

Everything that WeasyPrint raises, logs as an error or is refused ends the render: a PDF with a
hole in it is worse than none. One render at a time in a process: Pango's font map is not made
for threads, and the interpreter lock would serialise the work anyway.
"""

from __future__ import annotations

import logging
import re
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import deflate
import pydyf
from weasyprint import CSS, DEFAULT_OPTIONS, HTML
from weasyprint.urls import FatalURLFetchingError

from invoice_renderer.errors import (
    AssetRefused,
    DocumentTooLarge,
    InvoiceRendererError,
    RenderingError,
)
from invoice_renderer.garbage import garbage_held
from invoice_renderer.manuscript import Manuscript
from invoice_renderer.pdf.assets import Asset, AssetFetcher
from invoice_renderer.pdf.attachments import Attachment
from invoice_renderer.pdf.complaints import (
    Complaints,
    collected_complaints,
    keep_complaints_inside,
)
from invoice_renderer.pdf.finishing import finish_layout, finish_pressed
from invoice_renderer.pdf.fonts import BundledFonts, harfbuzz_version, pango_version
from invoice_renderer.pdf.press import Pressed
from invoice_renderer.pdf.shaping import Shaper
from invoice_renderer.pdf.stamped_page import Surroundings
from invoice_renderer.pdf.stamping import LayOut, Page, Stamper
from invoice_renderer.pdf.stencil import NoStencil
from invoice_renderer.pdf.stylesheets import PreparedSheets, Style

OPTIONS = {
    "pdf_tags": True,
    "presentational_hints": False,  # attributes such as background= would fetch and style
    "pdf_forms": False,
    "output_intent": "srgb",
    "pdf_version": "1.7",
}
ALL_OPTIONS = {**DEFAULT_OPTIONS, **OPTIONS}
SPANS = frozenset({"colspan", "rowspan", "span"})
MOST_SPAN = 1_000  # HTML Standard, 4.9.11
PLAIN_ROWS = 5_000  # laid out at once: 37 to 58 s, 560 MB
_LOGGER = logging.getLogger(__name__)
_ONE_AT_A_TIME = threading.RLock()
_ROW = re.compile(r"<(?:tr|li|p|div)\b")


@dataclass(frozen=True, slots=True)
class RenderedPdf:
    """The bytes of a PDF, and how many pages they are."""

    content: bytes
    pages: int


class PdfEngine:
    """WeasyPrint with the bundled fonts; keeps what every render shares."""

    def __init__(
        self,
        fonts: BundledFonts,
        *,
        max_pages: int,
        max_bytes: int,
        max_plain_rows: int = PLAIN_ROWS,
    ) -> None:
        self.fonts = fonts
        self._max_pages = max_pages
        self._max_bytes = max_bytes
        self._max_plain_rows = max_plain_rows
        self._shaper = Shaper()
        self._stamper = Stamper()
        self._sheets = PreparedSheets(self._prepare_sheet)
        keep_complaints_inside()

    @property
    def identity(self) -> str:
        """Everything in here that decides the bytes."""
        return (
            f"pydyf {pydyf.VERSION}, pango {pango_version()}, harfbuzz {harfbuzz_version()}, "
            f"deflate {deflate.__version__}, fonts {self.fonts.digest}"
        )

    def render(
        self,
        page: Manuscript | str,
        style: Style,
        assets: Mapping[str, Asset],
        attachments: Sequence[Attachment] = (),
        *,
        plain: bool = False,
    ) -> RenderedPdf:
        """Draw a page of HTML; :class:`RenderingError` says what kept it from being whole.

        ``plain`` lays it out whole, whether or not it could be stamped.
        """
        page = Manuscript(page) if isinstance(page, str) else page
        fetcher = AssetFetcher(assets)
        with _ONE_AT_A_TIME, garbage_held(), collected_complaints() as complaints:
            try:
                pdf = self._draw(page, style, fetcher, attachments, plain=plain)
                _stop_at_complaints(complaints)
            except InvoiceRendererError:
                _stop_at_refusals(fetcher)
                raise
            except (Exception, FatalURLFetchingError) as failure:  # noqa: BLE001  all of them
                _stop_at_refusals(fetcher)
                raise RenderingError(_where(failure)) from None
            _stop_at_refusals(fetcher)
            return pdf

    def style_complaints(self, css: str) -> tuple[str, ...]:
        """What WeasyPrint does not understand of a style sheet, with line and column."""
        with _ONE_AT_A_TIME, collected_complaints(quoting=True) as complaints:
            CSS(string=css, url_fetcher=AssetFetcher({}), font_config=self.fonts.configuration)
        return (*complaints.errors, *complaints.warnings)

    def _draw(
        self,
        page: Manuscript,
        style: Style,
        fetcher: AssetFetcher,
        attachments: Sequence[Attachment],
        *,
        plain: bool,
    ) -> RenderedPdf:
        sheet = self._sheets.for_style(style)

        def lay_out(html: str, more: str = "") -> tuple[HTML, Any]:
            return self._lay_out(html, sheet, fetcher, more)

        pressed = None if plain else self._stamp(page, style, fetcher, lay_out)
        if pressed is not None:
            self._check_pages(len(pressed.document.pages))
            content = finish_pressed(pressed, attachments, **OPTIONS)
            return self._checked(content, len(pressed.document.pages))
        _, layout = lay_out(page.html)
        return self._checked(finish_layout(layout, attachments, **OPTIONS), len(layout.pages))

    def _stamp(
        self, page: Manuscript, style: Style, fetcher: AssetFetcher, lay_out: LayOut
    ) -> Pressed | None:
        """The page through stencils, or nothing where it has to be laid out whole."""
        around = Surroundings(self._shaper, fetcher, self.fonts.configuration, ALL_OPTIONS)
        try:
            most = self._max_plain_rows
            return self._stamper.stamp(Page(page, style.key, style.css, around, lay_out, most))
        except (NoStencil, RenderingError) as reason:
            _LOGGER.debug("laid out whole: %s", reason)
        except InvoiceRendererError:
            raise
        except Exception as failure:  # noqa: BLE001  the layout engine is not as it was
            _LOGGER.warning("stamping failed, laid out whole: %s", _where(failure))
        return None

    def _lay_out(
        self, html: str, sheet: CSS, fetcher: AssetFetcher, more: str = ""
    ) -> tuple[HTML, Any]:
        self._check_rows(html)
        page = HTML(string=html, url_fetcher=fetcher)
        _check_spans(page)
        sheets = [sheet, CSS(string=more, url_fetcher=fetcher)] if more else [sheet]
        layout = page.render(font_config=self.fonts.configuration, stylesheets=sheets, **OPTIONS)
        self._check_pages(len(layout.pages))
        return page, layout

    def _check_rows(self, html: str) -> None:
        """Before a layout that would take minutes: a row takes 7 to 10 ms and 0.1 MB."""
        rows = sum(1 for _ in _ROW.finditer(html))
        if rows > self._max_plain_rows:
            raise DocumentTooLarge("rows that cannot be stamped", rows, self._max_plain_rows)

    def _check_pages(self, pages: int) -> None:
        if pages > self._max_pages:
            raise DocumentTooLarge("pages", pages, self._max_pages)

    def _checked(self, content: bytes, pages: int) -> RenderedPdf:
        if len(content) > self._max_bytes:
            raise DocumentTooLarge("bytes", len(content), self._max_bytes)
        return RenderedPdf(content, pages)

    def _prepare_sheet(self, css: str) -> CSS:
        """Without the fetcher a sheet follows its ``@import`` by itself."""
        fetcher = AssetFetcher({})
        with collected_complaints() as complaints:
            sheet = CSS(string=css, url_fetcher=fetcher, font_config=self.fonts.configuration)
        _stop_at_refusals(fetcher)
        _stop_at_complaints(complaints)
        return sheet


def _check_spans(page: HTML) -> None:
    """HTML caps a span at 1000; WeasyPrint would build a thousand million columns."""
    for element in page.etree_element.iter():
        for name in SPANS & element.attrib.keys():
            span = element.get(name)
            if not (span.isascii() and span.isdigit() and len(span) < 5 and int(span) <= MOST_SPAN):
                raise RenderingError(f"The page has a cell whose {name} is over {MOST_SPAN}.")


def _stop_at_refusals(fetcher: AssetFetcher) -> None:
    if fetcher.refused:
        raise AssetRefused(len(fetcher.refused), tuple(sorted(set(fetcher.refused))))


def _stop_at_complaints(complaints: Complaints) -> None:
    if complaints.errors:
        raise RenderingError(
            f"The layout engine reported {len(complaints.errors)} error(s); the page has holes."
        )


def _where(failure: BaseException) -> str:
    """The kind of failure and the line of code: never its message, which may quote the page."""
    step = failure.__traceback__
    while step and step.tb_next:
        step = step.tb_next
    place = f" at {Path(step.tb_frame.f_code.co_filename).name}:{step.tb_lineno}" if step else ""
    return f"The layout engine failed: {type(failure).__name__}{place}."
