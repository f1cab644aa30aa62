"""The invoice: everything that CarrierX documents is read exactly, and nothing else passes."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Context, Decimal
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from invoice_renderer.errors import InvoiceError, InvoiceMalformed, InvoiceTooLarge
from invoice_renderer.field_types import parse_amount, parse_timestamp
from invoice_renderer.gallery import GALLERY
from invoice_renderer.gallery.chance import generated_invoices
from invoice_renderer.invoice import (
    MANY_LINES,
    Payment,
    find_discrepancies,
    parse_invoice,
    parse_partner,
)
from invoice_renderer.strict_json import parse_json
from tests.builders import (
    SAMPLES,
    a_line,
    a_partner,
    a_payment,
    a_tax,
    an_invoice,
    invoice_fields,
    sample,
)

CANARY = "canary-4711"
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.decimals(allow_nan=False, allow_infinity=False)
    | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3)
    ),
    max_leaves=10,
)


def malformed(**changes: object) -> InvoiceMalformed:
    with pytest.raises(InvoiceMalformed) as error:
        an_invoice(**changes)
    return error.value


# ----------------------------------------------------------------------------- samples


def test_the_documented_invoice_is_read_as_it_stands() -> None:
    invoice = parse_invoice(sample("invoice-get-by-sid"), max_lines=10)

    assert invoice.invoice_sid == "4169705e-4284-482f-8e72-e962a8aaad9d"
    assert invoice.display_id == "004"
    assert invoice.balance_previous == Decimal("-351.91")
    assert invoice.amount == Decimal("0.38")
    assert [line.usage for line in invoice.invoice_items] == [8880, 60, 2]
    assert [line.direction for line in invoice.invoice_items] == ["inbound", "outbound", None]
    assert invoice.invoice_items[2].date_billing_period_end == datetime(
        2023, 7, 4, 23, 59, 59, tzinfo=UTC
    )
    assert invoice.tax_items[0].jurisdiction == "federal"
    assert invoice.pay_items == ()
    assert invoice.partner is None
    assert invoice.date_issued is None
    assert invoice.line_count == 4


def test_every_invoice_of_the_documented_list_is_one() -> None:
    items = sample("invoice-get-list")["items"]

    assert items
    assert [item["display_id"] for item in items] == [
        parse_invoice(item, max_lines=10).display_id for item in items
    ]


@pytest.mark.parametrize("name", ["partner-get-by-sid", "partner-create-unverified-postpay"])
def test_the_documented_partners_are_partners(name: str) -> None:
    partner = parse_partner(sample(name))

    assert partner.name == "John Smith"
    assert partner.address1 is None
    assert partner.state is None
    assert partner.country_code == "USA"


@pytest.mark.parametrize(
    "path",
    [path for path in sorted(SAMPLES.glob("*.json")) if not path.stem.startswith("invoice-get-by")],
    ids=lambda path: path.stem,
)
def test_the_other_documented_answers_are_not_invoices(path: Any) -> None:
    with pytest.raises(InvoiceMalformed):
        parse_invoice(parse_json(path.read_bytes()), max_lines=10)


@pytest.mark.parametrize("answer", [{}, [], None, "", "invoice", 7, [{}]], ids=repr)
def test_an_answer_that_is_no_invoice_is_malformed(answer: object) -> None:
    with pytest.raises(InvoiceMalformed):
        parse_invoice(answer, max_lines=10)
    with pytest.raises(InvoiceMalformed):
        parse_partner(answer)


# ----------------------------------------------------------------------------- amounts

EXACTLY = Context(prec=60)
SPELLINGS = st.from_regex(r"-?[0-9]{1,15}(\.[0-9]{1,15})?", fullmatch=True)


@given(SPELLINGS)
def test_an_amount_is_never_rounded(spelling: str) -> None:
    """Fifteen digits before and fifteen after the point: more than Python's own context keeps."""
    whole, _, decimals = spelling.lstrip("-").partition(".")

    amount = parse_amount(spelling)

    digits = int(whole + decimals) * (-1 if spelling.startswith("-") else 1)
    assert digits == amount.scaleb(len(decimals), EXACTLY)


@given(SPELLINGS)
def test_an_amount_is_the_same_as_a_string_and_as_a_json_number(spelling: str) -> None:
    whole, point, decimals = spelling.lstrip("-").partition(".")
    number = (
        spelling[: len(spelling) - len(spelling.lstrip("-"))] + str(int(whole)) + point + decimals
    )

    assert str(parse_amount(spelling)) == str(parse_amount(parse_json(number)))


