"""The fonts of the process, and those of a document: the same with fewer glyphs.

Private to WeasyPrint, and used nowhere else: ``pdf.fonts.Font``.
"""

from __future__ import annotations

import io
from collections import OrderedDict
from collections.abc import Iterable, Mapping
from functools import cached_property
from itertools import chain
from typing import Any

from fontTools.ttLib import TTFont
from weasyprint.pdf.fonts import Font
from weasyprint.text.ffi import FROM_UNITS, TO_UNITS, ffi, gobject, pango
from weasyprint.text.fonts import get_pango_font_key

from invoice_renderer.errors import RenderingError
from invoice_renderer.pdf.shaped_text import Glyphs

SUBSETS = 32  # kept of each font
MANY_LETTERS = 10  # of a font that writes words, not only signs
MEASURED_AT = 100  # CSS pixels


class KnownFont:
    """A font of the process, measured at one size: who met it first must not show in a file."""

    def __init__(self, font_map: Any, key: int, description: Any) -> None:
        context = ffi.gc(pango.pango_font_map_create_context(font_map), gobject.g_object_unref)
        pango.pango_font_description_set_absolute_size(description, MEASURED_AT * TO_UNITS)
        sized = pango.pango_font_map_load_font(font_map, context, description)
        same_key, description, size = get_pango_font_key(sized)
        if same_key != key:
            raise RenderingError("A font is another one in another size.")
        self.font = Font(sized, description, size)
        self.font.widths = _Widths(sized, size)
        self.companions: dict[int, frozenset[int]] = {}
        """For a glyph of a figure, the glyphs of all ten in the same manner."""
        self._subsets: OrderedDict[frozenset[int], bytes] = OrderedDict()
        if self.font.bitmap or self.font.png or self.font.svg or self.font.colr:
            raise RenderingError("A text has pictures for glyphs.")

    def with_glyphs(self, said: Mapping[int, str]) -> Any:
        """The font as a document uses it: a copy that knows these glyphs and no others."""
        font = object.__new__(_Subset)
        font.__dict__.update(self.font.__dict__)
        font.to_unicode = dict(sorted(said.items()))
        font.widths = {glyph: self.font.widths[glyph] for glyph in font.to_unicode}
        font.missing = {}
        font.known = self
        return font

    def subset(self, used: Mapping[int, str], hinting: bool) -> bytes:  # noqa: FBT001  WeasyPrint's
        """The font file with the glyphs that are used, and those that soon will be.

        Subsetting takes longer than all else on a small page. Invoices of a seller differ in a
        few letters and figures: with the whole of ASCII in it, a subset serves most of them.
        """
        glyphs = set(used)
        for glyph in used:
            glyphs |= self.companions.get(glyph, frozenset())
        if sum(text.isascii() and text.isalnum() for text in used.values()) >= MANY_LETTERS:
            glyphs |= self._ascii
        key = frozenset(glyphs)
        if key not in self._subsets:
            font = object.__new__(Font)
            font.__dict__.update(self.font.__dict__, missing={})
            Font.clean(font, dict.fromkeys(sorted(glyphs), ""), hinting)
            self._subsets[key] = font.file_content
            if len(self._subsets) > SUBSETS:
                self._subsets.popitem(last=False)
        self._subsets.move_to_end(key)
        return self._subsets[key]

    @cached_property
    def _ascii(self) -> frozenset[int]:
        with TTFont(
            io.BytesIO(self.font.file_content), lazy=True, fontNumber=self.font.index
        ) as font:
            glyphs = font.getBestCmap()
            return frozenset(
                font.getGlyphID(glyphs[point]) for point in range(0x20, 0x7F) if point in glyphs
            )


class _Subset(Font):  # type: ignore[misc]  # WeasyPrint is not typed
    """A font of one document, whose file comes from the font of the process."""

    known: KnownFont

    def clean(self, to_unicode: Mapping[int, str], hinting: bool) -> None:  # noqa: FBT001
        self.file_content = self.known.subset(to_unicode, hinting)


class _Widths(dict[int, int]):
    """The advance of each glyph in thousandths of an em, measured when it is asked for."""

    def __init__(self, pango_font: Any, size: float) -> None:
        super().__init__()
        self._font, self._size = pango_font, size
        self._ink, self._logical = ffi.new("PangoRectangle *"), ffi.new("PangoRectangle *")

    def __contains__(self, _glyph: object) -> bool:
        return True

    def __missing__(self, glyph: int) -> int:
        pango.pango_font_get_glyph_extents(self._font, glyph, self._ink, self._logical)
        self[glyph] = round(self._logical.width * 1000 * FROM_UNITS / self._size)
        return self[glyph]


def build_fonts(known: Mapping[int, KnownFont], used: Iterable[Glyphs]) -> dict[int, Any]:
    """WeasyPrint's fonts of a document with these glyphs, in the order of their names."""
    said: dict[int, dict[int, str]] = {}
    distinct = {id(each): each for each in used}.values()
    for font, glyph, text in dict.fromkeys(chain.from_iterable(distinct)):
        said.setdefault(font, {}).setdefault(glyph, text)
    fonts = {key: known[key].with_glyphs(glyphs) for key, glyphs in said.items()}
    return dict(sorted(fonts.items(), key=lambda each: each[1].name))
