"""Someone is told when invoices stop, and logs are kept, closed and for a while."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from cloudformation import Deployment

ALARMS = {
    "DeadLetterAlarm": ("AWS/SQS", "ApproximateNumberOfMessagesVisible"),
    "QueueAgeAlarm": ("AWS/SQS", "ApproximateAgeOfOldestMessage"),
    "ApiErrorAlarm": ("AWS/Lambda", "Errors"),
    "WorkerErrorAlarm": ("AWS/Lambda", "Errors"),
    "ApiThrottleAlarm": ("AWS/Lambda", "Throttles"),
    "WorkerThrottleAlarm": ("AWS/Lambda", "Throttles"),
    "ApiFaultAlarm": ("AWS/ApiGateway", "5xx"),
    "TokenRefusedAlarm": ("InvoiceRenderer", "TokenRefused"),
    "DigestCollisionAlarm": ("InvoiceRenderer", "DigestCollision"),
}
TOPIC = "arn:aws:sns:eu-central-1:111122223333:on-call"
DeployedWith = Callable[..., Deployment]


def test_these_are_all_the_alarms(deployed: Deployment) -> None:
    alarms = deployed.of_type("AWS::CloudWatch::Alarm")

    assert {name: (it["Namespace"], it["MetricName"]) for name, it in alarms.items()} == ALARMS


def test_one_dead_letter_is_enough(deployed: Deployment) -> None:
    alarm = deployed.properties("DeadLetterAlarm")

    assert (alarm["ComparisonOperator"], alarm["Threshold"]) == ("GreaterThanThreshold", 0)
    assert alarm["Dimensions"] == [{"Name": "QueueName", "Value": "${DeadLetterQueue.QueueName}"}]


def test_our_own_metrics_are_watched_under_the_names_that_the_functions_use(
    deployed: Deployment,
) -> None:
    function = deployed.properties("ApiFunction")["Environment"]["Variables"]

    for name in ("TokenRefusedAlarm", "DigestCollisionAlarm"):
        alarm = deployed.properties(name)
        assert alarm["Namespace"] == function["POWERTOOLS_METRICS_NAMESPACE"]
        assert alarm["Dimensions"] == [
            {"Name": "service", "Value": function["POWERTOOLS_SERVICE_NAME"]}
        ]


@pytest.mark.parametrize("alarm", ALARMS)
def test_an_alarm_says_what_to_do_and_tells_the_topic(
    deployed: Deployment, deployed_with: DeployedWith, alarm: str
) -> None:
    properties = deployed.properties(alarm)

    assert len(properties["AlarmDescription"].split()) > 10
    assert properties["AlarmActions"] == properties["OKActions"] == ["${AlarmTopic}"]
    assert properties["TreatMissingData"] == "notBreaching", "silence is not a fault"
    assert deployed_with(AlarmTopicArn=TOPIC).properties(alarm)["AlarmActions"] == [TOPIC]


def test_an_existing_topic_replaces_ours(deployed_with: DeployedWith) -> None:
    deployed = deployed_with(AlarmTopicArn=TOPIC, AlarmEmail="ops@example.com")

    for kind in ("Topic", "TopicPolicy", "Subscription"):
        assert deployed.of_type(f"AWS::SNS::{kind}") == {}


def test_an_address_is_subscribed_where_given(
    deployed: Deployment, deployed_with: DeployedWith
) -> None:
    assert deployed.of_type("AWS::SNS::Subscription") == {}
    (subscription,) = (
        deployed_with(AlarmEmail="ops@example.com").of_type("AWS::SNS::Subscription").values()
    )
    assert subscription["Endpoint"] == "ops@example.com"


def test_alarms_reach_the_topic_although_it_is_encrypted(deployed: Deployment) -> None:
    """Its own policy and the key's both let CloudWatch in; a default topic key would not."""
    assert deployed.properties("AlarmTopic")["KmsMasterKeyId"] == "${Key.Arn}"
    statements = (
        deployed.properties("AlarmTopicPolicy")["PolicyDocument"]["Statement"]
        + deployed.properties("Key")["KeyPolicy"]["Statement"]
    )
    told = [it for it in statements if it["Principal"] == {"Service": "cloudwatch.amazonaws.com"}]
    assert len(told) == 2


def test_logs_are_encrypted_and_end(deployed: Deployment) -> None:
    groups = deployed.of_type("AWS::Logs::LogGroup")

    assert set(groups) == {"ApiLogGroup", "WorkerLogGroup", "AccessLogGroup"}
    for group in groups.values():
        assert group["KmsKeyId"] == "${Key.Arn}"
        assert group["RetentionInDays"] == "90"


def test_the_functions_log_into_those_groups_and_unwrapped(deployed: Deployment) -> None:
    for name, group in (("ApiFunction", "ApiLogGroup"), ("WorkerFunction", "WorkerLogGroup")):
        assert deployed.properties(name)["LoggingConfig"] == {
            "LogFormat": "Text",
            "LogGroup": "${" + group + "}",
        }


def test_the_outputs_are_what_an_operator_types(deployed: Deployment) -> None:
    assert set(deployed.outputs) == {
        "ApiUrl",
        "ApiInvokeArn",
        "HealthUrl",
        "HealthInvokeArn",
        "IntakeBucketName",
        "OutputBucketName",
        "LogBucketName",
        "QueueUrl",
        "DeadLetterQueueUrl",
        "RedriveCommand",
        "TokenSecretId",
        "PutTokenCommand",
        "ApiFunctionName",
        "WorkerFunctionName",
        "ApiLogGroupName",
        "WorkerLogGroupName",
        "AccessLogGroupName",
        "KeyArn",
        "AlarmTopic",
    }
