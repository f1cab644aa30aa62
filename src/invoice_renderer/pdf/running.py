"""Running texts: heads and feet, which say what the strings and the number of their page are."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any

from weasyprint.html import UA_COUNTER_STYLE

from invoice_renderer.pdf.shaping import Shaper
from invoice_renderer.pdf.skeleton import collapsed
from invoice_renderer.pdf.stamped_page import Sheet
from invoice_renderer.pdf.stencil import Frame, Line, NoStencil, Running, SetLine, fill_line

NO_LINE = SetLine((), ())
MOST_NUMBERS = 4_096  # of pages, that are remembered


class RunningMissing(Exception):
    """A running text that goes into no frame that is known; ``said`` are the named strings."""

    def __init__(self, said: Mapping[str, str]) -> None:
        super().__init__()
        self.said = said


class RunningLines:
    """Sets running texts; most of them are the same on every page, and are set once."""

    def __init__(self, shaper: Shaper) -> None:
        self._shaper = shaper
        self._known: dict[tuple[int, tuple[str, ...]], SetLine | None] = {}
        """A line with these words; nothing where they do not go in."""

    def set(self, sheet: Sheet, strings: Strings, number: int) -> None:
        """Give a page the first frame that its running texts go into."""
        say = strings.on_page(number)
        for frame in sheet.frames:
            lines = [self._line(line, say) for line in frame.lines]
            if None not in lines:
                sheet.frame, sheet.lines = frame, [line for line in lines if line]
                return
        raise RunningMissing(strings.said(number, sheet.frame))

    def _line(self, line: Line, say: Callable[[Running], str]) -> SetLine | None:
        words = tuple(say(atom.running) if atom.running else "" for atom in line.atoms)
        key = id(line), words
        if key not in self._known:
            self._known[key] = self._fill(line, words)
        return self._known[key]

    def _fill(self, line: Line, words: Sequence[str]) -> SetLine | None:
        for atom, said in zip(line.atoms, words, strict=True):
            if atom.running and atom.running.is_fixed and said != atom.running.shown:
                return None
        if not any(words):
            return NO_LINE
        return fill_line(line, words, self._shaper)


class Strings:
    """Named strings, page by page (CSS Generated Content for Paged Media, 1.3)."""

    def __init__(self, pages: Sequence[Sequence[tuple[str, str]]]) -> None:
        self._count = len(pages)
        self._first: list[dict[str, str]] = []
        self._last: list[dict[str, str]] = []
        before: dict[str, str] = {}
        for strings in pages:
            first: dict[str, str] = {}
            last = dict(before)
            for name, words in strings:
                first.setdefault(name, words)
                last[name] = words
            self._first.append({**before, **first})
            self._last.append(last)
            before = last

    def on_page(self, number: int) -> Callable[[Running], str]:
        def say(running: Running) -> str:
            text = "".join(self._part(kind, value, number) for kind, value in running.content)
            text = collapsed(text)
            return text.upper() if running.uppercase else text

        return say

    def said(self, number: int, frame: Frame) -> dict[str, str]:
        """The named strings that a frame asks for."""
        asked = (
            (kind, value)
            for line in frame.lines
            for atom in line.atoms
            if atom.running
            for kind, value in atom.running.content
        )
        return {
            value[0]: self._part(kind, value, number) for kind, value in asked if kind == "string()"
        }

    def _part(self, kind: str, value: Any, number: int) -> str:
        if kind == "string":
            return str(value)
        if kind == "string()" and value[1] in {"first", "last"}:
            store = self._last if value[1] == "last" else self._first
            return store[number - 1].get(value[0], "")
        if kind == "counter()" and value[0] in {"page", "pages"}:
            counted = number if value[0] == "page" else self._count
            return _count(counted, value[-1])
        raise NoStencil("a running text of another kind")


@lru_cache(MOST_NUMBERS)
def _count(number: int, style: Any) -> str:
    return str(UA_COUNTER_STYLE.render_value(number, style))
