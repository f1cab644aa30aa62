"""What CarrierX may answer, and what becomes of it: the error's class, and how often we asked."""

from __future__ import annotations

from decimal import Decimal

import pytest
from local.fake_carrierx import (
    INVOICE_SID,
    PARTNER_SID,
    BomBefore,
    DeepNesting,
    DuplicateKeys,
    EarlyHints,
    Edited,
    Forever,
    GzipBomb,
    HtmlPage,
    InvalidUtf8,
    Literally,
    NotANumber,
    Partial,
    Redirect,
    Status,
    WrongPartner,
    WrongSid,
)
from local.fake_carrierx.calls import fingerprint

from invoice_renderer.errors import (
    BillingError,
    BillingRefused,
    BillingRejected,
    BillingUnavailable,
    InvoiceMalformed,
    InvoiceNotFound,
    InvoiceSidInvalid,
    InvoiceTooLarge,
)
from tests.integration.billing_tools import Tokens, a_client, caller_for, fetch
from tests.integration.raw_servers import RawServer, chunked, head, invoice_body, with_length

FOREIGN = "11111111-1111-4111-8111-111111111111"


# ----------------------------------------------------------------------------- as documented


def test_an_invoice_comes_with_its_partner_in_one_call(carrierx, client):
    invoice = fetch(client)
    assert (invoice.display_id, invoice.amount) == ("004", Decimal("0.38"))
    assert invoice.partner.display_id == "CX72521509"
    assert [call.path for call in carrierx.calls] == [f"/core/v2/billing/invoices/{INVOICE_SID}"]


def test_the_request_is_the_documented_one(carrierx, client):
    fetch(client)
    (call,) = carrierx.calls
    assert call.method == "GET"
    assert call.query == (("with_related", "true"),)
    assert call.authorization_sha256 == fingerprint(f"Bearer {carrierx.token}")
    assert call.headers["accept"] == "application/json"
    assert call.headers["accept-encoding"] == "gzip"
    assert "cookie" not in call.headers


def test_field_filtering_is_off_unless_its_parameter_is_named(carrierx):
    fetch(a_client(carrierx.url, tokens=_tokens(carrierx)))
    fetch(a_client(carrierx.url, tokens=_tokens(carrierx), fields_parameter="include_fields"))
    plain, filtered = carrierx.calls
    assert plain.parameter("include_fields") is None
    names = filtered.parameter("include_fields").split(",")
    assert {"invoice_sid", "partner_sid", "partner", "invoice_items", "amount_due"} <= set(names)


def test_chunks_are_as_good_as_a_length():
    body = invoice_body()
    with RawServer(chunked(body[:10], body[10:11], body[11:])) as server:
        assert fetch(a_client(server.url)).display_id == "004"


def test_a_body_that_ends_with_the_connection_is_taken_where_it_is_whole():
    with RawServer(head() + invoice_body()) as server:
        assert fetch(a_client(server.url)).display_id == "004"


def test_a_charset_and_a_json_suffix_are_json(carrierx, client):
    body = invoice_body()
    carrierx.script(
        INVOICE_SID,
        Literally(body, "application/json; charset=utf-8"),
        Literally(body, "application/vnd.carrierx+json; charset"),
    )
    assert fetch(client) == fetch(client)


# ----------------------------------------------------------------------------- final refusals


@pytest.mark.parametrize("status", [400, 402, 405, 408, 409, 410, 415, 418, 422, 451])
def test_another_4xx_is_final_and_asked_once(carrierx, client, status):
    carrierx.script(INVOICE_SID, Forever(Status(status)))
    with pytest.raises(BillingRejected) as rejected:
        fetch(client)
    assert (rejected.value.code, rejected.value.status) == ("billing-rejected", status)
    assert len(carrierx.calls) == 1


def test_an_unknown_invoice_is_not_found_and_asked_once(carrierx, client):
    with pytest.raises(InvoiceNotFound) as missing:
        fetch(client, "00000000-0000-4000-8000-000000000000")
    assert missing.value.code == "invoice-not-found"
    assert len(carrierx.calls) == 1


