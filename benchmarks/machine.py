"""What it was measured on, and how quiet that was."""

from __future__ import annotations

import os
import platform
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import psutil

PROBES = 40
PROBE_STEPS = 40_000
GIGABYTE = 1 << 30


@dataclass(frozen=True, slots=True)
class Machine:
    """For the head of the report."""

    day: str
    system: str
    processor: str
    cores: int
    gigabytes: float
    python: str


@dataclass(frozen=True, slots=True)
class Quiet:
    """A fixed piece of work, again and again: how much its time swings, and the load beside us."""

    load: float
    slowest_to_fastest: float


def this_machine() -> Machine:
    """As it is now."""
    release = platform.freedesktop_os_release().get("PRETTY_NAME", platform.system())
    return Machine(
        day=f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC",
        system=f"{release}, Linux {platform.release().split('-')[0]}, {platform.machine()}",
        processor=_processor(),
        cores=os.cpu_count() or 1,
        gigabytes=psutil.virtual_memory().total / GIGABYTE,
        python=platform.python_version(),
    )


def how_quiet() -> Quiet:
    """In a tenth of a second or so."""
    times = sorted(_probe() for _ in range(PROBES))
    ninth = times[int(PROBES * 0.9)]
    return Quiet(os.getloadavg()[0], ninth / times[0])


def mean_quiet(before: Quiet, after: Quiet) -> Quiet:
    """Of a run, from its two ends."""
    return Quiet(
        (before.load + after.load) / 2,
        (before.slowest_to_fastest + after.slowest_to_fastest) / 2,
    )


def _probe() -> float:
    began = time.perf_counter()
    sum(number * number for number in range(PROBE_STEPS))
    return time.perf_counter() - began


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.split(":", 1)[1].strip()
    return platform.processor() or "unknown processor"
