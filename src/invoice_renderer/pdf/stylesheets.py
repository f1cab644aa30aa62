"""A template's style for one paper and one brand, parsed once and kept.

The only data in a style sheet are the size of the paper and the brand's colours, which are
``#rrggbb`` and nothing else. Nothing of an invoice ever gets here: running heads take their
words from the page itself, through ``string-set``.
"""

from __future__ import annotations

import re
import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

from weasyprint import CSS

PREPARED_SHEETS = 64
SIZES = {"letter": "8.5in 11in", "a4": "210mm 297mm"}
CONTRAST_FLOOR = 4.5  # WCAG 2.2, 1.4.3
_COLOUR = re.compile(r"#([0-9a-fA-F]{2})([0-9a-fA-F]{2})([0-9a-fA-F]{2})")


@dataclass(frozen=True, slots=True)
class Style:
    """What a sheet is made from; ``fingerprint`` stands for the template's text."""

    fingerprint: str
    css: str
    paper: str
    primary: str
    accent: str
    counters: str = "decimal"
    """The CSS counter style of page numbers."""


class PreparedSheets:
    """The sheets that were used last, by what they were made from."""

    def __init__(self, prepare: Callable[[str], CSS]) -> None:
        self._prepare = prepare
        self._sheets: OrderedDict[tuple[str, ...], CSS] = OrderedDict()
        self._lock = threading.Lock()

    def for_style(self, style: Style) -> CSS:
        key = (style.fingerprint, style.paper, style.primary, style.accent, style.counters)
        with self._lock:
            if key not in self._sheets:
                self._sheets[key] = self._prepare(compose(style))
            self._sheets.move_to_end(key)
            while len(self._sheets) > PREPARED_SHEETS:
                self._sheets.popitem(last=False)
            return self._sheets[key]


def compose(style: Style) -> str:
    """The template's CSS after the size of the paper and the colours of the brand."""
    primary, accent = readable(style.primary), readable(style.accent)
    # A counter style has to be written where the counter is: page boxes take no variables there.
    css = re.sub(r"counter\((pages?)\)", rf"counter(\1, {style.counters})", style.css)
    return (
        f"@page{{size:{SIZES[style.paper]}}}"
        f":root{{--primary:{primary};--accent:{accent};--tint:{tint(primary)}}}\n{css}"
    )


def readable(colour: str) -> str:
    """The colour, darkened until text in it reads on white paper (contrast 4.5 to 1)."""
    red, green, blue = _channels(colour)
    while contrast_with_white(red, green, blue) < CONTRAST_FLOOR:
        red, green, blue = (int(channel * 0.95) for channel in (red, green, blue))
    return f"#{red:02x}{green:02x}{blue:02x}"


def tint(colour: str) -> str:
    """A breath of the colour: seven parts in a hundred on white."""
    red, green, blue = (round(255 - (255 - channel) * 0.07) for channel in _channels(colour))
    return f"#{red:02x}{green:02x}{blue:02x}"


def contrast_with_white(red: int, green: int, blue: int) -> float:
    """WCAG's ratio: relative luminance against that of white."""

    def linear(channel: int) -> float:
        part = channel / 255
        return part / 12.92 if part <= 0.04045 else float(((part + 0.055) / 1.055) ** 2.4)

    luminance = 0.2126 * linear(red) + 0.7152 * linear(green) + 0.0722 * linear(blue)
    return 1.05 / (luminance + 0.05)


def _channels(colour: str) -> tuple[int, int, int]:
    match = _COLOUR.fullmatch(colour)
    if match is None:
        raise ValueError("a brand colour is #rrggbb")
    red, green, blue = (int(pair, 16) for pair in match.groups())
    return red, green, blue
