"""``docs/performance.md`` and its picture, from what was measured last."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from benchmarks.bounds import Bounds
from benchmarks.peers import PEERS
from benchmarks.plot import draw_plot
from benchmarks.results import Results
from benchmarks.stages import Profile
from benchmarks.tables import (
    AGAINST,
    bound_rows,
    figure_rows,
    growth_rows,
    stage_rows,
    table,
    target_rows,
    told_cpu,
    told_file,
    told_memory,
    told_seconds,
)

PAGE = Path("docs/performance.md")
PICTURE = Path("docs/images/performance.svg")

HEAD = """# How fast it is

Written by `make bench`, which measures everything on this page again; nobody edits it by hand.

*Ours* is the whole path: CarrierX's JSON bytes in, the finished PDF's bytes out. That is parsing,
the page's texts by CLDR, Jinja, layout, tags, PDF/A-3a and PDF/UA-1, two attachments, fonts,
compression and the hash. The peers print the same content (letterhead, summary, usage summary, the
item table with the same five columns, groups and subtotals, taxes, totals, contact) on comparable
pages, in their natural way. They do less: no CLDR, no archive, no attachments, no sums carried
forward, and only Typst and Chromium write tags. Each engine runs in a process of its own that
stays warm: at every length it draws another invoice or two before its time counts. In every round
each engine gets the same invoice, never seen before, in an order that turns; a ratio is the median
of the ratios of each round. Of the first PDF of each length every amount of the bill is looked for.

The invoice of three lines is CarrierX's documented one with other numbers each time: one shape, met
before, as in a month's run. From eight lines on services, countries, directions and groups are
drawn by lot, so that hardly any shape comes twice.
"""


def write_report(results: Results, bounds: Bounds | None, profiles: list[Profile]) -> None:
    """The page and the picture."""
    PICTURE.parent.mkdir(parents=True, exist_ok=True)
    PICTURE.write_text(draw_plot(results), "utf-8")
    PAGE.write_text("\n".join(_lines(results, bounds, profiles)) + "\n", "utf-8")


def _lines(results: Results, bounds: Bounds | None, profiles: list[Profile]) -> Iterator[str]:
    yield HEAD
    yield "![Time and memory against lines](images/performance.svg)\n"
    yield "## Where it was measured\n"
    yield from _machine(results)
    yield "\n## Against the targets\n"
    yield "Our time divided by the peer's; below 1 we are faster. In brackets the same of processor"
    yield "time, which other work on the machine disturbs less.\n"
    yield from table(("lines", *(PEERS[name].label for name in AGAINST)), target_rows(results))
    if bounds:
        yield f"\n## Bounds\n\nOurs alone, a process for each length; measured {bounds.day}.\n"
        yield from table(("what", "target", "measured", ""), bound_rows(bounds))
    yield from _every_figure(results)
    if profiles:
        yield from _stages(profiles)
    yield from _missing(results)


def _machine(results: Results) -> Iterator[str]:
    machine = results.machine
    yield f"{machine.day}; {machine.processor}, {machine.cores} cores, {machine.gigabytes:.0f} GB;"
    yield f"{machine.system}; Python {machine.python}."
    yield "How quiet it was: the load, and how much longer than its best a fixed piece of work took"
    yield "in its slow tenth. Where that is over 1.5, other work had the processor too: believe the"
    yield "ratios, not the times.\n"
    quiet = results.quiet.items()
    calm = ([f"{n:,} lines", f"{q.load:.1f}", f"{q.slowest_to_fastest:.1f}×"] for n, q in quiet)
    yield from table(("during", "load", "slow tenth"), calm)
    yield ""
    rows = (
        [PEERS[name].label, made_of, PEERS[name].says] for name, made_of in results.versions.items()
    )
    yield from table(("engine", "version", "how"), rows)


def _every_figure(results: Results) -> Iterator[str]:
    heads = ("engine", *(f"{lines:,} lines" for lines in results.lengths))
    yield "\n## Time\n\nThe median, [the middle half], and how many runs.\n"
    yield from table(heads, figure_rows(results, told_seconds))
    yield "\nProcessor time, children included:\n"
    yield from table(heads, figure_rows(results, told_cpu))
    yield "\n## Memory\n\nThe peak of resident memory: of the worker's process, or of the browser's"
    yield "whole tree of processes, with the files that they share counted once.\n"
    yield from table(heads, figure_rows(results, told_memory))
    yield "\n## Files\n"
    yield from table(heads, figure_rows(results, told_file))
    if growth := list(growth_rows(results)):
        yield "\n## Growth\n\nThe exponent of time against lines: 1 is linear, 2 is quadratic.\n"
        yield from table(("engine", "lines", "exponent"), growth)


def _stages(profiles: list[Profile]) -> Iterator[str]:
    yield "\n## Where our time goes\n"
    yield "`make profile LINES=500` shows it for any length, with the functions.\n"
    heads = ("stage", *(f"{profile.lines:,} lines" for profile in profiles))
    yield from table(heads, stage_rows(profiles))


def _missing(results: Results) -> Iterator[str]:
    if results.absent:
        yield "\n## Not run\n"
    for (peer, lines), reason in results.absent.items():
        yield f"- {PEERS[peer].label} at {lines:,} lines: {reason}"
