"""A stamped page is the page that WeasyPrint would have laid out."""

from __future__ import annotations

import random
from dataclasses import dataclass

import pypdfium2
import pytest
from PIL import ImageChops

from invoice_renderer.document import Document, DocumentRenderer
from invoice_renderer.gallery import GALLERY
from invoice_renderer.gallery.builders import a_line, a_long_invoice, an_invoice
from invoice_renderer.invoice import Invoice
from invoice_renderer.profile import SellerProfile
from invoice_renderer.profile_source import open_profile
from invoice_renderer.request import RenderOptions
from tests.pdf_reading import tags_of, words_of

SEEN = 32  # of 255: a pixel that differs by less is the same to the eye
PIXELS = 0.001  # of a page may differ: glyphs a hundredth of a pixel off are smoothed otherwise
SCRIPTS = (
    "United States",
    "日本",
    "Ελλάδα",
    "مصر",
    "ไทย",
    "한국",
    "Ünïcödé",
    "a b",
    "fi–ffl",
    "x" * 70,
)


@dataclass(frozen=True)
class Pair:
    """One invoice both ways."""

    plain: Document
    stamped: Document


@pytest.fixture(scope="module")
def renderer() -> DocumentRenderer:
    return DocumentRenderer()


@pytest.fixture(scope="module")
def profile() -> SellerProfile:
    return open_profile("example.toml").for_partner("any")


def both_ways(
    renderer: DocumentRenderer, profile: SellerProfile, invoice: Invoice, **options: str
) -> Pair:
    presentation = renderer.present(RenderOptions(**options), profile)
    return Pair(
        renderer.render(invoice, profile, presentation, plain=True),
        renderer.render(invoice, profile, presentation),
    )


def assert_same(pair: Pair) -> None:
    assert pair.plain.pages == pair.stamped.pages
    assert words_of(pair.plain.pdf) == words_of(pair.stamped.pdf)
    assert tags_of(pair.plain.pdf) == tags_of(pair.stamped.pdf)
    assert worst_page(pair) <= PIXELS


def worst_page(pair: Pair) -> float:
    """The share of pixels that a reader could tell apart, of the page that has most."""
    pages = zip(*map(pypdfium2.PdfDocument, (pair.plain.pdf, pair.stamped.pdf)), strict=True)
    shares = [0.0]
    for plain, stamped in pages:
        pictures = [page.render(scale=100 / 72).to_pil().convert("L") for page in (plain, stamped)]
        counts = ImageChops.difference(*pictures).histogram()
        shares.append(sum(counts[SEEN + 1 :]) / sum(counts))
    return max(shares)


@pytest.mark.parametrize(
    "name", [name for name in GALLERY if name not in {"900-lines", "longest-names"}]
)
def test_every_hard_invoice_is_the_same_both_ways(
    renderer: DocumentRenderer, profile: SellerProfile, name: str, laid_out_whole: list[str]
) -> None:
    """Pages, text in its order, tags and pictures; and it was stamped indeed."""
    assert_same(both_ways(renderer, profile, GALLERY[name].build()))
    assert laid_out_whole == []


@pytest.mark.parametrize("lines", [25, 37, 75, 160])
def test_long_tables_are_the_same_both_ways(
    renderer: DocumentRenderer, profile: SellerProfile, lines: int, laid_out_whole: list[str]
) -> None:
    """Whatever row a page ends with."""
    assert_same(both_ways(renderer, profile, a_long_invoice(lines)))
    assert laid_out_whole == []


@pytest.mark.parametrize("theme", ["classic", "large-print", "mono"])
@pytest.mark.parametrize("locale", ["ja", "ar-EG", "de"])
def test_odd_rows_are_the_same_both_ways_in_every_dress(
    renderer: DocumentRenderer,
    profile: SellerProfile,
    theme: str,
    locale: str,
    laid_out_whole: list[str],
) -> None:
    """Rows that wrap, other scripts, own periods, groups of few and of many; in large print a block
    is parted over two pages, which only layout can do.
    """
    chance = random.Random(f"{theme} {locale}")  # noqa: S311  not a secret
    invoice = an_invoice(invoice_items=[odd_line(chance) for _ in range(70)])
    paper = chance.choice(["a4", "letter"])
    assert_same(both_ways(renderer, profile, invoice, theme=theme, locale=locale, paper=paper))
    assert bool(laid_out_whole) == (theme == "large-print")


def odd_line(chance: random.Random) -> dict[str, object]:
    more: dict[str, object] = {}
    if chance.random() < 0.2:
        more["date_billing_period_start"] = "2023-02-01T00:00:00.000Z"
    return a_line(
        type=chance.choice(["toll", "toll", "toll", "sms", "何か"]),
        amount=f"{chance.randrange(10 ** chance.randrange(1, 8))}.{chance.randrange(100):02}",
        usage=chance.choice([None, 0, 61, 8880, 123456]),
        direction=chance.choice(["inbound", "outbound", *SCRIPTS])[:60],
        country_code=chance.choice(["USA", "GBR", "JPN", None]),
        **more,
    )


def test_what_was_rendered_before_leaves_no_trace(profile: SellerProfile) -> None:
    """The bytes are those of a process that has rendered nothing else."""
    options, invoices = RenderOptions(), [an_invoice(display_id="042"), a_long_invoice(60)]
    fresh = [
        (one := DocumentRenderer()).render(each, profile, one.present(options, profile)).sha256
        for each in invoices
    ]
    used = DocumentRenderer()
    presentation = used.present(options, profile)
    others = (an_invoice(display_id="A 17", amount="9.10"), a_long_invoice(61), a_long_invoice(7))
    for other in (*others, *(GALLERY[name].build() for name in ("40-taxes", "every-script"))):
        used.render(other, profile, presentation)
    warm = [used.render(each, profile, presentation).sha256 for each in invoices]
    assert fresh == warm


def test_a_layout_engine_that_changed_is_used_as_it_is(
    renderer: DocumentRenderer,
    profile: SellerProfile,
    monkeypatch: pytest.MonkeyPatch,
    laid_out_whole: list[str],
) -> None:
    """A box without the members that are known makes no stencil, and the page is still drawn."""

    def changed(*_arguments: object, **_options: object) -> None:
        raise AttributeError("a box has no such member any more")

    monkeypatch.setattr(renderer._pdf._stamper, "stamp", changed)
    pair = both_ways(renderer, profile, an_invoice())
    assert pair.plain.sha256 == pair.stamped.sha256
    assert "laid out whole" in laid_out_whole[0]
