"""Where our own time goes, stage by stage: a sampling profile of the whole path.

A moment belongs to the innermost frame that a rule knows; Pango's and HarfBuzz's work counts for
the function of WeasyPrint that calls them.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from pyinstrument import Profiler

from benchmarks.invoices import invoice_bytes
from benchmarks.peers.ours import Ours

INTERVAL = 0.001  # seconds between two looks
WARM = 3
MOST_FUNCTIONS = 30
RULES = tuple(
    (stage, re.compile(pattern))
    for stage, pattern in (
        ("garbage collection", r"<built-in>:collect$"),
        ("compression", r"<built-in>:(Compress\.)?(\w*compress|flush)$"),
        ("hash", r"<built-in>:.*(sha256|HASH\.)"),
        (
            "writing the file",
            r"pdf/(file|packing|references)\.py|pydyf/.*:(data|write\w*|compressed)$",
        ),
        ("parse JSON and model", r"strict_json\.py|/json/|invoice_renderer/invoice\.py|pydantic"),
        ("Babel", r"/babel/"),
        (
            "view",
            r"invoice_renderer/(view/|(language|figures|rates|text|validation)\.py)",
        ),
        (
            "Jinja",
            r"/jinja2/|/markupsafe/|<template>|\.html:|renderer/(markup|loops|manuscript)\.py",
        ),
        (
            "attachments",
            r"invoice_renderer/(canonical|record|spreadsheet)\.py|pdf/attachments\.py|/csv",
        ),
        (
            "tags",
            r"pdf/(tagging|row_tags|structure|tables|boxes|objects)\.py|weasyprint/pdf/tags\.py",
        ),
        (
            "fonts",
            r"weasyprint/pdf/fonts\.py|pdf/(known|lean)_fonts\.py|/fontTools/|text/fonts\.py|pdf/fonts\.py",
        ),
        (
            "stencils made",
            r"invoice_renderer/pdf/(capture|source|lines|edges|\w+_reader)\.py",
        ),
        (
            "stamping",
            r"invoice_renderer/pdf/(book|composition|outline|pagination|press|row_lines|row_source|rows|running|selectors|skeleton|stamped_page|stamping|stencil)\.py",
        ),
        (
            "text shaping",
            r"invoice_renderer/pdf/(\w+_)?shaping\.py|pdf/shaped_text\.py|weasyprint/text/(?!fonts)",
        ),
        ("archive", r"pdf/(archive|finishing)\.py|weasyprint/pdf/(pdfa|pdfua|metadata)\.py"),
        ("HTML parse", r"/tinyhtml5/|xml/etree"),
        ("styles", r"weasyprint/css/|/tinycss2/|/cssselect2/"),
        ("boxes", r"weasyprint/formatting_structure/"),
        ("layout", r"weasyprint/layout/"),
        ("images", r"weasyprint/(images|svg)|/PIL/"),
        ("drawing", r"weasyprint/(draw|stacking|pdf)|/pydyf/"),
        ("layout, other", r"weasyprint/"),
        ("our engine, other", r"invoice_renderer/"),
    )
)


@dataclass(frozen=True, slots=True)
class Profile:
    """Seconds by stage and by function; ``pages`` and ``seconds`` of one render."""

    lines: int
    renders: int
    seconds: float
    stages: tuple[tuple[str, float], ...]
    functions: tuple[tuple[str, float], ...]


def profile_stages(lines: int, *, renders: int = 1) -> Profile:
    """Each render has other numbers."""
    ours = Ours()
    for seed in range(WARM if lines < 1_000 else 1):
        ours.render(invoice_bytes(lines, seed=seed))
    invoices = [invoice_bytes(lines, seed=100 + number) for number in range(renders)]
    profiler = Profiler(interval=INTERVAL, async_mode="disabled")
    with profiler:
        for raw in invoices:
            ours.render(raw)
    session = profiler.last_session
    stages: Counter[str] = Counter()
    functions: Counter[str] = Counter()
    for names, seconds in _moments(session.root_frame(), ()):
        stages[_stage(names)] += seconds / renders
        functions[names[-1]] += seconds / renders
    return Profile(
        lines,
        renders,
        session.duration / renders,
        tuple(stages.most_common()),
        tuple(functions.most_common(MOST_FUNCTIONS)),
    )


def _moments(frame: Any, above: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], float]]:
    """Each frame's own time, with the names of all frames down to it."""
    is_own = frame.function == "[self]"  # pyinstrument's name for a frame's own time
    names = above if is_own else (*above, f"{frame.file_path or ''}:{frame.function}")
    own = frame.time - sum(child.time for child in frame.children)
    if own > 0:
        yield names, own
    for child in frame.children:
        yield from _moments(child, names)


def _stage(names: tuple[str, ...]) -> str:
    for name in reversed(names):
        for stage, pattern in RULES:
            if pattern.search(name):
                return stage
    return "everything else"


def told(profile: Profile) -> Iterator[str]:
    """The profile as lines of text."""
    each = profile.seconds * 1000
    yield f"{profile.lines:,} lines, {each:,.1f} ms each, {profile.renders} renders"
    yield ""
    for stage, seconds in profile.stages:
        yield f"{seconds * 1000:>9,.1f} ms {seconds / profile.seconds:>6.1%}  {stage}"
    yield ""
    yield "Own time of functions:"
    for name, seconds in profile.functions:
        short = re.sub(r".*/(site-packages|src|python3\.\d+)/", "", name)
        yield f"{seconds * 1000:>9,.2f} ms {seconds / profile.seconds:>6.1%}  {short}"
