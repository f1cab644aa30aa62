"""Figures that Pango did not shape are the glyphs that it would give them."""

from __future__ import annotations

import random

from invoice_renderer.document import DocumentRenderer
from invoice_renderer.gallery.builders import a_long_invoice
from invoice_renderer.pdf.figure_shaping import OFTEN
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


def test_figures_are_as_pango_shapes_them() -> None:
    """In every style of an invoice: amounts, rates with a sign that looks otherwise before figures,
    counts, and patterns that no invoice has.
    """
    renderer = DocumentRenderer()
    profile = open_profile("example.toml").for_partner("any")
    renderer.render(a_long_invoice(30), profile, renderer.present(RenderOptions(), profile))
    shaper = renderer.pdf._shaper
    chance = random.Random(7)  # noqa: S311  not a secret
    for style in list(shaper._styles.values()):
        for pattern in PATTERNS:
            for _ in range(TEXTS):
                text = pattern.format(*(chance.randrange(100, 1000) for _ in range(3)))
                assert shaper.shape(style, text) == shaper._pango.shape(style, text)
    columnar = shaper._figures.columnar.keys()
    others = shaper._figures._passed.keys() - columnar
    assert columnar, "no style has figures that are all as wide"
    assert others, "no style has figures that are not"
