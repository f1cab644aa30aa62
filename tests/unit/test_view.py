"""What the reader sees of an invoice: the API's words and figures, and nothing invented."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields, is_dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from babel import Locale

from invoice_renderer.invoice import Invoice, Notice
from invoice_renderer.language import Language
from invoice_renderer.profile import SellerProfile
from invoice_renderer.template import Templates
from invoice_renderer.view import InvoiceView, build_view
from invoice_renderer.view.models import ChargeLine
from invoice_renderer.view.tokens import readable
from tests.builders import a_line, a_partner, a_payment, a_profile, a_tax, an_invoice

TEMPLATE = Templates().get("v1")
MINUS, NBSP, THIN = "\N{MINUS SIGN}", "\N{NO-BREAK SPACE}", "\N{THIN SPACE}"


def viewed(
    invoice: Invoice | None = None, profile: SellerProfile | None = None, locale: str = "en-US"
) -> tuple[InvoiceView, tuple[Notice, ...]]:
    profile = profile or a_profile()
    language = Language(
        Locale.parse(locale, sep="-"),
        time_zone="UTC",
        currency=profile.currency,
        translations=TEMPLATE.translations(locale[:2]),
    )
    return build_view(
        invoice or an_invoice(), profile, language=language, wording=TEMPLATE.wording, logo=""
    )


def a_view(
    invoice: Invoice | None = None, profile: SellerProfile | None = None, locale: str = "en-US"
) -> InvoiceView:
    return viewed(invoice, profile, locale)[0]


def texts_in(value: Any) -> list[object]:
    """Every leaf of a view."""
    if is_dataclass(value):
        return [leaf for one in fields(value) for leaf in texts_in(getattr(value, one.name))]
    if isinstance(value, ChargeLine):
        return [getattr(value, name) for name in dir(value) if not name.startswith("_")]
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [leaf for one in value for leaf in texts_in(one)]
    return [value]


def test_the_documented_invoice_reads_as_documented() -> None:
    """Its summary, its lines with units and rates, its own period on the odd line."""
    view = a_view()
    assert [(fact.label, fact.value) for fact in view.summary] == [
        ("Previous balance (credit)", f"{MINUS}$351.91"),
        ("Current charges", "$0.38"),
        ("Taxes and surcharges", "$0.32"),
        ("Balance forward (credit)", f"{MINUS}$0.45"),
    ]
    voice, numbers = view.charges
    assert [
        (line.label, line.direction, line.usage, line.rate, line.amount) for line in voice.lines
    ] == [
        ("United States", "Inbound", f"148{NBSP}min", "$0.0025/min", "$0.37"),
        ("United States", "Outbound", f"1{NBSP}min", "$0.01/min", "$0.01"),
    ]
    assert (voice.label, voice.subtotal) == ("Voice calls", "$0.38")
    assert (numbers.label, numbers.subtotal) == ("SMS-enabled numbers", "")
    assert numbers.lines[0].usage == "2 numbers"
    assert numbers.lines[0].period == f"Jun 6{THIN}–{THIN}Jul 4, 2023"
    assert [group.label for group in view.taxes] == ["Regulatory fees and surcharges"]


def test_every_field_is_text_or_a_plain_yes_or_no() -> None:
    """A template cannot print ``None`` or a raw number, because there is none."""
    whole = a_view(an_invoice(amount_due="9"), a_profile(pay=PAY, remit_to={"slip": True}))
    assert {str, bool} == {type(leaf) for leaf in texts_in(whole)}


@pytest.mark.parametrize("missing", ["country_code", "direction", "usage"])
def test_what_a_line_lacks_is_empty(missing: str) -> None:
    """``direction`` is missing in CarrierX's own sample."""
    line = a_line()
    del line[missing]
    view, notices = viewed(an_invoice(invoice_items=[line, a_line(amount="1")]))
    assert notices == ()
    assert len(view.charges[0].lines) == 2


def test_dates_that_are_null_have_no_row() -> None:
    """Neither issued nor charged, and no expected date either."""
    labels = [fact.label for fact in a_view(an_invoice(date_charge_expected=None)).facts]
    assert labels == ["Invoice number", "Account number", "Billing period"]


