"""ReportLab's Platypus: flowables, a LongTable that repeats its head, page x of y."""

from __future__ import annotations

import io
from collections.abc import Iterable
from functools import cached_property
from importlib.metadata import version
from typing import Any

from reportlab.lib.colors import HexColor
from reportlab.lib.pagesizes import letter
from reportlab.lib.styles import ParagraphStyle
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import (
    Flowable,
    KeepTogether,
    LongTable,
    Paragraph,
    SimpleDocTemplate,
    Spacer,
    Table,
)
from svglib.svglib import svg2rlg

from benchmarks import bill
from benchmarks.bill import Bill, Row
from benchmarks.peers.html import FONTS, LOGO

WIDTH = letter[0] - 100
INK, GREY, BRAND = HexColor("#1b2430"), HexColor("#535d6b"), HexColor("#12355b")
TINT, BAND, HAIR = HexColor("#edf1f5"), HexColor("#f2f3f5"), HexColor("#dde1e6")
LOGO_HEIGHT = 38
Commands = list[tuple[Any, ...]]


class Platypus:
    """The standard fonts, which a reader has: nothing is embedded."""

    regular, bold = "Helvetica", "Helvetica-Bold"
    versions = f"ReportLab {version('reportlab')}"

    def render(self, raw: bytes) -> bytes:
        out = io.BytesIO()
        document = SimpleDocTemplate(
            out, pagesize=letter, leftMargin=44, rightMargin=44, topMargin=54, bottomMargin=44
        )  # a frame pads its content by 6 pt
        self._number: Any = type("Pages", (_CountedPages,), {"font": self.regular})
        document.title = "Invoice"
        document.build(list(self._story(bill.read_bill(raw))), canvasmaker=self._number)
        return out.getvalue()

    def close(self) -> None:
        """Nothing is open."""

    @cached_property
    def _styles(self) -> dict[str, ParagraphStyle]:
        text = ParagraphStyle("text", fontName=self.regular, fontSize=8.5, leading=12.25,
                              textColor=INK)  # fmt: skip
        small = ParagraphStyle("small", text, fontSize=7.75, leading=11.25, textColor=GREY)
        return {
            "text": text,
            "small": small,
            "seller": ParagraphStyle("seller", small, alignment=2),
            "h1": ParagraphStyle("h1", text, fontName=self.bold, fontSize=23, leading=27),
            "h2": ParagraphStyle("h2", text, fontName=self.bold, fontSize=10.5, leading=15,
                                 textColor=BRAND, spaceBefore=15, spaceAfter=3),
            "due": ParagraphStyle("due", text, fontName=self.bold, fontSize=30, leading=36,
                                  textColor=BRAND),
        }  # fmt: skip

    @cached_property
    def _logo(self) -> Any:
        drawing = svg2rlg(str(LOGO))
        scale = LOGO_HEIGHT / drawing.height
        drawing.scale(scale, scale)
        drawing.width, drawing.height = drawing.width * scale, LOGO_HEIGHT
        return drawing

    def _say(self, text: str, style: str = "text") -> Paragraph:
        return Paragraph(text, self._styles[style])

    def _lines(self, first: str, rest: Iterable[str], style: str = "text") -> Paragraph:
        return self._say("<br/>".join([f"<b>{first}</b>", *rest]), style)

    def _story(self, page: Bill) -> Iterable[Flowable]:
        seller = self._lines(bill.SELLER, bill.SELLER_LINES, "seller")
        yield _columns([[self._logo, seller]], [WIDTH / 2] * 2)
        if page.is_preliminary:
            yield Spacer(0, 13)
            band = self._say(f"<b>PRELIMINARY</b> {bill.PRELIMINARY}")
            look: Commands = [("BOX", (0, 0), (-1, -1), 0.75, INK),
                              ("BACKGROUND", (0, 0), (-1, -1), BAND)]  # fmt: skip
            yield Table([[band]], [WIDTH], style=look)
        yield Spacer(0, 18)
        yield _columns([[self._who(page), self._money(page)]], [WIDTH / 2] * 2, [
            ("BACKGROUND", (1, 0), (1, 0), TINT), ("LINEABOVE", (1, 0), (1, 0), 2.5, BRAND),
            ("RIGHTPADDING", (0, 0), (0, 0), 18), ("LEFTPADDING", (1, 0), (1, 0), 14),
            ("RIGHTPADDING", (1, 0), (1, 0), 14), ("TOPPADDING", (1, 0), (1, 0), 10),
            ("BOTTOMPADDING", (1, 0), (1, 0), 9),
        ])  # fmt: skip
        if page.usage:
            yield self._say("Usage summary", "h2")
            yield self._table([bill.USAGE_COLUMNS, *page.usage], (31, 21, 16, 16, 16), 3)
        yield self._say("Charges", "h2")
        yield self._charges(page)
        yield self._say("Taxes and surcharges", "h2")
        yield self._taxes(page)
        yield Spacer(0, 16)
        yield KeepTogether([self._closing(), self._say(bill.FOOTER, "small")])

    def _who(self, page: Bill) -> list[Flowable]:
        return [
            self._say(f"Invoice {page.number}", "h1"),
            self._say("Billed to", "small"),
            self._lines(page.buyer[0], page.buyer[1:]),
            Spacer(0, 10),
            self._pairs(page.facts, WIDTH / 2 - 18),
        ]

    def _money(self, page: Bill) -> list[Flowable]:
        width = WIDTH / 2 - 28
        return [
            self._say("Amount due", "small"),
            self._say(page.due, "due"),
            self._pairs((*page.summary, ("Amount due", page.due)), width, last=True),
        ]

    def _pairs(self, pairs: Iterable[Row], width: float, *, last: bool = False) -> Table:
        look: Commands = [
            ("FONT", (0, 0), (-1, -1), self.regular, 8.5, 12.25),
            ("TEXTCOLOR", (0, 0), (-1, -1), INK),
            ("ALIGN", (1, 0), (1, -1), "RIGHT"),
        ]
        if last:
            look += [("LINEABOVE", (0, -1), (-1, -1), 0.75, INK),
                     ("FONT", (0, -1), (-1, -1), self.bold, 8.5, 12.25)]  # fmt: skip
        return _columns([list(pair) for pair in pairs], [width / 2] * 2, look)

    def _charges(self, page: Bill) -> Table:
        rows: list[Row] = [bill.COLUMNS]
        strong: list[int] = []
        for group in page.groups:
            strong.append(len(rows))
            rows.append((group.label, "", "", "", ""))
            rows.extend(group.rows)
            if group.subtotal:
                rows.append((f"Subtotal · {group.label}", "", "", "", group.subtotal))
        rows.append(("Total charges", "", "", "", page.total))
        strong.append(len(rows) - 1)
        return self._table(rows, (34, 14, 16, 19, 17), 2, strong)

    def _taxes(self, page: Bill) -> Table:
        rows: list[Any] = [bill.TAX_COLUMNS]
        for tax in page.taxes:
            label = self._say(f'{tax.label}<br/><font size="7.75">{tax.explanation}</font>')
            rows.append((label, tax.jurisdiction, tax.amount))
        rows.append(("Total taxes and surcharges", "", page.taxes_total))
        return self._table(rows, (68, 16, 16), 2, [len(rows) - 1])

    def _table(
        self, rows: list[Any], shares: Row | tuple[int, ...], first: int, strong: Iterable[int] = ()
    ) -> Table:
        look: Commands = [
            ("FONT", (0, 0), (-1, -1), self.regular, 8.5, 12.25),
            ("FONT", (0, 0), (-1, 0), self.regular, 7.5, 10),
            ("TEXTCOLOR", (0, 0), (-1, -1), INK),
            ("TEXTCOLOR", (0, 0), (-1, 0), GREY),
            ("ALIGN", (first, 0), (-1, -1), "RIGHT"),
            ("VALIGN", (0, 0), (-1, -1), "TOP"),
            ("LEFTPADDING", (0, 0), (-1, -1), 0),
            ("RIGHTPADDING", (-1, 0), (-1, -1), 0),
            ("TOPPADDING", (0, 0), (-1, -1), 2.5),
            ("BOTTOMPADDING", (0, 0), (-1, -1), 2.5),
            ("LINEBELOW", (0, 1), (-1, -2), 0.5, HAIR),
            ("LINEBELOW", (0, 0), (-1, 0), 0.75, INK),
        ]
        look += [("FONT", (0, row), (-1, row), self.bold, 8.5, 12.25) for row in strong]
        widths = [WIDTH * float(share) / 100 for share in shares]
        return LongTable(rows, widths, repeatRows=1, style=look)

    def _closing(self) -> Table:
        cells = [
            self._lines("Questions about this invoice?", bill.CONTACT, "small"),
            self._lines("Remit payment to", bill.REMIT, "small"),
            self._lines("Terms", [bill.TERMS], "small"),
        ]
        return _columns([cells], [WIDTH / 3] * 3, [
            ("LINEABOVE", (0, 0), (-1, 0), 0.75, INK), ("RIGHTPADDING", (0, 0), (-1, -1), 18),
            ("TOPPADDING", (0, 0), (-1, -1), 6),
        ])  # fmt: skip


