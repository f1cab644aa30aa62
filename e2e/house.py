"""Everything at once: fake CarrierX, local AWS, the deployed stack, the pool of sandboxes."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from typing import Any, Self, TypeVar

from local.fake_carrierx import FakeCarrierX

from e2e.adjustments import adjust
from e2e.caller import Caller
from e2e.deployment import API, WORKER, Deployment, deploy
from e2e.local_aws import LocalAws
from e2e.pool import Pool
from e2e.roots import LambdaRoot
from e2e.sandbox import Sandbox

Found = TypeVar("Found")
PATIENCE_SECONDS = 180.0


class House:
    """``with House(root) as house:``; started in order, stopped in the reverse order."""

    def __init__(self, root: LambdaRoot) -> None:
        self._root = root
        self._open = ExitStack()
        self.stack: Deployment

    def __enter__(self) -> Self:
        with ExitStack() as opening:
            self.carrierx = opening.enter_context(FakeCarrierX())
            self.pool = opening.enter_context(Pool(self._sandbox))
            functions = {name: f"{self.pool.url}/{name}" for name in (API, WORKER)}
            self.aws = opening.enter_context(LocalAws(functions))
            self.deploy()
            self.put_token(self.carrierx.token)
            self._open = opening.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._open.close()

    # ------------------------------------------------------------------------- the operator

    def deploy(self, **parameters: str) -> None:
        """Deploy with these parameters; the functions' next calls start cold."""
        local = {"CarrierxBaseUrl": self.carrierx.url, "SnapStart": "false"}
        quiet = {"SweepState": "DISABLED", "SweepSchedule": "rate(1 minute)"}
        self.stack = deploy(self.aws, local | quiet | parameters)
        adjust(self.aws, self.stack.outputs, worker=WORKER)
        self.pool.retire()

    def put_token(self, token: str) -> None:
        secrets = self.client("secretsmanager")
        secrets.put_secret_value(SecretId=self.stack["TokenSecretId"], SecretString=token)

    def client(self, service: str, credentials: Mapping[str, str] | None = None) -> Any:
        return self.aws.client(service, credentials)

    @contextmanager
    def without(self, function: str, sid: str, action: str = "") -> Iterator[None]:
        """A statement of the function's role taken away (or one action of it), and cold functions.

        IAM judges each request anew, so the roles' sessions go on with what is left.
        """
        role = self.client("lambda").get_function_configuration(FunctionName=function)["Role"]
        which = {"RoleName": role.rpartition("/")[2]}
        iam = self.client("iam")
        which["PolicyName"] = iam.list_role_policies(**which)["PolicyNames"][0]
        whole = iam.get_role_policy(**which)["PolicyDocument"]
        less = json.dumps(whole | {"Statement": list(_without(whole["Statement"], sid, action))})
        if less == json.dumps(whole):
            raise LookupError(f"the role of {function} has no {sid} {action}")
        try:
            iam.put_role_policy(**which, PolicyDocument=less)
            self.pool.retire(function)
            yield
        finally:
            iam.put_role_policy(**which, PolicyDocument=json.dumps(whole))
            self.pool.retire(function)

    # ------------------------------------------------------------------------- those who ask

    @property
    def caller(self) -> Caller:
        return Caller(self.aws, self.stack["ApiUrl"])

    def invoke(self, name: str, event: Mapping[str, Any]) -> Any:
        """Through Lambda's own API, waiting for the answer."""
        payload = json.dumps(event).encode()
        answer = self.client("lambda").invoke(FunctionName=name, Payload=payload)
        return json.loads(answer["Payload"].read())

    def send(self, *bodies: Mapping[str, Any]) -> None:
        """Onto the queue, in one call."""
        entries = [
            {"Id": str(number), "MessageBody": json.dumps(body)}
            for number, body in enumerate(bodies)
        ]
        self.client("sqs").send_message_batch(QueueUrl=self.stack["QueueUrl"], Entries=entries)

    # ------------------------------------------------------------------------- what there is then

    def stored(self, sid: str) -> list[str]:
        """The keys of the documents of an invoice."""
        return [key for key in self.all_stored() if f"/{sid}/" in key]

    def all_stored(self) -> list[str]:
        pages = self.client("s3").get_paginator("list_objects_v2")
        listing = pages.paginate(Bucket=self.stack["OutputBucketName"], Prefix="invoices/")
        return [found["Key"] for page in listing for found in page.get("Contents", [])]

    def document(self, key: str) -> bytes:
        got = self.client("s3").get_object(Bucket=self.stack["OutputBucketName"], Key=key)
        body: bytes = got["Body"].read()
        return body

    def dead_letters(self) -> list[dict[str, Any]]:
        """The messages of the dead-letter queue, which keeps them."""
        answer = self.client("sqs").receive_message(
            QueueUrl=self.stack["DeadLetterQueueUrl"],
            MaxNumberOfMessages=10,
            MessageAttributeNames=["All"],
            VisibilityTimeout=0,
        )
        letters: list[dict[str, Any]] = answer.get("Messages", [])
        return letters

    def redrive(self) -> None:
        """What the output RedriveCommand has SQS do: it moves every letter back as it is."""
        sqs = self.client("sqs")
        for letter in self.dead_letters():
            sqs.send_message(
                QueueUrl=self.stack["QueueUrl"],
                MessageBody=letter["Body"],
                MessageAttributes=letter["MessageAttributes"],
            )
            sqs.delete_message(
                QueueUrl=self.stack["DeadLetterQueueUrl"], ReceiptHandle=letter["ReceiptHandle"]
            )

    def empty_queues(self) -> None:
        for output in ("QueueUrl", "DeadLetterQueueUrl"):
            self.client("sqs").purge_queue(QueueUrl=self.stack[output])

    def wait_for(self, look: Callable[[], Found], what: str) -> Found:
        """Look until there is something to see.

        :raises AssertionError: it never came; with what the functions said.
        """
        give_up = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < give_up:
            if found := look():
                return found
            time.sleep(0.2)
        raise AssertionError(f"{what} never came:\n{self.pool.log()[-4000:]}")

    def _sandbox(self, name: str) -> Sandbox:
        return self.stack.sandbox(self._root, name)


def _without(
    statements: Iterable[dict[str, Any]], sid: str, action: str
) -> Iterator[dict[str, Any]]:
    for statement in statements:
        actions = statement["Action"]
        listed = [actions] if isinstance(actions, str) else actions
        left = [each for each in listed if action and each != action]
        if statement["Sid"] != sid:
            yield statement
        elif left:
            yield statement | {"Action": left}
