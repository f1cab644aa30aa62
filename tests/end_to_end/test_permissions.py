"""IAM is judged at every request: the roles suffice, and nothing in them is idle.

Each test takes one thing away from a role. What needed it fails and says so; what did not need it
goes on. That the whole role suffices is what every other scenario shows.
"""

from __future__ import annotations

import json
from typing import Any

import pytest
from e2e.deployment import API, WORKER
from e2e.house import House
from local.fake_carrierx import INVOICE_SID


def ask_api(house: House, sid: str = INVOICE_SID) -> dict[str, Any]:
    answer = house.caller.post(f"/invoices/{sid}/pdf")
    facts: dict[str, Any] = answer.json()
    return facts


def ask_worker(house: House, sid: str = INVOICE_SID) -> dict[str, Any]:
    answer: dict[str, Any] = house.invoke(WORKER, {"invoice_sid": sid})
    return answer


def object_created(house: House, key: str) -> dict[str, Any]:
    return {
        "version": "0",
        "id": "17793124-05d4-b198-2fde-7ededc63b103",
        "source": "aws.s3",
        "detail-type": "Object Created",
        "account": "012345678912",
        "detail": {"bucket": {"name": house.stack["IntakeBucketName"]}, "object": {"key": key}},
    }


@pytest.mark.parametrize(("function", "ask"), [(API, ask_api), (WORKER, ask_worker)])
def test_without_the_token_nothing_can_be_fetched(house: House, function: str, ask: Any) -> None:
    """ReadToken."""
    with house.without(function, "ReadToken"):
        assert ask(house)["code"] == "secret-unreadable"
    assert "url" in ask(house)


@pytest.mark.parametrize(
    ("function", "sid", "ask"),
    [
        (API, "StoreAndLinkInvoices", ask_api),
        (WORKER, "StoreInvoicesAndKeepCursor", ask_worker),
    ],
)
def test_without_putting_objects_nothing_is_stored(
    house: House, function: str, sid: str, ask: Any
) -> None:
    """s3:PutObject; a document that is there already is found and linked as before."""
    known, new = ask_api(house)["url"], house.carrierx.add_invoice()
    assert known
    with house.without(function, sid, "s3:PutObject"):
        assert ask(house, new)["code"] == "storage-refused"
        assert house.stored(new) == []
        assert "url" in ask(house)
    assert "url" in ask(house, new)


def test_without_getting_objects_a_link_opens_nothing(house: House) -> None:
    """s3:GetObject: a presigned link can do what its signer can, and no more."""
    with house.without(API, "StoreAndLinkInvoices", "s3:GetObject"):
        answer = ask_api(house, house.carrierx.add_invoice())
        assert "url" not in answer or house.caller.fetch(answer["url"]).status_code == 403
    assert house.caller.fetch(ask_api(house)["url"]).status_code == 200


def test_without_reading_requests_an_object_is_put_aside(house: House) -> None:
    """ReadRequests; a direct request is rendered all the same."""
    key = f"requests/{house.carrierx.add_invoice()}"
    house.client("s3").put_object(Bucket=house.stack["IntakeBucketName"], Key=key)
    event = object_created(house, key)
    with house.without(WORKER, "ReadRequests"):
        assert house.invoke(WORKER, event)["code"] == "storage-refused"
        assert "url" in ask_worker(house)
    assert "url" in house.invoke(WORKER, event)


def test_without_sending_to_the_queues_a_list_is_not_spread(house: House) -> None:
    """SendToTheQueues: nothing can be queued or put aside, and the call fails for Lambda to see."""
    sids = [house.carrierx.add_invoice() for _ in range(2)]
    key = "requests/two.csv"
    body = "\n".join(["invoice_sid", *sids]).encode()
    with house.without(WORKER, "SendToTheQueues"):
        answer = house.invoke(WORKER, {"invoice_sid": "not-a-sid"})
        assert "SQS refused: AccessDenied" in answer["errorMessage"]
        assert "url" in ask_worker(house)
    house.client("s3").put_object(Bucket=house.stack["IntakeBucketName"], Key=key, Body=body)
    for sid in sids:
        house.wait_for(lambda sid=sid: house.stored(sid), "the document")


def test_the_roles_hold_nothing_that_no_test_here_takes_away(house: House) -> None:
    """A statement that is added to a role needs a test above, or a reason in this list."""
    judged_elsewhere = {
        "WriteOwnLog",  # Lambda writes the log; here the emulator prints it
        "SendTraces",  # X-Ray's daemon sends them; there is none here
        "UseKey",  # S3, SQS and Secrets Manager call KMS; the local ones do not
        "LookForCursor",  # it makes S3 say 404 instead of 403; the local one says 404 anyway
        "TakeFromTheQueue",  # Lambda's poller does; the local one asks no role
    }
    tested = {
        "ReadToken",
        "StoreAndLinkInvoices",
        "StoreInvoicesAndKeepCursor",
        "ReadRequests",
        "SendToTheQueues",
    }
    held = set()
    for function in (API, WORKER):
        role = house.client("lambda").get_function_configuration(FunctionName=function)["Role"]
        name, iam = role.rpartition("/")[2], house.client("iam")
        for policy in iam.list_role_policies(RoleName=name)["PolicyNames"]:
            document = iam.get_role_policy(RoleName=name, PolicyName=policy)["PolicyDocument"]
            held |= {statement["Sid"] for statement in document["Statement"]}
    assert tested | judged_elsewhere == held, json.dumps(sorted(held))