@given(SPELLINGS)
def test_an_amount_has_one_spelling(spelling: str) -> None:
    more = spelling + ("00" if "." in spelling and len(spelling.partition(".")[2]) < 14 else "")

    assert str(parse_amount(spelling)) == str(parse_amount(more))


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("0.38", "0.38"),
        ("0.380", "0.38"),
        ("100", "100"),
        ("100.00", "100"),
        ("007.5", "7.5"),
        ("-0", "0"),
        ("-0.00", "0"),
        ("-351.91", "-351.91"),
        ("0.0025", "0.0025"),
        (8880, "8880"),
        (Decimal("0.0000001"), "1E-7"),
        (Decimal("-0.0"), "0"),
        ("999999999999999.123456789012345", "999999999999999.123456789012345"),
    ],
)
def test_an_amount_is_what_it_says(raw: object, expected: str) -> None:
    assert expected == str(parse_amount(raw))


@pytest.mark.parametrize(
    "raw",
    [
        "",
        " ",
        "1 ",
        " 1",
        "1\n",
        "+1",
        "1.",
        ".5",
        "1,5",
        "1_000",
        "1,000.00",
        "1e2",
        "1E+400",
        "0x10",
        "NaN",
        "Infinity",
        "-",
        "--1",
        "\u0661\u0662",
        "\uff11",
        "\u22121",
        "$1",
        "1" * 16,
        "1" * 5_000,
        "0." + "1" * 16,
        True,
        False,
        None,
        0.38,
        [],
        ["1"],
        {},
        10**15,
        Decimal("1E+2"),
        Decimal("1E+400"),
        Decimal("1E+999999"),
        Decimal("1E-400"),
        Decimal("1E-999999"),
        Decimal("NaN"),
        Decimal("sNaN"),
        Decimal("-Infinity"),
    ],
    ids=repr,
)
def test_this_is_not_an_amount(raw: object) -> None:
    with pytest.raises(ValueError, match="must be a"):
        parse_amount(raw)


def test_twenty_digits_as_a_json_number_are_refused_and_not_rounded() -> None:
    fields = json.dumps(invoice_fields()).replace('"0.38"', "12345678901234567890.12", 1)

    with pytest.raises(InvoiceMalformed):
        parse_invoice(parse_json(fields), max_lines=10)


# ----------------------------------------------------------------------------- dates


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("2025-01-19T23:59:59.000Z", datetime(2025, 1, 19, 23, 59, 59, tzinfo=UTC)),
        ("2024-02-29T00:00:00Z", datetime(2024, 2, 29, tzinfo=UTC)),
        ("2025-01-19T23:59:59.123456Z", datetime(2025, 1, 19, 23, 59, 59, 123456, tzinfo=UTC)),
        ("2025-01-20T01:30:00+02:00", datetime(2025, 1, 19, 23, 30, tzinfo=UTC)),
        ("2024-12-31T20:00:00-05:00", datetime(2025, 1, 1, 1, tzinfo=UTC)),
        ("0002-01-01T00:00:00Z", datetime(2, 1, 1, tzinfo=UTC)),
        ("9998-12-31T23:59:59Z", datetime(9998, 12, 31, 23, 59, 59, tzinfo=UTC)),
    ],
)
def test_a_timestamp_is_kept_in_utc(raw: str, expected: datetime) -> None:
    assert expected == parse_timestamp(raw)
    assert parse_timestamp(raw).tzinfo is UTC


@pytest.mark.parametrize(
    "raw",
    [
        "2025-02-29T00:00:00Z",
        "2024-09-31T00:00:00.000Z",
        "2025-13-01T00:00:00Z",
        "2025-00-10T00:00:00Z",
        "0000-01-01T00:00:00Z",
        "0001-01-01T00:00:00Z",
        "0001-01-01T00:00:00+14:00",
        "9999-12-31T23:59:59Z",
        "9999-12-31T23:59:59-12:00",
        "2025-01-19T25:00:00Z",
        "2025-01-19T23:59:60Z",
        "2025-01-19T00:00:00+99:99",
    ],
)
def test_a_date_that_no_calendar_can_show_is_refused(raw: str) -> None:
    """In every time zone: the first and the last year of Python's calendar have no neighbours."""
    with pytest.raises(ValueError, match="is not a date of the calendar"):
        parse_timestamp(raw)


