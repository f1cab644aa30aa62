"""Texts with figures, to the glyphs that Pango would give them, without asking it each time.

Figures change with every line of a long invoice, so they are set from pairs: the advance of a glyph
of plain text depends on itself and on the next one (kerning), and a pair is shaped once. Where a
pattern of text, such as ``$00.00``, has come out the same both ways a dozen times, the pairs are
trusted for that pattern. Where it comes again and again and is as wide whatever its digits are, as
figures in columns are, it is a form that they are written into.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from operator import add

from weasyprint.text.ffi import FROM_UNITS

from invoice_renderer.pdf.pango_shaping import DIGITS, PangoShaper, ReadGlyphs
from invoice_renderer.pdf.shaped_text import Glyphs, ShapedText, TextStyle

MOST_PATTERNS = 2_000
MOST_SETS = 4_000
PROBATION = 12  # texts of one pattern that have to come out the same both ways
OFTEN = 200  # texts of one pattern, after which it pays to have all of its pairs shaped
FAILED = -1
AS_ZEROS = str.maketrans(DIGITS, "0" * len(DIGITS))


class FigureShaper:
    """Knows the pairs of each style, and how far each pattern of text is trusted."""

    def __init__(self, pango: PangoShaper) -> None:
        self._pango = pango
        self._pairs: dict[str, _Pairs] = {}
        self._passed: dict[tuple[str, str], int] = {}
        self._around: dict[tuple[str, str], _Words] = {}
        self.columnar: dict[tuple[str, str], Columnar] = {}
        """For a style and a pattern, the form that its texts are written into."""

    def shape(self, style: TextStyle, text: str, pattern: str) -> ShapedText | None:
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
        is_same = composed is not None and composed == self._pango.shape(style, text)
        self._passed[key] = passed + 1 if is_same else self._fail(style, key, pairs)
        if len(self._passed) > MOST_PATTERNS:
            gone = next(iter(self._passed))
            self._passed.pop(gone)
            self._around.pop(gone, None)
            self.columnar.pop(gone, None)
        return composed if self._passed.get(key, 0) > 0 else None

    def _fail(self, style: TextStyle, key: tuple[str, str], pairs: _Pairs) -> int:
        """What a pattern begins with again: its own words, unless they have been tried."""
        read = self._pango.read(style, key[1]) if key not in self._around else None
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
        glyphs = pairs.glyphs(frozenset(text), around)
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
            self.columnar[key] = Columnar(pattern, shows, digits, width, pairs, around)

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
        read = self._pango.read(style, two)
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

    def _shown(self, read: ReadGlyphs, glyph: tuple[int, int]) -> bytes:
        number, advance = glyph
        size = float(read.select.split()[1])
        space = int(
            self._pango.fonts[read.font].font.widths[number] - advance * 1000 * FROM_UNITS / size
        )
        return b"%04x>%d<" % (number, space) if space else b"%04x" % number


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

    def glyphs(self, characters: frozenset[str], around: _Words | None) -> Glyphs:
        said = around.said if around else self.said
        known = said.get(characters)
        if known is None:
            glyph_of = {**self.glyph_of, **around.glyph_of} if around else self.glyph_of
            words: dict[int, str] = {}
            for character in sorted(characters):  # a space and another one may be one glyph
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


class Columnar:
    """A pattern that is as wide whatever its digits are, and each of them one glyph of its own."""

    def __init__(
        self, pattern: str, shows: Sequence[bytes], digits: Mapping[str, bytes], width: int,
        pairs: _Pairs, around: _Words | None,
    ) -> None:  # fmt: skip
        """``shows`` has a ``%b`` for each digit."""
        self._show = _shown_text(pairs.select, b"".join(shows))
        self._length, self._signs = len(pattern), {*pattern, *DIGITS}
        self._places = [at for at, sign in enumerate(pattern) if sign == "0"]
        self._digits = digits
        self.width, self.height, self.baseline = width * FROM_UNITS, pairs.height, pairs.baseline
        self._pairs, self._around = pairs, around

    def shape(self, text: str) -> ShapedText:
        show = self._show % tuple([self._digits[text[at]] for at in self._places])
        glyphs = self._pairs.glyphs(frozenset(text), self._around)
        return ShapedText(self.width, self.height, self.baseline, show, glyphs)

    def shows(self, texts: Iterable[str], before: bytes = b"") -> Iterator[bytes]:
        """The operators that show each of these texts, with those that stand before all of them."""
        signs, digit = "".join(texts), self._digits.__getitem__
        columns = [map(digit, signs[at :: self._length]) for at in self._places]
        show = before.replace(b"%", b"%%") + self._show
        return map(show.__mod__, zip(*columns, strict=True))

    def glyphs(self, texts: str) -> Glyphs:
        """Of texts that were joined."""
        said = frozenset(sign for sign in self._signs if sign in texts)
        return self._pairs.glyphs(said, self._around)


def _shown_text(select: bytes, shows: bytes) -> bytes:
    """Select a font, and show glyphs with the room between them."""
    shown = b"<%b>" % shows
    return b"%b\n[%b] TJ" % (select, shown.removesuffix(b"<>"))
