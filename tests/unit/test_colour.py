"""Contrast is WCAG's."""

from __future__ import annotations

import pytest

from invoice_renderer.colour import contrast


@pytest.mark.parametrize(
    ("colour", "ratio"), [("#000000", 21), ("#ffffff", 1), ("#767676", 4.5), ("#12355b", 12.5)]
)
def test_contrast_with_white(colour: str, ratio: float) -> None:
    """Black on white is 21 to 1, white on white 1 to 1."""
    assert contrast(colour) == pytest.approx(ratio, abs=0.05)


def test_contrast_has_no_direction() -> None:
    """Dark on light is light on dark."""
    assert contrast("#12355b", "#f2f3f5") == contrast("#f2f3f5", "#12355b")


@pytest.mark.parametrize("colour", ["red", "#12345", "#12345g", "", "#123456\n"])
def test_a_colour_is_six_hex_digits(colour: str) -> None:
    """And nothing else."""
    with pytest.raises(ValueError, match="rrggbb"):
        contrast(colour)