@pytest.mark.parametrize(
    "raw",
    [
        "",
        "2025-01-19",
        "2025-01-19T23:59:59",
        "2025-01-19 23:59:59Z",
        "2025-01-19T23:59:59.000Z\n",
        "20250119T235959Z",
        "2025-W03-7T00:00:00Z",
        "\u0662\u0660\u0662\u0665-01-19T23:59:59Z",
        1737331199,
        None,
        True,
        [],
        {},
    ],
    ids=repr,
)
def test_this_is_not_a_timestamp(raw: object) -> None:
    with pytest.raises(ValueError, match="must be a timestamp"):
        parse_timestamp(raw)


@pytest.mark.parametrize(
    "name", ["date_charge_expected", "date_charged", "date_created", "date_issued"]
)
@pytest.mark.parametrize("nothing", [None, ""])
def test_a_date_that_has_not_come_yet_may_be_null_or_empty(name: str, nothing: object) -> None:
    assert getattr(an_invoice(**{name: nothing}), name) is None


# ----------------------------------------------------------------------------- every field in turn


def whole_invoice() -> dict[str, Any]:
    """The documented invoice with its partner and a payment."""
    return invoice_fields(pay_items=[a_payment()])


Path = tuple[str | int, ...]

READ_OF_PARTNER = {
    "partner_sid",
    "display_id",
    "name",
    "company_name",
    "address1",
    "address2",
    "city",
    "state",
    "zip",
    "country_code",
}


def paths_of(thing: object, before: Path = ()) -> Iterator[Path]:
    """Every place in the invoice that is read."""
    if before:
        yield before
    items = enumerate(thing) if isinstance(thing, list) else ()
    if isinstance(thing, dict):
        items = thing.items()
    for step, value in items:
        if before == ("partner",) and step not in READ_OF_PARTNER:
            continue
        yield from paths_of(value, (*before, step))


def spelled(path: Path) -> str:
    """``invoice_items[2].amount``"""
    return "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path)[1:]


def changed(path: Path, value: object) -> dict[str, Any]:
    fields = copy.deepcopy(whole_invoice())
    place: Any = fields
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value
    return fields


def removed(path: Path) -> dict[str, Any]:
    fields = copy.deepcopy(whole_invoice())
    place: Any = fields
    for step in path[:-1]:
        place = place[step]
    del place[path[-1]]
    return fields


def refusal_of(fields: dict[str, Any]) -> InvoiceMalformed | None:
    try:
        parse_invoice(fields, max_lines=100)
    except InvoiceMalformed as error:
        return error
    return None


PATHS = list(paths_of(whole_invoice()))
REQUIRED = {
    "invoice_sid",
    "partner_sid",
    "display_id",
    "status",
    "paid",
    "amount",
    "amount_tax",
    "amount_due",
    "balance_previous",
    "balance_forward",
    "date_billing_period_start",
    "date_billing_period_end",
    "invoice_items",
    "tax_items",
}
REQUIRED_WITHIN = {
    "invoice_items": {"type", "amount"},
    "tax_items": {"type", "amount"},
    "partner": {"partner_sid"},
    "pay_items": set[str](),
}
MAY_BE_NULL = {"invoice_items", "tax_items"}
TAKEN_AS_THEY_ARE = {"pay_items[0].type", "pay_items[0].date_created"}


def is_required(path: Path) -> bool:
    if len(path) == 1:
        return path[0] in REQUIRED
    return isinstance(path[-1], str) and path[-1] in REQUIRED_WITHIN[str(path[0])]


@pytest.mark.parametrize("path", [path for path in PATHS if isinstance(path[-1], str)], ids=spelled)
def test_a_missing_field_is_named_if_the_invoice_needs_it(path: Path) -> None:
    error = refusal_of(removed(path))

    assert is_required(path) == (error is not None)
    if error:
        assert error.path == spelled(path)
        assert error.detail == f"{spelled(path)}: is missing."


@pytest.mark.parametrize("path", PATHS, ids=spelled)
def test_a_null_field_is_named_if_the_invoice_needs_it(path: Path) -> None:
    error = refusal_of(changed(path, None))

    is_needed = (is_required(path) and path[-1] not in MAY_BE_NULL) or isinstance(path[-1], int)
    assert is_needed == (error is not None)
    if error:
        assert error.path == spelled(path)


