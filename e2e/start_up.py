"""``python -m e2e.start_up``: how long a function takes to start, packaged in several ways.

Each package is started afresh in each round, in turn, under the official emulator (or the Runtime
API with a restore phase), and asked for a new invoice: over real sockets to a local AWS and a fake
CarrierX. Times of single runs mean little on a shared machine: the ratios of medians are meant.
"""

from __future__ import annotations

import argparse
import platform
import re
import statistics
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from local.aws import LocalAws
from local.events import read_event
from local.fake_carrierx import FakeCarrierX

from e2e import PROJECT, packages
from e2e.roots import BOOTSTRAP, LambdaRoot, lambda_root
from e2e.runtime_api import SnapStartSandbox
from e2e.sandbox import Function, Sandbox

REPORT = PROJECT / "docs" / "start-up.md"
MARKS = ("<!-- figures -->", "<!-- /figures -->")
WARM_CALLS = 5
INIT = re.compile(r"INIT REPORT\(durationMs: ([0-9.]+)")
TICKS = 100  # of /proc, a second
PATIENT_SECONDS = 300  # a busy machine must not end a run half-way
HEAD = (
    "| | init, ms | first call, ms | both, of the recipe's | processor, ms | of the recipe's"
    " | warm call, ms | first / warm | peak RSS, MB |"
)
KINDS = {
    "ours": "ours, on demand",
    "sources": "ours, without .pyc",
    "recipe": "`pip install -t`, plain WeasyPrint",
    "provisioned": "ours, provisioned concurrency",
    "restored": "ours, restored from a snapshot",
}


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


def run_started(root: LambdaRoot, stage: Stage, function: Function) -> Run:
    """Init and first call under the emulator, which initialises at the first call."""
    with Sandbox(root, function) as box:
        total, _ = _timed(lambda: _call(box, stage))
        cpu, peak = _usage(box)
        reported = INIT.search(box.log())
        if reported is None:
            raise RuntimeError(f"the emulator reported no init: {box.log()[-2000:]}")
        init = float(reported[1])
        return Run(init, total - init, _warm(box, stage), cpu, peak)


def run_restored(root: LambdaRoot, stage: Stage, function: Function) -> Run:
    """From the restore on: hooks and first call. Bringing the memory back is Lambda's part."""
    with SnapStartSandbox(root, function) as box:
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


# ----------------------------------------------------------------------------- all of them


def measure(rounds: int) -> dict[str, list[Run]]:
    root = lambda_root({"x86_64": "x86_64", "aarch64": "arm64"}[platform.machine()])
    sources, recipe = packages.ours_without_bytecode(root), packages.recipe(root)
    runs: dict[str, list[Run]] = {kind: [] for kind in KINDS}
    with LocalAws() as aws, FakeCarrierX() as carrierx:
        stage = Stage(aws, carrierx)
        ours = stage.function("invoice_renderer.app.api")
        plain = stage.function("handler.handler", FONTCONFIG_FILE="/opt/etc/fonts/fonts.conf")
        primed = stage.function(
            "invoice_renderer.app.api", AWS_LAMBDA_INITIALIZATION_TYPE="provisioned-concurrency"
        )
        acts: Mapping[str, Callable[[], Run]] = {
            "ours": lambda: run_started(root, stage, ours),
            "sources": lambda: run_started(sources, stage, ours),
            "recipe": lambda: run_started(recipe, stage, plain),
            "provisioned": lambda: run_started(root, stage, primed),
            "restored": lambda: run_restored(root, stage, ours),
        }
        for number in range(rounds):
            for kind, act in acts.items():
                runs[kind].append(act())
                print(f"{number + 1}/{rounds} {kind:12} {_told(runs[kind][-1])}", flush=True)
    return runs


def _told(run: Run) -> str:
    return (
        f"init {run.init:6.0f}  first {run.first:6.0f}  warm {run.warm:5.0f}"
        f"  processor {run.cpu:6.0f} ms  peak {run.peak:4.0f} MB"
    )


def median_of(runs: list[Run]) -> Run:
    names = ("init", "first", "warm", "cpu", "peak")
    return Run(*(statistics.median(getattr(run, name) for run in runs) for name in names))


def table(runs: Mapping[str, list[Run]]) -> str:
    """Markdown: medians, and what they are of the recipe's."""
    medians = {kind: median_of(each) for kind, each in runs.items()}
    base = medians["recipe"]
    rows = [HEAD, "|---" * (HEAD.count("|") - 1) + "|"]
    for kind, it in medians.items():
        rows.append(
            f"| {KINDS[kind]} | {it.init:.0f} | {it.first:.0f} | {it.to_first / base.to_first:.2f}"
            f" | {it.cpu:.0f} | {it.cpu / base.cpu:.2f} | {it.warm:.0f}"
            f" | {it.first / it.warm:.2f} | {it.peak:.0f} |"
        )
    return "\n".join(rows)


def write_report(figures: str, rounds: int) -> None:
    """Between the marks of docs/start-up.md."""
    when = f"{datetime.now(UTC):%Y-%m-%d}"
    machine = f"{platform.machine()}, {_processor()}, Linux {platform.release()}"
    said = f"Median of {rounds}, {when}, {machine}; WeasyPrint 70, Python 3.13 of the sandbox."
    before, _, rest = REPORT.read_text().partition(MARKS[0])
    after = rest.partition(MARKS[1])[2]
    REPORT.write_text(f"{before}{MARKS[0]}\n{said}\n\n{figures}\n{MARKS[1]}{after}")


def _processor() -> str:
    found = re.search(r"model name\s*: (.*)", Path("/proc/cpuinfo").read_text())
    return found[1] if found else "processor unknown"


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Measure start-up; writes docs/start-up.md.")
    parser.add_argument("--rounds", type=int, default=10)
    asked = parser.parse_args().rounds
    figures_found = table(measure(asked))
    print(figures_found)
    write_report(figures_found, asked)
