"""fpdf2: cells placed one by one, its quick way; the head of a table repeats in ``header``."""

from __future__ import annotations

from collections.abc import Iterable
from importlib.metadata import version

from fpdf import FPDF

from benchmarks import bill
from benchmarks.bill import Bill, Row
from benchmarks.peers.html import FONTS, LOGO

MARGIN, TOP, BOTTOM = 50, 60, 48
WIDTH = 612 - 2 * MARGIN
INK, GREY, BRAND, HAIR = (27, 36, 48), (83, 93, 107), (18, 53, 91), (221, 225, 230)
LINE, ROW, HEAD, TITLE = 12.25, 17.75, 15, 18  # heights, in points
CHARGES = ((34, "L"), (14, "L"), (16, "R"), (19, "R"), (17, "R"))
USAGE = ((31, "L"), (21, "L"), (16, "L"), (16, "R"), (16, "R"))
TAXES = ((68, "L"), (16, "L"), (16, "R"))
Columns = tuple[tuple[int, str], ...]


class Fpdf2:
    """Noto Sans, embedded and subset; untagged, as fpdf2 is."""

    versions = f"fpdf2 {version('fpdf2')}"

    def render(self, raw: bytes) -> bytes:
        page = _Page()
        page.write_bill(bill.read_bill(raw))
        return bytes(page.output())

    def close(self) -> None:
        """Nothing is open."""