@pytest.mark.parametrize("path", PATHS, ids=spelled)
@pytest.mark.parametrize("wrong", [[CANARY], {CANARY: CANARY}, 4711.5, CANARY + "\ud800"], ids=repr)
def test_a_field_of_the_wrong_kind_is_named_and_its_value_is_not_told(
    path: Path, wrong: object
) -> None:
    error = refusal_of(changed(path, wrong))

    if spelled(path) in TAKEN_AS_THEY_ARE or path == ("pay_items", 0):
        return  # the shape of a payment is not documented
    assert error is not None
    assert error.path.startswith(spelled(path))
    assert "4711" not in error.detail
    assert error.__cause__ is None
    assert error.__suppress_context__


@given(JSON)
def test_arbitrary_json_is_an_invoice_error(thing: object) -> None:
    with pytest.raises(InvoiceError):
        parse_invoice(thing, max_lines=100)


@given(st.sampled_from(PATHS), JSON)
def test_arbitrary_json_in_any_one_field_is_read_or_refused_by_name(
    path: Path, value: object
) -> None:
    try:
        parse_invoice(changed(path, value), max_lines=100)
    except InvoiceMalformed as error:
        assert error.path.startswith(spelled(path)) or error.path == "invoice"  # noqa: PT017
    except InvoiceTooLarge:
        pytest.fail("three lines are not too many")


@given(st.dictionaries(st.text(min_size=12, max_size=20), JSON, max_size=4))
def test_unknown_fields_are_ignored(more: dict[str, object]) -> None:
    fields = whole_invoice()
    known = {**more, **fields, "invoice_items": [{**more, **a_line()}]}

    assert an_invoice(invoice_items=[a_line()], pay_items=[a_payment()]) == parse_invoice(
        known, max_lines=10
    )


def test_a_sid_becomes_a_path_and_is_therefore_a_plain_token() -> None:
    for name in ("invoice_sid", "partner_sid"):
        for sid in ("..", "../oauth/token", "a/b", "a?b", "", "a\n", "x" * 65):
            assert malformed(**{name: sid}, partner=None).path == name


def test_tokens_are_open_sets() -> None:
    invoice = an_invoice(
        status="disputed",
        invoice_items=[a_line(type="satellite_minutes", direction="sideways", country_code="XXK")],
        tax_items=[a_tax(type="moon_tax", jurisdiction="lunar")],
    )

    assert invoice.status == "disputed"
    assert invoice.invoice_items[0].direction == "sideways"
    assert invoice.tax_items[0].jurisdiction == "lunar"


def test_text_is_cleaned_on_its_way_in() -> None:
    invoice = an_invoice(partner=a_partner(name="\u202eRoe\x00  Jane ", company_name=" \u200b "))

    assert invoice.partner is not None
    assert invoice.partner.name == "Roe Jane"
    assert invoice.partner.company_name is None


@pytest.mark.parametrize(
    "hostile", [" ", "\n", "x", "\u200b", "\u00ad", "\U0001f468\u200d", "\u0301"]
)
def test_a_field_of_100_000_hostile_characters_is_refused_by_name(hostile: str) -> None:
    error = malformed(partner=a_partner(name=hostile * 100_000))

    assert error.path == "partner.name"
    assert len(error.detail) < 100


# ----------------------------------------------------------------------------- lines


@pytest.mark.parametrize("count", [0, 1, 5])
def test_lines_up_to_the_limit_are_taken(count: int) -> None:
    fields = invoice_fields(invoice_items=[a_line()] * count, tax_items=[], pay_items=[])

    assert count == parse_invoice(fields, max_lines=5).line_count


def test_one_line_over_the_limit_is_too_large() -> None:
    fields = invoice_fields(
        invoice_items=[a_line()] * 3, tax_items=[a_tax()] * 2, pay_items=[a_payment()]
    )

    with pytest.raises(InvoiceTooLarge, match="6 lines; this path takes 5") as error:
        parse_invoice(fields, max_lines=5)

    assert (error.value.count, error.value.limit) == (6, 5)


def test_lines_are_counted_before_they_are_read() -> None:
    fields = invoice_fields(invoice_items=["not a line"] * 6)

    with pytest.raises(InvoiceTooLarge):
        parse_invoice(fields, max_lines=5)


