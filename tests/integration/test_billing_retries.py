"""Three calls at most, with jitter between them; and a breaker that leaves CarrierX alone."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from local.fake_carrierx import (
    EVERY_CALL,
    INVOICE_SID,
    PARTNER_SID,
    Edited,
    Forever,
    HtmlPage,
    Reset,
    Status,
    Truncated,
    Usual,
)

from invoice_renderer.billing.retries import parse_retry_after
from invoice_renderer.deadline import Deadline
from invoice_renderer.errors import BillingThrottled, BillingUnavailable, InvoiceRendererError
from tests.integration.billing_tools import Clock, Tokens, Waits, a_client, fetch

DAY_SECONDS = 24 * 3600.0


# ----------------------------------------------------------------------------- 5xx


@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_a_5xx_once_costs_no_invoice(carrierx, client, status):
    carrierx.script(INVOICE_SID, Status(status))
    assert fetch(client).display_id == "004"
    assert len(carrierx.calls) == 2


@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_a_5xx_for_ever_is_three_calls(carrierx, client, status):
    carrierx.script(INVOICE_SID, Forever(Status(status)))
    with pytest.raises(BillingUnavailable, match=f"status {status}") as unavailable:
        fetch(client)
    assert (unavailable.value.code, unavailable.value.may_heal) == ("billing-unavailable", True)
    assert len(carrierx.calls) == 3


@pytest.mark.parametrize("status", [501, 505, 511, 599])
def test_another_5xx_is_not_repeated_at_once(carrierx, client, status):
    carrierx.script(INVOICE_SID, Forever(Status(status)))
    with pytest.raises(BillingUnavailable):
        fetch(client)
    assert len(carrierx.calls) == 1


def test_each_wait_is_drawn_from_a_longer_span():
    waits = Waits()
    for _ in range(40):
        with pytest.raises(BillingUnavailable):
            fetch(a_client("http://127.0.0.1:1", waits=waits))
    first, second = waits[0::2], waits[1::2]
    assert 0 <= min(first) < max(first) <= 0.2 < max(second) <= 0.4


@pytest.mark.parametrize(
    "mishaps",
    [
        (Status(503), Status(503), Status(401), Usual()),
        (Status(401), Status(503), Status(503), Usual()),
        (Status(401), Status(401), Status(401), Status(401)),
        (Status(503), Status(401), Status(401), Status(401)),
        (Reset(), Truncated(), Status(429), Usual()),
        (Status(503), Status(503), Edited(without=("partner",)), Usual()),
        (Status(401), Status(503), Edited(without=("partner",)), Usual()),
        (Edited(without=("partner",)), Status(503), Status(503), Usual()),
        (Edited(without=("partner",)), Status(401), Status(503), Usual()),
    ],
)
def test_no_mixture_of_faults_makes_a_fourth_call(carrierx, mishaps):
    tokens = Tokens("old", carrierx.token)
    carrierx.allow("old")
    carrierx.script(EVERY_CALL, *mishaps)
    with pytest.raises(InvoiceRendererError):
        fetch(a_client(carrierx.url, tokens=tokens))
    assert len(carrierx.calls) <= 3


def test_after_two_faults_and_a_401_the_next_fetch_has_the_new_token(carrierx):
    tokens = Tokens("old", carrierx.token)
    client = a_client(carrierx.url, tokens=tokens)
    carrierx.script(INVOICE_SID, Status(503), Status(503))
    with pytest.raises(BillingUnavailable, match="no answer in 3 calls") as unavailable:
        fetch(client)
    assert unavailable.value.may_heal
    assert fetch(client).display_id == "004"
    assert (tokens.refreshes, len(carrierx.calls)) == (1, 4)


# ----------------------------------------------------------------------------- 429


def test_retry_after_is_waited_for_and_a_little_more(carrierx, client):
    carrierx.script(INVOICE_SID, Status(429, retry_after="1"))
    assert fetch(client).display_id == "004"
    (wait,) = client.waits
    assert 1.0 <= wait <= 1.2
    assert len(carrierx.calls) == 2


def test_a_503_may_say_retry_after_too(carrierx, client):
    carrierx.script(INVOICE_SID, Status(503, retry_after="2"))
    fetch(client)
    assert 2.0 <= client.waits[0] <= 2.2


def test_an_hour_is_given_back_and_not_waited_for(carrierx, client):
    carrierx.script(INVOICE_SID, Forever(Status(429, retry_after="3600")))
    with pytest.raises(BillingThrottled) as throttled:
        fetch(client)
    assert (throttled.value.code, throttled.value.retry_after) == ("billing-throttled", 3600.0)
    assert throttled.value.may_heal
    assert (len(carrierx.calls), client.waits) == (1, [])


def test_a_date_is_given_back_as_seconds(carrierx, client):
    then = datetime.now(UTC) + timedelta(hours=1)
    carrierx.script(INVOICE_SID, Status(429, retry_after=format_datetime(then, usegmt=True)))
    with pytest.raises(BillingThrottled) as throttled:
        fetch(client)
    assert 3500 < throttled.value.retry_after <= 3600


@pytest.mark.parametrize(
    "header", [None, "0", "-5", "soon", "1.5", "", "1e3", "Mon, 99 Foo 2025 99:99:99 GMT"]
)
def test_a_retry_after_that_says_nothing_usable_leaves_the_jitter(carrierx, client, header):
    carrierx.script(INVOICE_SID, Status(429, retry_after=header))
    assert fetch(client).display_id == "004"
    assert 0 <= client.waits[0] <= 0.2
    assert len(carrierx.calls) == 2


def test_a_429_for_ever_is_three_calls(carrierx, client):
    carrierx.script(INVOICE_SID, Forever(Status(429)))
    with pytest.raises(BillingThrottled):
        fetch(client)
    assert len(carrierx.calls) == 3


NOON = datetime(2025, 1, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        (None, None),
        ("7", 7.0),
        (" 7 ", 7.0),
        ("0", 0.0),
        ("99999999", DAY_SECONDS),
        ("9" * 1000, DAY_SECONDS),
        ("Wed, 01 Jan 2025 12:00:30 GMT", 30.0),
        ("Wed, 01 Jan 2025 12:00:30 -0000", 30.0),
        ("Wed, 01 Jan 2025 11:00:00 GMT", 0.0),
        ("Fri, 31 Dec 9999 23:59:59 GMT", DAY_SECONDS),
        ("-1", None),
        ("+1", None),
        ("\u0663", None),
        ("\u00b2", None),
        ("soon", None),
        ("", None),
        ("1 Jan 99999999999 00:00:00", None),
    ],
)
def test_retry_after_is_seconds_or_a_date_and_a_day_at_most(header, seconds):
    assert parse_retry_after(header, now=NOON) == seconds


def test_a_storm_of_429_stays_bounded_and_does_not_come_back_in_step(carrierx):
    carrierx.script(EVERY_CALL, Forever(Status(429, retry_after="1")))
    waits = Waits()
    client = a_client(carrierx.url, tokens=Tokens(carrierx.token), waits=waits)
    with ThreadPoolExecutor(20) as pool:
        storm = [pool.submit(fetch, client) for _ in range(20)]
        errors = [one.exception() for one in storm]
    assert {type(error) for error in errors} == {BillingThrottled}
    assert len(carrierx.calls) <= 3 * 20
    assert len(set(waits)) == len(waits) == 40
    assert min(waits) >= 1
    assert max(waits) - min(waits) > 0.1


# ----------------------------------------------------------------------------- the breaker


OPENED_BY = 3 + 3 + 1  # calls for three invoices, the last of which is left alone after one


def test_failures_of_three_invoices_in_a_row_open_the_breaker(carrierx, clock, guarded):
    carrierx.script(EVERY_CALL, Forever(Status(503)))
    _fail(guarded, "i-1")
    assert len(carrierx.calls) == 3
    _fail(guarded, "i-2")
    assert len(carrierx.calls) == 6
    error = _fail(guarded, "i-3")
    assert len(carrierx.calls) == 7
    assert "left alone" in error.detail
    assert (error.may_heal, error.again, error.retry_after) == (True, False, 20.0)


def test_one_call_probes_after_twenty_seconds_and_a_failure_shuts_it_again(
    carrierx, clock, guarded
):
    _open(carrierx, guarded)
    clock.now += 19.9
    _fail(guarded)
    assert len(carrierx.calls) == OPENED_BY
    clock.now += 0.2
    _fail(guarded)
    assert len(carrierx.calls) == OPENED_BY + 1
    clock.now += 19.9
    _fail(guarded)
    assert len(carrierx.calls) == OPENED_BY + 1


def test_one_invoice_that_cannot_be_served_opens_it_for_nobody(carrierx, guarded):
    """It is asked for again and again: by its message, and by whoever waits for it."""
    other = carrierx.add_invoice(display_id="005")
    carrierx.script(INVOICE_SID, Forever(Status(500)))
    for _ in range(5):
        _fail(guarded)
    assert fetch(guarded, other).display_id == "005"


def test_an_invoice_whose_partner_cannot_be_served_opens_it_for_nobody(carrierx, guarded):
    other = carrierx.add_invoice(display_id="005")
    carrierx.script(INVOICE_SID, Edited(without=("partner",)), Forever(Status(500)))
    carrierx.script(PARTNER_SID, Forever(Status(500)))
    for _ in range(3):
        _fail(guarded)
    assert fetch(guarded, other).display_id == "005"


def test_a_success_between_failures_closes_the_row(carrierx, guarded):
    for sid in ("i-1", "i-2", "i-3", "i-4"):
        carrierx.script(sid, Forever(Status(500)))
        _fail(guarded, sid)
        assert fetch(guarded).display_id == "004"


def test_a_good_probe_closes_the_breaker(carrierx, clock, guarded):
    _open(carrierx, guarded)
    carrierx.unscript()
    clock.now += 20.1
    assert fetch(guarded).display_id == "004"
    carrierx.script(EVERY_CALL, Status(503), Status(503))
    assert fetch(guarded).display_id == "004"
    assert len(carrierx.calls) == OPENED_BY + 1 + 3


def test_only_one_of_many_probes(carrierx, clock, guarded):
    _open(carrierx, guarded)
    clock.now += 20.1
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(_fail, [guarded] * 8))
    assert len(carrierx.calls) == OPENED_BY + 1


@pytest.mark.parametrize("answer", [Status(404), Status(422), Status(403)])
def test_a_refusal_is_no_failure(carrierx, clock, guarded, answer):
    carrierx.script(EVERY_CALL, *[Status(503), Status(503), answer] * 4)
    for _ in range(4):
        with pytest.raises(InvoiceRendererError):
            fetch(guarded)
    assert len(carrierx.calls) == 12


def test_throttling_is_no_failure(carrierx, clock, guarded):
    carrierx.script(EVERY_CALL, *[Status(429)] * 12)
    for _ in range(4):
        with pytest.raises(BillingThrottled):
            fetch(guarded)
    assert fetch(guarded).display_id == "004"


def test_a_maintenance_page_is_a_failure(carrierx, clock, guarded):
    carrierx.script(EVERY_CALL, Forever(HtmlPage()))
    for number in range(7):
        _fail(guarded, f"i-{number}")
    assert len(carrierx.calls) == 5


def test_the_breaker_guards_the_partner_and_the_list_as_well(carrierx, clock, guarded):
    carrierx.script(PARTNER_SID, Forever(Status(503)))
    carrierx.script(INVOICE_SID, Forever(Edited(without=("partner",))))
    for _ in range(3):
        _fail(guarded)
    assert len(carrierx.calls_for(PARTNER_SID)) == 6  # a good invoice between closes it each time
    _open(carrierx, guarded)
    with pytest.raises(BillingUnavailable, match="left alone"):
        next(guarded.list_issued(NOON, deadline=Deadline.after(30)))


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def guarded(carrierx, clock):
    return a_client(carrierx.url, tokens=Tokens(carrierx.token), clock=clock)


def _fail(client, sid=INVOICE_SID):
    with pytest.raises(BillingUnavailable) as unavailable:
        fetch(client, sid)
    return unavailable.value


def _open(carrierx, client):
    carrierx.unscript()
    carrierx.forget_calls()
    carrierx.script(EVERY_CALL, Forever(Status(503)))
    for sid in ("i-1", "i-2", "i-3"):
        _fail(client, sid)