def test_an_invoice_without_a_partner_has_no_buyer() -> None:
    """Nor an account number."""
    view = a_view(an_invoice(partner=None))
    assert view.buyer is None
    assert "Account number" not in [fact.label for fact in view.facts]


@pytest.mark.parametrize(
    ("changes", "lines"),
    [
        ({"zip": "90804"}, ("John Smith", "90804", "United States")),
        (
            {"address1": "4300 E Pacific Coast Hwy", "city": "Long Beach", "state": "CA"},
            ("John Smith", "4300 E Pacific Coast Hwy", "Long Beach, CA 90804", "United States"),
        ),
        (
            {"city": "Paris", "zip": "75011", "country_code": "FRA", "name": None},
            ("75011 Paris", "France"),
        ),
        ({"zip": None, "country_code": None}, ("John Smith",)),
    ],
)
def test_an_address_has_the_lines_that_there_are(
    changes: dict[str, object], lines: tuple[str, ...]
) -> None:
    """Written as its country writes it."""
    buyer = a_view(an_invoice(partner=a_partner(**changes))).buyer
    assert buyer is not None
    assert ("CarrierX", lines) == (buyer.name, buyer.lines)


@pytest.mark.parametrize(
    ("changes", "headline"),
    [
        ({"amount_due": "12.5"}, ("Amount due", "$12.50", "Will be charged on Jan 19, 2025")),
        ({"amount_due": "12.5", "date_charge_expected": None}, ("Amount due", "$12.50", "")),
        ({"amount_due": "0"}, ("Amount due", "$0.00", "No payment is due.")),
        (
            {"amount_due": "-3"},
            ("Amount due (credit)", f"{MINUS}$3.00", "You have a credit. No payment is due."),
        ),
        ({"amount_due": "9", "paid": True}, ("Amount due", "$9.00", "Paid")),
        (
            {"amount_due": "9", "paid": True, "date_charged": "2025-01-20T06:00:00.000Z"},
            ("Amount due", "$9.00", "Paid on Jan 20, 2025"),
        ),
        (
            {"amount_due": "9", "date_charged": "2025-01-20T06:00:00.000Z"},
            ("Amount due", "$9.00", "Charged on Jan 20, 2025"),
        ),
    ],
)
def test_the_headline_says_what_follows(
    changes: dict[str, object], headline: tuple[str, str, str]
) -> None:
    """What is due, and when or whether it will be taken."""
    view = a_view(an_invoice(**changes)).headline
    assert headline == (view.label, view.amount, view.note)


@pytest.mark.parametrize(
    ("changes", "preliminary", "paid"),
    [
        ({"status": "open"}, True, False),
        ({"status": "closed"}, False, False),
        ({"status": "closed", "paid": True}, False, True),
        ({"status": "mystery"}, True, False),
        ({"status": "mystery", "date_issued": "2025-01-20T06:00:00.000Z"}, False, False),
    ],
)
def test_an_invoice_that_can_still_change_is_preliminary(
    changes: dict[str, object], *, preliminary: bool, paid: bool
) -> None:
    """Open ones, and those of unknown status that were not issued."""
    view = a_view(an_invoice(**changes))
    assert (preliminary, paid) == (view.is_preliminary, view.is_paid)


def test_an_unknown_item_type_has_a_readable_label_a_bare_number_and_a_notice() -> None:
    """Once for each type, however many lines have it."""
    lines = [a_line(type="state_911_fee", usage=1234)] * 3
    view, notices = viewed(an_invoice(invoice_items=lines))
    assert (view.charges[0].label, view.charges[0].lines[0].usage) == ("State 911 fee", "1,234")
    assert view.charges[0].lines[0].rate == ""
    assert [notice.code for notice in notices] == ["type-unknown"]
    assert "state_911_fee" in notices[0].detail


