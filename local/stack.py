"""What template.yaml deploys, built in a local AWS: buckets, secret, key, queues and rules."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, Protocol

ACCOUNT = "123456789012"  # AWS's own example account, and moto's only one
REGION = "us-east-1"
ACCESS_KEY_ID = "local-access-key"
SECRET_ACCESS_KEY = "local-secret-key"  # noqa: S105  opens nothing
RULE_PATTERNS = {
    "requests": {
        "source": ["aws.s3"],
        "detail-type": ["Object Created"],
        "detail": {
            "bucket": {"name": ["{intake_bucket}"]},
            "object": {"key": [{"prefix": "requests/"}]},
        },
    },
    "issued": {
        "source": ["carrierx.billing"],
        "detail-type": ["invoice.issued"],
        "account": [ACCOUNT],
    },
}


class ClientFactory(Protocol):
    """``client("s3")`` gives a boto3 client."""

    def __call__(self, service: str) -> Any: ...


@dataclass(frozen=True, slots=True)
class Stack:
    """Names and addresses of one deployed system."""

    name: str
    endpoint_url: str
    intake_bucket: str
    output_bucket: str
    secret_arn: str
    kms_key_arn: str
    queue_url: str
    queue_arn: str
    dead_letter_queue_url: str
    dead_letter_queue_arn: str
    schedule_rule_arn: str
    max_receives: int
    account: str = ACCOUNT
    region: str = REGION

    def environment(self, *, carrierx_url: str, s3_url: str | None = None) -> dict[str, str]:
        """The variables of both functions.

        :param carrierx_url: the API's base address, as :attr:`FakeCarrierX.url`.
        :param s3_url: another address for S3 alone, such as an S3 door's.
        """
        return {
            "CARRIERX_BASE_URL": carrierx_url,
            "CARRIERX_TOKEN_SECRET": self.secret_arn,
            "INTAKE_BUCKET": self.intake_bucket,
            "OUTPUT_BUCKET": self.output_bucket,
            "OUTPUT_KMS_KEY": self.kms_key_arn,
            "QUEUE_URL": self.queue_url,
            "DEAD_LETTER_QUEUE_URL": self.dead_letter_queue_url,
            "MAX_RECEIVES": str(self.max_receives),
            "AWS_ENDPOINT_URL": self.endpoint_url,
            "AWS_ENDPOINT_URL_S3": s3_url or self.endpoint_url,
            "AWS_ACCESS_KEY_ID": ACCESS_KEY_ID,
            "AWS_SECRET_ACCESS_KEY": SECRET_ACCESS_KEY,
            "AWS_REGION": self.region,
            "AWS_DEFAULT_REGION": self.region,
            # The machine's own AWS configuration must not leak into a local run.
            "AWS_CONFIG_FILE": "/dev/null",
            "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
            "AWS_EC2_METADATA_DISABLED": "true",
            "NO_PROXY": "127.0.0.1",
            "no_proxy": "127.0.0.1",
            "POWERTOOLS_SERVICE_NAME": self.name,
            "POWERTOOLS_METRICS_NAMESPACE": "InvoiceRenderer",
            "POWERTOOLS_TRACE_DISABLED": "true",
        }


def build_stack(
    client: ClientFactory,
    *,
    name: str,
    endpoint_url: str,
    token: str,
    visibility_seconds: int,
    max_receives: int,
) -> Stack:
    """Create everything; names are those of ``events/`` where ``name`` is the default."""
    key_arn = _create_key(client("kms"))
    intake, output = (f"{name}-{role}-{ACCOUNT}" for role in ("intake", "output"))
    for bucket in (intake, output):
        _create_bucket(client("s3"), bucket, key_arn)
    client("s3").put_bucket_notification_configuration(
        Bucket=intake, NotificationConfiguration={"EventBridgeConfiguration": {}}
    )
    dead_url, dead_arn = _create_queue(client("sqs"), f"{name}-dead-letters", {})
    redrive = {"deadLetterTargetArn": dead_arn, "maxReceiveCount": max_receives}
    queue_url, queue_arn = _create_queue(
        client("sqs"),
        f"{name}-requests",
        {"VisibilityTimeout": str(visibility_seconds), "RedrivePolicy": json.dumps(redrive)},
    )
    schedule_arn = _create_rules(client("events"), name, intake, queue_arn)
    return Stack(
        name=name,
        endpoint_url=endpoint_url,
        intake_bucket=intake,
        output_bucket=output,
        secret_arn=_create_secret(
            client("secretsmanager"), f"{name}/carrierx-token", token, key_arn
        ),
        kms_key_arn=key_arn,
        queue_url=queue_url,
        queue_arn=queue_arn,
        dead_letter_queue_url=dead_url,
        dead_letter_queue_arn=dead_arn,
        schedule_rule_arn=schedule_arn,
        max_receives=max_receives,
    )


def _create_key(kms: Any) -> str:
    key = kms.create_key(Description="Invoice documents, requests and token")["KeyMetadata"]
    kms.enable_key_rotation(KeyId=key["KeyId"])
    return str(key["Arn"])


def _create_bucket(s3: Any, bucket: str, key_arn: str) -> None:
    s3.create_bucket(Bucket=bucket, ObjectOwnership="BucketOwnerEnforced")
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    s3.put_public_access_block(
        Bucket=bucket,
        PublicAccessBlockConfiguration={
            "BlockPublicAcls": True,
            "BlockPublicPolicy": True,
            "IgnorePublicAcls": True,
            "RestrictPublicBuckets": True,
        },
    )
    by_default = {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": key_arn}
    rule = {"ApplyServerSideEncryptionByDefault": by_default, "BucketKeyEnabled": True}
    s3.put_bucket_encryption(Bucket=bucket, ServerSideEncryptionConfiguration={"Rules": [rule]})


def _create_queue(sqs: Any, name: str, attributes: dict[str, str]) -> tuple[str, str]:
    encrypted = {"SqsManagedSseEnabled": "true", "MessageRetentionPeriod": "1209600"}
    url = sqs.create_queue(QueueName=name, Attributes=encrypted | attributes)["QueueUrl"]
    answer = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])
    return str(url), str(answer["Attributes"]["QueueArn"])


def _create_secret(secrets: Any, name: str, token: str, key_arn: str) -> str:
    value = {"SecretString": token} if token else {}
    return str(secrets.create_secret(Name=name, KmsKeyId=key_arn, **value)["ARN"])


def _create_rules(events: Any, name: str, intake_bucket: str, queue_arn: str) -> str:
    """S3 objects and our own event to the queue, and the schedule; returns the schedule's ARN."""
    for rule, pattern in RULE_PATTERNS.items():
        text = json.dumps(pattern).replace("{intake_bucket}", intake_bucket)
        events.put_rule(Name=f"{name}-{rule}", EventPattern=text)
        _target_queue(events, f"{name}-{rule}", queue_arn)
    # No target: in moto, a rule without a pattern matches every event on the bus, and its schedule
    # never fires. LocalAws.fire_schedule does what this rule would.
    schedule = events.put_rule(Name=f"{name}-schedule", ScheduleExpression="rate(1 hour)")
    return str(schedule["RuleArn"])


def _target_queue(events: Any, rule: str, queue_arn: str) -> None:
    # moto's default template for put_events leaves "account" out, which every real event has; this
    # one asks for the whole event. (moto adds "ingestion-time" to it, which AWS does not.)
    whole_event = {"InputTemplate": "<aws.events.event.json>"}
    events.put_targets(
        Rule=rule, Targets=[{"Id": "queue", "Arn": queue_arn, "InputTransformer": whole_event}]
    )
