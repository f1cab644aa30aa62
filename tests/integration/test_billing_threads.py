"""One client for many threads: each gets its own answer over its own connection."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from local.fake_carrierx import Delay, Forever, Truncated

from invoice_renderer.errors import BillingUnavailable
from tests.integration.billing_tools import fetch

THREADS = 8


def test_eight_threads_get_each_its_own_invoice(carrierx, client):
    sids = [carrierx.add_invoice(display_id=f"{number:03}") for number in range(200, 240)]
    with ThreadPoolExecutor(THREADS) as pool:
        invoices = list(pool.map(lambda sid: fetch(client, sid), sids))
    assert [invoice.invoice_sid for invoice in invoices] == sids
    assert [invoice.display_id for invoice in invoices] == [f"{n:03}" for n in range(200, 240)]
    assert len({call.connection for call in carrierx.calls}) <= THREADS


def test_a_thread_whose_connection_breaks_disturbs_no_other(carrierx, client):
    broken = carrierx.add_invoice(display_id="666")
    carrierx.script(broken, Forever(Truncated()))
    good = [carrierx.add_invoice(display_id=f"{number:03}") for number in range(200, 207)]

    def attempt(sid):
        try:
            return fetch(client, sid).invoice_sid
        except BillingUnavailable:
            return "unavailable"

    for _ in range(2):
        with ThreadPoolExecutor(THREADS) as pool:
            assert list(pool.map(attempt, [broken, *good])) == ["unavailable", *good]


def test_a_deadline_cuts_its_own_thread_and_no_other(carrierx, client):
    slow = carrierx.add_invoice(display_id="500")
    good = carrierx.add_invoice(display_id="200")
    carrierx.script(slow, Forever(Delay(10)))
    carrierx.script(good, Delay(1.2))
    with ThreadPoolExecutor(2) as pool:
        late = pool.submit(fetch, client, slow, seconds=0.6)
        patient = pool.submit(fetch, client, good)
        assert isinstance(late.exception(), BillingUnavailable)
        assert patient.result().invoice_sid == good