class _Page(FPDF):
    def __init__(self) -> None:
        super().__init__(unit="pt", format="letter")
        self._repeated: tuple[Row, Columns] | None = None
        self.set_margins(MARGIN, TOP, MARGIN)
        self.set_auto_page_break(auto=True, margin=BOTTOM)
        for style, file in (("", "NotoSans-Regular"), ("B", "NotoSans-Bold")):
            self.add_font("noto", style, FONTS / f"{file}.ttf")
        self.add_page()

    def header(self) -> None:
        if self._repeated:
            self._head(*self._repeated)

    def footer(self) -> None:
        self.set_y(-34)
        self._font(7.5, colour=GREY)
        self.cell(WIDTH * 0.75, 10, bill.ASK)
        self.cell(WIDTH * 0.25, 10, f"Page {self.page_no()} of {{nb}}", align="R")

    def write_bill(self, page: Bill) -> None:
        self._letterhead(page)
        self._overview(page)
        if page.usage:
            self._title("Usage summary")
            self._head(bill.USAGE_COLUMNS, USAGE)
            for row in page.usage:
                self._row(row, USAGE)
        self._charges(page)
        self._taxes(page)
        self._closing()

    def _letterhead(self, page: Bill) -> None:
        self.image(LOGO, MARGIN, 36, h=38)
        self.set_y(36)
        self._texts((bill.SELLER, *bill.SELLER_LINES), MARGIN, WIDTH, 11.25, "R", 7.75, GREY)
        self.set_y(92)
        if page.is_preliminary:
            self.set_fill_color(242, 243, 245)
            self._font(8.25)
            text = f"PRELIMINARY  {bill.PRELIMINARY}"
            self.cell(WIDTH, 19, text, border=1, fill=True, new_x="LMARGIN", new_y="NEXT")
        self.ln(16)

    def _overview(self, page: Bill) -> None:
        top, half = self.get_y(), WIDTH / 2
        self._font(23, "B")
        self.cell(half, 27, f"Invoice {page.number}", new_x="LMARGIN", new_y="NEXT")
        self._texts(("Billed to", *page.buyer), MARGIN, half, LINE)
        self.ln(10)
        self._pairs(page.facts, MARGIN, half - 18)
        below = self.get_y()
        left = MARGIN + half + 14
        self.set_fill_color(237, 241, 245)
        self.rect(MARGIN + half, top, half, 36 + 24 + LINE * (len(page.summary) + 2), "F")
        self.set_xy(left, top + 10)
        self._font(7.75, colour=GREY)
        self.cell(100, LINE, "Amount due")
        self.set_xy(left, top + 10 + LINE)
        self._font(30, "B", BRAND)
        self.cell(half - 28, 36, page.due)
        self.set_y(top + 50 + LINE)
        self._pairs((*page.summary, ("Amount due", page.due)), left, half - 28)
        self.set_y(max(below, self.get_y() + 10))

    def _charges(self, page: Bill) -> None:
        self._title("Charges")
        self._head(bill.COLUMNS, CHARGES)
        self._repeated = (bill.COLUMNS, CHARGES)
        for group in page.groups:
            self._row((group.label, "", "", "", ""), CHARGES, "B")
            for row in group.rows:
                self._row(row, CHARGES)
            if group.subtotal:
                self._row((f"Subtotal · {group.label}", "", "", "", group.subtotal), CHARGES)
        self._row(("Total charges", "", "", "", page.total), CHARGES, "B")
        self._repeated = None

    def _taxes(self, page: Bill) -> None:
        self._title("Taxes and surcharges")
        self._head(bill.TAX_COLUMNS, TAXES)
        for tax in page.taxes:
            self._row((tax.label, tax.jurisdiction, tax.amount), TAXES)
            self._font(7.75, colour=GREY)
            self.cell(WIDTH, LINE, tax.explanation, new_x="LMARGIN", new_y="NEXT")
        self._row(("Total taxes and surcharges", "", page.taxes_total), TAXES, "B")

    def _closing(self) -> None:
        self.ln(16)
        if self.will_page_break(6 * 11.25 + 30):
            self.add_page()
        top, third = self.get_y(), WIDTH / 3
        texts = (
            ("Questions about this invoice?", *bill.CONTACT),
            ("Remit payment to", *bill.REMIT),
            ("Terms", bill.TERMS),
        )
        for place, lines in enumerate(texts):
            self.set_y(top)
            self._texts(lines, MARGIN + place * third, third - 18, 11.25, "L", 7.75, GREY)
        self.set_y(top + 6 * 11.25 + 6)
        self._texts((bill.FOOTER,), MARGIN, WIDTH, 9.75, "L", 7, GREY)

    def _title(self, text: str) -> None:
        if self.will_page_break(TITLE + HEAD + 2 * ROW):
            self.add_page()
        self.ln(12)
        self._font(10.5, "B", BRAND)
        self.cell(WIDTH, TITLE, text, new_x="LMARGIN", new_y="NEXT")

    def _head(self, names: Row, columns: Columns) -> None:
        self._font(7.5, colour=GREY)
        self.set_draw_color(INK)
        self._cells(names, columns, HEAD)

    def _row(self, texts: Row, columns: Columns, style: str = "") -> None:
        if self.will_page_break(ROW):
            self.add_page()
        self._font(8.5, style)
        self.set_draw_color(HAIR)
        self._cells(texts, columns, ROW)

    def _cells(self, texts: Row, columns: Columns, height: float) -> None:
        for text, (share, align) in zip(texts, columns, strict=True):
            self.cell(WIDTH * share / 100, height, text, border="B", align=align)
        self.ln(height)

    def _texts(
        self,
        texts: Iterable[str],
        left: float,
        width: float,
        height: float,
        align: str = "L",
        size: float = 8.5,
        colour: tuple[int, int, int] = INK,
    ) -> None:
        for place, text in enumerate(texts):
            self._font(size, "" if place else "B", colour)
            self.set_x(left)
            self.multi_cell(width, height, text, align=align, new_x="LMARGIN", new_y="NEXT")

    def _pairs(self, pairs: Iterable[Row], left: float, width: float) -> None:
        self._font(8.5)
        for label, value in pairs:
            self.set_x(left)
            self.cell(width / 2, LINE, label)
            self.cell(width / 2, LINE, value, align="R", new_x="LMARGIN", new_y="NEXT")

    def _font(self, size: float, style: str = "", colour: tuple[int, int, int] = INK) -> None:
        self.set_font("noto", style, size)
        self.set_text_color(colour)
