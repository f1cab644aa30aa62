"""Hostile text in every field of an invoice: printed as it is, in bounded time and space."""

from __future__ import annotations

import re
import subprocess
import time
from urllib.parse import unquote, urlsplit

import pytest

from invoice_renderer.document import Document, DocumentRenderer
from invoice_renderer.field_types import NAME_CHARACTERS, TOKEN_CHARACTERS
from invoice_renderer.request import RenderOptions
from tests.builders import a_line, a_partner, a_profile, a_tax, an_invoice
from tests.pdf_reading import fonts_of, links_of, words_of

SECONDS = 30  # for the worst alphabet; it is some three on a quiet machine

# Each is the worst of its kind that text.py lets through: the layout engine must survive it.
ALPHABETS = {
    "zero-width": "a\u200b",
    "soft hyphens": "a\u00ad",
    "emoji": "👨\u200d👩\u200d👧",
    "mixed scripts": "aяשع中ไह",
    "combining marks": "a\u0301\u0302\u0303\u0304",
    "wide letters": "W",
    "narrow letters": "i",
    "one ligature": "﷽",
}


def rendered(renderer: DocumentRenderer, **changes: object) -> Document:
    profile = a_profile()
    presentation = renderer.present(RenderOptions(), profile)
    return renderer.render(an_invoice(**changes), profile, presentation)


@pytest.mark.parametrize("alphabet", ALPHABETS)
def test_every_field_at_its_cap_renders_in_time(renderer: DocumentRenderer, alphabet: str) -> None:
    """Four lines of the worst text, in every column that takes text."""
    letters = ALPHABETS[alphabet]
    token = (letters * TOKEN_CHARACTERS)[:TOKEN_CHARACTERS]
    name = (letters * NAME_CHARACTERS)[:NAME_CHARACTERS]
    line = a_line(type=token, direction=token, country_code=token)
    parts = ("name", "company_name", "address1", "address2", "city", "state")
    started = time.monotonic()
    document = rendered(
        renderer,
        display_id=token,
        invoice_items=[line] * 4,
        tax_items=[a_tax(type=token, jurisdiction=token)] * 5,
        partner=a_partner(zip=token, country_code=token, **dict.fromkeys(parts, name)),
    )
    assert document.pages < 60
    assert time.monotonic() - started < SECONDS


@pytest.mark.parametrize(
    "text",
    [
        "<script>alert(1)</script>",
        "<img src=file:///etc/passwd>",
        "</style><style>*{display:none}</style>",
        "{{7*7}}",
        "{%for x in y%}",
        "{{''.__class__}}",
        "${7*7}#{7*7}",
        "&lt;b&gt;",
        "=cmd()|'/C calc'!A0",
        "javascript:alert(1)",
        "https://evil.example/pay",
    ],
)
def test_markup_and_templates_print_literally(renderer: DocumentRenderer, text: str) -> None:
    """In a name, a token and a number; none of it becomes a link."""
    document = rendered(
        renderer,
        display_id=text,
        invoice_items=[a_line(type=text), a_line(type=text)],
        partner=a_partner(company_name=text),
    )
    words = words_of(document.pdf).replace(" ", "")
    assert words.count(text.replace(" ", "")) >= 3
    assert links_of(document.pdf) == []


def test_a_bidi_override_moves_no_amount(renderer: DocumentRenderer) -> None:
    """The control is removed; a right-to-left name leaves the columns where they are."""
    overridden = rendered(renderer, partner=a_partner(company_name="\u202eACME \u2067Inc"))
    plain = rendered(renderer, partner=a_partner(company_name="ACME Inc"))
    assert overridden.sha256 == plain.sha256
    hebrew = rendered(renderer, partner=a_partner(company_name="חברה 100.00 בע״מ"))
    assert _places(hebrew.pdf, "$351.91") == _places(plain.pdf, "$351.91")


def test_names_of_every_bundled_script_print_in_real_glyphs(renderer: DocumentRenderer) -> None:
    """And come out as text again."""
    names = {
        "company_name": "Ελλάδα Россия Việt",
        "name": "भारत ไทย 株式会社",
        "address1": "საქართველო Հայաստան",
        "address2": "שלום",
    }
    document = rendered(renderer, partner=a_partner(**names))
    assert document.notices == ()
    words = words_of(document.pdf)
    for name in names.values():
        for word in name.split():
            assert word in words
    assert {"Noto-Sans-Devanagari", "Noto-Sans-Thai", "Noto-Sans-Hebrew"} <= fonts_of(document.pdf)


