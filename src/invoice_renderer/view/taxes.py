"""Taxes under one heading, regulatory fees and surcharges under another."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from invoice_renderer.invoice import TaxItem
from invoice_renderer.language import Language
from invoice_renderer.view.models import TaxGroup, TaxLine
from invoice_renderer.view.tokens import TaxReading, Tokens
from invoice_renderer.view.totals import total_of


def tax_groups(taxes: Sequence[TaxItem], language: Language, tokens: Tokens) -> Iterator[TaxGroup]:
    """Only the headings that have something under them."""
    read = [(tax, tokens.tax(tax.type)) for tax in taxes]
    headings = {
        "tax": language.gettext("Taxes"),
        "surcharge": language.gettext("Regulatory fees and surcharges"),
    }
    groups = {name: [pair for pair in read if pair[1].group == name] for name in headings}
    both = all(groups.values())
    for name, pairs in groups.items():
        if pairs:
            total = total_of(tax.amount for tax, _ in pairs)
            yield TaxGroup(
                label=headings[name],
                lines=tuple(_line(tax, reading, language, tokens) for tax, reading in pairs),
                subtotal=language.format_money(total) if both else "",
            )


def _line(tax: TaxItem, reading: TaxReading, language: Language, tokens: Tokens) -> TaxLine:
    return TaxLine(
        label=reading.label,
        explanation=reading.explanation,
        jurisdiction=tokens.jurisdiction(tax.jurisdiction),
        amount=language.format_money(tax.amount),
    )
