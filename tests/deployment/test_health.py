"""``GET /health`` over the whole deployment: shallow for a monitor, deep for the operator."""

from __future__ import annotations

import io
import json
from typing import Any

from local.events import read_event

from tests.deployment.in_process import IAM, Deployment, Reply, jwt_for
from tests.fakes import FailingAws, aws_error


def ask(deployment: Deployment, deep: str = "", caller: Any = IAM, method: str = "GET") -> Reply:
    event = read_event("api-gateway-http-v2-get")
    event["rawPath"] = event["requestContext"]["http"]["path"] = "/health"
    event["requestContext"]["http"]["method"] = method
    event["requestContext"]["authorizer"] = caller
    event["queryStringParameters"] = {"deep": deep} if deep else None
    return deployment.call(event)


def test_a_shallow_look_asks_nobody(deployment: Deployment) -> None:
    reply = ask(deployment)

    assert (reply.status, reply.fields) == (200, {"status": "ok"})
    assert reply.headers["Cache-Control"] == "no-store"
    assert not {"s3", "tokens", "renderer"} & set(vars(deployment.app))


def test_a_deep_look_finds_everything_in_order(deployment: Deployment) -> None:
    reply = ask(deployment, deep="1")

    assert reply.status == 200, reply.body
    assert reply.fields["status"] == "ok"
    assert [(each["check"], each["ok"]) for each in reply.fields["checks"]] == [
        ("libraries", True),
        ("fonts", True),
        ("profile", True),
        ("secret", True),
        ("canary", True),
        ("bucket", True),
    ]
    assert deployment.carrierx.token not in reply.body


def test_the_proof_lies_where_invoices_lie_and_is_written_over(deployment: Deployment) -> None:
    ask(deployment, deep="1")
    ask(deployment, deep="1")

    assert deployment.stored_keys() == ["invoices/_health/canary.pdf"]
    assert len(deployment.versions()) == 2


def test_a_missing_secret_makes_a_deep_look_fail(deployment: Deployment, log: io.StringIO) -> None:
    deployment.post()  # the token is cached now, and the check must not believe the cache
    secrets = deployment.aws.client("secretsmanager")
    secrets.delete_secret(
        SecretId=deployment.app.settings.carrierx_token_secret, ForceDeleteWithoutRecovery=True
    )
    reply = ask(deployment, deep="1")

    assert reply.status == 503
    failing = [each for each in reply.fields["checks"] if not each["ok"]]
    assert [(each["check"], each["code"]) for each in failing] == [("secret", "secret-unreadable")]
    lines = [json.loads(line) for line in log.getvalue().splitlines()]
    assert [line["failing"] for line in lines if line["message"] == "health_failing"] == [
        {"secret": "secret-unreadable"}
    ]


def test_a_bucket_that_takes_nothing_makes_a_deep_look_fail(deployment: Deployment) -> None:
    vars(deployment.app)["s3"] = FailingAws(aws_error(403, "AccessDenied"))
    reply = ask(deployment, deep="1")

    assert reply.status == 503
    (bucket,) = (each for each in reply.fields["checks"] if not each["ok"])
    assert bucket["code"] == "storage-refused"
    assert "AccessDenied" in bucket["detail"]


def test_a_partner_may_not_look_deep(deployment: Deployment) -> None:
    """API Gateway lets IAM callers alone through; the function does not count on it."""
    reply = ask(deployment, deep="1", caller=jwt_for("p-1"))

    assert (reply.status, reply.fields["code"]) == (403, "operator-only")
    assert deployment.stored_keys() == []


def test_a_question_without_a_caller_is_refused(deployment: Deployment) -> None:
    assert ask(deployment, caller={}).status == 403


def test_health_is_asked_and_never_told(deployment: Deployment) -> None:
    reply = ask(deployment, method="POST")

    assert reply.status == 405
    assert reply.headers["Allow"] == "GET"