def test_a_403_names_the_scopes_that_the_token_needs(carrierx):
    tokens = _tokens(carrierx, scopes=frozenset({"partners.read"}))
    with pytest.raises(BillingRefused) as refused:
        fetch(a_client(carrierx.url, tokens=tokens))
    assert refused.value.scopes == ("invoices.read", "invoices.manage")
    assert "invoices.read, invoices.manage" in refused.value.detail
    assert (tokens.refreshes, len(carrierx.calls)) == (0, 1)


@pytest.mark.parametrize(
    "sid", ["", "..", "a/b", "a%2fb", "a?b", "a#b", "a b", "a\0b", "\u0430", "a" * 65]
)
def test_what_is_no_plain_token_never_reaches_the_network(carrierx, client, sid):
    with pytest.raises(InvoiceSidInvalid):
        fetch(client, sid)
    assert carrierx.calls == ()


# ----------------------------------------------------------------------------- not an invoice


@pytest.mark.parametrize("status", [201, 202, 204, 304])
def test_another_success_is_no_invoice(carrierx, client, status):
    carrierx.script(INVOICE_SID, Forever(Status(status)))
    with pytest.raises(BillingUnavailable, match=f"status {status}"):
        fetch(client)
    assert len(carrierx.calls) == 1


def test_half_an_invoice_with_206_is_no_invoice(carrierx, client):
    carrierx.script(INVOICE_SID, Forever(Partial()))
    with pytest.raises(BillingUnavailable, match="status 206"):
        fetch(client)
    assert len(carrierx.calls) == 1


def test_early_hints_are_no_invoice_and_do_not_put_the_connection_out_of_step(carrierx, client):
    carrierx.script(INVOICE_SID, EarlyHints())
    with pytest.raises(BillingUnavailable, match="status 103"):
        fetch(client)
    other = carrierx.add_invoice(display_id="005")
    assert fetch(client, other).display_id == "005"
    hinted, after = carrierx.calls
    assert hinted.connection != after.connection


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_not_followed_and_the_token_goes_nowhere_else(carrierx, client, status):
    with RawServer(with_length(invoice_body())) as elsewhere:
        carrierx.script(INVOICE_SID, Forever(Redirect(f"{elsewhere.url}/invoice", status)))
        with pytest.raises(BillingUnavailable, match=f"status {status}"):
            fetch(client)
    assert (len(carrierx.calls), elsewhere.connections) == (1, 0)


@pytest.mark.parametrize("location", ["http://[", "//", "\\\\x", "javascript:alert(1)", "é"])
def test_a_redirect_to_nonsense_is_as_plain_a_refusal(carrierx, client, location):
    carrierx.script(INVOICE_SID, Forever(Redirect(location)))
    with pytest.raises(BillingUnavailable, match="status 302"):
        fetch(client)


@pytest.mark.parametrize("status", [200, 503])
def test_a_maintenance_page_is_no_invoice(carrierx, client, status):
    carrierx.script(INVOICE_SID, Forever(HtmlPage(status)))
    with pytest.raises(BillingUnavailable) as unavailable:
        fetch(client)
    assert unavailable.value.code == "billing-unavailable"
    assert len(carrierx.calls) == (1 if status == 200 else 3)


@pytest.mark.parametrize("content_type", [None, "text/plain", "application/jsonp", ";"])
def test_json_that_does_not_say_so_is_not_read(carrierx, client, content_type):
    carrierx.script(INVOICE_SID, Literally(invoice_body(), content_type))
    with pytest.raises(BillingUnavailable, match="not JSON"):
        fetch(client)
    assert len(carrierx.calls) == 1


@pytest.mark.parametrize("body", [b"{}", b"[]", b"null", b'""', b"0", b"true", b""])
def test_json_that_is_no_invoice_is_malformed(carrierx, client, body):
    carrierx.script(INVOICE_SID, Forever(Literally(body)))
    with pytest.raises(InvoiceMalformed) as malformed:
        fetch(client)
    assert malformed.value.code == "invoice-malformed"
    assert len(carrierx.calls) == 1


def test_a_maintenance_page_that_says_it_is_json_is_malformed(carrierx, client):
    carrierx.script(INVOICE_SID, HtmlPage(content_type="application/json"))
    with pytest.raises(InvoiceMalformed, match="is not JSON"):
        fetch(client)


