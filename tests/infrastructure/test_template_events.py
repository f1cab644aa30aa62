"""Events wait in a queue, come back when a worker dies, and end in a dead-letter queue."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from cloudformation import Deployment

RULES = ("RequestUploadedRule", "InvoiceIssuedRule", "SweepRule")


@pytest.mark.parametrize("rule", RULES)
def test_a_rule_puts_the_untouched_event_on_the_queue(deployed: Deployment, rule: str) -> None:
    (target,) = deployed.properties(rule)["Targets"]

    assert target == {
        "Id": "InvoiceQueue",
        "Arn": "${InvoiceQueue.Arn}",
        "DeadLetterConfig": {"Arn": "${DeadLetterQueue.Arn}"},
    }


def test_there_are_three_rules(deployed: Deployment) -> None:
    assert set(deployed.of_type("AWS::Events::Rule")) == set(RULES)


def test_a_request_file_is_an_object_under_requests_of_the_intake_bucket(
    deployed: Deployment,
) -> None:
    assert deployed.properties("RequestUploadedRule")["EventPattern"] == {
        "account": ["111122223333"],
        "source": ["aws.s3"],
        "detail-type": ["Object Created"],
        "detail": {
            "bucket": {"name": ["${IntakeBucket}"]},
            "object": {"key": [{"prefix": "requests/"}]},
        },
    }
    assert deployed.properties("IntakeBucket")["NotificationConfiguration"] == {
        "EventBridgeConfiguration": {"EventBridgeEnabled": True}
    }


def test_invoice_issued_counts_only_from_this_account(deployed: Deployment) -> None:
    assert deployed.properties("InvoiceIssuedRule")["EventPattern"] == {
        "account": ["111122223333"],
        "source": ["carrierx.billing"],
        "detail-type": ["invoice.issued"],
    }


def test_another_bus_carries_invoice_issued_and_nothing_else(
    deployed_with: Callable[..., Deployment],
) -> None:
    """S3 and the schedule speak on the default bus only."""
    buses = {
        name: rule.get("EventBusName", "default")
        for name, rule in deployed_with(EventBusName="billing").of_type("AWS::Events::Rule").items()
    }
    assert buses == {
        "RequestUploadedRule": "default",
        "InvoiceIssuedRule": "billing",
        "SweepRule": "default",
    }


def test_the_sweep_runs_hourly_and_can_be_switched_off(
    deployed: Deployment, deployed_with: Callable[..., Deployment]
) -> None:
    sweep = deployed.properties("SweepRule")
    assert (sweep["ScheduleExpression"], sweep["State"]) == ("rate(1 hour)", "ENABLED")
    assert deployed_with(SweepState="DISABLED").properties("SweepRule")["State"] == "DISABLED"


@pytest.mark.parametrize(
    ("policy", "queue"),
    [("QueuePolicy", "InvoiceQueue"), ("DeadLetterQueuePolicy", "DeadLetterQueue")],
)
def test_only_our_rules_send_to_the_queues_and_only_over_tls(
    deployed: Deployment, policy: str, queue: str
) -> None:
    refusal, permission = deployed.properties(policy)["PolicyDocument"]["Statement"]

    assert deployed.properties(policy)["Queues"] == ["${" + queue + "}"]
    assert (refusal["Effect"], refusal["Condition"]) == (
        "Deny",
        {"Bool": {"aws:SecureTransport": "false"}},
    )
    assert permission["Principal"] == {"Service": "events.amazonaws.com"}
    assert permission["Action"] == "sqs:SendMessage"
    assert permission["Resource"] == "${" + queue + ".Arn}"
    assert permission["Condition"] == {
        "ArnEquals": {"aws:SourceArn": ["${" + rule + ".Arn}" for rule in RULES]}
    }


def test_a_message_stays_hidden_six_times_as_long_as_the_worker_may_run(
    deployed: Deployment,
) -> None:
    visibility = deployed.properties("InvoiceQueue")["VisibilityTimeout"]

    assert visibility >= 6 * deployed.properties("WorkerFunction")["Timeout"] == 1800


def test_redrive_begins_one_delivery_after_the_worker_should_have_parked(
    deployed: Deployment,
) -> None:
    redrive = deployed.properties("InvoiceQueue")["RedrivePolicy"]
    worker = deployed.properties("WorkerFunction")["Environment"]["Variables"]

    assert redrive["deadLetterTargetArn"] == "${DeadLetterQueue.Arn}"
    assert redrive["maxReceiveCount"] == int(worker["MAX_RECEIVES"]) + 1 == 6


def test_dead_letters_are_kept_for_14_days_longer_than_messages(deployed: Deployment) -> None:
    dead = deployed.properties("DeadLetterQueue")["MessageRetentionPeriod"]

    assert dead == 14 * 24 * 3600 > deployed.properties("InvoiceQueue")["MessageRetentionPeriod"]


def test_only_the_invoice_queue_redrives_into_the_dead_letter_queue(deployed: Deployment) -> None:
    name = deployed.properties("InvoiceQueue")["QueueName"]

    assert deployed.properties("DeadLetterQueue")["RedriveAllowPolicy"] == {
        "redrivePermission": "byQueue",
        "sourceQueueArns": [f"arn:aws:sqs:eu-central-1:111122223333:{name}"],
    }


def test_both_queues_are_encrypted_with_our_key(deployed: Deployment) -> None:
    for queue in deployed.of_type("AWS::SQS::Queue").values():
        assert queue["KmsMasterKeyId"] == "${Key.Arn}"


def test_the_worker_takes_one_message_and_reports_it_alone(deployed: Deployment) -> None:
    (mapping,) = deployed.of_type("AWS::Lambda::EventSourceMapping").values()

    assert mapping["EventSourceArn"] == "${InvoiceQueue.Arn}"
    assert mapping["FunctionName"] == "${WorkerFunctionAliaslive}"
    assert mapping["BatchSize"] == 1
    assert mapping["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    assert mapping["ScalingConfig"] == {"MaximumConcurrency": "5"}


def test_a_direct_event_that_fails_twice_more_is_kept_as_it_was_sent(deployed: Deployment) -> None:
    (invoke,) = deployed.of_type("AWS::Lambda::EventInvokeConfig").values()

    assert invoke["MaximumRetryAttempts"] == 2
    assert invoke["Qualifier"] == "live"
    assert not invoke["DestinationConfig"], "it would arrive twice, once in a wrapping"
    assert deployed.properties("WorkerFunction")["DeadLetterConfig"] == {
        "TargetArn": "${DeadLetterQueue.Arn}"
    }


def test_the_redrive_command_names_both_queues(deployed: Deployment) -> None:
    """Parked messages have no source queue on record, so the destination must be said."""
    assert deployed.outputs["RedriveCommand"]["Value"] == (
        "aws sqs start-message-move-task"
        " --source-arn ${DeadLetterQueue.Arn} --destination-arn ${InvoiceQueue.Arn}"
    )
