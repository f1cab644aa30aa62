"""How to pay: the link, its QR code and the slip; only where money is asked for."""

from __future__ import annotations

import hashlib

from invoice_renderer.invoice import Invoice
from invoice_renderer.language import Language
from invoice_renderer.pay_link import fill_pattern
from invoice_renderer.profile import SellerProfile
from invoice_renderer.qr import QR_CHARACTERS
from invoice_renderer.view.account import due_date, is_payable
from invoice_renderer.view.models import Fact, Party, PayView, SlipView

SHOWN_CHARACTERS = 64  # a longer address is not one that a person types


def pay_view(invoice: Invoice, profile: SellerProfile, language: Language) -> PayView | None:
    """The address for this invoice, if the seller has one and something is to be paid."""
    if profile.pay is None or not is_payable(invoice):
        return None
    account = invoice.partner.display_id if invoice.partner else None
    url = fill_pattern(
        profile.pay.url,
        {
            "invoice_number": invoice.display_id,
            "invoice_sid": invoice.invoice_sid,
            "account_number": account or "",
            "amount_due": language.plain_amount(invoice.amount_due),
            "currency": profile.currency,
        },
    )
    if not url:
        return None
    has_code = profile.pay.qr and len(url) <= QR_CHARACTERS
    return PayView(
        url=url,
        shown=_shown(url),
        qr=f"qr-{hashlib.sha256(url.encode()).hexdigest()[:12]}" if has_code else "",
        qr_alt=language.gettext("QR code that leads to the payment of invoice {number}").format(
            number=invoice.display_id
        ),
    )


def slip_view(invoice: Invoice, profile: SellerProfile, language: Language) -> SlipView | None:
    """What must come with a payment by post; to the address for remittances, else the seller's."""
    if not profile.remit_to.slip or not is_payable(invoice):
        return None
    lines = profile.remit_to.lines or (profile.seller.legal_name, *profile.seller.address)
    return SlipView(
        payee=Party(lines[0], lines[1:]),
        facts=tuple(_slip_facts(invoice, profile, language)),
        amount=Fact(language.gettext("Amount due"), language.format_money(invoice.amount_due)),
    )


def _slip_facts(invoice: Invoice, profile: SellerProfile, language: Language) -> list[Fact]:
    gettext = language.gettext
    facts = [Fact(gettext("Invoice number"), invoice.display_id)]
    if invoice.partner and invoice.partner.display_id:
        facts.insert(0, Fact(gettext("Account number"), invoice.partner.display_id))
    if due := due_date(invoice, language, profile.terms.net_days):
        facts.append(Fact(gettext("Due"), due))
    elif expected := invoice.date_charge_expected:
        facts.append(Fact(gettext("Charge expected"), language.format_date(expected)))
    return facts


def _shown(url: str) -> str:
    """The whole address where a person could type it, else the host alone."""
    bare = url.removeprefix("https://").rstrip("/")
    return bare if len(bare) <= SHOWN_CHARACTERS else bare.partition("/")[0]
