"""Who bills, who is billed, and whom to ask."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from invoice_renderer.invoice import Partner
from invoice_renderer.language import Language
from invoice_renderer.profile import Contact, Labelled, Seller
from invoice_renderer.view.models import ContactView, Fact, Party, SellerView

STATE_BEFORE_ZIP = frozenset({"USA", "CAN", "AUS", "MEX", "BRA"})


def seller_view(seller: Seller, language: Language, *, logo: str) -> SellerView:
    return SellerView(
        name=seller.legal_name,
        address=seller.address,
        identifiers=tuple(labelled(seller.identifiers, language)),
        website=seller.website or "",
        logo=logo,
    )


def contact_view(contact: Contact, language: Language) -> ContactView:
    return ContactView(
        name=language.choose(contact.name) if contact.name else "",
        email=contact.email or "",
        phone=contact.phone or "",
        url=contact.url or "",
        hours=language.choose(contact.hours) if contact.hours else "",
    )


def buyer_view(partner: Partner | None, language: Language) -> Party | None:
    """The company, else the person; the address as far as the API gives it."""
    if partner is None:
        return None
    names = [name for name in (partner.company_name, partner.name) if name]
    lines = (*names[1:], *_address(partner, language))
    return Party(names[0], lines) if names else Party("", lines) if lines else None


def _address(partner: Partner, language: Language) -> Iterator[str]:
    yield from filter(None, (partner.address1, partner.address2, _town(partner)))
    if partner.country_code:
        yield language.format_country(partner.country_code)


def _town(partner: Partner) -> str:
    """``Long Beach, CA 90804`` or ``75011 Paris``: as the country writes it."""
    if partner.country_code in STATE_BEFORE_ZIP:
        region = " ".join(filter(None, (partner.state, partner.zip)))
        return ", ".join(filter(None, (partner.city, region)))
    town = " ".join(filter(None, (partner.zip, partner.city)))
    return ", ".join(filter(None, (town, partner.state)))


def labelled(values: Iterable[Labelled], language: Language) -> Iterator[Fact]:
    for one in values:
        yield Fact(language.choose(one.label), one.value)