# ----------------------------------------------------------------------------- strict JSON


@pytest.mark.parametrize(
    ("behaviour", "problem"),
    [
        (NotANumber(), "NaN"),
        (NotANumber("Infinity"), "Infinity"),
        (NotANumber("-Infinity"), "Infinity"),
        (DuplicateKeys(), "same key twice"),
        (InvalidUtf8(), "not UTF-8"),
        (BomBefore(), "not JSON"),
        (DeepNesting(), "nested too deeply"),
        (Edited(amount=10**60), "too many digits"),
    ],
)
def test_what_only_a_lenient_parser_takes_is_malformed(carrierx, client, behaviour, problem):
    carrierx.script(INVOICE_SID, Forever(behaviour))
    with pytest.raises(InvoiceMalformed, match=problem):
        fetch(client)
    assert len(carrierx.calls) == 1


def test_a_lone_surrogate_never_reaches_the_model(carrierx, client):
    body = invoice_body(display_id="MARK").replace(b"MARK", rb"0\ud800")
    carrierx.script(INVOICE_SID, Literally(body))
    try:
        invoice = fetch(client)
    except InvoiceMalformed:
        return
    invoice.canonical_json().decode("utf-8")
    assert not any("\ud800" <= letter <= "\udfff" for letter in invoice.display_id)


def test_a_number_is_as_exact_as_a_string(carrierx, client):
    body = invoice_body().replace(b'"0.38"', b"123456789012345.12345", 1)
    carrierx.script(INVOICE_SID, Literally(body))
    assert Decimal("123456789012345.12345") in {
        (invoice := fetch(client)).amount,
        invoice.amount_due,
    }


# ----------------------------------------------------------------------------- whose invoice


def test_the_answer_for_another_invoice_is_malformed_and_ends_the_connection(carrierx, client):
    carrierx.script(INVOICE_SID, WrongSid())
    with pytest.raises(InvoiceMalformed, match="invoice_sid"):
        fetch(client)
    assert fetch(client).invoice_sid == INVOICE_SID
    wrong, right = carrierx.calls
    assert wrong.connection != right.connection


def test_a_limited_caller_reads_an_invoice_of_its_own(client):
    assert fetch(client, caller=caller_for(PARTNER_SID)).partner_sid == PARTNER_SID


@pytest.mark.parametrize(
    "behaviour",
    [
        WrongPartner(FOREIGN),
        Edited(partner_sid=FOREIGN, amount="not an amount", invoice_items=None),
        Edited(partner_sid=FOREIGN, invoice_items=[{"type": "toll", "amount": "1"}] * 2_000),
        Edited(partner_sid=FOREIGN, invoice_sid=None),
        Edited(partner_sid=None),
        Edited(partner_sid=[PARTNER_SID]),
        Edited(without=("partner_sid",)),
        Literally(b"{}"),
        Literally(b"[]"),
        Literally(b"null"),
        DuplicateKeys(),
        NotANumber(),
        InvalidUtf8(),
        Literally(b" " * 5_000_001),
        GzipBomb(),
    ],
)
def test_a_foreign_invoice_is_missing_whatever_is_wrong_with_it(carrierx, client, behaviour):
    missing = _error_of(client, "00000000-0000-4000-8000-000000000000")
    carrierx.forget_calls()
    carrierx.script(INVOICE_SID, Forever(behaviour))
    foreign = _error_of(client, INVOICE_SID)
    assert type(foreign) is InvoiceNotFound
    assert (foreign.code, foreign.detail, foreign.args) == (
        missing.code,
        missing.detail,
        missing.args,
    )
    assert len(carrierx.calls) == 1


def test_to_the_operator_the_same_broken_invoice_is_malformed_or_too_long(carrierx, client):
    long = Edited(partner_sid=FOREIGN, invoice_items=[{"type": "toll", "amount": "1"}] * 2_000)
    carrierx.script(INVOICE_SID, Edited(amount="not an amount"), long)
    with pytest.raises(InvoiceMalformed):
        fetch(client)
    with pytest.raises(InvoiceTooLarge):
        fetch(client)


# ----------------------------------------------------------------------------- the partner


