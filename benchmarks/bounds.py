"""Ours alone: memory of very long invoices, how time grows, and a long row of small renders."""

from __future__ import annotations

import statistics
from dataclasses import dataclass, field

from benchmarks.crew import Stopped, Worker
from benchmarks.figures import exponent
from benchmarks.invoices import DOCUMENTED_LINES, invoice_bytes
from benchmarks.peers import PEERS
from benchmarks.rounds import Say

MEMORY_LINES = (20_000, 100_000)
GROWTH = {500: 5, 2_000: 3, 5_000: 3, 20_000: 2, 50_000: 2}
"""Lines, and how many times each."""
SOAK_RENDERS = 5_000
SOAK_INVOICES = 50
STRANGE_RENDERS, STRANGE_LINES = 6_000, 8
STRANGE_SETTLED = 4_500  # of them: what is remembered of shapes is full by then
SETTLED = 0.2  # of a soak: caches fill until then
LOOK_EVERY = 50
KILOBYTE = 1024
RENDER_SECONDS = 240


@dataclass(slots=True)
class Bounds:
    """Peaks in bytes and times in seconds by lines; the soak's slope in kB for each render."""

    day: str = ""
    peaks: dict[int, int] = field(default_factory=dict)
    seconds: dict[int, float] = field(default_factory=dict)
    absent: dict[int, str] = field(default_factory=dict)
    growth: float | None = None
    soak_renders: int = 0
    soak_slope: float | None = None
    soak_resident: tuple[int, int] = (0, 0)
    soak_files: tuple[int, int] = (0, 0)
    strange_settled: int = 0
    strange_renders: int = 0
    strange_slope: float | None = None


def measure_bounds(say: Say, *, day: str, soak: int = SOAK_RENDERS) -> Bounds:
    """Each length has a process of its own, so that its peak is its own."""
    bounds = Bounds(day=day)
    for lines in MEMORY_LINES:
        _measure(bounds, lines, 1, say)
    for lines, times in GROWTH.items():
        _measure(bounds, lines, times, say)
    measured = [(lines, bounds.seconds[lines]) for lines in GROWTH if lines in bounds.seconds]
    if len(measured) > 2:
        bounds.growth = exponent(measured)
    if soak:
        _soak(bounds, soak, say)
        measure_strange(bounds, say)
    return bounds


def _measure(bounds: Bounds, lines: int, times: int, say: Say) -> None:
    worker = Worker(PEERS["ours"])
    try:
        worker.render(invoice_bytes(DOCUMENTED_LINES), seconds=RENDER_SECONDS)
        runs = [
            worker.render(invoice_bytes(lines, seed=seed), seconds=RENDER_SECONDS)
            for seed in range(times)
        ]
    except Stopped as stopped:
        bounds.absent[lines] = str(stopped)
        say(f"{lines:,} lines: {stopped}")
        return
    finally:
        worker.end()
    bounds.seconds[lines] = statistics.median(run.seconds for run in runs)
    bounds.peaks[lines] = runs[0].peak_bytes
    megabytes = runs[0].peak_bytes / 1e6
    say(f"{lines:,} lines: {bounds.seconds[lines]:.2f} s, peak {megabytes:.0f} MB")


def measure_strange(bounds: Bounds, say: Say) -> None:
    """Invoices of ever new shapes: what is remembered of them must find an end."""
    worker, looks = Worker(PEERS["ours"]), []
    try:
        for number in range(STRANGE_RENDERS):
            worker.render(invoice_bytes(STRANGE_LINES, seed=number), seconds=RENDER_SECONDS)
            if number >= STRANGE_SETTLED:
                looks.append((number, worker.resident_bytes / KILOBYTE))
    finally:
        worker.end()
    bounds.strange_settled, bounds.strange_renders = STRANGE_SETTLED, len(looks)
    bounds.strange_slope = statistics.linear_regression(*zip(*looks, strict=True)).slope
    say(f"{len(looks):,} renders of new shapes: {bounds.strange_slope:+.1f} kB each")


def _soak(bounds: Bounds, renders: int, say: Say) -> None:
    """Small invoices, again and again: what stays behind?"""
    invoices = [invoice_bytes(DOCUMENTED_LINES, seed=seed) for seed in range(SOAK_INVOICES)]
    worker, looks = Worker(PEERS["ours"]), []
    try:
        for number in range(renders):
            worker.render(invoices[number % SOAK_INVOICES], seconds=RENDER_SECONDS)
            if number % LOOK_EVERY == LOOK_EVERY - 1:
                looks.append((number, worker.resident_bytes, worker.open_files))
    finally:
        worker.end()
    settled = looks[int(len(looks) * SETTLED) :]
    line = statistics.linear_regression(
        [number for number, _, _ in settled], [held / KILOBYTE for _, held, _ in settled]
    )
    bounds.soak_renders, bounds.soak_slope = renders, line.slope
    bounds.soak_resident = settled[0][1], settled[-1][1]
    bounds.soak_files = min(n for *_, n in settled), max(n for *_, n in settled)
    say(f"{renders:,} small renders: {line.slope:+.3f} kB each, open files {bounds.soak_files}")
