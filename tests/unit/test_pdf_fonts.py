"""Only bundled fonts are used, and a character that none of them has is never a silent box."""

from __future__ import annotations

import unicodedata
from pathlib import Path

import pytest
from fontTools.ttLib import TTFont

from invoice_renderer.errors import SettingsError
from invoice_renderer.pdf import fonts
from invoice_renderer.pdf.fonts import BundledFonts, find_conf, name_of, replace_missing

FONTS = BundledFonts()


def test_the_configuration_is_one() -> None:
    """A new one for each render would leak a quarter of a megabyte."""
    assert FONTS.configuration is FONTS.configuration


def test_latin_text_opens_no_font_file(monkeypatch: pytest.MonkeyPatch) -> None:
    """The usual invoice pays nothing for the question."""
    monkeypatch.setattr(fonts, "TTFont", pytest.fail)
    usual = "Factura Nº 004 · “Año” – −$1,234.50 ≈".replace("≈", "") + "\n\t\u2009\u202f\u00a0"
    assert BundledFonts().missing(set(usual)) == ()


@pytest.mark.parametrize(
    "text",
    [
        "Ελλάδα",
        "Россия",
        "שלום",
        "شركة",
        "भारत",
        "ไทย",
        "株式会社",
        "한국통신 펲쀍",
        "საქართველო",
        "Հայ",
        "Việt Nam",
    ],
)
def test_these_scripts_have_glyphs(text: str) -> None:
    """Greek, Cyrillic, Hebrew, Arabic, Devanagari, Thai, Japanese, Korean, Georgian, Armenian."""
    assert FONTS.missing(set(text)) == ()


@pytest.mark.parametrize(
    "text", ["a\u200db", "a\u200bb", "a\ufe0fb", "a\u2028b", "a\u3000b", "\xad"]
)
def test_what_has_no_shape_is_not_missing(text: str) -> None:
    """Joiners, selectors, breaks and spaces take no glyph."""
    assert FONTS.missing(set(text)) == ()


def test_a_missing_character_is_found_and_named() -> None:
    """For the operator, by code point and name."""
    assert FONTS.missing(set("a😀𓀀")) == ("\U00013000", "😀")
    assert name_of("😀") == "U+1F600 GRINNING FACE"
    assert name_of("\ue000") == "U+E000"


def test_a_missing_sequence_is_replaced_by_one_mark() -> None:
    """A family emoji of five code points is one character to its reader."""
    family = "👨\u200d👩\u200d👧"
    missing = FONTS.missing(set(family))
    assert replace_missing(f"a{family}b", missing) == "a\ufffdb"
    assert replace_missing("ab", ()) == "ab"


def test_the_replacement_has_a_glyph() -> None:
    """Else it would be a box itself."""
    assert FONTS.missing({fonts.REPLACEMENT}) == ()


def test_the_digest_is_of_names_and_bytes(tmp_path: Path) -> None:
    """Another version of a font gives other bytes, and another digest."""
    first, second = (
        _a_folder(tmp_path / name, content) for name, content in (("a", b"1"), ("b", b"2"))
    )
    again = _a_folder(tmp_path / "c", b"1")
    assert BundledFonts(first).digest == BundledFonts(again).digest
    assert BundledFonts(first).digest != BundledFonts(second).digest


def test_fonts_are_looked_for_in_three_places(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The variable, the Lambda layer, the project; then the answer says what to run."""
    conf = _a_folder(tmp_path / "own", b"")
    monkeypatch.setenv(fonts.VARIABLE, str(conf))
    assert conf == find_conf()
    monkeypatch.delenv(fonts.VARIABLE)
    monkeypatch.setattr(fonts, "LAMBDA_FONTS", conf)
    assert conf == find_conf()
    monkeypatch.setattr(fonts, "LAMBDA_FONTS", tmp_path / "none")
    monkeypatch.setattr(fonts, "PROJECT_FONTS", tmp_path / "none")
    with pytest.raises(SettingsError, match="make setup"):
        find_conf()


@pytest.mark.parametrize(
    "content", ["", "<fontconfig>", "<!DOCTYPE x [<!ENTITY y 'z'>]><a>&y;</a>"]
)
def test_a_broken_configuration_is_a_settings_error(tmp_path: Path, content: str) -> None:
    """It names the variable."""
    conf = tmp_path / "fonts.conf"
    conf.write_text(content)
    with pytest.raises(SettingsError, match=fonts.VARIABLE):
        _ = BundledFonts(conf).files


def test_a_variable_that_leads_nowhere_is_a_settings_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Rather than a page in whatever the machine has."""
    monkeypatch.setenv(fonts.VARIABLE, str(tmp_path / "none"))
    with pytest.raises(SettingsError, match="not there"):
        find_conf()


def _a_folder(folder: Path, content: bytes) -> Path:
    folder.mkdir()
    (folder / "x.otf").write_bytes(content)
    conf = folder / "fonts.conf"
    conf.write_text(f"<fontconfig><dir>{folder}</dir></fontconfig>")
    return conf


@pytest.mark.parametrize("file", FONTS.files, ids=lambda file: file.name)
def test_no_letter_is_an_empty_glyph(file: Path) -> None:
    """Some fonts list characters that they do not draw: those would be blanks on the page."""
    with TTFont(file, lazy=True, fontNumber=0) as font:
        if "glyf" not in font:
            pytest.skip("outlines of another kind")
        glyphs = font["glyf"]
        blanks = [
            character
            for character, name in font.getBestCmap().items()
            if unicodedata.category(chr(character)) in {"Lo", "Lu", "Ll"}
            and glyphs[name].numberOfContours == 0
        ]
    fillers = {0x115F, 0x1160, 0x3164, 0xFFA0}  # Hangul's own blanks
    drawn_by_noto_sans = {0xB5, 0x3C2} if file.name == "MTLc3m.ttf" else set()
    assert set(blanks) <= fillers | drawn_by_noto_sans


def test_a_character_for_private_use_is_missing_even_where_a_font_draws_it() -> None:
    """Inter has a glyph for U+E000; nobody else knows what it means."""
    assert BundledFonts().missing({"a", "\ue000"}) == ("\ue000",)
