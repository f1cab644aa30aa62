"""Invoices for Hypothesis: whatever CarrierX could send, within what its documentation says.

Every part is a strategy, so that what fails shrinks to the field that does it. Lists are short:
long ones are the gallery's.
"""

from __future__ import annotations

import string
from datetime import datetime
from typing import Any

from hypothesis import strategies as st

from invoice_renderer.gallery.builders import MANY_LINES, a_partner, invoice_fields
from invoice_renderer.gallery.cases import SCRIPTS, TAXES
from invoice_renderer.invoice import Invoice, parse_invoice

MOST_LINES = 16  # from the ninth on there is a summary of them
MOST_TAXES = 5
MOST_PAYMENTS = 8  # from the sixth on they have a table
GREEK = "αβγδεζηθικλμνξοπρστυφχψωΑΒΓΔΩ"
CYRILLIC = "абвгдежзийклмнопрстуфхцчшщъыьэюяЖЩЮ"
JAPANESE = "東京電信服務株式会社カタカナひらがな"
KOREAN = "한국통신주식회사"
RIGHT_TO_LEFT = {"Arabic", "Hebrew", "Mixed"}
LEFT_TO_RIGHT = [SCRIPTS[script] for script in SCRIPTS if script not in RIGHT_TO_LEFT]

_letters = st.one_of(
    st.characters(max_codepoint=0x17F, categories=("L", "N", "P", "Sm", "Sc", "So")),
    st.sampled_from(GREEK + CYRILLIC + JAPANESE + KOREAN + " "),
)
_written = st.text(_letters, min_size=1, max_size=40).filter(lambda text: text.strip() != "")
names = st.one_of(_written, st.sampled_from([*LEFT_TO_RIGHT, "ACME, Inc."]))
"""Of people, companies and places; not from right to left, where each reader of PDFs turns the
words of a line around in its own way.
"""

tokens = st.one_of(
    st.text(string.ascii_lowercase + string.digits + "_", min_size=1, max_size=30).filter(
        lambda text: text.strip("_") != ""
    ),
    _written,
)
"""Of enumerations: they are open sets."""

amounts = st.builds(
    lambda sign, whole, rest: f"{sign}{whole}{rest}",
    st.sampled_from(["", "-"]),
    st.integers(0, 10**9),
    st.one_of(st.just(""), st.integers(0, 10**5 - 1).map(lambda rest: f".{rest:05}")),
)
moments = st.datetimes(datetime(2000, 1, 1), datetime(2099, 12, 31)).map(  # noqa: DTZ001  UTC
    lambda moment: f"{moment:%Y-%m-%dT%H:%M:%S}.000Z"
)
countries = st.one_of(
    st.sampled_from(["USA", "GBR", "JPN", "EGY", "BRA"]),
    st.text(string.ascii_uppercase, min_size=3, max_size=3),
)
_item_types = st.sampled_from(["toll", "toll_free", "sms_enablement", "application_hosting", "sms"])


def _maybe(strategy: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.one_of(st.none(), strategy)


items = st.fixed_dictionaries(
    {"type": st.one_of(_item_types, tokens), "amount": amounts},
    optional={
        "usage": _maybe(st.one_of(st.integers(0, 10**7), amounts)),
        "direction": _maybe(st.one_of(st.sampled_from(["inbound", "outbound", "any"]), tokens)),
        "country_code": _maybe(countries),
        "date_billing_period_start": _maybe(moments),
        "date_billing_period_end": _maybe(moments),
    },
)
taxes = st.fixed_dictionaries(
    {"type": st.one_of(st.sampled_from(TAXES), tokens), "amount": amounts},
    optional={"jurisdiction": _maybe(st.one_of(st.sampled_from(["federal", "state"]), names))},
)
payments = st.fixed_dictionaries(
    {},
    optional={
        "amount": amounts,
        "type": st.one_of(st.sampled_from(["visa", "ach"]), tokens, st.integers()),
        "date_created": st.one_of(moments, st.just("yesterday")),
        "memo": st.lists(st.integers(), max_size=2),
    },
)
"""Their shape is not documented."""


@st.composite
def invoices(draw: st.DrawFn) -> Invoice:
    """One invoice; the fields that may be missing are missing now and then."""
    start, end = sorted(draw(st.tuples(moments, moments)))
    money = ("amount", "amount_tax", "amount_due", "balance_previous", "balance_forward")
    dates = ("date_charge_expected", "date_charged", "date_created", "date_issued")
    fields = invoice_fields(
        display_id=draw(_written),
        status=draw(st.one_of(st.sampled_from(["open", "closed", "paid"]), tokens)),
        paid=draw(st.booleans()),
        date_billing_period_start=start,
        date_billing_period_end=end,
        partner=draw(_maybe(partners())),
        invoice_items=draw(st.lists(items, max_size=MOST_LINES)),
        tax_items=draw(st.lists(taxes, max_size=MOST_TAXES)),
        pay_items=draw(st.lists(payments, max_size=MOST_PAYMENTS)),
        **{name: draw(amounts) for name in money},
        **{name: draw(_maybe(moments)) for name in dates},
    )
    return parse_invoice(fields, max_lines=MANY_LINES)


@st.composite
def partners(draw: st.DrawFn) -> dict[str, Any]:
    """The buyer, of whom anything but the SID may be missing."""
    texts = ("name", "company_name", "address1", "address2", "city", "state")
    return a_partner(
        **{name: draw(_maybe(names)) for name in texts},
        zip=draw(_maybe(st.text(string.digits, min_size=1, max_size=10))),
        country_code=draw(_maybe(countries)),
    )
