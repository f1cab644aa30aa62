"""One start of a function, measured: in a fresh sandbox, up to its first answer and a few more.

Each call is a new invoice, over real sockets to a local AWS and a fake CarrierX.
"""

from __future__ import annotations

import re
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from local.aws import LocalAws
from local.events import read_event
from local.fake_carrierx import FakeCarrierX

from e2e.roots import BOOTSTRAP
from e2e.runtime_api import SnapStartSandbox
from e2e.sandbox import Function, Sandbox

WARM_CALLS = 5
INIT = re.compile(r"INIT REPORT\(durationMs: ([0-9.]+)")
TICKS = 100  # of /proc, a second
PATIENT_SECONDS = 300  # a busy machine must not end a run half-way


@dataclass(frozen=True)
class Run:
    """One start, in milliseconds; ``peak`` in MB, after the first invoice."""

    init: float
    first: float
    warm: float
    cpu: float
    peak: float

    @property
    def to_first(self) -> float:
        """From nothing to the first answer: what a caller waits for."""
        return self.init + self.first


class Stage:
    """AWS, CarrierX and new invoices."""

    def __init__(self, aws: LocalAws, carrierx: FakeCarrierX) -> None:
        self._carrierx = carrierx
        self._stack = aws.create_stack(token=carrierx.token)

    def function(self, handler: str, **changes: str) -> Function:
        given = self._stack.environment(carrierx_url=self._carrierx.url)
        environment = {**given, **changes}
        return Function(handler, timeout_seconds=PATIENT_SECONDS, environment=environment)

    def a_request(self) -> dict[str, Any]:
        path = f"/invoices/{self._carrierx.add_invoice()}/pdf"
        event = read_event("api-gateway-http-v2-post")
        event["requestContext"]["http"]["path"] = path
        return {**event, "rawPath": path, "body": ""}


# ----------------------------------------------------------------------------- one run


def run_started(sandbox: Sandbox, stage: Stage) -> Run:
    """Init and first call under the emulator, which initialises at the first call."""
    with sandbox as box:
        total, _ = _timed(lambda: _call(box, stage))
        cpu, peak = _usage(box)
        reported = INIT.search(box.log())
        if reported is None:
            raise RuntimeError(f"the emulator reported no init: {box.log()[-2000:]}")
        init = float(reported[1])
        return Run(init, total - init, _warm(box, stage), cpu, peak)


def run_restored(sandbox: SnapStartSandbox, stage: Stage) -> Run:
    """From the restore on: hooks and first call. Bringing the memory back is Lambda's part."""
    with sandbox as box:
        box.snapshot()
        before, _ = _usage(box)

        def restore() -> None:
            box.restore()
            box.wait_until_ready()

        init, _ = _timed(restore)
        first, _ = _timed(lambda: _call(box, stage))
        cpu, peak = _usage(box)
        return Run(init, first, _warm(box, stage), cpu - before, peak)


def _warm(box: Sandbox, stage: Stage) -> float:
    return statistics.median(_timed(lambda: _call(box, stage))[0] for _ in range(WARM_CALLS))


def _call(box: Sandbox, stage: Stage) -> None:
    answer = box.invoke(stage.a_request())
    if answer["statusCode"] != 201:
        raise RuntimeError(str(answer))


def _timed(act: Callable[[], Any]) -> tuple[float, Any]:
    started = time.perf_counter()
    result = act()
    return (time.perf_counter() - started) * 1000, result


def _usage(box: Sandbox) -> tuple[float, float]:
    """Processor time (ms) and peak resident memory (MB) of the function's Python."""
    process = next(
        folder
        for folder in _descendants(box.pid)
        if f"/{BOOTSTRAP}" in (folder / "cmdline").read_text().split("\0")[1:2]
    )
    fields = (process / "stat").read_text().rpartition(")")[2].split()
    ticks = int(fields[11]) + int(fields[12])
    peak = re.search(r"VmHWM:\s+(\d+) kB", (process / "status").read_text())
    return ticks * 1000 / TICKS, int(peak[1]) / 1024 if peak else 0.0


def _descendants(pid: int) -> list[Path]:
    found, waiting = [], [pid]
    while waiting:
        folder = Path(f"/proc/{waiting.pop()}")
        found.append(folder)
        for children in folder.glob("task/*/children"):
            waiting += [int(child) for child in children.read_text().split()]
    return found


# ----------------------------------------------------------------------------- told


def told(run: Run) -> str:
    """One line, as it is measured."""
    return (
        f"init {run.init:6.0f}  first {run.first:6.0f}  warm {run.warm:5.0f}"
        f"  processor {run.cpu:6.0f} ms  peak {run.peak:4.0f} MB"
    )


def median_of(runs: Sequence[Run]) -> Run:
    names = ("init", "first", "warm", "cpu", "peak")
    return Run(*(statistics.median(getattr(run, name) for run in runs) for name in names))
