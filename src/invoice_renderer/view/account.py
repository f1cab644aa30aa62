"""The account: the headline, the summary, the payments, the dates.

A negative balance is a credit, and says so in words: a minus sign alone is easily overlooked.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from invoice_renderer.invoice import Invoice
from invoice_renderer.language import Language
from invoice_renderer.view.models import Fact, Headline, PaymentLine
from invoice_renderer.view.tokens import Tokens
from invoice_renderer.view.totals import total_of

PAYMENTS_IN_SUMMARY = 5  # more of them get a table of their own


def headline(invoice: Invoice, language: Language, *, net_days: int | None = None) -> Headline:
    """The amount due, and when it will be taken, or is due, if at all."""
    gettext, due = language.gettext, invoice.amount_due
    label = gettext("Amount due (credit)") if due < 0 else gettext("Amount due")
    return Headline(label, language.format_money(due), _headline_note(invoice, language, net_days))


def _headline_note(invoice: Invoice, language: Language, net_days: int | None) -> str:
    gettext, day = language.gettext, language.format_date
    charged, expected = invoice.date_charged, invoice.date_charge_expected
    if invoice.paid:
        return gettext("Paid on {date}").format(date=day(charged)) if charged else gettext("Paid")
    if invoice.amount_due < 0:
        return gettext("You have a credit. No payment is due.")
    if not invoice.amount_due:
        return gettext("No payment is due.")
    if charged:
        return gettext("Charged on {date}").format(date=day(charged))
    if due := due_date(invoice, language, net_days):
        return gettext("Due by {date}").format(date=due)
    return gettext("Will be charged on {date}").format(date=day(expected)) if expected else ""


def due_date(invoice: Invoice, language: Language, net_days: int | None) -> str:
    """The seller's terms, counted from the day of issue; an invoice not issued is not due."""
    if net_days is None or invoice.date_issued is None:
        return ""
    return language.format_date_after(invoice.date_issued, net_days)


def is_payable(invoice: Invoice) -> bool:
    """Whether the reader is asked for money: not where it was paid or has been charged."""
    return invoice.amount_due > 0 and not invoice.paid and invoice.date_charged is None


def facts(invoice: Invoice, language: Language, *, net_days: int | None = None) -> Iterator[Fact]:
    """Number, account, period, dates: those that the API gives, and the due date of the terms."""
    gettext = language.gettext
    yield Fact(gettext("Invoice number"), invoice.display_id)
    if invoice.partner and invoice.partner.display_id:
        yield Fact(gettext("Account number"), invoice.partner.display_id)
    period = language.format_period(
        invoice.date_billing_period_start, invoice.date_billing_period_end
    )
    yield Fact(gettext("Billing period"), period)
    if invoice.date_issued:
        yield Fact(gettext("Issued"), language.format_date(invoice.date_issued))
    if invoice.date_charged:
        yield Fact(gettext("Charged"), language.format_date(invoice.date_charged))
    elif invoice.date_charge_expected:
        yield Fact(gettext("Charge expected"), language.format_date(invoice.date_charge_expected))
    if is_payable(invoice) and (due := due_date(invoice, language, net_days)):
        yield Fact(gettext("Due"), due)


def summary(invoice: Invoice, language: Language, tokens: Tokens) -> Iterator[Fact]:
    """From the previous balance to the balance forward; the amount due is the headline's."""
    gettext, money = language.gettext, language.format_money
    previous, forward = invoice.balance_previous, invoice.balance_forward
    yield Fact(
        gettext("Previous balance (credit)") if previous < 0 else gettext("Previous balance"),
        money(previous),
    )
    yield from _paid(invoice, language, tokens)
    yield Fact(gettext("Current charges"), money(invoice.amount))
    yield Fact(gettext("Taxes and surcharges"), money(invoice.amount_tax))
    yield Fact(
        gettext("Balance forward (credit)") if forward < 0 else gettext("Balance forward"),
        money(forward),
    )


def payments(invoice: Invoice, language: Language, tokens: Tokens) -> Iterator[PaymentLine]:
    """One by one; a payment of which the API says nothing at all is left out."""
    for payment in invoice.pay_items:
        line = PaymentLine(
            date=language.format_date(payment.date) if payment.date else "",
            kind=tokens.payment(payment.type),
            amount="" if payment.amount is None else language.format_money(payment.amount),
        )
        if line.date or line.kind or line.amount:
            yield line


def _paid(invoice: Invoice, language: Language, tokens: Tokens) -> Iterator[Fact]:
    if len(invoice.pay_items) > PAYMENTS_IN_SUMMARY:
        total = total_of(payment.amount or Decimal(0) for payment in invoice.pay_items)
        yield Fact(language.gettext("Payments received"), language.format_money(total))
        return
    for line in payments(invoice, language, tokens):
        label = " · ".join(filter(None, (language.gettext("Payment"), line.date, line.kind)))
        yield Fact(label, line.amount)
