"""A template's style for one paper and one brand, parsed once and kept.

The only data in a style sheet are the size of the paper and the brand's colours, which are
``#rrggbb`` and nothing else. Nothing of an invoice ever gets here: running heads take their
words from the page itself, through ``string-set``.
"""

from __future__ import annotations

import re
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from weasyprint import CSS

from invoice_renderer.colour import CONTRAST_FLOOR, channels_of, contrast

PREPARED_SHEETS = 64
SIZES = {"letter": "8.5in 11in", "a4": "210mm 297mm"}
DARKEST_GROUND = "#f2f3f5"
"""Of the band and of the watermark: text that reads on it reads on white, too."""


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
    theme: str = ""

    @property
    def key(self) -> tuple[str, ...]:
        """What the sheet is known by."""
        return (
            self.fingerprint,
            self.theme,
            self.paper,
            self.primary,
            self.accent,
            self.counters,
        )


class PreparedSheets:
    """The sheets that were used last, by what they were made from."""

    def __init__(self, prepare: Callable[[str], CSS]) -> None:
        self._prepare = prepare
        self._sheets: OrderedDict[tuple[str, ...], CSS] = OrderedDict()
        self._lock = threading.Lock()

    def for_style(self, style: Style) -> CSS:
        key = style.key
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
    """The colour, darkened until text in it reads on every ground of the page (4.5 to 1).

    The profile refuses what does not read on white; this is the last step to the tinted grounds.
    """
    colour = _spelt(channels_of(colour))
    while min(contrast(colour, ground) for ground in (DARKEST_GROUND, tint(colour))) < (
        CONTRAST_FLOOR
    ):
        colour = _spelt(int(channel * 0.95) for channel in channels_of(colour))
    return colour


def tint(colour: str) -> str:
    """A breath of the colour: seven parts in a hundred on white."""
    return _spelt(round(255 - (255 - channel) * 0.07) for channel in channels_of(colour))


def _spelt(channels: Iterable[int]) -> str:
    return "#" + "".join(f"{channel:02x}" for channel in channels)
