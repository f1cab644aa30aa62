"""Themes are data: each is drawn as it promises, whatever the invoice."""

from __future__ import annotations

import re
import subprocess
import tempfile
from pathlib import Path

import pytest
from PIL import Image

from invoice_renderer.document import Document, DocumentRenderer
from invoice_renderer.errors import OptionRefused, ProfileMalformed
from invoice_renderer.invoice import Invoice
from invoice_renderer.profile import SellerProfile
from invoice_renderer.request import RenderOptions
from invoice_renderer.template import Templates
from tests.builders import a_long_invoice, a_profile, an_invoice
from tests.pdf_reading import opened, words_of
from tests.unit.test_document import the_example_profile

THEMES = Templates().get("v1").themes


def drawn(
    renderer: DocumentRenderer,
    theme: str,
    invoice: Invoice | None = None,
    profile: SellerProfile | None = None,
    **options: str,
) -> Document:
    profile = profile or the_example_profile()
    chosen = renderer.present(RenderOptions(theme=theme, **options), profile)  # type: ignore[arg-type]
    return renderer.render(invoice or an_invoice(), profile, chosen)


def pictures_of(pdf: bytes) -> list[Image.Image]:
    """The pages as colour pictures, without smoothing: what a printer would put down."""
    command = ["pdftoppm", "-r", "60", "-aa", "no", "-aaVector", "no", "-", ""]
    with tempfile.TemporaryDirectory() as folder:
        command[-1] = f"{folder}/page"
        subprocess.run(command, input=pdf, capture_output=True, check=True)
        return [Image.open(file).convert("RGB") for file in sorted(Path(folder).iterdir())]


def font_sizes_of(pdf: bytes) -> set[float]:
    """The sizes of all text, in points; WeasyPrint writes CSS pixels and scales the page."""
    with opened(pdf) as document:
        streams = [page.Contents.read_bytes().decode("latin-1") for page in document.pages]
    return {float(size) * 0.75 for one in streams for size in re.findall(r"/\S+ ([\d.]+) Tf", one)}


def test_there_are_four() -> None:
    """The first is what a seller gets who names none."""
    assert THEMES == ("modern", "classic", "large-print", "mono")


@pytest.mark.parametrize("paper", ["letter", "a4"])
@pytest.mark.parametrize("theme", ["modern", "classic", "mono"])
@pytest.mark.parametrize("locale", ["en-US", "es"])
def test_the_documented_invoice_is_one_page(
    renderer: DocumentRenderer, theme: str, paper: str, locale: str
) -> None:
    """With all that the example profile can say."""
    assert drawn(renderer, theme, paper=paper, locale=locale).pages == 1


@pytest.mark.parametrize("theme", THEMES)
def test_every_theme_says_the_same(renderer: DocumentRenderer, theme: str) -> None:
    """Every amount, date and label; only the look differs."""
    modern, other = (words_of(drawn(renderer, one).pdf) for one in ("modern", theme))
    for word in set(modern.lower().split()):
        assert word in other.lower().replace("/ ", "/"), word  # a rate may wrap after its slash


def test_mono_is_black_and_white(renderer: DocumentRenderer) -> None:
    """No grey, no tint, no brand colour and no coloured logo, on any page."""
    pdf = drawn(renderer, "mono", a_long_invoice(60, amount_due="5")).pdf
    for page in pictures_of(pdf):
        levels = {level for _, level in page.getcolors(1 << 20) or ()}
        assert levels <= {(0, 0, 0), (255, 255, 255)}
    assert "Northline Communications, Inc." in words_of(pdf, page=1)


def test_large_print_is_large(renderer: DocumentRenderer) -> None:
    """18 points for text, 16 in tables and at the foot of a page, nothing below."""
    sizes = font_sizes_of(drawn(renderer, "large-print", an_invoice(amount_due="5")).pdf)
    assert round(min(sizes), 2) >= 16
    assert 18 in sizes


