"""The yardstick is straight: the same invoices for everyone, no page with a hole, honest ratios."""

from __future__ import annotations

import pytest
from benchmarks.bill import read_bill
from benchmarks.figures import exponent, figures, ratio
from benchmarks.invoices import invoice_bytes
from benchmarks.proof import count_pages, missing_amounts
from benchmarks.sample import Sample

from invoice_renderer.document import DocumentRenderer
from invoice_renderer.invoice import Invoice, parse_invoice
from invoice_renderer.request import RenderOptions
from invoice_renderer.strict_json import parse_json
from tests.builders import a_profile, invoice_fields

LINES = 12


def parsed(raw: bytes) -> Invoice:
    return parse_invoice(parse_json(raw), max_lines=100)


def a_sample(peer: str, number: int, seconds: float) -> Sample:
    return Sample(peer, LINES, number, seconds, seconds, 1, 1, 1)


def test_the_same_seed_gives_the_same_invoice() -> None:
    """Two engines of one round are asked for the same page."""
    assert invoice_bytes(LINES, seed=7) == invoice_bytes(LINES, seed=7)
    assert invoice_bytes(LINES, seed=7) != invoice_bytes(LINES, seed=8)


def test_three_lines_are_the_documented_invoice() -> None:
    """The first seed leaves it as CarrierX shows it."""
    assert parsed(invoice_bytes(3)) == parse_invoice(invoice_fields(), max_lines=100)


def test_the_bill_has_every_line_of_the_invoice() -> None:
    """No peer is given less to print."""
    bill = read_bill(invoice_bytes(LINES))

    assert sum(len(group.rows) for group in bill.groups) == LINES


@pytest.mark.parametrize("lines", [3, LINES])
def test_our_own_page_holds_the_whole_bill(lines: int) -> None:
    """The proof reads what the peers print; our texts by CLDR are the same amounts."""
    raw, renderer, profile = invoice_bytes(lines), DocumentRenderer(), a_profile()
    presentation = renderer.present(RenderOptions(), profile)

    document = renderer.render(parsed(raw), profile, presentation)

    assert not missing_amounts(document.pdf, raw)
    assert document.pages == count_pages(document.pdf)


def test_a_page_of_another_invoice_does_not_pass() -> None:
    """The proof can fail."""
    renderer, profile = DocumentRenderer(), a_profile()
    other = parsed(invoice_bytes(LINES, seed=1))

    document = renderer.render(other, profile, renderer.present(RenderOptions(), profile))

    assert missing_amounts(document.pdf, invoice_bytes(LINES, seed=2))


def test_a_ratio_is_the_median_of_the_ratios_of_each_round() -> None:
    """A slow moment hits both engines of a round; only rounds that both ran count."""
    ours = [a_sample("ours", number, seconds) for number, seconds in enumerate((1, 10, 3, 99))]
    peer = [a_sample("peer", number, seconds) for number, seconds in enumerate((2, 20, 3))]

    measured = ratio([*ours, *peer], "peer", LINES)

    assert measured is not None
    assert (measured.median, measured.low) == (0.5, 0.5)
    assert ratio(ours, "peer", LINES) is None


def test_figures_of_an_engine_that_did_not_run_are_none() -> None:
    """Not run is not zero."""
    assert figures([a_sample("ours", 0, 1.0)], "peer", LINES) is None


def test_the_exponent_tells_linear_from_quadratic() -> None:
    """1 and 2."""
    assert exponent((n, 3 * n) for n in (500, 5_000, 50_000)) == pytest.approx(1)
    assert exponent((n, 3 * n * n) for n in (500, 5_000, 50_000)) == pytest.approx(2)
