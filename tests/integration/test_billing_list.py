"""The list of issued invoices: asked as documented, page by page, and never round in circles."""

from __future__ import annotations

import itertools
import json
from datetime import UTC, datetime, timedelta, timezone
from urllib.parse import parse_qsl, urlsplit

import pytest
from local.fake_carrierx import (
    THE_LIST,
    Edited,
    FakeCarrierX,
    Forever,
    HtmlPage,
    Ledger,
    Literally,
    Status,
    Usual,
    an_invoice,
)

from invoice_renderer.deadline import Deadline
from invoice_renderer.errors import (
    BillingRefused,
    BillingUnavailable,
    InvoiceError,
    InvoiceMalformed,
    InvoiceTooLarge,
)
from tests.integration.billing_tools import Tokens, a_client, ends_within
from tests.integration.raw_servers import RawServer, with_length

SINCE = datetime(2024, 1, 1, tzinfo=UTC)


# ----------------------------------------------------------------------------- as documented


def test_the_request_is_the_documented_one(carrierx, client):
    _list(client, since=datetime(2024, 11, 1, 12, 30, 59, 999_999, tzinfo=UTC))
    (call,) = carrierx.calls
    assert (call.method, call.path) == ("GET", "/core/v2/billing/invoices")
    assert dict(call.query) == {
        "filter": "date_issued ge 2024-11-01T12:30:59Z",
        "order": "date_issued asc",
        "limit": "50",
        "offset": "0",
    }


def test_the_query_is_encoded():
    with RawServer(with_length(_page())) as server:
        _list(a_client(server.url))
    (asked,) = server.requests
    assert asked.startswith(
        b"GET /billing/invoices?filter=date_issued+ge+2024-01-01T00%3A00%3A00Z"
        b"&order=date_issued+asc&limit=50&offset=0 HTTP/1.1\r\n"
    )


def test_a_time_elsewhere_is_asked_for_in_utc(carrierx, client):
    new_york = timezone(timedelta(hours=-5))
    _list(client, since=datetime(2024, 11, 1, 20, 0, tzinfo=new_york))
    assert carrierx.calls[0].parameter("filter") == "date_issued ge 2024-11-02T01:00:00Z"


def test_fields_are_named_only_where_the_parameter_is(carrierx):
    client = a_client(
        carrierx.url, tokens=Tokens(carrierx.token), fields_parameter="include_fields"
    )
    assert len(_list(client)) == 3
    assert carrierx.calls[0].parameter("include_fields") == "invoice_sid,date_issued"


def test_issued_invoices_come_oldest_first_and_open_ones_not_at_all(client):
    listed = _list(client)
    dates = [summary.date_issued for summary in listed]
    assert len(listed) == 3
    assert dates == sorted(dates)


def test_what_is_older_is_left_out_even_where_the_filter_is_ignored(carrierx, client):
    page = json.loads(_page(("new", "2024-12-01"), ("old", "2024-10-01")))
    carrierx.script(THE_LIST, Literally(json.dumps(page).encode()))
    listed = _list(client, since=datetime(2024, 11, 1, tzinfo=UTC))
    assert [summary.invoice_sid for summary in listed] == ["new"]


def test_an_item_that_is_not_issued_yet_is_not_listed(carrierx, client):
    """Where CarrierX did not heed the filter, an open invoice is not rendered at every sweep."""
    page = {"items": [{"invoice_sid": "a", "date_issued": None}], "has_more": False}
    carrierx.script(THE_LIST, Literally(json.dumps(page).encode()))
    assert _list(client) == []


@pytest.mark.parametrize("issued", ["", "soon", 5, "2024-09-31T00:00:00.000Z"])
def test_an_item_without_a_usable_date_is_not_lost(carrierx, client, issued):
    page = {"items": [{"invoice_sid": "a", "date_issued": issued}], "has_more": False}
    carrierx.script(THE_LIST, Literally(json.dumps(page).encode()))
    (summary,) = _list(client)
    assert (summary.invoice_sid, summary.date_issued) == ("a", None)


def test_an_item_without_a_date_field_or_a_sid_is_not_lost(carrierx, client):
    page = {"items": [{"invoice_sid": "a"}, {"invoice_sid": {"b": []}}, {}], "has_more": False}
    carrierx.script(THE_LIST, Literally(json.dumps(page).encode()))
    assert [summary.invoice_sid for summary in _list(client)] == ["a", {"b": []}, None]


# ----------------------------------------------------------------------------- pages


