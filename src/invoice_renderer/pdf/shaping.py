"""One line of text in one style, to glyphs: the very glyphs that WeasyPrint would draw.

Pango shapes every text; a text is shaped once and remembered. Figures change with every line of a
long invoice, so they are set from pairs instead: the advance of a glyph of plain text depends on
itself and on the next one (kerning), and a pair is shaped once. Where a pattern of text, such as
``$00.00``, has come out the same both ways a dozen times, the pairs are trusted for that pattern.

Private to WeasyPrint, and used nowhere else: ``text.line_break``, ``text.ffi``, ``draw.text`` and
``pdf.fonts.Font``.
"""

from __future__ import annotations

import io
from collections import OrderedDict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from operator import add, itemgetter
from types import SimpleNamespace
from typing import Any, NamedTuple

from fontTools.ttLib import TTFont
from weasyprint.draw.text import draw_first_line
from weasyprint.matrix import Matrix
from weasyprint.pdf.fonts import Font
from weasyprint.text.ffi import FROM_UNITS, TO_UNITS, ffi, gobject, pango
from weasyprint.text.fonts import get_pango_font_key
from weasyprint.text.line_break import create_layout, line_size

from invoice_renderer.errors import RenderingError

MOST_TEXTS = 20_000  # remembered: some 500 bytes each
MOST_PATTERNS = 2_000
MOST_SETS = 4_000
PROBATION = 12  # texts of one pattern that have to come out the same both ways
OFTEN = 200  # texts of one pattern, after which it pays to have all of its pairs shaped
FAILED = -1
SUBSETS = 32  # kept of each font
MANY_LETTERS = 10  # of a font that writes words, not only signs
MEASURED_AT = 100  # CSS pixels
DIGITS = "0123456789"
_AS_ZEROS = str.maketrans(DIGITS, "0" * len(DIGITS))

# What decides the glyphs of a text (WeasyPrint's Layout and get_font_description).
_PROPERTIES = tuple(
    "direction lang font_family font_style font_stretch font_weight font_size font_variant_caps"
    " font_variation_settings font_language_override font_kerning font_variant_ligatures"
    " font_variant_position font_variant_numeric font_variant_alternates font_variant_east_asian"
    " font_feature_settings text_decoration_line letter_spacing word_spacing overflow_wrap"
    " white_space tab_size hyphenate_character".split()
)


class TextStyle(dict[str, Any]):
    """The part of a computed style that decides glyphs, without the page that it came from."""

    __slots__ = ("font_config", "is_plain", "key")

    def __init__(self, style: Mapping[str, Any], font_config: Any) -> None:
        super().__init__((name, style[name]) for name in _PROPERTIES)
        self.font_config = font_config
        self.key = repr(tuple(self.values()))
        self.is_plain = (self["letter_spacing"], self["word_spacing"]) == ("normal", 0)


Glyphs = tuple[tuple[int, int, str], ...]
"""Font, glyph and what the glyph says, sorted."""


class ShapedText(NamedTuple):
    """Glyphs of one line: sizes in CSS pixels, ``show`` as operators of a text object."""

    width: float
    height: float
    baseline: float
    show: bytes
    glyphs: Glyphs


class _Pairs:
    """Plain text of one style in one font: each character as it is before a certain other one."""

    def __init__(self) -> None:
        self.shows: dict[str, bytes] = {}
        self.advances: dict[str, int] = {}
        """In Pango's units."""
        self.refused: set[str] = set()
        self.glyph_of: dict[str, int] = {}
        self.font = -1
        self.select = b""
        self.height = self.baseline = 0.0
        self.said: dict[frozenset[str], Glyphs] = {}
        """The glyphs of texts, by the characters that they have."""

    def glyphs(self, text: str, around: _Words | None) -> Glyphs:
        said, characters = around.said if around else self.said, frozenset(text)
        known = said.get(characters)
        if known is None:
            glyph_of = {**self.glyph_of, **around.glyph_of} if around else self.glyph_of
            words: dict[int, str] = {}
            for character in text:
                words.setdefault(glyph_of[character], character)
            known = tuple(sorted((self.font, *each) for each in words.items()))
            said[characters] = known
            if len(said) > MOST_SETS:
                said.pop(next(iter(said)))
        return known


@dataclass(frozen=True, slots=True)
class _Words:
    """What stands around the figures of a pattern, by its places."""

    shows: dict[int, bytes]
    advances: dict[int, int]
    glyph_of: dict[str, int]
    said: dict[frozenset[str], Glyphs] = field(default_factory=dict)


