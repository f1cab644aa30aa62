"""One line of text in one style, to glyphs: those that WeasyPrint would draw, each text once."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from typing import Any

from invoice_renderer.pdf.figure_shaping import AS_ZEROS, Columnar, FigureShaper
from invoice_renderer.pdf.known_fonts import KnownFont
from invoice_renderer.pdf.pango_shaping import PangoShaper
from invoice_renderer.pdf.shaped_text import ShapedText, TextStyle

MOST_TEXTS = 20_000  # remembered: some 500 bytes each
SEPARATOR = "\n"  # of texts, each of which is one line


class Shaper:
    """Shapes texts for one font configuration."""

    def __init__(self) -> None:
        self._texts: OrderedDict[tuple[str, str], ShapedText] = OrderedDict()
        self._styles: dict[str, TextStyle] = {}
        self._pango = PangoShaper()
        self._figures = FigureShaper(self._pango)

    @property
    def fonts(self) -> Mapping[int, KnownFont]:
        """Those that it met."""
        return self._pango.fonts

    def style_of(self, style: Mapping[str, Any], font_config: Any) -> TextStyle:
        """The text's part of a computed style: one object for all texts that look alike."""
        found = TextStyle(style, font_config)
        return self._styles.setdefault(found.key, found)

    def shape(self, style: TextStyle, text: str) -> ShapedText:
        """:raises RenderingError: where the line has more in it than glyphs of a font."""
        key = (style.key, text)
        shaped = self._texts.get(key)
        if shaped is not None:
            return shaped
        pattern = text.translate(AS_ZEROS)
        columnar = self._figures.columnar.get((style.key, pattern))
        if columnar is not None:
            return columnar.shape(text)  # as soon as it would be remembered
        shaped = self._figures.shape(style, text, pattern) or self._pango.shape(style, text)
        self._texts[key] = shaped
        if len(self._texts) > MOST_TEXTS:
            self._texts.popitem(last=False)
        return shaped

    def columns(self, style: TextStyle, texts: Sequence[str]) -> dict[Columnar, list[str]]:
        """Those of many texts that are written into forms, by their form."""
        patterns = SEPARATOR.join(texts).translate(AS_ZEROS).split(SEPARATOR)
        if len(patterns) != len(texts):
            return {}
        alike: dict[str, list[str]] = {}
        for text, pattern in zip(texts, patterns, strict=True):
            alike.setdefault(pattern, []).append(text)
        forms = self._figures.columnar
        found = ((forms.get((style.key, pattern)), some) for pattern, some in alike.items())
        return {form: some for form, some in found if form is not None}
