"""Figures that Pango did not shape are the glyphs that it would give them."""

from __future__ import annotations

import random

from invoice_renderer.document import DocumentRenderer
from invoice_renderer.gallery.builders import a_long_invoice
from invoice_renderer.pdf.figure_shaping import OFTEN
from invoice_renderer.pdf.shaping import Shaper
from invoice_renderer.profile_source import open_profile
from invoice_renderer.request import RenderOptions

PATTERNS = (
    "${}.{}",
    "≈\N{NO-BREAK SPACE}${}.{}{}/min",
    "{},{} min",
    "−{}.{}",
    "1:{}/{}",
    "{} ≈ {}",
)
TEXTS = OFTEN + 40  # of each pattern: on probation, composed from pairs, and written in columns


def figures_like(pattern: str, chance: random.Random) -> str:
    return pattern.format(*(chance.randrange(100, 1000) for _ in range(3)))


def a_shaper() -> Shaper:
    """It has met every style of an invoice."""
    renderer = DocumentRenderer()
    profile = open_profile("example.toml").for_partner("any")
    renderer.render(a_long_invoice(30), profile, renderer.present(RenderOptions(), profile))
    return renderer.pdf._shaper


def test_figures_are_as_pango_shapes_them() -> None:
    """In every style of an invoice: amounts, rates with a sign that looks otherwise before figures,
    counts, and patterns that no invoice has.
    """
    shaper, chance = a_shaper(), random.Random(7)  # noqa: S311  not a secret
    for style in list(shaper._styles.values()):
        for pattern in PATTERNS:
            for _ in range(TEXTS):
                text = figures_like(pattern, chance)
                assert shaper.shape(style, text) == shaper._pango.shape(style, text)
    columnar = shaper._figures.columnar.keys()
    others = shaper._figures._passed.keys() - columnar
    assert columnar, "no style has figures that are all as wide"
    assert others, "no style has figures that are not"


def test_figures_of_a_column_are_as_pango_shapes_them() -> None:
    """Many at once, of several patterns and with words between them, in any style."""
    shaper, chance = a_shaper(), random.Random(8)  # noqa: S311  not a secret
    written = 0
    for style in list(shaper._styles.values()):
        for pattern in PATTERNS:
            for _ in range(TEXTS):
                shaper.shape(style, figures_like(pattern, chance))
        texts = [figures_like(chance.choice(PATTERNS), chance) for _ in range(200)]
        for form, some in shaper.columns(style, [*texts, "Calls", "Calls 7"]).items():
            expected = [shaper._pango.shape(style, text) for text in some]
            assert [one.show for one in expected] == [*form.shows(some)]
            assert {form.width} == {one.width for one in expected}
            glyphs = {glyph for one in expected for glyph in one.glyphs}
            assert sorted(glyphs) == [*form.glyphs("".join(some))]
            written += len(some)
    assert written, "no style has figures that are all as wide"


def test_texts_of_several_lines_have_no_column() -> None:
    """They would be taken for several texts."""
    shaper = a_shaper()
    assert all(not shaper.columns(style, ["1\n2"]) for style in shaper._styles.values())