@pytest.mark.parametrize("page_size", [1, 2, 7, 25, 50])
def test_every_invoice_comes_once_whatever_the_page_size(page_size):
    with FakeCarrierX(_ledger(25)) as carrierx:
        client = a_client(carrierx.url, tokens=Tokens(carrierx.token), page_size=page_size)
        sids = [summary.invoice_sid for summary in _list(client)]
    assert len(sids) == len(set(sids)) == 25
    assert len(carrierx.calls) == -(-25 // page_size)


def test_pages_go_on_by_has_more_where_total_and_pagination_are_null():
    with FakeCarrierX(_ledger(5)) as carrierx:
        carrierx.script(THE_LIST, Forever(Edited(total=None, pagination=None, count=None)))
        client = a_client(carrierx.url, tokens=Tokens(carrierx.token), page_size=2)
        assert len(_list(client)) == 5
    assert [call.parameter("offset") for call in carrierx.calls] == ["0", "2", "4"]


def test_pages_shorter_than_asked_for_leave_no_gap(carrierx, client):
    pages = [
        _page(("a", "2024-10-01"), has_more=True),
        _page(("b", "2024-10-02"), ("c", "2024-10-03"), has_more=True),
        _page(("d", "2024-10-04")),
    ]
    carrierx.script(THE_LIST, *map(Literally, pages))
    assert [summary.invoice_sid for summary in _list(client)] == ["a", "b", "c", "d"]
    assert [call.parameter("offset") for call in carrierx.calls] == ["0", "1", "3"]


@pytest.mark.parametrize("has_more", [False, None, True])
def test_an_empty_page_is_the_end(carrierx, client, has_more):
    carrierx.script(THE_LIST, Literally(json.dumps({"items": [], "has_more": has_more}).encode()))
    assert _list(client) == []
    assert len(carrierx.calls) == 1


def test_a_page_over_the_limit_is_asked_for_again_in_halves():
    too_large = Literally(b" " * 5_000_001)
    with FakeCarrierX(_ledger(5)) as carrierx:
        carrierx.script(THE_LIST, too_large, too_large, Usual(), too_large)
        client = a_client(carrierx.url, tokens=Tokens(carrierx.token), page_size=8)
        assert len(_list(client)) == 5
    asked = [(call.parameter("offset"), call.parameter("limit")) for call in carrierx.calls]
    assert asked == [
        ("0", "8"),
        ("0", "4"),
        ("0", "2"),
        ("2", "4"),
        ("2", "2"),
        ("4", "4"),
    ]


class Unreadable:
    """A list in which the items at these offsets cannot be read, alone or on a page of many."""

    def __init__(self, *offsets, body):
        self._offsets, self._body = offsets, body

    def play(self, exchange, usual):
        query = dict(parse_qsl(urlsplit(exchange.path).query))
        first, limit = int(query["offset"]), int(query["limit"])
        bad = any(first <= offset < first + limit for offset in self._offsets)
        (Literally(self._body) if bad else Usual()).play(exchange, usual)


DUPLICATE_KEY = b'{"items": [], "items": []}'
UNREADABLE_BODIES = [DUPLICATE_KEY, b'{"items": NaN}', b"\xff", b"{", b" " * 5_000_001]


@pytest.mark.parametrize("body", UNREADABLE_BODIES, ids=lambda body: repr(body[:20]))
@pytest.mark.parametrize("offset", [0, 11, 24])
def test_an_item_that_cannot_be_read_is_told_by_its_place_and_the_list_goes_on(offset, body):
    with FakeCarrierX(_ledger(25)) as carrierx:
        carrierx.script(THE_LIST, Forever(Unreadable(offset, body=body)))
        client = a_client(carrierx.url, tokens=Tokens(carrierx.token), page_size=10)
        listed = _list(client)
    (bad,) = [summary for summary in listed if summary.error]
    assert bad.invoice_sid == f"offset {offset} of those since 2024-01-01T00:00:00Z"
    assert isinstance(bad.error, InvoiceError)
    assert len(listed) == 25
    assert len({summary.invoice_sid for summary in listed}) == 25


def test_after_an_item_that_cannot_be_read_the_pages_grow_again():
    with FakeCarrierX(_ledger(100)) as carrierx:
        carrierx.script(THE_LIST, Forever(Unreadable(3, body=DUPLICATE_KEY)))
        client = a_client(carrierx.url, tokens=Tokens(carrierx.token), page_size=20)
        assert len(_list(client)) == 100
    assert carrierx.calls[-1].parameter("limit") == "20"
    assert len(carrierx.calls) < 20


@pytest.mark.parametrize(
    ("body", "error"), [(b" " * 5_000_001, InvoiceTooLarge), (DUPLICATE_KEY, InvoiceMalformed)]
)
def test_a_list_of_which_nothing_can_be_read_ends(carrierx, body, error):
    carrierx.script(THE_LIST, Forever(Literally(body)))
    client = a_client(carrierx.url, tokens=Tokens(carrierx.token), page_size=2)
    with pytest.raises(error):
        _list(client)
    assert len(carrierx.calls) == 2 * (10 + 1)


# ----------------------------------------------------------------------------- round in circles


def test_a_page_that_repeats_ends_the_list(carrierx, client):
    carrierx.script(THE_LIST, Forever(Literally(_page(("a", "2024-10-01"), has_more=True))))
    listed = _until_error(client)
    assert [summary.invoice_sid for summary in listed[:-1]] == ["a"]
    assert isinstance(listed[-1], BillingUnavailable)
    assert (listed[-1].again, listed[-1].may_heal) == (False, True)
    assert len(carrierx.calls) == 2


def test_pages_that_loop_end_the_list(carrierx, client):
    pages = [_page((sid, "2024-10-01"), has_more=True) for sid in "abcabc"]
    carrierx.script(THE_LIST, *map(Literally, pages))
    listed = _until_error(client)
    assert [summary.invoice_sid for summary in listed[:-1]] == ["a", "b", "c"]
    assert "repeats itself" in listed[-1].detail
    assert len(carrierx.calls) == 4


def test_items_without_a_sid_loop_no_longer_than_others(carrierx, client):
    page = json.dumps({"items": [{}, {"invoice_sid": {"x": 1}}], "has_more": True}).encode()
    carrierx.script(THE_LIST, Forever(Literally(page)))
    assert isinstance(_until_error(client)[-1], BillingUnavailable)
    assert len(carrierx.calls) == 2


def test_a_page_that_overlaps_the_one_before_brings_only_what_is_new(carrierx, client):
    carrierx.script(
        THE_LIST,
        Literally(_page(("a", "2024-10-01"), ("b", "2024-10-02"), has_more=True)),
        Literally(_page(("b", "2024-10-02"), ("c", "2024-10-03"))),
    )
    assert [summary.invoice_sid for summary in _list(client)] == ["a", "b", "c"]


def test_a_list_without_end_ends_with_the_deadline():
    numbers = itertools.count()

    class Another:
        def play(self, exchange, usual):
            page = _page((f"sid-{next(numbers)}", "2024-10-01"), has_more=True)
            Literally(page).play(exchange, usual)

    with FakeCarrierX() as carrierx:
        carrierx.script(THE_LIST, Forever(Another()))
        client = a_client(carrierx.url, tokens=Tokens(carrierx.token))
        with ends_within(5), pytest.raises(Exception, match=r"not enough time|in time"):
            _list(client, seconds=1)


# ----------------------------------------------------------------------------- failures


def test_a_page_that_fails_once_costs_nothing():
    with FakeCarrierX(_ledger(5)) as carrierx:
        carrierx.script(THE_LIST, Usual(), Status(503), Usual(), Status(429))
        client = a_client(carrierx.url, tokens=Tokens(carrierx.token), page_size=2)
        assert len(_list(client)) == 5


def test_a_second_page_that_keeps_failing_leaves_the_first():
    with FakeCarrierX(_ledger(5)) as carrierx:
        carrierx.script(THE_LIST, Usual(), Forever(Status(503)))
        client = a_client(carrierx.url, tokens=Tokens(carrierx.token), page_size=2)
        listed = _until_error(client)
    assert len(listed) == 2 + 1
    assert isinstance(listed[-1], BillingUnavailable)
    assert len(carrierx.calls) == 1 + 3


@pytest.mark.parametrize(
    ("behaviour", "error", "calls"),
    [
        (Status(503), BillingUnavailable, 3),
        (HtmlPage(), BillingUnavailable, 1),
        (Literally(b"[]"), BillingUnavailable, 1),
        (Literally(b"{}"), BillingUnavailable, 1),
        (Literally(b"null"), BillingUnavailable, 1),
        (Literally(b'{"items": {}}'), BillingUnavailable, 1),
        (Literally(b'{"items": [null]}'), BillingUnavailable, 1),
        (Status(403), BillingRefused, 1),
    ],
)
def test_a_list_that_is_none_is_a_typed_error(carrierx, client, behaviour, error, calls):
    carrierx.script(THE_LIST, Forever(behaviour))
    with pytest.raises(error):
        _list(client)
    assert len(carrierx.calls) == calls


# ----------------------------------------------------------------------------- helpers


def _list(client, *, since=SINCE, seconds=30.0):
    return list(client.list_issued(since, deadline=Deadline.after(seconds)))


def _until_error(client):
    """What came, and the error that ended it."""
    came = []
    with pytest.raises(BillingUnavailable) as unavailable:
        came.extend(client.list_issued(SINCE, deadline=Deadline.after(30)))
    return [*came, unavailable.value]


def _page(*items, has_more=False):
    """A page of items, each a SID and a day."""
    listed = [{"invoice_sid": sid, "date_issued": f"{day}T00:00:00.000Z"} for sid, day in items]
    return json.dumps({"items": listed, "has_more": has_more}).encode()


def _ledger(count):
    """Invoices that were issued in the same second: what is in order then is up to CarrierX."""
    ledger = Ledger()
    for number in range(count):
        ledger.add_invoice(
            an_invoice(invoice_sid=f"sid-{number:04}", date_issued="2024-11-20T00:00:00.000Z")
        )
    return ledger
