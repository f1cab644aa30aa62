"""The invoice as the reader sees it: every field is text in the reader's language.

Nothing is invented, and nothing is computed but the subtotals of groups: amounts, totals and
balances are what the API says, even where they disagree.
"""

from __future__ import annotations

from invoice_renderer.invoice import Invoice, Notice
from invoice_renderer.language import Language
from invoice_renderer.profile import SellerProfile
from invoice_renderer.template import Wording
from invoice_renderer.view import account
from invoice_renderer.view.charges import charge_groups
from invoice_renderer.view.models import InvoiceView
from invoice_renderer.view.parties import buyer_view, contact_view, labelled, seller_view
from invoice_renderer.view.payment import pay_view, slip_view
from invoice_renderer.view.taxes import tax_groups
from invoice_renderer.view.tokens import Tokens
from invoice_renderer.view.usage import usage_summary

__all__ = ["InvoiceView", "build_view"]


def build_view(
    invoice: Invoice, profile: SellerProfile, *, language: Language, wording: Wording, logo: str
) -> tuple[InvoiceView, tuple[Notice, ...]]:
    """The invoice for one reader, and what the operator should know about its tokens."""
    tokens = Tokens(language, profile, wording)
    payments = tuple(account.payments(invoice, language, tokens))
    net_days = profile.terms.net_days
    custom_fields = labelled(profile.custom_fields, language)
    view = InvoiceView(
        lang=language.tag,
        direction=language.direction,
        title=language.gettext("Invoice {number}").format(number=invoice.display_id),
        created=_created(invoice),
        page_words=_page_words(language),
        is_preliminary=not invoice.is_final,
        is_paid=invoice.paid,
        seller=seller_view(profile.seller, language, logo=logo),
        buyer=buyer_view(invoice.partner, language),
        facts=(*account.facts(invoice, language, net_days=net_days), *custom_fields),
        headline=account.headline(invoice, language, net_days=net_days),
        pay=pay_view(invoice, profile, language),
        summary=tuple(account.summary(invoice, language, tokens)),
        usage=usage_summary(invoice, language, tokens),
        charges=tuple(charge_groups(invoice, language, tokens)),
        charges_total=language.format_money(invoice.amount),
        taxes=tuple(tax_groups(invoice.tax_items, language, tokens)),
        taxes_total=language.format_money(invoice.amount_tax),
        payments=payments if len(payments) > account.PAYMENTS_IN_SUMMARY else (),
        contact=contact_view(profile.contact, language),
        remit_to=profile.remit_to.lines,
        remit_details=tuple(labelled(profile.remit_to.details, language)),
        slip=slip_view(invoice, profile, language),
        terms=language.choose(profile.terms.text) if profile.terms.text else "",
        memo=language.choose(profile.memo) if profile.memo else "",
        footer=language.choose(profile.footer) if profile.footer else "",
    )
    return view, tokens.notices


def _created(invoice: Invoice) -> str:
    """The file's date is the invoice's, never the day of rendering: the same bytes any day."""
    moment = invoice.date_issued or invoice.date_created
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ") if moment else ""


def _page_words(language: Language) -> tuple[str, str, str]:
    before, _, rest = language.gettext("Page {page} of {pages}").partition("{page}")
    between, _, after = rest.partition("{pages}")
    return before, between, after