@pytest.mark.parametrize(
    ("kind", "heading"),
    [("city_tax", "Taxes"), ("weird_fee", "Regulatory fees and surcharges")],
)
def test_an_unknown_charge_is_a_tax_only_if_it_says_so(kind: str, heading: str) -> None:
    """A carrier's own fee must not pass for a government's tax."""
    view, notices = viewed(an_invoice(tax_items=[a_tax(type=kind)]))
    assert [heading] == [group.label for group in view.taxes]
    assert len(notices) == 1


def test_taxes_and_fees_stand_under_two_headings_with_subtotals() -> None:
    """Each line says in plain words what it is."""
    taxes = [a_tax(), a_tax(type="state_sales_tax", amount="1.20", jurisdiction="state")]
    tax, fees = a_view(an_invoice(tax_items=taxes)).taxes
    assert (tax.label, tax.subtotal) == ("Taxes", "$1.20")
    assert (fees.label, fees.subtotal) == ("Regulatory fees and surcharges", "$0.32")
    assert fees.lines[0].explanation.startswith("Recovers our payments to the federal fund")
    assert (tax.lines[0].jurisdiction, fees.lines[0].jurisdiction) == ("State", "Federal")


def test_the_profiles_wording_comes_first() -> None:
    """Labels, units by plural form, headings and explanations, in the reader's language."""
    profile = a_profile(
        items={
            "toll": {
                "label": {"en": "Calls", "es": "Llamadas propias"},
                "unit": "count",
                "unit_label": {"en": {"one": "call", "other": "calls"}},
            }
        },
        taxes={"fed_universal_service_fund": {"label": "USF", "group": "tax"}},
    )
    view = a_view(an_invoice(), profile)
    first, second = view.charges[0].lines
    assert (view.charges[0].label, first.usage) == ("Calls", "8,880 calls")
    assert second.usage == "60 calls"
    assert second.rate == "$0.0002/call"
    assert [group.label for group in view.taxes] == ["Taxes"]
    assert a_view(an_invoice(), profile, "es").charges[0].label == "Llamadas propias"


def test_a_type_that_the_profile_names_is_known() -> None:
    """No notice, and seconds where the seller says so."""
    profile = a_profile(items={"sat": {"label": "Satellite calls", "unit": "seconds"}})
    view, notices = viewed(an_invoice(invoice_items=[a_line(type="sat")]), profile)
    assert (view.charges[0].label, view.charges[0].lines[0].usage) == (
        "Satellite calls",
        f"148{NBSP}min",
    )
    assert notices == ()


def test_a_lone_line_without_details_bears_its_own_label() -> None:
    """A heading above it would say the same twice."""
    lines = [{"type": "subscription", "amount": "5"}]
    (group,) = a_view(an_invoice(invoice_items=lines)).charges
    assert (group.label, group.lines[0].label) == ("", "Subscriptions")


def test_charges_stand_in_the_order_of_their_groups() -> None:
    """Voice, then messages, then numbers; unknown types last; the API's order within a type."""
    kinds = ["novelty", "did_rental", "sms", "toll", "novelty"]
    lines = [a_line(type=kind, amount=str(place)) for place, kind in enumerate(kinds)]
    groups = a_view(an_invoice(invoice_items=lines)).charges
    assert [group.lines[0].amount for group in groups] == ["$3.00", "$2.00", "$1.00", "$0.00"]
    assert [line.amount for line in groups[-1].lines] == ["$0.00", "$4.00"]


def test_payments_stand_one_by_one_in_the_summary() -> None:
    """With what the API says of each."""
    payments = [a_payment(), {"amount": "5"}, {"type": "wire"}, {"unheard": "of"}]
    view = a_view(an_invoice(pay_items=payments))
    assert [(fact.label, fact.value) for fact in view.summary[1:4]] == [
        ("Payment · Jan 5, 2025 · Visa", "$100.00"),
        ("Payment", "$5.00"),
        ("Payment · Wire transfer", ""),
    ]
    assert view.summary[4].label == "Current charges"
    assert view.payments == ()


def test_many_payments_have_a_table_of_their_own() -> None:
    """The summary then has their total."""
    view = a_view(an_invoice(pay_items=[a_payment()] * 6))
    assert (view.summary[1].label, view.summary[1].value) == ("Payments received", "$600.00")
    assert [line.amount for line in view.payments] == ["$100.00"] * 6


