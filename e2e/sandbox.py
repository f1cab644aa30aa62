"""One execution environment of Lambda: the real runtime client under the official emulator.

A disk of its own put together read-only, ``/tmp`` in memory, an unprivileged user, processes of its
own, and Lambda's environment. Mounting needs root; whoever is not root is it in a user namespace,
where the kernel grants one.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

import requests
from local.servers import LOOPBACK, free_port

from e2e.roots import BOOTSTRAP, EMULATOR, LambdaRoot

ENTER = Path(__file__).with_name("enter.sh")
UNSHARE = ("/usr/bin/unshare", "--mount", "--ipc", "--uts", "--pid", "--fork")
ROOT_IN_A_NAMESPACE = ("--user", "--map-root-user")
INVOKE_PATH = "/2015-03-31/functions/function/invocations"
READY_SECONDS = 10.0
PATIENCE_SECONDS = 30.0  # over the function's own time-out, which the emulator enforces

# Of every function, as the managed runtime sets them; the emulator itself adds _HANDLER and
# AWS_LAMBDA_RUNTIME_API. Where libraries are looked for is AWS's text: the system's folders come
# before the layer's.
LAMBDA_ENVIRONMENT = {
    "LD_LIBRARY_PATH": "/var/lang/lib:/lib64:/usr/lib64:/var/runtime:/var/runtime/lib"
    ":/var/task:/var/task/lib:/opt/lib",
    "LANG": "en_US.UTF-8",
    "TZ": ":UTC",
    "PATH": "/var/lang/bin:/usr/local/bin:/usr/bin/:/bin:/opt/bin",
    "LAMBDA_TASK_ROOT": "/var/task",
    "LAMBDA_RUNTIME_DIR": "/var/runtime",
    "AWS_REGION": "us-east-1",
    "AWS_DEFAULT_REGION": "us-east-1",
    "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
    "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
}


@dataclass(frozen=True)
class Function:
    """What Lambda knows about a function."""

    handler: str
    name: str = "function"
    timeout_seconds: int = 28
    memory_mb: int = 1769
    environment: Mapping[str, str] = field(default_factory=dict)

    def variables(self) -> dict[str, str]:
        """The process's whole environment: nothing of this machine's leaks in."""
        own = {
            "AWS_LAMBDA_FUNCTION_NAME": self.name,
            "AWS_LAMBDA_FUNCTION_TIMEOUT": str(self.timeout_seconds),
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(self.memory_mb),
            "AWS_LAMBDA_LOG_GROUP_NAME": f"/aws/lambda/{self.name}",
            "AWS_LAMBDA_LOG_STREAM_NAME": "local",
        }
        return LAMBDA_ENVIRONMENT | own | dict(self.environment)


def why_no_sandbox() -> str:
    """What forbids sandboxes on this machine, or nothing."""
    trial = [*_apart(), "/bin/sh", "-c", "mount -t tmpfs tmpfs /mnt && mount -t proc proc /proc"]
    done = subprocess.run(trial, check=False, capture_output=True, text=True)
    who = "root" if os.geteuid() == 0 else "a user namespace"
    return f"{who} may not mount here: {done.stderr.strip()}" if done.returncode else ""


def _apart() -> tuple[str, ...]:
    """The beginning of a command in namespaces of its own."""
    return UNSHARE if os.geteuid() == 0 else (*UNSHARE, *ROOT_IN_A_NAMESPACE)


class FunctionFailed(Exception):
    """The function raised, was killed, ran out of time, or answered too much."""

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(f"{kind}: {message}")
        self.kind = kind
        self.message = message


class Sandbox:
    """``with Sandbox(root, function) as sandbox: sandbox.invoke({...})``; one call at a time.

    :param binds: further read-only folders, by their place inside.
    """

    def __init__(
        self, root: LambdaRoot, function: Function, *, binds: Mapping[str, Path] | None = None
    ) -> None:
        self._root = root
        self._function = function
        self._binds = dict(binds or {})
        self._log = tempfile.TemporaryFile("w+b")
        self._http = requests.Session()
        self._http.trust_env = False

    def __enter__(self) -> Self:
        self._port, self.runtime_address = free_port(), f"{LOOPBACK}:{free_port()}"
        emulator = [f"/{EMULATOR}", "--runtime-interface-emulator-address"]
        emulator += [f"{LOOPBACK}:{self._port}", "--runtime-api-address"]
        emulator += [self.runtime_address, f"/{BOOTSTRAP}", self._function.handler]
        self._process = subprocess.Popen(
            self.command(emulator),
            env=self._function.variables(),
            stdin=subprocess.DEVNULL,
            stdout=self._log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        self._wait_until_it_listens()
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()
        self._http.close()
        self._log.close()

    def command(self, inside: list[str]) -> list[str]:
        """The host's command that runs another one inside."""
        folders = [str(path) for path in (self._root.system, self._root.task, self._root.opt)]
        binds = [f"{source}:{place}" for place, source in self._binds.items()]
        return [*_apart(), str(ENTER), *folders, *binds, "--", *inside]

    def invoke(self, event: Any) -> Any:
        """The function's answer to an event.

        :raises FunctionFailed: as the emulator or the runtime client says it.
        """
        answer = self._http.post(
            f"http://{LOOPBACK}:{self._port}{INVOKE_PATH}",
            data=json.dumps(event).encode(),
            timeout=self._function.timeout_seconds + PATIENCE_SECONDS,
        )
        try:
            result = answer.json()
        except ValueError:  # "Task timed out after 5.00 seconds"
            raise FunctionFailed("Sandbox.Timedout", answer.text) from None
        # The emulator has no X-Amz-Function-Error header: an error is known by its body alone.
        if isinstance(result, dict) and "errorType" in result and "errorMessage" in result:
            raise FunctionFailed(result["errorType"], result["errorMessage"])
        if answer.status_code != 200:
            raise FunctionFailed(str(result.get("errorType", answer.status_code)), answer.text)
        return result

    def log(self) -> str:
        """Everything that the emulator, the runtime client and the function have printed."""
        size = os.fstat(self._log.fileno()).st_size
        return os.pread(self._log.fileno(), size, 0).decode(errors="replace")

    def kill(self) -> None:
        """End everything inside, at once."""
        # The group, and not unshare alone: changing the user cancels its --kill-child. The emulator
        # is the first process in there, and takes all others with it.
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()

    def processes(self) -> list[Path]:
        """The emulator and the function, as ``/proc`` of this machine has them."""
        return [path for path in Path("/proc").glob("[0-9]*") if self._is_inside(path)]

    def loaded_libraries(self) -> set[str]:
        """Every shared library that the function has loaded, by its place inside."""
        maps = "\n".join((process / "maps").read_text() for process in self.processes())
        paths = {line.split()[-1] for line in maps.splitlines() if ".so" in line}
        return {path.removeprefix(str(self._root.system)) for path in paths}

    def _is_inside(self, process: Path) -> bool:
        """Whether it knows the address of the Runtime API: from its command or its environment."""
        with contextlib.suppress(OSError):
            known = (process / "cmdline").read_bytes() + (process / "environ").read_bytes()
            return self.runtime_address.encode() in known and b"unshare" not in known
        return False

    @property
    def pid(self) -> int:
        """On the host, of the process above everything inside."""
        return self._process.pid

    @property
    def is_alive(self) -> bool:
        return self._process.poll() is None

    def _wait_until_it_listens(self) -> None:
        give_up = time.monotonic() + READY_SECONDS
        while time.monotonic() < give_up and self.is_alive:
            with contextlib.suppress(OSError), socket.create_connection((LOOPBACK, self._port), 1):
                return
            time.sleep(0.01)
        said = self.log()
        self.kill()
        raise RuntimeError(f"the sandbox does not start: {said}")
