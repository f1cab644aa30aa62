"""Lambda's side of an invocation: one sandbox per concurrent call, warm ones used again."""

from __future__ import annotations

import json
import threading
from collections import defaultdict
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from typing import Any, Self

import requests
from local.servers import Answer, Exchange, LoopbackServer

from e2e.sandbox import FunctionFailed, Sandbox

JSON = (("Content-Type", "application/json"),)


class Pool:
    """``with Pool(open_sandbox) as pool:``; ``POST {pool.url}/{function}`` is an invocation.

    :param open_sandbox: a sandbox for the function of that name, not yet started.
    """

    def __init__(self, open_sandbox: Callable[[str], Sandbox]) -> None:
        self._open_sandbox = open_sandbox
        self._idle: defaultdict[str, list[Sandbox]] = defaultdict(list)
        self._started: defaultdict[str, list[Sandbox]] = defaultdict(list)
        self._busy: list[tuple[str, Sandbox]] = []
        self._logs: list[str] = []
        self._lock = threading.Lock()
        self._server = LoopbackServer(self._respond)
        self.answers: list[tuple[str, bytes]] = []
        """Every answer: the function's name and its bytes, as Lambda would send them."""

    @property
    def url(self) -> str:
        return self._server.url

    def __enter__(self) -> Self:
        self._server.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.retire()
        self._server.stop()

    def invoke(self, name: str, event: Any) -> Any:
        """One call by itself, past the local AWS.

        :raises FunctionFailed: the function did.
        """
        with self._sandbox(name) as sandbox:
            answer = sandbox.invoke(event)
        self.answers.append((name, json.dumps(answer).encode()))
        return answer

    def warm(self, name: str, count: int) -> None:
        """Have that many sandboxes idle, initialised by a call of an event that nothing knows."""
        with ExitStack() as together, ThreadPoolExecutor(count) as side_by_side:
            sandboxes = [together.enter_context(self._sandbox(name)) for _ in range(count)]
            list(side_by_side.map(lambda sandbox: sandbox.invoke({}), sandboxes))

    def busy(self, name: str) -> int:
        """How many sandboxes of a function are at work."""
        with self._lock:
            return sum(function == name for function, _ in self._busy)

    def retire(self, *names: str) -> None:
        """End the sandboxes of these functions (of all, by default): the next calls start cold."""
        with self._lock:
            gone = [name for name in self._started if not names or name in names]
            sandboxes = [each for name in gone for each in self._started.pop(name)]
            for name in gone:
                self._idle.pop(name, None)
            self._busy = [each for each in self._busy if each[0] not in gone]
        for sandbox in sandboxes:
            self._end(sandbox)

    def kill_busy(self, name: str) -> int:
        """Kill the sandboxes that are at work on a call, as a lost machine would; how many."""
        with self._lock:
            busy = [sandbox for function, sandbox in self._busy if function == name]
        for sandbox in busy:
            sandbox.kill()
        return len(busy)

    def log(self) -> str:
        """What all sandboxes have printed, those that are gone included."""
        with self._lock:
            alive = [each for some in self._started.values() for each in some]
        return "".join([*self._logs, *(sandbox.log() for sandbox in alive)])

    def _respond(self, exchange: Exchange) -> None:
        event = json.loads(exchange.read_body())
        try:
            answer = self.invoke(exchange.path.strip("/"), event)
            exchange.send(Answer(200, JSON, json.dumps(answer).encode()))
        except FunctionFailed as failed:
            said = {"errorType": failed.kind, "errorMessage": failed.message}
            exchange.send(Answer(502, JSON, json.dumps(said).encode()))

    @contextmanager
    def _sandbox(self, name: str) -> Iterator[Sandbox]:
        """A sandbox that nobody else uses meanwhile; what failed inside is not used again."""
        sandbox = self._take(name)
        try:
            yield sandbox
        except (FunctionFailed, requests.RequestException) as error:
            self._forget(name, sandbox)
            if isinstance(error, FunctionFailed):
                raise
            raise FunctionFailed("Runtime.ExitError", "the sandbox was killed") from None
        with self._lock, suppress(ValueError):  # it may have been retired meanwhile
            self._busy.remove((name, sandbox))
            self._idle[name].append(sandbox)

    def _take(self, name: str) -> Sandbox:
        with self._lock:
            if idle := self._idle[name]:
                sandbox = idle.pop()
                self._busy.append((name, sandbox))
                return sandbox
        sandbox = self._open_sandbox(name).__enter__()
        with self._lock:
            self._started[name].append(sandbox)
            self._busy.append((name, sandbox))
        return sandbox

    def _forget(self, name: str, sandbox: Sandbox) -> None:
        """End it, unless it was retired meanwhile and is ended already."""
        with self._lock:
            known = sandbox in self._started[name]
            if known:
                self._started[name].remove(sandbox)
                self._busy.remove((name, sandbox))
        if known:
            self._end(sandbox)

    def _end(self, sandbox: Sandbox) -> None:
        sandbox.kill()
        self._logs.append(sandbox.log())
        sandbox.__exit__()
