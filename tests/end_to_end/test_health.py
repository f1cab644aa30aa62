"""``GET /health`` of the deployed stack: the operator's first call after ``sam deploy``.

Straight to the function: the local AWS answers that path itself.
"""

from __future__ import annotations

import json
from typing import Any

from e2e.deployment import API
from e2e.house import House
from local.events import read_event


def look(house: House, deep: str = "") -> tuple[int, dict[str, Any]]:
    """Status and body."""
    event = read_event("api-gateway-http-v2-get")
    event["rawPath"] = event["requestContext"]["http"]["path"] = "/health"
    event["queryStringParameters"] = {"deep": deep} if deep else {}
    answer = house.pool.invoke(API, event)
    return answer["statusCode"], json.loads(answer["body"])


def failing(body: dict[str, Any]) -> dict[str, str]:
    """The code of each check that failed."""
    return {check["check"]: check["code"] for check in body["checks"] if not check["ok"]}


def test_a_shallow_look_is_answered(house: House) -> None:
    """What a monitor asks for."""
    assert look(house) == (200, {"status": "ok"})


def test_a_deep_look_finds_a_fresh_deployment_in_order(house: House) -> None:
    """Libraries of the layer and of nowhere else, fonts, profile, secret, a page, an object."""
    status, body = look(house, deep="1")
    assert (status, failing(body)) == (200, {})
    checks = {check["check"]: check for check in body["checks"]}
    assert set(checks) == {"libraries", "fonts", "profile", "secret", "canary", "bucket"}
    files = checks["libraries"]["files"].values()
    assert {path.rpartition("/")[0] for path in files} == {"/opt/lib"}
    assert checks["libraries"]["python"].startswith("3.13.")


def test_a_deep_look_says_what_a_role_may_not(house: House) -> None:
    """503 with the code of the one check that fails; the others go on."""
    with house.without(API, "ReadToken"):
        status, body = look(house, deep="1")
    assert (status, failing(body)) == (503, {"secret": "secret-unreadable"})
    with house.without(API, "StoreAndLinkInvoices", "s3:PutObject"):
        status, body = look(house, deep="1")
    assert (status, failing(body)) == (503, {"bucket": "storage-refused"})