def test_large_print_shows_the_amount_on_the_first_page(renderer: DocumentRenderer) -> None:
    """On both papers."""
    for paper in ("letter", "a4"):
        pdf = drawn(renderer, "large-print", an_invoice(amount_due="55.5"), paper=paper).pdf
        assert "$55.50" in words_of(pdf, page=1)


def test_a_profile_chooses_a_theme_and_a_request_another(renderer: DocumentRenderer) -> None:
    """The caller comes first, then the seller, then the template."""
    profile = a_profile(defaults={"theme": "classic"})
    assert renderer.present(RenderOptions(), profile).theme == "classic"
    assert renderer.present(RenderOptions(theme="mono"), profile).theme == "mono"
    assert renderer.present(RenderOptions(), a_profile()).theme == "modern"


def test_a_theme_that_is_not_offered_is_refused(renderer: DocumentRenderer) -> None:
    """The caller is told what is; the operator's own mistake is the profile's."""
    for options in (RenderOptions(theme="neon"), RenderOptions(theme="neon", template="v1")):
        with pytest.raises(OptionRefused) as refused:
            renderer.check(options)
        assert set(refused.value.offered) == set(THEMES)
    with pytest.raises(OptionRefused):
        renderer.present(RenderOptions(theme="neon"), a_profile())
    with pytest.raises(ProfileMalformed, match=r"defaults\.theme"):
        renderer.present(RenderOptions(), a_profile(defaults={"theme": "neon"}))


@pytest.mark.parametrize("theme", THEMES)
def test_the_same_input_is_the_same_bytes(renderer: DocumentRenderer, theme: str) -> None:
    """With code, slip, summary and watermark, in another renderer, after another theme."""
    invoice = a_long_invoice(20, amount_due="12.5")
    first = drawn(renderer, theme, invoice)
    drawn(renderer, "classic", invoice)
    assert first.sha256 == drawn(renderer, theme, invoice).sha256
    assert first.sha256 == drawn(DocumentRenderer(), theme, invoice).sha256


# ----------------------------------------------------------------------------- the watermark


@pytest.mark.parametrize("theme", ["modern", "classic"])
def test_the_watermark_is_on_every_page_of_an_open_invoice_only(
    renderer: DocumentRenderer, theme: str
) -> None:
    """Between the lines of text, where a closed invoice is white."""
    pages = {
        status: pictures_of(drawn(renderer, theme, a_long_invoice(60, status=status)).pdf)
        for status in ("open", "closed")
    }
    marks = [_pixels_of(page, (242, 243, 245)) for page in pages["open"]]
    assert len(marks) > 1
    assert min(marks) > 1_500
    assert max(_pixels_of(page, (242, 243, 245)) for page in pages["closed"]) < 50


def test_text_stands_before_the_watermark(renderer: DocumentRenderer) -> None:
    """On each page the mark is the first text that is painted; all other lies over it."""
    with opened(drawn(renderer, "modern", a_long_invoice(60)).pdf) as document:
        for page in document.pages:
            content = page.Contents.read_bytes()
            assert -1 < content.find(b"0.94902 0.952941 0.960784 rg") < content.index(b"BT")


def test_the_watermark_is_not_in_the_reading_order(renderer: DocumentRenderer) -> None:
    """Of all its places a screen reader finds the word in one: the band on the first page."""
    pdf = drawn(renderer, "modern", a_long_invoice(60)).pdf
    assert words_of(pdf).count("PRELIMINARY") > 2
    command = ["pdfinfo", "-struct-text", "-"]
    read = subprocess.run(command, input=pdf, capture_output=True, check=True).stdout.decode()
    assert read.upper().count("PRELIMINARY") == 1


def _pixels_of(page: Image.Image, colour: tuple[int, int, int]) -> int:
    return {level: count for count, level in page.getcolors(1 << 20) or ()}.get(colour, 0)
