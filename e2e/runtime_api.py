"""Lambda's Runtime API with its restore phase, which the emulator lacks; and a sandbox on it.

    GET   /2018-06-01/runtime/restore/next             held until the snapshot is "restored"
    POST  /2018-06-01/runtime/restore/error
    POST  /2018-06-01/runtime/init/error
    GET   /2018-06-01/runtime/invocation/next          held until there is an event
    POST  /2018-06-01/runtime/invocation/{id}/response
    POST  /2018-06-01/runtime/invocation/{id}/error

The process is not copied, it waits: what it holds at ``restore/next``, a snapshot would hold.
Source: AWS Lambda Developer Guide, "Using the Lambda runtime API", and ``awslambdaric``.
"""

from __future__ import annotations

import json
import queue
import subprocess
import threading
import time
import uuid
from dataclasses import dataclass
from typing import Any, Self

from local.exchange import Answer, Exchange
from local.servers import LOOPBACK, LoopbackServer

from e2e.roots import BOOTSTRAP, LambdaRoot
from e2e.sandbox import Function, FunctionFailed, Sandbox

RUNTIME = "/2018-06-01/runtime/"
ACCEPTED = Answer(202, body=b'{"status":"OK"}')
ARN = "arn:aws:lambda:us-east-1:123456789012:function:"
PATIENCE_SECONDS = 120.0


@dataclass(frozen=True)
class Report:
    """What the runtime client posted: ``restore/next`` when the snapshot may be taken."""

    path: str
    error_type: str
    body: Any


class RuntimeApi:
    """The service's side of one execution environment."""

    def __init__(self, *, timeout_seconds: int) -> None:
        self._timeout_ms = timeout_seconds * 1000
        self._server = LoopbackServer(self._respond)
        self._reports: queue.Queue[Report] = queue.Queue()
        self._events: queue.Queue[tuple[str, bytes]] = queue.Queue()
        self._restored = threading.Event()
        self._is_ready = threading.Event()

    @property
    def address(self) -> str:
        return f"{LOOPBACK}:{self._server.port}"

    def __enter__(self) -> Self:
        self._server.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.stop()

    def next_report(self) -> Report:
        """The next thing that the client has to say; it always has something."""
        return self._reports.get(timeout=PATIENCE_SECONDS)

    def restore(self) -> None:
        """Let whoever waits at ``restore/next`` go on."""
        self._restored.set()

    def wait_until_ready(self) -> None:
        """Until the client asks for an event: everything before the first one is done."""
        if not self._is_ready.wait(PATIENCE_SECONDS):
            raise TimeoutError

    def put_event(self, event: Any) -> None:
        self._events.put((str(uuid.uuid4()), json.dumps(event).encode()))

    def _respond(self, exchange: Exchange) -> None:
        step = exchange.path.removeprefix(RUNTIME)
        if step == "restore/next":
            self._reports.put(Report(step, "", None))
            self._wait(exchange)
            exchange.send(Answer(200))
        elif step == "invocation/next":
            self._is_ready.set()
            self._hand_over_event(exchange)
        else:
            kind = exchange.headers.get("Lambda-Runtime-Function-Error-Type", "")
            body = json.loads(exchange.read_body() or b"null")
            exchange.send(ACCEPTED)
            self._reports.put(Report(step, kind, body))

    def _wait(self, exchange: Exchange) -> None:
        while not self._restored.wait(0.02) and not self._server.closing.is_set():
            exchange.pause(0)

    def _hand_over_event(self, exchange: Exchange) -> None:
        while not self._server.closing.is_set():
            try:
                request_id, body = self._events.get(timeout=0.02)
            except queue.Empty:
                exchange.pause(0)  # ends where the client has gone
                continue
            headers = (
                ("Content-Type", "application/json"),
                ("Lambda-Runtime-Aws-Request-Id", request_id),
                ("Lambda-Runtime-Deadline-Ms", str(int(time.time() * 1000) + self._timeout_ms)),
                ("Lambda-Runtime-Invoked-Function-Arn", f"{ARN}function:live"),
            )
            exchange.send(Answer(200, headers, body))
            return


class SnapStartSandbox(Sandbox):
    """``with SnapStartSandbox(root, function) as box:`` snapshot, restore, invoke."""

    def __init__(self, root: LambdaRoot, function: Function, **options: Any) -> None:
        super().__init__(root, function, **options)
        self._api = RuntimeApi(timeout_seconds=function.timeout_seconds)

    def __enter__(self) -> Self:
        self._api.__enter__()
        self.runtime_address = self._api.address
        variables = {
            **self._function.variables(),
            "AWS_LAMBDA_INITIALIZATION_TYPE": "snap-start",
            "AWS_LAMBDA_RUNTIME_API": self._api.address,
            "_HANDLER": self._function.handler,
        }
        self._process = subprocess.Popen(
            self.command([f"/{BOOTSTRAP}"]),
            env=variables,
            stdin=subprocess.DEVNULL,
            stdout=self._log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        return self

    def __exit__(self, *_: object) -> None:
        super().__exit__()
        self._api.__exit__()

    def snapshot(self) -> None:
        """Until the process is initialised and its hooks have run.

        :raises FunctionFailed: init or a hook failed; Lambda publishes no such version.
        """
        self._expect("restore/next")

    def restore(self) -> None:
        """As a copy would wake up. A hook that fails is told by the next :meth:`invoke`."""
        self._api.restore()

    def wait_until_ready(self) -> None:
        self._api.wait_until_ready()

    def invoke(self, event: Any) -> Any:
        self._api.put_event(event)
        return self._expect("/response")

    def _expect(self, ending: str) -> Any:
        report = self._api.next_report()
        if not report.path.endswith(ending):
            said = report.body or {}
            kind = report.error_type or said.get("errorType", "")
            raise FunctionFailed(kind, said.get("errorMessage", ""))
        return report.body
