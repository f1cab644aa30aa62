"""One line of text in one style, to the very glyphs that WeasyPrint would draw: Pango shapes it.

Private to WeasyPrint, and used nowhere else: ``text.line_break``, ``draw.text``.
"""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, NamedTuple

from weasyprint.draw.text import draw_first_line
from weasyprint.matrix import Matrix
from weasyprint.text.ffi import FROM_UNITS, ffi, pango
from weasyprint.text.fonts import get_pango_font_key
from weasyprint.text.line_break import create_layout, line_size

from invoice_renderer.errors import RenderingError
from invoice_renderer.pdf.known_fonts import KnownFont
from invoice_renderer.pdf.shaped_text import Glyphs, ShapedText, TextStyle, number

DIGITS = "0123456789"


class ReadGlyphs(NamedTuple):
    """Glyphs as Pango has them, with their advances."""

    font: int
    select: bytes
    height: float
    baseline: float
    glyphs: tuple[tuple[int, int], ...]


class PangoShaper:
    """Shapes texts for one font configuration, and knows the fonts that it met."""

    def __init__(self) -> None:
        self.fonts: dict[int, KnownFont] = {}
        self._with_figures: set[str] = set()

    def shape(self, style: TextStyle, text: str) -> ShapedText:
        """:raises RenderingError: where the line has more in it than glyphs of a font."""
        layout = create_layout(text, style, None, None, 0)
        line, rest = layout.get_first_line()
        if rest is not None:
            raise RenderingError("A line of text has a break in it.")
        width, height = line_size(line, style)
        baseline = pango.pango_layout_get_baseline(layout.layout) * FROM_UNITS
        recorder = _Recorder(self.fonts, style.font_config.font_map)
        box = SimpleNamespace(text=text, style=style, pango_layout=layout, baseline=baseline)
        if draw_first_line(recorder, box, "clip", "none", Matrix(d=-1)):
            raise RenderingError("A text has pictures for glyphs.")
        glyphs = recorder.glyphs()
        if text != DIGITS and style.key not in self._with_figures and any(map(str.isdigit, text)):
            self._learn_figures(style)
        return ShapedText(width, height, baseline, b"\n".join(recorder.shown), glyphs)

    def read(self, style: TextStyle, text: str) -> ReadGlyphs | None:
        """A glyph of one font for each character, from left to right, or nothing."""
        shaped, layout = self.shape(style, text), create_layout(text, style, None, None, 0)
        line, _ = layout.get_first_line()
        run = line.runs[0]
        if run == ffi.NULL or run.next != ffi.NULL or run.data.item.analysis.level % 2:
            return None
        string = run.data.glyphs
        infos = [string.glyphs[at] for at in range(string.num_glyphs)]
        moved = any(info.geometry.x_offset or info.geometry.y_offset for info in infos)
        fonts = {font for font, _, _ in shaped.glyphs}
        if moved or len(infos) != len(text) or len(fonts) != 1:
            return None
        glyphs = tuple((info.glyph, info.geometry.width) for info in infos)
        select = shaped.show.partition(b"\n")[0]
        return ReadGlyphs(fonts.pop(), select, shaped.height, shaped.baseline, glyphs)

    def _learn_figures(self, style: TextStyle) -> None:
        self._with_figures.add(style.key)
        figures: dict[int, set[int]] = {}
        for font, glyph, _ in self.shape(style, DIGITS).glyphs:
            figures.setdefault(font, set()).add(glyph)
        for font, glyphs in figures.items():
            for glyph in glyphs:
                self.fonts[font].companions.setdefault(glyph, frozenset(glyphs))


class _Recorder:
    """Takes the place of a page's stream while WeasyPrint draws one line of text."""

    def __init__(self, fonts: dict[int, KnownFont], font_map: Any) -> None:
        self._fonts, self._font_map = fonts, font_map
        self._used: dict[int, dict[int, str]] = {}
        self.shown: list[bytes] = []

    def add_font(self, pango_font: Any) -> tuple[Any, float]:
        key, description, size = get_pango_font_key(pango_font)
        if key not in self._fonts:
            self._fonts[key] = KnownFont(self._font_map, key, description)
        font = self._fonts[key].font
        if key not in self._used:
            self._used[key] = font.to_unicode = {}
        return font, size

    def glyphs(self) -> Glyphs:
        used = self._used.items()
        return tuple(sorted((key, *each) for key, said in used for each in said.items()))

    def set_text_matrix(self, *_matrix: float) -> None:
        """Where the line stands is another's business."""

    def set_font_size(self, name: str, size: float) -> None:
        self.shown.append(f"/{name} {number(size)} Tf".encode())

    def show_text(self, glyphs: str) -> None:
        glyphs = f"{glyphs}|".replace(">0<", "").replace(">0|", ">").removesuffix("|")
        self.shown.append(b"[%b] TJ" % glyphs.encode())

    def set_text_rise(self, rise: float) -> None:
        self.shown.append(f"{number(rise)} Ts".encode())
