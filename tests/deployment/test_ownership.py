"""The token can read every partner's invoices; so whose invoice it is, is ours to check."""

from __future__ import annotations

import pytest
from local.fake_carrierx import (
    INVOICE_SID,
    PARTNER_SID,
    DuplicateKeys,
    Edited,
    Forever,
    GzipBomb,
    Literally,
    NotANumber,
)
from local.fake_carrierx.behaviours import Behaviour

from tests.deployment.in_process import Deployment, Reply, jwt_for

STRANGER = jwt_for("a1b2c3d4-0000-4000-8000-00000000beef")


def answer_of(reply: Reply) -> tuple[int, dict[str, str], str]:
    return reply.status, dict(reply.headers), reply.body


def test_a_foreign_invoice_is_answered_byte_for_byte_like_a_missing_one(
    deployment: Deployment,
) -> None:
    foreign = deployment.post(INVOICE_SID, caller=STRANGER)
    missing = deployment.post("no-such-invoice", caller=STRANGER)
    assert answer_of(foreign) == answer_of(missing)
    assert foreign.status == 404
    assert deployment.stored_keys() == []


def test_the_same_holds_when_its_document_is_stored_already(deployment: Deployment) -> None:
    assert deployment.post().status == 201
    for reply in (
        deployment.post(INVOICE_SID, caller=STRANGER),
        deployment.send(INVOICE_SID, "GET", caller=STRANGER),
    ):
        assert answer_of(reply) == answer_of(deployment.post("no-such-invoice", caller=STRANGER))


@pytest.mark.parametrize(
    "changes",
    [
        {"amount": "not a number"},
        {"invoice_items": [{}] * 5_001},
        {"partner_sid": None},
        {"invoice_sid": "another"},
    ],
    ids=["malformed", "too long", "of nobody", "crossed"],
)
def test_the_same_holds_whatever_state_it_is_in(
    deployment: Deployment, changes: dict[str, object]
) -> None:
    deployment.carrierx.script(INVOICE_SID, Edited(**changes))
    foreign = deployment.post(INVOICE_SID, caller=STRANGER)
    assert answer_of(foreign) == answer_of(deployment.post("no-such-invoice", caller=STRANGER))


@pytest.mark.parametrize(
    "behaviour",
    [DuplicateKeys(), NotANumber(), Literally(b" " * 5_000_001), GzipBomb()],
    ids=["a key twice", "NaN", "over 5 MB", "gzip bomb"],
)
def test_the_same_holds_where_nobody_can_read_whose_it_is(
    deployment: Deployment, behaviour: Behaviour
) -> None:
    deployment.carrierx.script(INVOICE_SID, Forever(behaviour))
    foreign = deployment.post(INVOICE_SID, caller=STRANGER)
    assert answer_of(foreign) == answer_of(deployment.post("no-such-invoice", caller=STRANGER))


def test_only_the_authorizer_says_whose_invoices_may_be_read(deployment: Deployment) -> None:
    """A partner named in the body, a header, the query or the path counts for nothing."""
    reply = deployment.post(
        INVOICE_SID,
        {"partner_sid": PARTNER_SID},
        caller=STRANGER,
        headers={"content-type": "application/json", "x-partner-sid": PARTNER_SID},
        queryStringParameters={"partner_sid": PARTNER_SID},
        pathParameters={"invoice_sid": INVOICE_SID, "partner_sid": PARTNER_SID},
    )
    assert reply.status == 404


@pytest.mark.parametrize("claim", [None, "", [], {}, 7, "*", "a b/c", [None]])
def test_a_claim_that_names_no_partner_reads_nothing(deployment: Deployment, claim: object) -> None:
    reply = deployment.post(caller={"jwt": {"claims": {"partner_sid": claim}}})
    assert (reply.status, reply.fields["code"]) == (403, "caller-unknown")
    assert deployment.carrierx.calls == ()
