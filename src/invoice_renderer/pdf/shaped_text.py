"""What is known of a text: the part of its style that decides glyphs, and what Pango made of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

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


def number(value: float) -> str:
    """A number as PDF writes it: at most six decimals, and none that says nothing."""
    text = f"{value:.6f}".rstrip("0").rstrip(".")
    return "0" if text in {"-0", ""} else text
