"""The figures as tables in Markdown."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from benchmarks.bounds import Bounds
from benchmarks.figures import Figures, Spread, exponent, figures, ratio
from benchmarks.peers import PEERS
from benchmarks.results import Results
from benchmarks.stages import Profile
from benchmarks.targets import (
    AIMS,
    GROWTH_EXPONENT,
    GROWTH_LINES,
    LEAK_KILOBYTES,
    PEAK_MEGABYTES,
    TARGETS,
)

NOT_RUN = "not run"
AGAINST = ("chromium", "typst", "platypus", "naive")


def table(heads: Iterable[str], rows: Iterable[Iterable[str]]) -> Iterator[str]:
    """One table, a line after the other."""
    names = list(heads)
    yield f"| {' | '.join(names)} |"
    yield f"|{'---|' * len(names)}"
    yield from (f"| {' | '.join(row)} |" for row in rows)


def target_rows(results: Results) -> Iterator[list[str]]:
    """Ours divided by each peer, round by round, with the target and whether it is met."""
    for lines in results.lengths:
        yield [f"{lines:,}", *(_against(results, peer, lines) for peer in AGAINST)]


def _against(results: Results, peer: str, lines: int) -> str:
    target, aim = TARGETS.get(lines, {}).get(peer), AIMS.get(lines, {}).get(peer)
    measured = ratio(results.samples, peer, lines)
    if measured is None:
        return NOT_RUN
    by_cpu = ratio(results.samples, peer, lines, cpu=True)
    told = f"**{_short(measured.median)}** (cpu {_short(by_cpu.median if by_cpu else 0)})"
    if target is None:
        return told
    verdict = "met" if measured.median <= target else "**not met**"
    if aim is not None and measured.median <= aim:
        verdict = "met, aim too"
    wish = f", aim {aim:g}" if aim is not None else ""
    return f"{told} of ≤ {target:g}{wish}: {verdict}"


def figure_rows(results: Results, told: Callable[[Figures], str]) -> Iterator[list[str]]:
    """One row for each engine, one column for each length."""
    for peer in results.peers:
        row = [PEERS[peer].label]
        for lines in results.lengths:
            one = figures(results.samples, peer, lines)
            row.append(told(one) if one else NOT_RUN)
        yield row


def told_seconds(one: Figures) -> str:
    """Median, best and the middle half."""
    return f"**{_time(one.seconds.median)}** {_range(one.seconds)} {one.runs}×"


def told_cpu(one: Figures) -> str:
    """Processor time of the process and its children."""
    return _time(one.cpu_seconds)


def told_memory(one: Figures) -> str:
    """The most that was held."""
    return f"{one.peak_bytes / 1e6:,.0f} MB"


def told_file(one: Figures) -> str:
    """Bytes and pages."""
    return f"{one.pdf_bytes / 1e3:,.0f} kB, {one.pages:,} p."


def growth_rows(results: Results) -> Iterator[list[str]]:
    """Exponents of time between the longest lengths."""
    long = [lines for lines in results.lengths if lines >= 500]
    for peer in results.peers:
        found = [(lines, figures(results.samples, peer, lines)) for lines in long]
        points = [(float(lines), one.seconds.median) for lines, one in found if one]
        if len(points) > 1:
            reach = f"{points[0][0]:,.0f} to {points[-1][0]:,.0f}"
            yield [PEERS[peer].label, reach, f"{exponent(points):.2f}"]


def bound_rows(bounds: Bounds) -> Iterator[list[str]]:
    """What must not be exceeded, what was measured, and whether it holds."""
    for lines, most in PEAK_MEGABYTES.items():
        peak = bounds.peaks.get(lines)
        measured = f"{peak / 1e6:,.0f} MB" if peak else bounds.absent.get(lines, NOT_RUN)
        yield _bound(f"peak memory at {lines:,} lines", f"≤ {most} MB", measured,
                     holds=bool(peak) and peak <= most * 1e6)  # fmt: skip
    low, high = GROWTH_LINES
    growth = bounds.growth
    yield _bound(f"exponent of time, {low:,} to {high:,} lines", f"≤ {GROWTH_EXPONENT}",
                 NOT_RUN if growth is None else f"{growth:.2f}",
                 holds=growth is not None and growth <= GROWTH_EXPONENT)  # fmt: skip
    slope, (fewest, most_files) = bounds.soak_slope, bounds.soak_files
    yield _bound(f"memory left by each of {bounds.soak_renders:,} small renders",
                 f"≤ {LEAK_KILOBYTES:g} kB", NOT_RUN if slope is None else f"{slope:+.2f} kB",
                 holds=slope is not None and slope <= LEAK_KILOBYTES)  # fmt: skip
    strange = bounds.strange_slope
    yield _bound(f"the same of {bounds.strange_renders:,} renders of ever new shapes, after"
                 f" {bounds.strange_settled:,} that fill what is remembered",
                 f"≤ {LEAK_KILOBYTES:g} kB", NOT_RUN if strange is None else f"{strange:+.2f} kB",
                 holds=strange is not None and strange <= LEAK_KILOBYTES)  # fmt: skip
    yield _bound("open files meanwhile", "constant",
                 NOT_RUN if slope is None else f"{fewest} to {most_files}",
                 holds=slope is not None and fewest == most_files)  # fmt: skip


def stage_rows(profiles: list[Profile]) -> Iterator[list[str]]:
    """Shares of the time, a column for each length."""
    stages = {stage: None for profile in profiles for stage, _ in profile.stages}
    for stage in stages:
        shares = [dict(each.stages).get(stage, 0) / each.seconds for each in profiles]
        yield [stage, *(f"{share:.1%}" for share in shares)]


def _bound(what: str, target: str, measured: str, *, holds: bool) -> list[str]:
    return [what, target, measured, "met" if holds else "**not met**"]


def _range(spread: Spread) -> str:
    return f"[{_time(spread.low)} – {_time(spread.high)}]"


def _time(seconds: float) -> str:
    if seconds >= 10:
        return f"{seconds:,.0f} s"
    return f"{seconds:.2f} s" if seconds >= 1 else f"{seconds * 1000:.0f} ms"


def _short(value: float) -> str:
    return f"{value:.1f}" if value >= 10 else f"{value:.2f}" if value >= 0.1 else f"{value:.3f}"