def test_totals_are_what_the_api_says() -> None:
    """CarrierX's own sample does not reconcile: nothing is recomputed."""
    view = a_view(an_invoice(amount="99", amount_tax="7"))
    assert (view.charges_total, view.taxes_total) == ("$99.00", "$7.00")


def test_subtotals_do_not_round() -> None:
    """Thirty digits are more than Python's default context keeps."""
    lines = [a_line(amount="123456789012345.1"), a_line(amount="0.000000000000001")]
    (group,) = a_view(an_invoice(invoice_items=lines)).charges
    assert group.subtotal == "$123,456,789,012,345.100000000000001"


def test_two_languages_have_the_same_amounts() -> None:
    """Only their form differs."""
    english, spanish = a_view(), a_view(locale="es")

    def digits(view: InvoiceView) -> list[str]:
        amounts = [line.amount for group in view.charges for line in group.lines]
        return ["".join(filter(str.isdigit, amount)) for amount in amounts]

    assert digits(english) == digits(spanish)
    assert (english.title, spanish.title) == ("Invoice 004", "Factura 004")


@pytest.mark.parametrize(
    ("token", "label"),
    [
        ("sms_enablement", "SMS enablement"),
        ("fed_universal_service_fund", "Federal universal service fund"),
        ("e911", "E911"),
        ("pre-paid.thing", "Pre paid thing"),
        ("Los Angeles", "Los Angeles"),
        ("<b>{{x}}</b>", "<b>{{x}}</b>"),
        ("", ""),
    ],
)
def test_tokens_become_readable(token: str, label: str) -> None:
    """A machine's token reads as words; anything else stays as it is."""
    assert label == readable(token)


def test_a_line_with_half_a_period_says_the_half_it_has() -> None:
    """Nothing is filled in."""
    start = a_line(date_billing_period_start="2024-01-01T00:00:00.000Z")
    end = a_line(date_billing_period_end="2024-01-31T23:59:59.000Z")
    lines = a_view(an_invoice(invoice_items=[start, end])).charges[0].lines
    assert [line.period for line in lines] == ["from Jan 1, 2024", "until Jan 31, 2024"]


def test_page_words_are_the_readers() -> None:
    """What stands before, between and after the two numbers."""
    assert a_view().page_words == ("Page ", " of ", "")
    assert a_view(locale="es").page_words == ("Página ", " de ", "")


# ----------------------------------------------------------------------------- how to pay

PAY = {"url": "https://pay.example/{invoice_number}?amount={amount_due}&of={account_number}"}
ISSUED = "2025-01-20T06:00:00.000Z"


def test_a_pay_link_is_shown_while_an_amount_is_due() -> None:
    """With the amount as a machine reads it, in any language."""
    for locale in ("en-US", "es"):
        pay = a_view(an_invoice(amount_due="1240.5"), a_profile(pay=PAY), locale).pay
        assert pay is not None
        assert pay.url == "https://pay.example/004?amount=1240.50&of=CX72521509"
        assert pay.shown == pay.url.removeprefix("https://")
        assert "004" in pay.qr_alt


@pytest.mark.parametrize(
    "changes",
    [
        {"amount_due": "0"},
        {"amount_due": "-3"},
        {"amount_due": "9", "paid": True},
        {"amount_due": "9", "date_charged": ISSUED},
        {"amount_due": "9", "partner": None},
        {"amount_due": "9", "display_id": "..", "partner": None},
    ],
)
def test_there_is_no_pay_link_where_nothing_is_asked_for(changes: dict[str, object]) -> None:
    """Nor where a value that it needs is missing."""
    profile = a_profile(pay=PAY, remit_to={"slip": True})
    assert a_view(an_invoice(**changes), profile).pay is None


def test_a_seller_without_a_pay_page_has_no_link() -> None:
    """And one who wants no code has none."""
    assert a_view(an_invoice(amount_due="9")).pay is None
    pay = a_view(an_invoice(amount_due="9"), a_profile(pay={**PAY, "qr": False})).pay
    assert pay is not None
    assert pay.qr == ""


