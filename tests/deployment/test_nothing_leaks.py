"""The token, links, names and addresses stay out of logs, metrics and answers."""

from __future__ import annotations

import io
import json
import logging

import pytest
from local.fake_carrierx import EVERY_CALL, INVOICE_SID, Edited, Status

from tests.deployment.in_process import Deployment, jwt_for

CANARIES = {
    "company_name": "Canary Holdings",
    "name": "Carla Canary",
    "address1": "1 Canary Wharf",
    "billing_email": "canary@example.com",
}


@pytest.fixture
def everything_logged(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    for name in ("", "urllib3", "requests", "botocore", "boto3", "weasyprint", "invoice_renderer"):
        caplog.set_level(logging.DEBUG, logger=name)
    return caplog


def outcomes(deployment: Deployment) -> list[str]:
    """A delivery, and every kind of failure; returns what the callers were told."""
    partner = {
        **deployment.carrierx.ledger.partners[next(iter(deployment.carrierx.ledger.partners))]
    }
    told = []
    deployment.carrierx.script(INVOICE_SID, Edited(partner=partner | CANARIES))
    told.append(json.dumps(deployment.post().fields | {"url": ""}))
    for status in (400, 401, 403, 404, 429, 500):
        deployment.carrierx.script(EVERY_CALL, *[Status(status)] * 3)
        told.append(deployment.post().body)
        deployment.carrierx.unscript()
    deployment.carrierx.script(INVOICE_SID, Edited(amount="Canary Holdings"))
    told.append(deployment.post().body)
    told.append(deployment.post(caller=jwt_for("nobody")).body)
    deployment.work_message({"invoice_sid": INVOICE_SID})
    deployment.work_message({"invoice_sid": "Carla Canary"})
    return told


def test_no_log_line_holds_the_token_a_signature_or_a_name(
    deployment: Deployment,
    everything_logged: pytest.LogCaptureFixture,
    log: io.StringIO,
) -> None:
    outcomes(deployment)
    # botocore's own DEBUG lines print what it signs; Lambda's level for it is WARNING
    ours = [
        record.getMessage() + str(record.exc_info or "")
        for record in everything_logged.records
        if not (record.name.startswith("botocore") and record.levelno < logging.WARNING)
    ]
    text = log.getvalue() + "\n".join(ours)
    assert INVOICE_SID in text
    for secret in (deployment.carrierx.token, "X-Amz-Signature", "Bearer", *CANARIES.values()):
        assert secret not in text


def test_no_answer_tells_of_our_insides(deployment: Deployment) -> None:
    for body in outcomes(deployment):
        for inside in ("Traceback", "127.0.0.1", "/src/", ".py", deployment.carrierx.token,
                       deployment.stack.output_bucket, "Canary"):  # fmt: skip
            assert inside not in body


def test_no_dead_letter_tells_of_our_insides(deployment: Deployment) -> None:
    deployment.carrierx.script(INVOICE_SID, Edited(amount="Canary Holdings"))
    deployment.work_message({"invoice_sid": INVOICE_SID})
    text = json.dumps(deployment.parked())
    assert "invoice-malformed" in text
    for inside in ("Traceback", "127.0.0.1", deployment.carrierx.token, "Canary"):
        assert inside not in text


def test_nothing_prints_the_token(deployment: Deployment) -> None:
    app = deployment.app
    deployment.post()
    things = (app, app.settings, app.tokens, app.tokens.current(), app.billing, vars(app.billing))
    for thing in things:
        assert deployment.carrierx.token not in repr(thing)
        assert deployment.carrierx.token not in str(thing)


def test_a_bug_of_ours_is_a_problem_for_the_caller_and_a_stack_in_the_log(
    deployment: Deployment, log: io.StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Broken:
        def for_partner(self, _partner_sid: str) -> None:
            raise ZeroDivisionError("Carla Canary owes 42")

    monkeypatch.setitem(vars(deployment.app), "profiles", Broken())
    reply = deployment.post()
    assert (reply.status, reply.fields["code"]) == (500, "unexpected")
    assert "Canary" not in reply.body + log.getvalue()
    assert "test_nothing_leaks.py" in log.getvalue()