class _Columnar:
    """A pattern that is as wide whatever its digits are, and each of them one glyph of its own."""

    def __init__(
        self, pattern: str, shows: Sequence[bytes], digits: Mapping[str, bytes], width: int,
        pairs: _Pairs, around: _Words | None,
    ) -> None:  # fmt: skip
        """``shows`` has a ``%b`` for each digit."""
        self._show = _shown_text(pairs.select, b"".join(shows))
        self._places = itemgetter(*(at for at, sign in enumerate(pattern) if sign == "0"))
        self._digits, self._width = digits, width * FROM_UNITS
        self._pairs, self._around = pairs, around

    def shape(self, text: str) -> ShapedText:
        pairs = self._pairs
        show = self._show % tuple(map(self._digits.__getitem__, self._places(text)))
        glyphs = pairs.glyphs(text, self._around)
        return ShapedText(self._width, pairs.height, pairs.baseline, show, glyphs)


class _Read(NamedTuple):
    """Glyphs as Pango has them, with their advances."""

    font: int
    select: bytes
    height: float
    baseline: float
    glyphs: tuple[tuple[int, int], ...]


class Shaper:
    """Shapes texts for one font configuration, and knows the fonts that it met."""

    def __init__(self) -> None:
        self.fonts: dict[int, KnownFont] = {}
        self._texts: OrderedDict[tuple[str, str], ShapedText] = OrderedDict()
        self._styles: dict[str, TextStyle] = {}
        self._pairs: dict[str, _Pairs] = {}
        self._passed: dict[tuple[str, str], int] = {}
        self._around: dict[tuple[str, str], _Words] = {}
        self._columnar: dict[tuple[str, str], _Columnar] = {}
        self._with_figures: set[str] = set()

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
        pattern = text.translate(_AS_ZEROS)
        columnar = self._columnar.get((style.key, pattern))
        if columnar is not None:
            return columnar.shape(text)  # as soon as it would be remembered
        shaped = self._by_pairs(style, text, pattern) or self._by_pango(style, text)
        self._texts[key] = shaped
        if len(self._texts) > MOST_TEXTS:
            self._texts.popitem(last=False)
        return shaped

    def _by_pairs(self, style: TextStyle, text: str, pattern: str) -> ShapedText | None:
        """Figures from pairs of characters, once their pattern has passed its probation; where the
        words around the figure look otherwise than by pairs, they are taken from the pattern.
        """
        if "0" not in pattern or not style.is_plain:
            return None
        key = (style.key, pattern)
        passed = self._passed.get(key, 0)
        if passed == FAILED:
            return None
        pairs = self._pairs.get(style.key)
        if pairs is None:
            pairs = self._pairs[style.key] = _Pairs()
        composed = self._compose(style, text, pairs, self._around.get(key))
        if passed >= PROBATION and composed is not None:
            self._passed[key] = passed + 1
            if passed == OFTEN:
                self._look_for_columns(style, key, pairs)
            return composed
        is_same = composed is not None and composed == self._by_pango(style, text)
        self._passed[key] = passed + 1 if is_same else self._fail(style, key, pairs)
        if len(self._passed) > MOST_PATTERNS:
            gone = next(iter(self._passed))
            self._passed.pop(gone)
            self._around.pop(gone, None)
            self._columnar.pop(gone, None)
        return composed if self._passed.get(key, 0) > 0 else None

    def _fail(self, style: TextStyle, key: tuple[str, str], pairs: _Pairs) -> int:
        """What a pattern begins with again: its own words, unless they have been tried."""
        read = self._read_glyphs(style, key[1]) if key not in self._around else None
        if read is None or (read.font, read.select) != (pairs.font, pairs.select):
            return FAILED
        around = _Words({}, {}, {})
        for at, (character, glyph) in enumerate(zip(key[1], read.glyphs, strict=True)):
            if character != "0":
                around.shows[at] = self._shown(read, glyph)
                around.advances[at] = glyph[1]
                if around.glyph_of.setdefault(character, glyph[0]) != glyph[0]:
                    return FAILED
        self._around[key] = around
        return 0

    def _compose(
        self, style: TextStyle, text: str, pairs: _Pairs, around: _Words | None
    ) -> ShapedText | None:
        twos = [*map(add, text, text[1:]), text[-1]]
        try:
            shows = [*map(pairs.shows.__getitem__, twos)]
        except KeyError:
            if not all(two in pairs.shows or self._learn(style, two, pairs) for two in twos):
                return None
            shows = [*map(pairs.shows.__getitem__, twos)]
        advances = [*map(pairs.advances.__getitem__, twos)]
        glyphs = pairs.glyphs(text, around)
        if around:
            for at, show in around.shows.items():
                shows[at], advances[at] = show, around.advances[at]
        show = _shown_text(pairs.select, b"".join(shows))
        return ShapedText(sum(advances) * FROM_UNITS, pairs.height, pairs.baseline, show, glyphs)

    def _look_for_columns(self, style: TextStyle, key: tuple[str, str], pairs: _Pairs) -> None:
        """Keep a pattern as columnar, if every pair that a text of it can have says so."""
        pattern, around = key[1], self._around.get(key)
        shows: list[bytes] = []
        width = 0
        digits: dict[str, bytes] = {}
        for at, sign in enumerate(pattern):
            if around and at in around.shows:
                shows.append(around.shows[at])
                width += around.advances[at]
                continue
            found = self._before(style, sign, pattern[at + 1 : at + 2], pairs)
            advances = {advance for _, advance in found.values()}
            own = {one: show for one, (show, _) in found.items()}
            if len(advances) != 1 or (sign == "0" and digits not in ({}, own)):
                return
            width += advances.pop()
            if sign == "0":
                digits = own
            shows.append(b"%b" if sign == "0" else own[sign])
        if not any(b"<" in show for show in digits.values()):
            self._columnar[key] = _Columnar(pattern, shows, digits, width, pairs, around)

    def _before(
        self, style: TextStyle, sign: str, behind: str, pairs: _Pairs
    ) -> dict[str, tuple[bytes, int]]:
        """Each character that may stand for this sign, with its advance; nothing if it is another
        one before one character than before another that may stand behind it.
        """
        found: dict[str, tuple[bytes, int]] = {}
        for one in DIGITS if sign == "0" else sign:
            for two in (one + after for after in (DIGITS if behind == "0" else (behind,))):
                if two not in pairs.shows and not self._learn(style, two, pairs):
                    return {}
                said = pairs.shows[two], pairs.advances[two]
                if found.setdefault(one, said) != said:
                    return {}
        return found

    def _learn(self, style: TextStyle, two: str, pairs: _Pairs) -> bool:
        """Whether the first character of two, before the second, is one glyph of the font."""
        if two in pairs.refused:
            return False
        read = self._read_glyphs(style, two)
        if read is not None and pairs.font < 0:
            pairs.font, pairs.select = read.font, read.select
            pairs.height, pairs.baseline = read.height, read.baseline
        ours = pairs.font, pairs.select, pairs.height, pairs.baseline
        if read is None or (read.font, read.select, read.height, read.baseline) != ours:
            pairs.refused.add(two)
            return False
        glyph, advance = read.glyphs[0]
        if pairs.glyph_of.setdefault(two[0], glyph) != glyph:
            pairs.refused.add(two)
            return False
        pairs.shows[two] = self._shown(read, (glyph, advance))
        pairs.advances[two] = advance
        return True

    def _shown(self, read: _Read, glyph: tuple[int, int]) -> bytes:
        number, advance = glyph
        size = float(read.select.split()[1])
        space = int(self.fonts[read.font].font.widths[number] - advance * 1000 * FROM_UNITS / size)
        return b"%04x>%d<" % (number, space) if space else b"%04x" % number

    def _read_glyphs(self, style: TextStyle, text: str) -> _Read | None:
        """A glyph of one font for each character, from left to right, or nothing."""
        shaped, layout = self._by_pango(style, text), create_layout(text, style, None, None, 0)
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
        return _Read(fonts.pop(), select, shaped.height, shaped.baseline, glyphs)

    def _by_pango(self, style: TextStyle, text: str) -> ShapedText:
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

    def _learn_figures(self, style: TextStyle) -> None:
        self._with_figures.add(style.key)
        figures: dict[int, set[int]] = {}
        for font, glyph, _ in self._by_pango(style, DIGITS).glyphs:
            figures.setdefault(font, set()).add(glyph)
        for font, glyphs in figures.items():
            for glyph in glyphs:
                self.fonts[font].companions.setdefault(glyph, frozenset(glyphs))


# ----------------------------------------------------------------------------- fonts


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


def build_fonts(shaper: Shaper, used: Iterable[Glyphs]) -> dict[int, Any]:
    """WeasyPrint's fonts of a document with these glyphs, in the order of their names."""
    said: dict[int, dict[int, str]] = {}
    for glyphs in {id(each): each for each in used}.values():
        for font, glyph, text in glyphs:
            said.setdefault(font, {}).setdefault(glyph, text)
    fonts = {key: shaper.fonts[key].with_glyphs(glyphs) for key, glyphs in said.items()}
    return dict(sorted(fonts.items(), key=lambda each: each[1].name))


def _shown_text(select: bytes, shows: bytes) -> bytes:
    """Select a font, and show glyphs with the room between them."""
    shown = b"<%b>" % shows
    return b"%b\n[%b] TJ" % (select, shown.removesuffix(b"<>"))


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


def number(value: float) -> str:
    """A number as PDF writes it: at most six decimals, and none that says nothing."""
    text = f"{value:.6f}".rstrip("0").rstrip(".")
    return "0" if text in {"-0", ""} else text
