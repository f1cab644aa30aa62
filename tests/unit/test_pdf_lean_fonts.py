"""Font files have what a page shows of them, in the same shapes and under the same numbers."""

from __future__ import annotations

import io

import pydyf
import pytest
from fontTools.cffLib import CFFFontSet
from fontTools.pens.recordingPen import RecordingPen
from fontTools.subset import Options, Subsetter
from fontTools.ttLib import TTFont

from invoice_renderer.pdf.cff import NotPlain, read_outlines, tables_of
from invoice_renderer.pdf.fonts import BundledFonts
from invoice_renderer.pdf.lean_fonts import DRAWN, make_fonts_lean

TEXT = "Amount due: $1,234.56 Ünïcödé"


def bundled(name: str) -> bytes:
    return next(file for file in BundledFonts().files if file.name == name).read_bytes()


def with_numbers_kept(name: str, text: str = TEXT) -> bytes:
    """A subset as WeasyPrint makes it: the other glyphs are empty."""
    font = TTFont(io.BytesIO(bundled(name)))
    options = Options(retain_gids=True, desubroutinize=True, hinting=False, notdef_outline=True)
    options.drop_tables += ["GSUB", "GPOS"]
    subsetter = Subsetter(options)
    subsetter.populate(text=text)
    subsetter.subset(font)
    written = io.BytesIO()
    font.save(written)
    return written.getvalue()


def numbers_of(content: bytes, text: str = TEXT) -> set[int]:
    with TTFont(io.BytesIO(content)) as font:
        characters = font.getBestCmap()
        return {font.getGlyphID(characters[ord(each)]) for each in text}


def strokes(glyph: object) -> tuple[object, float]:
    pen = RecordingPen()
    glyph.draw(pen)  # type: ignore[attr-defined]
    return pen.value, glyph.width  # type: ignore[attr-defined]


@pytest.fixture(params=["Inter-Regular.otf", "Inter-SemiBold.otf", "Inter-Bold.otf"])
def opentype(request: pytest.FixtureRequest) -> bytes:
    return with_numbers_kept(request.param)


def a_pdf(content: bytes, kind: int, glyphs: set[int]) -> tuple[pydyf.PDF, pydyf.Stream]:
    """A document with a font, as WeasyPrint writes it."""
    extra = {"Subtype": "/OpenType"} if kind == 0 else {"Length1": len(content)}
    pdf, file = pydyf.PDF(), pydyf.Stream([content], extra)
    pdf.add_object(file)
    name = "FontFile3" if kind == 0 else "FontFile2"
    descriptor = pydyf.Dictionary({"Type": "/FontDescriptor", name: file.reference})
    pdf.add_object(descriptor)
    widths = pydyf.Array()
    for glyph in sorted(glyphs):
        widths.extend([glyph, pydyf.Array([500])])
    pdf.add_object(
        pydyf.Dictionary(
            {
                "Subtype": f"/CIDFontType{kind}",
                "CIDToGIDMap": "/Identity",
                "W": widths,
                "FontDescriptor": descriptor.reference,
            }
        )
    )
    return pdf, file


def keyed(content: bytes) -> object:
    """The font as fontTools reads it."""
    fonts = CFFFontSet()
    fonts.decompile(io.BytesIO(content), None)
    return fonts.topDictIndex[0]


def test_each_glyph_has_its_outline_and_its_width_under_its_number(opentype: bytes) -> None:
    glyphs = numbers_of(opentype)
    pdf, file = a_pdf(opentype, 0, glyphs)
    make_fonts_lean(pdf)
    font = keyed(file.stream[0])
    assert font.ROS == ("Adobe", "Identity", 0)  # type: ignore[attr-defined]
    with TTFont(io.BytesIO(opentype)) as before:
        old = before["CFF "].cff.topDictIndex[0].CharStrings
        for glyph in glyphs:
            name = before.getGlyphName(glyph)
            new = font.CharStrings[f"cid{glyph:05}"]  # type: ignore[attr-defined]
            assert strokes(old[name]) == strokes(new)


def test_the_units_of_a_font_are_as_large_as_before(opentype: bytes) -> None:
    """The box of all glyphs is told in thousandths, as a font without units of its own has it."""
    font = keyed(read_outlines(opentype).keyed(frozenset({0})))
    with TTFont(io.BytesIO(opentype)) as before:
        top = before["CFF "].cff.topDictIndex[0]
        em = before["head"].unitsPerEm
    assert top.FontMatrix == font.FDArray[0].FontMatrix  # type: ignore[attr-defined]
    assert [round(each * 1000 / em) for each in top.FontBBox] == font.FontBBox  # type: ignore[attr-defined]


def test_a_third_of_the_bytes_is_enough(opentype: bytes) -> None:
    pdf, file = a_pdf(opentype, 0, numbers_of(opentype))
    make_fonts_lean(pdf)
    assert len(file.stream[0]) < len(opentype) / 3
    assert file.extra["Subtype"] == "/CIDFontType0C"


def test_a_glyph_that_a_page_shows_is_there_even_if_it_is_empty(opentype: bytes) -> None:
    """PDF/A asks for it (ISO 19005-3, 6.2.11.4.1); other empty ones are gone."""
    empty = min(set(range(1, 200)) - read_outlines(opentype).drawn)
    pdf, file = a_pdf(opentype, 0, numbers_of(opentype) | {empty})
    make_fonts_lean(pdf)
    names = keyed(file.stream[0]).charset  # type: ignore[attr-defined]
    assert f"cid{empty:05}" in names
    assert len(names) == len(read_outlines(opentype).drawn) + 1


def test_a_font_that_is_not_plain_stays_as_it_is() -> None:
    """One with subroutines, say: as it comes from its makers."""
    content = bundled("Inter-Regular.otf")
    with pytest.raises(NotPlain):
        read_outlines(content)
    pdf, file = a_pdf(content, 0, {1})
    make_fonts_lean(pdf)
    assert (file.stream[0], file.extra["Subtype"]) == (content, "/OpenType")


@pytest.mark.parametrize("length", [0, 3, 11, 40, 600, 6000])
def test_a_font_that_is_cut_off_is_refused(length: int, opentype: bytes) -> None:
    with pytest.raises(NotPlain):
        read_outlines(opentype[:length])


def test_a_truetype_font_keeps_what_draws_it() -> None:
    content = with_numbers_kept("NotoSansThai-Regular.ttf", "ไทยแลนด์")
    glyphs = numbers_of(content, "ไทยแลนด์")
    pdf, file = a_pdf(content, 2, glyphs)
    make_fonts_lean(pdf)
    lean = file.stream[0]
    assert len(lean) == file.extra["Length1"] < len(content)
    before = tables_of(content)
    assert tables_of(lean) == {tag: before[tag] for tag in sorted(DRAWN & before.keys())}
    with TTFont(io.BytesIO(lean), checkChecksums=2) as font:
        assert font["maxp"].numGlyphs > max(glyphs)
