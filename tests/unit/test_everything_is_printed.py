"""What the view says is on the page: every amount, date and label, whatever the invoice."""

from __future__ import annotations

import unicodedata

import pypdfium2
import pytest
from babel import Locale
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from invoice_renderer.document import DocumentRenderer
from invoice_renderer.invoice import Invoice
from invoice_renderer.language import Language
from invoice_renderer.request import RenderOptions
from invoice_renderer.view import InvoiceView, build_view
from tests.strategies import invoices
from tests.unit.test_document import the_example_profile
from tests.unit.test_view import TEMPLATE, texts_in

PROFILE = the_example_profile()
UNPRINTED = ("lang", "direction", "created", "page_words", "pay", "contact", "seller")
"""Of the view: for the file, for the ends of pages, or tested as links, feet and letterhead."""
LEFT_TO_RIGHT = ("en-US", "es", "fr", "de", "pt-BR", "ja")
"""From right to left each reader has its own order; the names in the tests of fonts cover it."""
HYPHEN_AT_A_LINES_END = "\ufffe"  # so PDFium writes it
FIRST_RARE = 0x10000
"""From here on a character may have no glyph, and then prints as U+FFFD."""
RIGHT_TO_LEFT = frozenset({"R", "AL", "AN"})


def levelled(text: str) -> str:
    """Without what a reader may guess (spaces), join (compatibility forms) or leave out, and in
    small letters: a style may print capitals.
    """
    shown = unicodedata.normalize("NFKC", text)
    kept = (letter for letter in shown if letter.isprintable() and not letter.isspace())
    return "".join(kept).casefold()


def said_by(invoice: Invoice, locale: str) -> set[str]:
    """The texts of the view that a reader must find, as far as all of their letters are printed."""
    view = _view_of(invoice, locale)
    names = [name for name in view.__slots__ if name not in UNPRINTED]
    leaves = [leaf for name in names for leaf in texts_in(getattr(view, name))]
    texts = {leaf for leaf in leaves if isinstance(leaf, str) and leaf}
    unsaid = {group.explanation for group in view.charges if not group.label}  # has no head
    return {text for text in texts - unsaid if not _is_running_sum(text, view) and _is_plain(text)}


def _view_of(invoice: Invoice, locale: str) -> InvoiceView:
    language = Language(
        Locale.parse(locale, sep="-"),
        time_zone="UTC",
        currency=PROFILE.currency,
        translations=TEMPLATE.translations("en" if locale == "en-US" else locale),
    )
    return build_view(invoice, PROFILE, language=language, wording=TEMPLATE.wording, logo="")[0]


def _is_plain(text: str) -> bool:
    """Not of a script whose letters are turned around, reordered or joined on the way to the page:
    there each reader has its own way back. Nor with marks, or characters for private use.
    """
    return all(
        unicodedata.bidirectional(letter) not in RIGHT_TO_LEFT
        and not unicodedata.combining(letter)
        and not "\u0900" <= letter <= "\u0eff"  # from Devanagari to Lao
        and unicodedata.category(letter) != "Co"
        and ord(letter) < FIRST_RARE
        for letter in text
    )


def _is_running_sum(text: str, view: InvoiceView) -> bool:
    groups = view.charges
    sums = {each for group in groups for line in group.lines
            for each in (line.brought, line.carried, line.again)}  # fmt: skip
    return text in sums | {each for group in groups for each in (group.brought, group.carried)}


@pytest.mark.parametrize("theme", ["modern", "large-print"])
@settings(
    max_examples=20,
    derandomize=True,
    deadline=None,
    phases=(Phase.generate,),  # to shrink takes some hundred renders: minutes
    suppress_health_check=[HealthCheck.too_slow],
)
@given(invoice=invoices(), locale=st.sampled_from(LEFT_TO_RIGHT))
def test_every_text_of_the_view_is_on_the_page(
    renderer: DocumentRenderer, theme: str, invoice: Invoice, locale: str
) -> None:
    """Amounts, dates, labels, explanations: none lost to a style, a page end or a short cut."""
    options = RenderOptions(theme=theme, locale=locale, time_zone="UTC")  # type: ignore[arg-type]
    document = renderer.render(invoice, PROFILE, renderer.present(options, PROFILE))
    pages = [page.get_textpage().get_text_range() for page in pypdfium2.PdfDocument(document.pdf)]
    printed = levelled("".join(pages).replace(HYPHEN_AT_A_LINES_END, "-"))
    expected = said_by(invoice, locale)
    assert len(expected) > 10
    assert {text for text in expected if levelled(text) not in printed} == set()