def test_a_long_address_is_shown_by_its_host() -> None:
    """Nobody types a hundred characters; and a huge one has no code."""
    pay = a_view(an_invoice(amount_due="9", display_id="\u4e2d" * 60), a_profile(pay=PAY)).pay
    assert pay is not None
    assert (pay.shown, pay.qr) == ("pay.example", "")


def test_a_slip_says_whom_to_pay_for_what_and_how_much() -> None:
    """To the address for remittances, else to the seller's."""
    due = an_invoice(amount_due="9")
    slip = a_view(due, a_profile(remit_to={"slip": True, "lines": ["Lockbox", "Box 1"]})).slip
    assert slip is not None
    assert (slip.payee.name, slip.payee.lines) == ("Lockbox", ("Box 1",))
    assert [(fact.label, fact.value) for fact in (*slip.facts, slip.amount)] == [
        ("Account number", "CX72521509"),
        ("Invoice number", "004"),
        ("Charge expected", "Jan 19, 2025"),
        ("Amount due", "$9.00"),
    ]
    seller = a_view(due, a_profile(remit_to={"slip": True})).slip
    assert seller is not None
    assert seller.payee.name == "Northline Communications, Inc."
    assert a_view(due).slip is None
    assert a_view(an_invoice(), a_profile(remit_to={"slip": True})).slip is None


def test_the_terms_make_a_due_date_once_the_invoice_is_issued() -> None:
    """Calendar days after the day of issue; before that, nothing is due."""
    profile = a_profile(terms={"net_days": 30}, remit_to={"slip": True})
    view = a_view(an_invoice(amount_due="9", date_issued=ISSUED), profile)
    assert view.headline.note == "Due by Feb 19, 2025"
    assert ("Due", "Feb 19, 2025") in [(fact.label, fact.value) for fact in view.facts]
    assert view.slip is not None
    assert view.slip.facts[-1].value == "Feb 19, 2025"
    for changes in ({"amount_due": "9"}, {"date_issued": ISSUED, "amount_due": "0"}):
        labels = [fact.label for fact in a_view(an_invoice(**changes), profile).facts]
        assert "Due" not in labels


def test_custom_fields_stand_among_the_facts() -> None:
    """In the reader's language, after what the API says."""
    profile = a_profile(custom_fields=[{"label": {"en": "PO", "es": "OC"}, "value": "4711"}])
    for locale, label in (("en-US", "PO"), ("es", "OC")):
        fact = a_view(profile=profile, locale=locale).facts[-1]
        assert (fact.label, fact.value) == (label, "4711")


def test_usage_may_be_hours_minutes_and_seconds() -> None:
    """The rate stays one for a minute."""
    profile = a_profile(items={"toll": {"unit": "hms"}})
    lines = [a_line(), a_line(usage="59.6"), a_line(usage=360_000)]
    (group,) = a_view(an_invoice(invoice_items=lines), profile).charges
    assert [line.usage for line in group.lines] == ["2:28:00", "0:01:00", "100:00:00"]
    assert group.lines[0].rate == "$0.0025/min"


# ----------------------------------------------------------------------------- the summary


def summary_of(lines: list[dict[str, object]]) -> list[tuple[str, str, str, str, str]]:
    view = a_view(an_invoice(invoice_items=lines))
    return [(one.label, one.country, one.direction, one.usage, one.amount) for one in view.usage]


def test_a_long_list_of_charges_has_a_summary() -> None:
    """By service, country and direction; eight lines need none."""
    lines = [a_line(country_code=code) for code in ("USA", "GBR")] * 7
    lines += [a_line(type="sms_enablement", usage=2, amount="1", direction=None)] * 3
    assert summary_of(lines[:8]) == []
    assert summary_of(lines) == [
        ("Voice calls", "United States", "Inbound", f"1,036{NBSP}min", "$2.59"),
        ("Voice calls", "United Kingdom", "Inbound", f"1,036{NBSP}min", "$2.59"),
        ("SMS-enabled numbers", "United States", "", "6 numbers", "$3.00"),
    ]


