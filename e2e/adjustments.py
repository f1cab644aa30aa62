"""What the local AWS cannot do yet, put right from outside after each deployment.

The template is deployed as it is; these are changes of the deployed resources, so that the rest of
them can be judged. docs/end-to-end.md says how what is left out here is proved elsewhere.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from e2e.local_aws import LocalAws

# Its IAM knows no s3:x-amz-server-side-encryption-aws-kms-key-id. The statement denies a write that
# names another key, so without the condition key it denies every write that names ours.
UNDECIDABLE = "OnlyWithOurKey"


def adjust(aws: LocalAws, outputs: Mapping[str, str], *, worker: str) -> None:
    """After ``sam deploy``."""
    for output in ("IntakeBucketName", "OutputBucketName"):
        _drop_statement(aws.client("s3"), outputs[output], UNDECIDABLE)
    _number_concurrency(aws.client("lambda"), worker)
    _name_batches(aws, worker)


def _drop_statement(s3: Any, bucket: str, sid: str) -> None:
    policy = json.loads(s3.get_bucket_policy(Bucket=bucket)["Policy"])
    policy["Statement"] = [each for each in policy["Statement"] if each["Sid"] != sid]
    s3.put_bucket_policy(Bucket=bucket, Policy=json.dumps(policy))


def _number_concurrency(lambda_: Any, worker: str) -> None:
    """CloudFormation hands parameters on as text, and its poller compares that with a number."""
    for mapping in lambda_.list_event_source_mappings(FunctionName=worker)["EventSourceMappings"]:
        lambda_.update_event_source_mapping(
            UUID=mapping["UUID"],
            ScalingConfig={
                "MaximumConcurrency": int(mapping["ScalingConfig"]["MaximumConcurrency"])
            },
        )


def _name_batches(aws: LocalAws, worker: str) -> None:
    """In AWS sqs:SendMessage allows batches; here a batch is an action of a name of its own."""
    role = aws.client("lambda").get_function_configuration(FunctionName=worker)["Role"]
    name, iam = role.rpartition("/")[2], aws.client("iam")
    for policy in iam.list_role_policies(RoleName=name)["PolicyNames"]:
        document = iam.get_role_policy(RoleName=name, PolicyName=policy)["PolicyDocument"]
        for statement in document["Statement"]:
            if statement["Action"] == "sqs:SendMessage":
                statement["Action"] = ["sqs:SendMessage", "sqs:SendMessageBatch"]
        iam.put_role_policy(RoleName=name, PolicyName=policy, PolicyDocument=json.dumps(document))
