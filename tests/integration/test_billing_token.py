"""The token: a rotation costs no invoice, a refusal no storm, and nothing ever prints it."""

from __future__ import annotations

import logging
import pickle
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from local.fake_carrierx import (
    EVERY_CALL,
    INVOICE_SID,
    PARTNER_SID,
    Edited,
    Forever,
    HtmlPage,
    Redirect,
    Reset,
    Silence,
    Status,
)
from local.fake_carrierx.calls import fingerprint
from local.servers import LOOPBACK, free_port

from invoice_renderer.billing.transport import Transport
from invoice_renderer.credentials import Token
from invoice_renderer.deadline import Deadline
from invoice_renderer.errors import BillingRefused, InvoiceRendererError
from tests.integration.billing_tools import Tokens, a_client, fetch

CANARY = "canary-5ebc03d6-8b2b-44ad-bf65-72d4f1491dda"


# ----------------------------------------------------------------------------- 401


def test_a_rotated_token_costs_one_refresh_one_repeat_and_no_invoice(carrierx):
    old, new = carrierx.token, carrierx.rotate()
    tokens = Tokens(old, new)
    assert fetch(a_client(carrierx.url, tokens=tokens)).display_id == "004"
    assert tokens.refreshes == 1
    assert [call.authorization_sha256 for call in carrierx.calls] == [
        fingerprint(f"Bearer {old}"),
        fingerprint(f"Bearer {new}"),
    ]


def test_a_401_for_ever_is_two_calls(carrierx):
    tokens = Tokens("wrong", "wrong too", "and so on")
    with pytest.raises(BillingRefused) as refused:
        fetch(a_client(carrierx.url, tokens=tokens))
    assert (refused.value.code, refused.value.status) == ("billing-refused", 401)
    assert (refused.value.may_heal, refused.value.scopes) == (False, ())
    assert (tokens.refreshes, len(carrierx.calls)) == (1, 2)


def test_a_401_once_is_repeated_even_where_the_secret_is_unchanged(carrierx, client):
    carrierx.script(INVOICE_SID, Status(401))
    assert fetch(client).display_id == "004"
    assert len(carrierx.calls) == 2


def test_a_rotation_between_the_invoice_and_its_partner_costs_nothing(carrierx):
    tokens = Tokens(carrierx.token, carrierx.allow("new"))
    carrierx.script(INVOICE_SID, Edited(without=("partner",)))
    carrierx.script(PARTNER_SID, Status(401))
    invoice = fetch(a_client(carrierx.url, tokens=tokens))
    assert invoice.partner.display_id == "CX72521509"
    assert (tokens.refreshes, len(carrierx.calls)) == (1, 3)


def test_a_403_does_not_refresh(carrierx):
    tokens = Tokens(carrierx.token, "newer")
    carrierx.script(EVERY_CALL, Forever(Status(403)))
    with pytest.raises(BillingRefused, match="invoices"):
        fetch(a_client(carrierx.url, tokens=tokens))
    assert (tokens.refreshes, len(carrierx.calls)) == (0, 1)


def test_a_rotation_in_mid_list_loses_nothing(carrierx):
    old, new = carrierx.token, carrierx.allow("new")
    client = a_client(carrierx.url, tokens=Tokens(old, new), page_size=1)
    listed = client.list_issued(datetime(2024, 1, 1, tzinfo=UTC), deadline=Deadline.after(30))
    next(listed)
    carrierx.revoke(old)
    assert len(list(listed)) == 2


# ----------------------------------------------------------------------------- where it must not be


FAULTS = {
    "good": None,
    "401": Status(401),
    "403": Status(403),
    "404": Status(404),
    "429": Status(429, retry_after="3600"),
    "503": Status(503),
    "HTML": HtmlPage(),
    "redirect": Redirect("http://127.0.0.1:1/"),
    "reset": Reset(),
    "silence": Silence(),
}


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
def test_the_token_is_in_no_log_and_no_error(carrierx, caplog, fault):
    caplog.set_level(logging.DEBUG)
    for name in ("urllib3", "requests", "botocore"):
        caplog.set_level(logging.DEBUG, logger=name)
    carrierx.allow(CANARY)
    if fault:
        carrierx.script(EVERY_CALL, Forever(fault))
    error = _error_of(a_client(carrierx.url, tokens=Tokens(CANARY)))
    assert (error is None) == (fault is None)
    assert "Starting new HTTP connection" in caplog.text  # the library does log at this level
    assert CANARY not in caplog.text
    assert not any(CANARY in repr(vars(record)) for record in caplog.records)
    assert all(CANARY not in text for text in _texts(error))


def test_the_token_is_in_no_error_of_a_connection_that_fails():
    error = _error_of(a_client(f"http://{LOOPBACK}:{free_port()}", tokens=Tokens(CANARY)))
    assert error is not None
    assert all(CANARY not in text for text in _texts(error))


def test_the_token_is_in_no_repr(carrierx):
    token = Token(carrierx.allow(CANARY))
    transport = Transport()
    answer = transport.get(
        f"{carrierx.url}/billing/invoices/{INVOICE_SID}",
        {},
        token=token,
        deadline=Deadline.after(30),
    )
    session = transport._session()
    client = a_client(carrierx.url, tokens=Tokens(CANARY))
    for thing in (token, transport, client, session, session.headers, answer, vars(client)):
        assert CANARY not in f"{thing!r} {thing}"
    assert f"{token}" == "Token(…)"


def test_the_session_keeps_no_token(carrierx):
    transport = Transport()
    token = Token(carrierx.token)
    transport.get(f"{carrierx.url}/partners/x", {}, token=token, deadline=Deadline.after(30))
    assert "Authorization" not in transport._session().headers


def test_an_error_can_be_sent_elsewhere_without_the_token(carrierx):
    error = _error_of(a_client(carrierx.url, tokens=Tokens(CANARY)))
    assert CANARY.encode() not in pickle.dumps(vars(error))


def _error_of(client) -> InvoiceRendererError | None:
    try:
        fetch(client, seconds=1)
    except InvoiceRendererError as error:
        return error
    return None


def _texts(error: BaseException | None) -> Iterator[str]:
    """What the error and everything behind it say of themselves."""
    while error is not None:
        yield f"{error!r} {error} {error.args!r} {vars(error)!r}"
        if error.__cause__ is not None:
            yield from _texts(error.__cause__)
        error = error.__context__
