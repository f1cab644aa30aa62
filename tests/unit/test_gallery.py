"""The gallery: the hard invoices that every look at a template begins with."""

from __future__ import annotations

import pytest

from invoice_renderer.gallery import GALLERY
from invoice_renderer.gallery.builders import documented
from invoice_renderer.gallery.cases import SCRIPTS
from invoice_renderer.gallery.chance import generated_invoices
from invoice_renderer.invoice import find_notices
from tests.builders import sample


def test_the_documented_invoice_is_the_api_s_own_answer() -> None:
    assert sample("invoice-get-by-sid") == documented("invoice")
    assert sample("partner-get-by-sid") == documented("partner")


@pytest.mark.parametrize("name", GALLERY)
def test_a_case_is_the_same_invoice_every_time(name: str) -> None:
    """A picture of it can be compared with yesterday's."""
    case = GALLERY[name]
    assert case.name == name
    assert case.build().digest() == case.build().digest()


def test_no_two_cases_are_the_same() -> None:
    assert len(GALLERY) == len({case.build().digest() for case in GALLERY.values()})


@pytest.mark.parametrize(
    ("name", "lines"), [("no-lines", 0), ("one-line", 1), ("60-lines", 60), ("900-lines", 900)]
)
def test_a_case_has_the_lines_that_it_is_named_for(name: str, lines: int) -> None:
    assert lines == len(GALLERY[name].build().invoice_items)


@pytest.mark.parametrize("name", ["one-line", "60-lines", "900-lines", "open", "closed", "paid"])
def test_an_ordinary_invoice_of_the_gallery_adds_up(name: str) -> None:
    """So that a notice beside it tells of the template, not of the fixture."""
    assert find_notices(GALLERY[name].build()) == ()


@pytest.mark.parametrize(
    ("name", "code"), [("documented", "balance-differs"), ("unknown-status", "status-unknown"),
                       ("nothing-optional", "partner-missing")]
)  # fmt: skip
def test_a_hard_invoice_is_noticed(name: str, code: str) -> None:
    assert code in {notice.code for notice in find_notices(GALLERY[name].build())}


def test_forty_taxes_are_forty_different_lines() -> None:
    taxes = GALLERY["40-taxes"].build().tax_items
    assert len({(tax.type, tax.jurisdiction) for tax in taxes}) == 40


def test_every_script_is_in_the_case_of_that_name() -> None:
    printed = GALLERY["every-script"].build().canonical_json().decode()
    assert all(f"\\u{ord(name[1]):04x}" in printed for script, name in SCRIPTS.items()
               if script in {"Greek", "Cyrillic", "Arabic", "Hebrew", "Devanagari", "Thai",
                             "Chinese", "Japanese", "Korean"})  # fmt: skip


def test_chance_repeats_itself() -> None:
    """The same seed, the same invoices; another seed, others."""
    first, again, other = (
        [invoice.digest() for invoice in generated_invoices(20, seed=seed)] for seed in (1, 1, 2)
    )
    assert first == again
    assert first != other