@pytest.mark.parametrize("behaviour", [Edited(without=("partner",)), Edited(partner=None)])
def test_a_partner_that_was_left_out_is_fetched(carrierx, client, behaviour):
    carrierx.script(INVOICE_SID, behaviour)
    assert fetch(client).partner.display_id == "CX72521509"
    assert [call.sid for call in carrierx.calls] == [INVOICE_SID, PARTNER_SID]


@pytest.mark.parametrize("status", [400, 401, 403, 404])
def test_where_the_partner_may_not_be_read_the_invoice_comes_without_one(carrierx, client, status):
    carrierx.script(INVOICE_SID, Edited(without=("partner",)))
    carrierx.script(PARTNER_SID, Forever(Status(status)))
    invoice = fetch(client)
    assert (invoice.display_id, invoice.partner) == ("004", None)


def test_a_partner_that_is_down_is_an_invoice_that_is_late_and_not_one_without_address(
    carrierx, client
):
    carrierx.script(INVOICE_SID, Edited(without=("partner",)))
    carrierx.script(PARTNER_SID, Forever(Status(503)))
    with pytest.raises(BillingUnavailable):
        fetch(client)
    assert len(carrierx.calls) == 3


@pytest.mark.parametrize("abridged", [{"name": "Acme"}, {"partner_sid": None, "name": "Acme"}])
def test_an_abridged_partner_without_its_sid_is_the_invoices_own(carrierx, client, abridged):
    carrierx.script(INVOICE_SID, Edited(partner=abridged))
    partner = fetch(client).partner
    assert (partner.partner_sid, partner.name) == (PARTNER_SID, "Acme")
    assert len(carrierx.calls) == 1


def test_another_partner_in_the_invoice_or_in_its_stead_is_malformed(carrierx, client):
    carrierx.script(INVOICE_SID, Edited(partner={"partner_sid": FOREIGN}))
    with pytest.raises(InvoiceMalformed):
        fetch(client)
    carrierx.script(INVOICE_SID, Edited(without=("partner",)))
    carrierx.script(PARTNER_SID, Edited(partner_sid=FOREIGN))
    with pytest.raises(InvoiceMalformed, match="partner_sid"):
        fetch(client)


@pytest.mark.parametrize("partner_sid", ["../billing/invoices/x", "a?b=c", "..", "a b", "é"])
def test_a_partner_sid_that_is_no_plain_token_is_not_asked_for(carrierx, client, partner_sid):
    carrierx.script(INVOICE_SID, Edited(without=("partner",), partner_sid=partner_sid))
    with pytest.raises(InvoiceMalformed, match="partner_sid"):
        fetch(client)
    assert len(carrierx.calls) == 1


def test_a_foreign_invoice_does_not_have_its_partner_fetched(carrierx, client):
    carrierx.script(INVOICE_SID, Edited(without=("partner",)))
    with pytest.raises(InvoiceNotFound):
        fetch(client, caller=caller_for(FOREIGN))
    assert len(carrierx.calls) == 1


# ----------------------------------------------------------------------------- what errors say


@pytest.mark.parametrize(
    "behaviour",
    [Status(400), Status(403), Status(429), Status(503), HtmlPage(), Redirect("http://x.example/")],
)
def test_an_error_names_no_host_path_or_body(carrierx, client, behaviour):
    carrierx.script(INVOICE_SID, Forever(behaviour))
    with pytest.raises(BillingError) as error:
        fetch(client)
    for secret in ("127.0.0.1", "/core", INVOICE_SID, carrierx.token, "Maintenance", "x.example"):
        assert secret not in f"{error.value!r} {error.value.detail}"


def test_cookies_are_not_kept(carrierx, client):
    cookie = ("Set-Cookie", "session=abc; Path=/")
    carrierx.script(INVOICE_SID, Status(200, headers=(cookie,)))
    fetch(client)
    fetch(client)
    assert "cookie" not in carrierx.calls[1].headers


def _tokens(carrierx, **scopes):
    return Tokens(carrierx.allow("another-token", **scopes))


def _error_of(client, sid):
    with pytest.raises(InvoiceNotFound) as error:
        fetch(client, sid, caller=caller_for(PARTNER_SID))
    return error.value