def test_no_lists_are_empty_lists() -> None:
    invoice = an_invoice(invoice_items=None, tax_items=None, pay_items=None)

    assert invoice.line_count == 0


# ----------------------------------------------------------------------------- payments


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({}, Payment()),
        ({"amount": "5"}, Payment(amount=Decimal(5))),
        ({"amount": 5, "type": "visa"}, Payment(amount=Decimal(5), type="visa")),
        ({"type": {"name": "visa"}, "id": [1]}, Payment()),
        ({"amount": None, "type": None, "date": None}, Payment()),
        ({"date": "yesterday", "date_paid": 7}, Payment()),
    ],
)
def test_a_payment_is_taken_as_far_as_it_is_understood(
    fields: dict[str, object], expected: Payment
) -> None:
    assert (expected,) == an_invoice(pay_items=[fields]).pay_items


def test_the_date_of_a_payment_is_its_first_readable_one_by_name() -> None:
    dates = {
        "date_paid": "2025-01-07T00:00:00Z",
        "date_created": "2025-01-06T00:00:00Z",
        "date": "2024-09-31T00:00:00.000Z",
    }
    backwards = dict(reversed(dates.items()))

    first = an_invoice(pay_items=[dates])

    assert datetime(2025, 1, 6, tzinfo=UTC) == first.pay_items[0].date
    assert first.digest() == an_invoice(pay_items=[backwards]).digest()


def test_a_payment_whose_amount_cannot_be_read_is_refused() -> None:
    assert malformed(pay_items=[{"amount": CANARY}]).path == "pay_items[0].amount"
    assert malformed(pay_items=[CANARY]).path == "pay_items[0]"


# ----------------------------------------------------------------------------- the partner


def test_the_partner_is_the_invoices_own() -> None:
    error = malformed(partner=a_partner(partner_sid="another"))

    assert error.path == "invoice"
    assert "another" not in error.detail


def test_of_the_partner_only_what_is_printed_is_kept() -> None:
    kept = an_invoice(
        partner=a_partner(login="secret-login", tech_email="x@y.example")
    ).model_dump_json()

    assert "secret-login" not in kept
    assert "x@y.example" not in kept
    assert "351.52" not in kept


# ----------------------------------------------------------------------------- final or preliminary

ISSUED = "2025-01-20T00:00:00Z"


@pytest.mark.parametrize(
    ("status", "issued", "expected"),
    [
        ("open", None, False),
        ("open", ISSUED, False),
        ("OPEN", ISSUED, False),
        ("closed", None, True),
        ("Closed", None, True),
        ("closed", ISSUED, True),
        ("paid", None, True),
        ("paid", ISSUED, True),
        ("disputed", None, False),
        ("disputed", ISSUED, True),
    ],
)
def test_an_invoice_is_final_when_it_has_stopped_changing(
    status: str, issued: str | None, *, expected: bool
) -> None:
    assert expected == an_invoice(status=status, date_issued=issued).is_final


@pytest.mark.parametrize("paid", [True, False])
def test_an_open_invoice_is_not_final_though_it_is_paid(*, paid: bool) -> None:
    assert not an_invoice(status="open", paid=paid).is_final


# ----------------------------------------------------------------------------- digest


def test_the_same_invoice_has_the_same_digest_whatever_its_order_and_spelling() -> None:
    fields = whole_invoice()
    other = dict(reversed(fields.items())) | {"amount": Decimal("0.380"), "amount_due": 0, "new": 1}

    assert (
        parse_invoice(fields, max_lines=10).digest() == parse_invoice(other, max_lines=10).digest()
    )


@pytest.mark.parametrize(
    "changes",
    [
        {"amount": "0.39"},
        {"status": "closed"},
        {"paid": True},
        {"date_issued": ISSUED},
        {"invoice_items": [a_line()]},
        {"partner": a_partner(name="Jane Roe")},
        {"partner": None},
    ],
    ids=str,
)
def test_an_edited_invoice_has_another_digest(changes: dict[str, object]) -> None:
    assert an_invoice().digest() != an_invoice(**changes).digest()


def test_the_order_of_the_lines_is_part_of_the_invoice() -> None:
    lines = [a_line(), a_line(direction="outbound")]

    assert (
        an_invoice(invoice_items=lines).digest() != an_invoice(invoice_items=lines[::-1]).digest()
    )


# ----------------------------------------------------------------------------- discrepancies