def test_a_script_without_a_font_is_replaced_and_reported(renderer: DocumentRenderer) -> None:
    """A mark that one sees, and a notice that names the character: never a silent box."""
    document = rendered(renderer, partner=a_partner(company_name="𓀀 Acme"))
    assert [notice.code for notice in document.notices] == ["glyph-missing"]
    assert "U+13000 EGYPTIAN HIEROGLYPH A001" in document.notices[0].detail
    assert "\ufffd Acme" in words_of(document.pdf)


def test_long_words_stay_on_the_page(renderer: DocumentRenderer) -> None:
    """An unbroken word or a huge amount wraps within its cell."""
    document = rendered(
        renderer,
        display_id="9" * TOKEN_CHARACTERS,
        amount_due="-123456789012345.123456789012345",
        balance_previous="-123456789012345.123456789012345",
        invoice_items=[
            a_line(type="W" * 60, amount="-123456789012345.123456", usage=999999999999999),
            a_line(type="W" * 60, country_code="W" * 60, direction="w" * 60),
        ],
        partner=a_partner(company_name="x" * NAME_CHARACTERS, display_id="W" * TOKEN_CHARACTERS),
    )
    margin, width = 48, 612
    for left, right in _extents(document.pdf):
        assert margin <= left
        assert right <= width - margin


@pytest.mark.parametrize("theme", ["modern", "classic", "large-print", "mono"])
def test_long_words_stay_on_the_page_in_every_theme(renderer: DocumentRenderer, theme: str) -> None:
    """In the pay link, the slip, the summary, and what pages carry forward."""
    word, amount = "W" * TOKEN_CHARACTERS, "123456789012345.123456789012345"
    profile = a_profile(
        pay={"url": "https://pay.example/{invoice_number}"},
        remit_to={"slip": True, "lines": ["x" * NAME_CHARACTERS]},
        custom_fields=[{"label": "L" * NAME_CHARACTERS, "value": "V" * NAME_CHARACTERS}],
    )
    line = a_line(type=word, country_code=word, direction=word, amount=amount)
    invoice = an_invoice(display_id=word, amount_due=amount, invoice_items=[line] * 40)
    presentation = renderer.present(RenderOptions(theme=theme), profile)
    document = renderer.render(invoice, profile, presentation)
    assert document.pages > 2
    for left, right in _extents(document.pdf):
        assert left >= 34
        assert right <= 612 - 34


def _extents(pdf: bytes) -> list[tuple[float, float]]:
    """The left and right edge of every word, in points."""
    return [(float(word[0]), float(word[2])) for word in _words(pdf)]


def _places(pdf: bytes, text: str) -> list[tuple[str, ...]]:
    return [word[:4] for word in _words(pdf) if text in word[4]]


def _words(pdf: bytes) -> list[tuple[str, ...]]:
    boxes = subprocess.run(
        ["pdftotext", "-bbox", "-", "-"], input=pdf, capture_output=True, check=True
    ).stdout.decode()
    pattern = r'<word xMin="([\d.]+)" yMin="([\d.]+)" xMax="([\d.]+)" yMax="([\d.]+)">(.*?)</word>'
    return [match.groups() for match in re.finditer(pattern, boxes)]


@pytest.mark.parametrize(
    "number",
    [
        "../../evil",
        "//evil.example",
        "?amount=0",
        "@evil.example",
        "a#b",
        "%00",
        '"onclick=',
        "<b>",
    ],
)
def test_a_hostile_number_stays_in_its_place_in_the_pay_link(
    renderer: DocumentRenderer, number: str
) -> None:
    """The host and the query are the operator's, and the code is of the same address."""
    profile = a_profile(pay={"url": "https://pay.example/i/{invoice_number}?amount={amount_due}"})
    presentation = renderer.present(RenderOptions(), profile)
    invoice = an_invoice(display_id=number, amount_due="5")
    (link,) = set(links_of(renderer.render(invoice, profile, presentation).pdf))
    parts = urlsplit(link)
    assert (parts.scheme, parts.netloc, parts.query) == ("https", "pay.example", "amount=5.00")
    assert unquote(parts.path) == f"/i/{number}"
    assert parts.path.count("/") == 2
