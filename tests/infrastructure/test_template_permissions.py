"""Who may do what: exact lists, so that a permission more or less is a failing test."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from cloudformation import Deployment

LOGS = {"logs:CreateLogStream", "logs:PutLogEvents"}
TRACES = {"xray:PutTelemetryRecords", "xray:PutTraceSegments"}
KEY_USE = {"kms:Decrypt", "kms:GenerateDataKey"}
INVOICES = "${OutputBucket.Arn}/invoices/*"
STATE = "${OutputBucket.Arn}/state/*"
REQUESTS = "${IntakeBucket.Arn}/requests/*"
PROFILE = "${IntakeBucket.Arn}/profile/*"

API_MAY = {
    **{key: {"${ApiLogGroup.Arn}"} for key in LOGS},
    **{key: {"*"} for key in TRACES},
    **{key: {"${Key.Arn}"} for key in KEY_USE},
    "secretsmanager:GetSecretValue": {"${TokenSecret.Id}"},
    "s3:GetObject": {INVOICES},
    "s3:PutObject": {INVOICES},
}
WORKER_MAY = {
    **API_MAY,
    **{key: {"${WorkerLogGroup.Arn}"} for key in LOGS},
    "s3:GetObject": {INVOICES, STATE, REQUESTS},
    "s3:GetObjectVersion": {REQUESTS},
    "s3:ListBucket": {"${OutputBucket.Arn}"},
    "s3:PutObject": {INVOICES, STATE},
    "sqs:ChangeMessageVisibility": {"${InvoiceQueue.Arn}"},
    "sqs:DeleteMessage": {"${InvoiceQueue.Arn}"},
    "sqs:GetQueueAttributes": {"${InvoiceQueue.Arn}"},
    "sqs:ReceiveMessage": {"${InvoiceQueue.Arn}"},
    "sqs:SendMessage": {"${InvoiceQueue.Arn}", "${DeadLetterQueue.Arn}"},
}
EVERY_OPTION = {
    "UseOwnProfile": "true",
    "TokenSecretArn": "arn:aws:secretsmanager:eu-central-1:111122223333:secret:token-AbCdEf",
    "TokenSecretKeyArn": "arn:aws:kms:eu-central-1:111122223333:key/1234",
    "JwtIssuer": "https://issuer.example",
    "JwtAudience": "invoices",
}


def as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def granted(deployed: Deployment, role: str) -> dict[str, set[str]]:
    """Action -> resources, over all policies of the role."""
    grants: dict[str, set[str]] = defaultdict(set)
    for policy in deployed.properties(role)["Policies"]:
        for statement in policy["PolicyDocument"]["Statement"]:
            assert statement["Effect"] == "Allow"
            for action in as_list(statement["Action"]):
                grants[action].update(as_list(statement["Resource"]))
    return dict(grants)


def policy_documents(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, list):
        for each in value:
            yield from policy_documents(each)
    if isinstance(value, dict):
        if "Statement" in value:
            yield value
        for each in value.values():
            yield from policy_documents(each)


def allowing_statements(deployed: Deployment) -> list[dict[str, Any]]:
    return [
        statement
        for document in policy_documents(deployed.resources)
        for statement in document["Statement"]
        if statement["Effect"] == "Allow"
    ]


def test_the_api_may_do_exactly_this(deployed: Deployment) -> None:
    assert granted(deployed, "ApiRole") == API_MAY


def test_the_worker_may_do_exactly_this(deployed: Deployment) -> None:
    assert granted(deployed, "WorkerRole") == WORKER_MAY


@pytest.mark.parametrize(("role", "basis"), [("ApiRole", API_MAY), ("WorkerRole", WORKER_MAY)])
def test_options_add_exactly_what_they_need(
    role: str, basis: dict[str, set[str]], deployed_with: Callable[..., Deployment]
) -> None:
    expected = basis | {
        "s3:GetObject": basis["s3:GetObject"] | {PROFILE},
        "secretsmanager:GetSecretValue": {EVERY_OPTION["TokenSecretArn"]},
        "kms:Decrypt": {"${Key.Arn}", EVERY_OPTION["TokenSecretKeyArn"]},
    }
    assert granted(deployed_with(**EVERY_OPTION), role) == expected


@pytest.mark.parametrize("parameters", [{}, EVERY_OPTION])
def test_no_policy_has_a_wildcard_action(
    parameters: dict[str, str], deployed_with: Callable[..., Deployment]
) -> None:
    statements = allowing_statements(deployed_with(**parameters))

    assert len(statements) > 20
    for statement in statements:
        assert "NotAction" not in statement
        assert not [it for it in as_list(statement["Action"]) if "*" in it], statement


def test_no_policy_allows_everybody(deployed: Deployment) -> None:
    for statement in allowing_statements(deployed):
        principal = statement.get("Principal", {})
        assert "NotPrincipal" not in statement
        assert "*" not in as_list(principal), statement
        assert not any("*" in as_list(who) for who in dict(principal).values()), statement


def test_a_wildcard_resource_is_only_for_traces_and_for_the_key_itself(
    deployed: Deployment,
) -> None:
    key_policy = deployed.properties("Key")["KeyPolicy"]["Statement"]
    for statement in allowing_statements(deployed):
        if "*" in as_list(statement.get("Resource", "")):
            assert statement in key_policy or set(statement["Action"]) == TRACES, statement


def test_roles_have_no_managed_policies_and_only_lambda_takes_them(deployed: Deployment) -> None:
    roles = deployed.of_type("AWS::IAM::Role")

    assert roles.keys() == {"ApiRole", "WorkerRole"}, "SAM made no role of its own"
    for role in roles.values():
        assert "ManagedPolicyArns" not in role
        (trust,) = role["AssumeRolePolicyDocument"]["Statement"]
        assert trust["Principal"] == {"Service": "lambda.amazonaws.com"}


def test_the_api_cannot_list_a_bucket(deployed: Deployment) -> None:
    """A missing document answers 403 then, which the code reads as absent."""
    assert "s3:ListBucket" not in granted(deployed, "ApiRole")


def test_every_allowed_service_is_held_to_this_deployment(deployed: Deployment) -> None:
    """No other account can have a service act on our queues, key, topic or buckets."""
    for statement in allowing_statements(deployed):
        service = dict(statement.get("Principal", {})).get("Service")
        if service and service != "lambda.amazonaws.com":
            assert statement.get("Condition"), statement


def test_the_key_rotates_and_outlives_the_stack(deployed: Deployment) -> None:
    assert deployed.properties("Key")["EnableKeyRotation"] is True
    assert deployed.resources["Key"]["DeletionPolicy"] == "Retain"
    assert deployed.resources["Key"]["UpdateReplacePolicy"] == "Retain"


def test_whoever_administers_the_key_cannot_decrypt_with_it(deployed: Deployment) -> None:
    administer, use, *services = deployed.properties("Key")["KeyPolicy"]["Statement"]

    assert not set(administer["Action"]) & {"kms:Decrypt", "kms:GenerateDataKey", "kms:CreateGrant"}
    assert "kms:PutKeyPolicy" in administer["Action"], "or nobody could ever change the policy"
    assert set(use["Action"]) == KEY_USE
    assert use["Condition"]["StringEquals"]["kms:ViaService"] == [
        f"{service}.eu-central-1.amazonaws.com"
        for service in ("s3", "secretsmanager", "sns", "sqs")
    ]
    assert all("kms:EncryptionContext" in str(it["Condition"]) for it in services)


def test_the_key_serves_the_queues_topic_and_logs_by_their_real_names(
    deployed: Deployment,
) -> None:
    """The key policy spells the names out; a renamed queue would silently lose its events."""
    told = str(deployed.properties("Key")["KeyPolicy"])

    names = [it["QueueName"] for it in deployed.of_type("AWS::SQS::Queue").values()]
    names += [it["TopicName"] for it in deployed.of_type("AWS::SNS::Topic").values()]
    names += [it["LogGroupName"] for it in deployed.of_type("AWS::Logs::LogGroup").values()]
    assert len(names) == 6
    assert [name for name in names if f":{name}'" not in told] == []


def test_the_secret_is_encrypted_with_our_key_and_holds_nothing(deployed: Deployment) -> None:
    """With a value in the template, each update of the stack would overwrite the token."""
    (secret,) = deployed.of_type("AWS::SecretsManager::Secret").values()

    assert secret["KmsKeyId"] == "${Key.Arn}"
    assert not {"SecretString", "GenerateSecretString"} & secret.keys()


def test_an_existing_secret_replaces_ours(deployed_with: Callable[..., Deployment]) -> None:
    deployed = deployed_with(**EVERY_OPTION)

    assert deployed.of_type("AWS::SecretsManager::Secret") == {}
    assert deployed.outputs["TokenSecretId"]["Value"] == EVERY_OPTION["TokenSecretArn"]


def test_no_parameter_asks_for_a_secret(template: dict[str, Any]) -> None:
    assert not any("NoEcho" in declared for declared in template["Parameters"].values())