def codes_of(**changes: object) -> list[str]:
    return [notice.code for notice in find_discrepancies(an_invoice(**changes))]


def test_the_documented_invoice_does_not_reconcile_and_is_read_all_the_same() -> None:
    (notice,) = find_discrepancies(an_invoice())

    assert notice.code == "balance-differs"
    assert notice.detail == (
        "balance_forward is -0.45, but previous balance plus charges and taxes less payments"
        " is -351.21"
    )


def test_totals_that_agree_give_no_notice() -> None:
    assert codes_of(balance_forward="-351.21") == []
    assert codes_of(balance_forward="-451.21", pay_items=[a_payment(amount="100.00")]) == []


def test_a_cent_a_sign_or_a_tax_too_many_is_told() -> None:
    assert codes_of(amount="0.39") == ["charges-differ", "balance-differs"]
    assert codes_of(amount="-0.38") == ["charges-differ", "balance-differs"]
    assert codes_of(tax_items=[a_tax(), a_tax()], amount_tax="0.33") == [
        "taxes-differ",
        "balance-differs",
    ]


def test_sums_are_exact() -> None:
    largest = "999999999999999.123456789012345"

    assert "charges-differ" not in codes_of(
        invoice_items=[a_line(amount=largest), a_line(amount="0.000000000000001")],
        amount="999999999999999.123456789012346",
    )


def test_a_payment_without_an_amount_counts_as_nothing() -> None:
    assert codes_of(balance_forward="-351.21", pay_items=[{"type": "visa"}]) == []


def test_canonical_json_is_pydantics_with_sorted_keys() -> None:
    """Lines are written one by one, and read as if the whole had been dumped at once."""
    for invoice in (*(case.build() for case in GALLERY.values()), *generated_invoices(40)):
        fields = invoice.model_dump(mode="json")
        expected = json.dumps(fields, sort_keys=True, separators=(",", ":")).encode()
        assert expected == invoice.canonical_json()


def test_a_line_that_is_no_object_is_refused_by_its_place() -> None:
    """In the words that every other object is refused with."""
    for name, kind in (("invoice_items", "LineItem"), ("pay_items", "Payment")):
        with pytest.raises(InvoiceMalformed) as refused:
            parse_invoice({**invoice_fields(), name: ["x"]}, max_lines=10)
        assert f"{name}[0]: should be a valid dictionary or instance of {kind}" in str(
            refused.value
        )


def test_equal_texts_are_one_object() -> None:
    """A hundred thousand lines name a handful of countries, and few amounts."""
    items = [a_line(amount="0.0025", type="toll") for _ in range(2)]
    first, second = parse_invoice(
        json.loads(json.dumps(invoice_fields(invoice_items=items))), max_lines=10
    ).invoice_items
    assert first.amount is second.amount
    assert first.type is second.type
    assert first.date_billing_period_start is second.date_billing_period_start


def many_lines(lines: list[object]) -> object:
    """Read as one of an invoice's lists; or how that was refused."""
    try:
        return parse_invoice(invoice_fields(invoice_items=lines), max_lines=1_000).invoice_items
    except InvoiceMalformed as refused:
        return str(refused)


one_value = st.sampled_from(
    [None, "", "x", " x ", "toll", "0.5", "-0", "1E3", 0, 1, True, 1.5, Decimal("1.0"),
     Decimal("1E+9"), 10**9, 10**16, [], {}, "2025-01-19T23:59:59.000Z", "\ud800", "y" * 200]
)  # fmt: skip
one_change = st.one_of(
    st.dictionaries(st.sampled_from([*a_line(), "else"]), one_value, max_size=2), one_value
)


@given(st.lists(one_change, min_size=1, max_size=4))
@example([{"usage": 1}, {"usage": True}])
@example([{"usage": 10**9}, {"usage": Decimal("1E+9")}])
def test_many_lines_read_as_each_of_them_does(changes: list[object]) -> None:
    """Field by field, each value once: the same lines, the same refusal at the same place."""
    lines = [{**a_line(), **change} if isinstance(change, dict) else change for change in changes]
    lines += [a_line()] * (MANY_LINES - len(lines) - 1)
    one_by_one, together = many_lines(lines), many_lines([*lines, a_line()])
    if isinstance(one_by_one, tuple):
        one_by_one += one_by_one[-1:]
    assert one_by_one == together
