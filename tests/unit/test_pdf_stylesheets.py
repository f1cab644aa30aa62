"""A sheet is made from the template, the paper and the brand's colours, and from nothing else."""

from __future__ import annotations

import pytest

from invoice_renderer.colour import contrast
from invoice_renderer.pdf import stylesheets
from invoice_renderer.pdf.stylesheets import (
    DARKEST_GROUND,
    PreparedSheets,
    Style,
    compose,
    readable,
    tint,
)


def a_style(**changes: str) -> Style:
    fields = {"fingerprint": "f", "css": "p{}", "paper": "letter", "primary": "#12355b"}
    return Style(**{**fields, "accent": "#0b7a75", **changes})


def test_a_sheet_begins_with_paper_and_colours() -> None:
    """Then comes the template's own."""
    assert compose(a_style()).startswith(
        "@page{size:8.5in 11in}:root{--primary:#12355b;--accent:#0b7a75;--tint:"
    )
    assert compose(a_style()).endswith("p{}")


def test_a_sheet_is_prepared_once() -> None:
    """For each template, theme, paper and brand."""
    prepared: list[str] = []
    sheets = PreparedSheets(lambda css: prepared.append(css) or len(prepared))
    assert [
        sheets.for_style(style)
        for style in (
            a_style(),
            a_style(),
            a_style(paper="a4"),
            a_style(primary="#000000"),
            a_style(theme="mono"),
            a_style(),
        )
    ] == [1, 1, 2, 3, 4, 1]


def test_the_cache_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """The sheet that was not used for longest goes first."""
    monkeypatch.setattr(stylesheets, "PREPARED_SHEETS", 2)
    prepared: list[str] = []
    sheets = PreparedSheets(prepared.append)
    for colour in ("#000001", "#000002", "#000001", "#000003", "#000001", "#000002"):
        sheets.for_style(a_style(primary=colour))
    assert len(prepared) == 4


@pytest.mark.parametrize(
    "colour", ["red", "#12345", "#12345g", "red;background:url(x)", "", "#123456\n"]
)
def test_a_colour_is_six_hex_digits(colour: str) -> None:
    """The profile checks it; the sheet checks again."""
    with pytest.raises(ValueError, match="rrggbb"):
        compose(a_style(primary=colour))


@pytest.mark.parametrize("colour", ["#ffffff", "#ffee00", "#7fffd4", "#ff6600"])
def test_a_pale_colour_is_darkened_until_it_reads(colour: str) -> None:
    """Contrast is at least 4.5 to 1: with white, with the watermark, with the colour's own tint."""
    shown = readable(colour)
    for ground in ("#ffffff", DARKEST_GROUND, tint(shown)):
        assert contrast(shown, ground) >= 4.5


def test_a_dark_colour_stays_as_it_is() -> None:
    """The brand's own."""
    assert readable("#12355B") == "#12355b"


def test_a_tint_is_nearly_white() -> None:
    """Text on it stays readable."""
    assert tint("#000000") == "#ededed"