def test_a_summary_is_short() -> None:
    """Forty countries are one row for each direction, and say how many they are."""
    codes = [f"A{first}{second}" for first in "ABCDE" for second in "ABCDEFGH"]
    lines = [a_line(country_code=code, direction=way) for code in codes for way in ("inbound", "x")]
    assert [(row[1], row[2]) for row in summary_of(lines)] == [
        ("40 countries", "Inbound"),
        ("40 countries", "X"),
    ]


def test_lines_that_have_nothing_in_common_have_no_summary() -> None:
    """It would be as long as the list."""
    assert summary_of([a_line(type=f"kind{number}") for number in range(40)]) == []


def test_only_like_usage_is_added() -> None:
    """Not that of a unit nobody named, and not where a line does not say its own."""
    for lines in (
        [a_line(type="novelty")] * 14,
        [*[a_line()] * 13, a_line(usage=None)],
    ):
        ((_, _, _, usage, _),) = summary_of(lines)
        assert usage == ""


def test_the_sums_of_the_summary_are_those_of_its_lines() -> None:
    """Nothing is lost and nothing is counted twice."""
    lines = [
        a_line(amount=str(number), type=("toll", "sms")[number % 2], country_code=code)
        for number in range(20)
        for code in ("USA", "MEX")
    ]
    amounts = [int(row[4].removeprefix("$").removesuffix(".00")) for row in summary_of(lines)]
    assert sum(amounts) == 2 * sum(range(20))


def test_the_running_sum_goes_on_from_group_to_group() -> None:
    """Before the first line there is nothing to bring."""
    lines = [a_line(amount="1"), a_line(amount="2"), a_line(type="sms", amount="4")]
    voice, texts = a_view(an_invoice(invoice_items=lines)).charges
    assert [line.brought for line in voice.lines] == ["", "Brought forward $1.00"]
    assert [line.carried for line in voice.lines] == [
        "Carried forward $1.00",
        "Carried forward $3.00",
    ]
    assert [line.again for line in voice.lines] == ["", "Voice calls, continued"]
    assert (texts.brought, texts.carried) == ("Brought forward $3.00", "Carried forward $7.00")


def test_lines_read_the_same_in_any_order() -> None:
    """By index, from the end, in slices and one after the other; again and again."""
    items = [a_line(amount=str(number), type="toll") for number in range(1, 201)]
    _, group = a_view(an_invoice(invoice_items=[a_line(type="conference"), *items])).charges
    read = [texts_in(line) for line in group.lines]
    assert read == [texts_in(group.lines[place]) for place in reversed(range(200))][::-1]
    assert read[-3:] == [texts_in(group.lines[place]) for place in (-3, -2, -1)]
    assert read[63:130:2] == [texts_in(line) for line in group.lines[63:130:2]]
    assert read == [texts_in(line) for line in group.lines]
    with pytest.raises(IndexError):
        group.lines[200]


def test_running_sums_are_exact() -> None:
    """At every line of a long group with amounts of thirty digits."""
    amounts = [Decimal(f"{10**14 + number}.{number + 1:015}") for number in range(150)]
    items = [a_line(amount=str(amount)) for amount in amounts]
    (group,) = a_view(an_invoice(invoice_items=items)).charges
    sums = [sum(map(Fraction, amounts[:count])) for count in range(len(amounts) + 1)]
    assert sums[1:] == [fraction_in(line.carried) for line in group.lines]
    assert sums[1:-1] == [fraction_in(line.brought) for line in group.lines if line.brought]
    assert sums[-1] == fraction_in(group.subtotal) == fraction_in(group.carried)


def fraction_in(text: str) -> Fraction:
    return Fraction(text.partition("$")[2].replace(",", ""))


def test_an_unknown_direction_is_noticed_though_no_line_is_read() -> None:
    """The operator hears of it, whoever prints the lines, and when."""
    items = [a_line(), a_line(direction="sideways"), a_line(direction="upwards")]
    _, notices = viewed(an_invoice(invoice_items=items))
    assert [notice.detail.split()[2] for notice in notices] == ["sideways", "upwards"]
