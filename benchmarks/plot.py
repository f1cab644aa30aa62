"""Time and memory against lines, both axes logarithmic, as SVG that reads without colour too."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from html import escape

from benchmarks.figures import Figures, figures
from benchmarks.peers import PEERS
from benchmarks.results import Results

WIDTH, HEIGHT = 1170, 520
TOP, BOTTOM, PANEL, GAP, LEFT = 56, 62, 330, 236, 62
LABEL_GAP = 15  # between two names at the end of their lines
MARKS = ("circle", "square", "diamond", "triangle")
STYLE = (
    "text{font:13px system-ui,sans-serif;fill:#1b2430}.tick{font-size:12px;fill:#535d6b}"
    ".title{font-size:16px;font-weight:600}.grid{stroke:#e3e7ec}.axis{stroke:#9aa3ae}"
    "polyline{fill:none;stroke-width:1.75;stroke-linejoin:round}.ours polyline{stroke-width:3.5}"
    ".ours text{font-weight:700}"
)

Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Axes:
    """One panel: where a value of the data lies on the picture."""

    left: float
    lines: tuple[int, int]
    values: tuple[float, float]

    def x(self, lines: float) -> float:
        return self.left + PANEL * _share(lines, *self.lines)

    def y(self, value: float) -> float:
        return HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * _share(value, *self.values)


def draw_plot(results: Results) -> str:
    """The whole picture."""
    panels = (
        ("Time, seconds", lambda one: one.seconds.median, _told_seconds),
        ("Peak memory, MB", lambda one: one.peak_bytes / 1e6, _told_plain),
    )
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img"',
        ' aria-label="Time and memory of each engine against the lines of an invoice">',
        f"<style>{STYLE}</style>",
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#fff"/>',
    ]
    for place, (title, value, told) in enumerate(panels):
        parts += _panel(results, LEFT + place * (PANEL + GAP), title, value, told)
    return "\n".join([*parts, "</svg>", ""])


def _panel(
    results: Results, left: float, title: str, value: Callable[[Figures], float],
    told: Callable[[float], str],
) -> Iterator[str]:  # fmt: skip
    curves = dict(_curves(results, value))
    every = [value for points in curves.values() for _, value in points]
    decades = 10 ** math.floor(math.log10(min(every))), 10 ** math.ceil(math.log10(max(every)))
    axes = Axes(left, (results.lengths[0], results.lengths[-1]), decades)
    yield f'<text class="title" x="{left}" y="30">{escape(title)}</text>'
    yield from _grid(axes, results.lengths, told)
    ends = {name: axes.y(points[-1][1]) for name, points in curves.items()}
    places = _spread_out(ends)
    for number, (name, points) in enumerate(curves.items()):
        yield from _curve(axes, name, points, MARKS[number % len(MARKS)], places[name])


def _curves(
    results: Results, value: Callable[[Figures], float]
) -> Iterator[tuple[str, list[Point]]]:
    for peer in results.peers:
        found = ((lines, figures(results.samples, peer, lines)) for lines in results.lengths)
        points = [(float(lines), value(one)) for lines, one in found if one]
        if points:
            yield peer, points


def _grid(axes: Axes, lengths: Sequence[int], told: Callable[[float], str]) -> Iterator[str]:
    right, foot = axes.left + PANEL, HEIGHT - BOTTOM
    for power in range(round(math.log10(axes.values[0])), round(math.log10(axes.values[1])) + 1):
        y = axes.y(10.0**power)
        yield f'<path class="grid" d="M{axes.left} {y:.1f}H{right}"/>'
        yield _text(axes.left - 8, y + 4, told(10.0**power), "tick", "end")
    for lines in lengths:
        x = axes.x(lines)
        yield f'<path class="grid" d="M{x:.1f} {TOP}V{foot}"/>'
        yield _text(x, foot + 18, f"{lines:,}", "tick", "middle")
    yield f'<path class="axis" d="M{axes.left} {foot}H{right}"/>'
    yield _text(axes.left + PANEL / 2, foot + 40, "lines of the invoice", "tick", "middle")


def _curve(axes: Axes, name: str, points: list[Point], mark: str, label: float) -> Iterator[str]:
    colour, places = PEERS[name].colour, [(axes.x(x), axes.y(y)) for x, y in points]
    yield f'<g class="{name}" stroke="{colour}" fill="{colour}">'
    yield f'<polyline points="{" ".join(f"{x:.1f},{y:.1f}" for x, y in places)}"/>'
    yield from (_mark(mark, x, y) for x, y in places)
    end, foot = places[-1], axes.left + PANEL + 14
    yield (
        f'<path d="M{end[0] + 5:.1f} {end[1]:.1f}L{foot - 3} {label - 4:.1f}" fill="none"'
        ' stroke-width=".75" stroke-dasharray="2 2"/>'
    )
    yield f'<text x="{foot}" y="{label:.1f}" stroke="none">{escape(PEERS[name].label)}</text></g>'


def _mark(mark: str, x: float, y: float) -> str:
    if mark == "circle":
        return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3.5"/>'
    paths = {
        "square": "m-3.2 -3.2h6.4v6.4h-6.4z",
        "diamond": "m0 -4.4l4.4 4.4l-4.4 4.4l-4.4 -4.4z",
        "triangle": "m0 -4.2l4 7h-8z",
    }
    return f'<path d="M{x:.1f} {y:.1f}{paths[mark]}"/>'


def _text(x: float, y: float, text: str, kind: str, anchor: str) -> str:
    return (
        f'<text class="{kind}" x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{escape(text)}</text>'
    )


def _spread_out(ends: dict[str, float]) -> dict[str, float]:
    """Names at the height of their lines' ends, moved down where two would touch."""
    places: dict[str, float] = {}
    lowest = 0.0
    for name, end in sorted(ends.items(), key=lambda pair: pair[1]):
        places[name] = lowest = max(end + 4, lowest + LABEL_GAP)
    return places


def _share(value: float, low: float, high: float) -> float:
    return (math.log(value) - math.log(low)) / (math.log(high) - math.log(low))


def _told_seconds(value: float) -> str:
    return f"{value:g} s"


def _told_plain(value: float) -> str:
    return f"{value:,.0f}"
