"""Medians, spreads, ratios of one round, and how time grows."""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from benchmarks.sample import Sample


@dataclass(frozen=True, slots=True)
class Spread:
    """The middle of some figures, and between what half of them lie."""

    median: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Figures:
    """One engine at one length of invoice."""

    runs: int
    seconds: Spread
    best_seconds: float
    cpu_seconds: float
    peak_bytes: int
    pdf_bytes: int
    pages: int


def spread(values: Iterable[float]) -> Spread:
    """Median and quartiles."""
    ordered = sorted(values)
    if len(ordered) < 2:
        return Spread(ordered[0], ordered[0], ordered[0])
    low, median, high = statistics.quantiles(ordered, n=4, method="inclusive")
    return Spread(median, low, high)


def figures(samples: Iterable[Sample], peer: str, lines: int) -> Figures | None:
    """Of one engine at one length; None if it has no run there."""
    runs = [each for each in samples if (each.peer, each.lines) == (peer, lines)]
    if not runs:
        return None
    return Figures(
        runs=len(runs),
        seconds=spread(run.seconds for run in runs),
        best_seconds=min(run.seconds for run in runs),
        cpu_seconds=statistics.median(run.cpu_seconds for run in runs),
        peak_bytes=max(run.peak_bytes for run in runs),
        pdf_bytes=int(statistics.median(run.pdf_bytes for run in runs)),
        pages=runs[0].pages,
    )


def ratio(
    samples: Sequence[Sample], peer: str, lines: int, *, of: str = "ours", cpu: bool = False
) -> Spread | None:
    """``of``'s time divided by the peer's, round by round; None where they never met."""
    pairs = {
        name: {
            each.round: each.cpu_seconds if cpu else each.seconds
            for each in samples
            if (each.peer, each.lines) == (name, lines)
        }
        for name in (of, peer)
    }
    met = pairs[of].keys() & pairs[peer].keys()
    if not met:
        return None
    return spread(pairs[of][number] / max(pairs[peer][number], 1e-9) for number in met)


def exponent(points: Iterable[tuple[float, float]]) -> float:
    """The slope of a straight line through the logarithms: 1 is linear, 2 is quadratic."""
    logs = [(math.log(x), math.log(y)) for x, y in points]
    return statistics.linear_regression(*zip(*logs, strict=True)).slope