class PlatypusEmbedded(Platypus):
    """The same with fonts that are in the file, as an archive needs them."""

    regular, bold = "NotoSans", "NotoSans-Bold"

    def __init__(self) -> None:
        for name, file in ((self.regular, "NotoSans-Regular"), (self.bold, "NotoSans-Bold")):
            pdfmetrics.registerFont(TTFont(name, str(FONTS / f"{file}.ttf")))
        pdfmetrics.registerFontFamily(self.regular, normal=self.regular, bold=self.bold)


class _CountedPages(Canvas):
    """Pages are kept until their number is known: the recipe of ReportLab's users."""

    font = "Helvetica"

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._pages: list[dict[str, Any]] = []

    def showPage(self) -> None:  # noqa: N802  ReportLab's name
        self._pages.append(dict(self.__dict__))
        self._startPage()

    def save(self) -> None:
        for number, page in enumerate(self._pages, 1):
            self.__dict__.update(page)
            self.setFont(self.font, 7.5)
            self.setFillColor(GREY)
            self.drawString(50, 28, bill.ASK)
            self.drawRightString(letter[0] - 50, 28, f"Page {number} of {len(self._pages)}")
            super().showPage()
        super().save()


def _columns(rows: list[list[Any]], widths: list[float], look: Commands | None = None) -> Table:
    plain: Commands = [
        ("VALIGN", (0, 0), (-1, -1), "TOP"),
        ("LEFTPADDING", (0, 0), (-1, -1), 0),
        ("RIGHTPADDING", (0, 0), (-1, -1), 0),
        ("TOPPADDING", (0, 0), (-1, -1), 0),
        ("BOTTOMPADDING", (0, 0), (-1, -1), 0),
    ]
    return Table(rows, widths, style=plain + (look or []))
