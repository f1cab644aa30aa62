"""Three buckets: closed, encrypted, versioned, over TLS only, and none feeds itself."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from cloudformation import Deployment
from template_tools import TEMPLATE

BUCKETS = ("IntakeBucket", "OutputBucket", "LogBucket")
DATA_BUCKETS = ("IntakeBucket", "OutputBucket")


def statements(deployed: Deployment, bucket: str) -> dict[str, dict[str, Any]]:
    policy = deployed.properties(f"{bucket}Policy")
    assert policy["Bucket"] == "${" + bucket + "}"
    return {it["Sid"]: it for it in policy["PolicyDocument"]["Statement"]}


def lifecycle(deployed: Deployment, bucket: str) -> dict[str, dict[str, Any]]:
    rules = deployed.properties(bucket)["LifecycleConfiguration"]["Rules"]
    assert all(it["Status"] == "Enabled" for it in rules)
    return {it["Id"]: it for it in rules}


def test_there_are_three_buckets(deployed: Deployment) -> None:
    assert set(deployed.of_type("AWS::S3::Bucket")) == set(BUCKETS)


@pytest.mark.parametrize("bucket", BUCKETS)
def test_public_access_is_blocked_four_times(deployed: Deployment, bucket: str) -> None:
    assert deployed.properties(bucket)["PublicAccessBlockConfiguration"] == {
        "BlockPublicAcls": True,
        "BlockPublicPolicy": True,
        "IgnorePublicAcls": True,
        "RestrictPublicBuckets": True,
    }


@pytest.mark.parametrize("bucket", BUCKETS)
def test_the_owner_owns_every_object_and_versions_are_kept(
    deployed: Deployment, bucket: str
) -> None:
    properties = deployed.properties(bucket)

    assert properties["OwnershipControls"] == {
        "Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]
    }
    assert properties["VersioningConfiguration"] == {"Status": "Enabled"}


@pytest.mark.parametrize("bucket", DATA_BUCKETS)
def test_data_is_encrypted_with_our_key_and_a_bucket_key(deployed: Deployment, bucket: str) -> None:
    (rule,) = deployed.properties(bucket)["BucketEncryption"]["ServerSideEncryptionConfiguration"]

    assert rule["BucketKeyEnabled"] is True
    assert rule["ServerSideEncryptionByDefault"] == {
        "SSEAlgorithm": "aws:kms",
        "KMSMasterKeyID": "${Key.Arn}",
    }


def test_the_log_bucket_has_no_kms_key_for_s3_could_not_deliver(deployed: Deployment) -> None:
    (rule,) = deployed.properties("LogBucket")["BucketEncryption"][
        "ServerSideEncryptionConfiguration"
    ]
    assert rule == {"ServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}


@pytest.mark.parametrize("bucket", BUCKETS)
def test_everybody_is_refused_without_tls(deployed: Deployment, bucket: str) -> None:
    refusal = statements(deployed, bucket)["OnlyOverTls"]

    assert (refusal["Effect"], refusal["Principal"], refusal["Action"]) == ("Deny", "*", "s3:*")
    assert refusal["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
    assert refusal["Resource"] == ["${" + bucket + ".Arn}", "${" + bucket + ".Arn}/*"]


@pytest.mark.parametrize("bucket", DATA_BUCKETS)
def test_an_object_of_another_key_is_refused(deployed: Deployment, bucket: str) -> None:
    refusal = statements(deployed, bucket)["OnlyWithOurKey"]

    assert (refusal["Effect"], refusal["Action"]) == ("Deny", "s3:PutObject")
    assert refusal["Condition"] == {
        "Null": {"s3:x-amz-server-side-encryption": "false"},
        "StringNotEquals": {"s3:x-amz-server-side-encryption-aws-kms-key-id": "${Key.Arn}"},
    }


@pytest.mark.parametrize(("seconds", "milliseconds"), [(900, "900000"), (60, "60000")])
def test_a_link_older_than_link_seconds_is_refused(
    deployed_with: Callable[..., Deployment], seconds: int, milliseconds: str
) -> None:
    refusal = statements(deployed_with(LinkSeconds=seconds), "OutputBucket")[
        "NoLinkOlderThanLinkSeconds"
    ]
    assert (refusal["Effect"], refusal["Principal"]) == ("Deny", "*")
    assert refusal["Action"] == ["s3:GetObject", "s3:GetObjectVersion"]
    assert refusal["Condition"]["NumericGreaterThan"] == {"s3:signatureAge": milliseconds}
    assert refusal["Condition"]["StringEquals"] == {"s3:authType": "REST-QUERY-STRING"}


def test_links_live_15_minutes_unless_told_otherwise(template: dict[str, Any]) -> None:
    assert template["Parameters"]["LinkSeconds"]["Default"] == 900


@pytest.mark.parametrize("bucket", BUCKETS)
def test_unfinished_uploads_and_old_versions_go_away(deployed: Deployment, bucket: str) -> None:
    rules = lifecycle(deployed, bucket)

    assert rules["UnfinishedUploadsAreAborted"]["AbortIncompleteMultipartUpload"] == {
        "DaysAfterInitiation": 1
    }
    assert any("NoncurrentVersionExpiration" in rule for rule in rules.values())


def test_requests_expire_and_the_seller_profile_stays(deployed: Deployment) -> None:
    expiring = [
        it for it in lifecycle(deployed, "IntakeBucket").values() if "ExpirationInDays" in it
    ]

    assert [it["Prefix"] for it in expiring] == ["requests/"]


def test_invoices_are_kept_for_ever_unless_told_otherwise(
    deployed: Deployment, deployed_with: Callable[..., Deployment]
) -> None:
    assert "InvoicesExpire" not in lifecycle(deployed, "OutputBucket")

    told = lifecycle(deployed_with(OutputRetentionDays=3650), "OutputBucket")
    assert told["InvoicesExpire"]["ExpirationInDays"] == "3650"
    assert told["InvoicesExpire"]["Prefix"] == "invoices/", "the sweep's cursor never expires"


@pytest.mark.parametrize("bucket", BUCKETS)
def test_buckets_and_their_policies_outlive_the_stack(deployed: Deployment, bucket: str) -> None:
    for name in (bucket, f"{bucket}Policy"):
        assert deployed.resources[name]["DeletionPolicy"] == "Retain"
        assert deployed.resources[name]["UpdateReplacePolicy"] == "Retain"


def test_access_is_logged_into_a_bucket_that_only_s3_logging_writes(deployed: Deployment) -> None:
    for bucket in DATA_BUCKETS:
        logging = deployed.properties(bucket)["LoggingConfiguration"]
        assert logging["DestinationBucketName"] == "${LogBucket}"

    delivery = statements(deployed, "LogBucket")["S3DeliversAccessLogsOfOurTwoBuckets"]
    assert delivery["Principal"] == {"Service": "logging.s3.amazonaws.com"}
    assert delivery["Condition"] == {
        "StringEquals": {"aws:SourceAccount": "111122223333"},
        "ArnEquals": {"aws:SourceArn": ["${IntakeBucket.Arn}", "${OutputBucket.Arn}"]},
    }
    assert "LoggingConfiguration" not in deployed.properties("LogBucket")


def test_only_the_intake_bucket_tells_of_new_objects(deployed: Deployment) -> None:
    """PDFs are written elsewhere, so storing one can never ask for the next."""
    telling = {
        name
        for name, bucket in deployed.of_type("AWS::S3::Bucket").items()
        if "NotificationConfiguration" in bucket
    }
    assert telling == {"IntakeBucket"}


def test_object_level_trails_are_the_accounts_and_the_template_says_so() -> None:
    assert "CloudTrail" in TEMPLATE.read_text("utf-8")
