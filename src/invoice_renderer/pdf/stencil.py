"""A stencil: a page that was laid out once, with holes for what differs from invoice to invoice.

WeasyPrint lays out one invoice of a shape. Where no line wraps differently, another invoice of that
shape has its texts in the same places, so it can be set through the stencil: each text is shaped,
its line aligned as before, and all else is the ink that WeasyPrint drew. A text that would not
fit, or that is taller than the one before, does not go through.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from invoice_renderer.pdf.shaped_text import ShapedText, TextStyle, number
from invoice_renderer.pdf.shaping import Shaper
from invoice_renderer.pdf.skeleton import is_one_line

CLOSE = 0.001  # CSS pixels; far below what can be seen, far above what sums of floats lose


class NoStencil(Exception):
    """The page has something in it that stencils do not know; the reason is for developers."""


@dataclass(frozen=True, slots=True)
class Running:
    """A text of a page margin, as its ``content`` says it."""

    content: tuple[tuple[str, Any], ...]
    uppercase: bool
    is_fixed: bool
    shown: str


@dataclass(frozen=True, slots=True)
class Atom:
    """One text of a line; sizes in CSS pixels."""

    style: TextStyle
    variable: int
    """Its number among the variables; -1 for a running text."""
    before: str
    after: str
    gap: float
    """From the end of the text before it, or from the start of the line."""
    top: float
    height: float
    baseline: float
    running: Running | None = None


@dataclass(frozen=True, slots=True)
class Line:
    """A line of text that stands alone; ``share`` of the free room is at its left."""

    left: float
    available: float
    share: float
    atoms: tuple[Atom, ...]
    end: float
    """Room behind the last text."""


@dataclass(frozen=True, slots=True)
class TextHole:
    """Where the text operators of an atom go."""

    line: int
    atom: int
    top: float = 0.0


@dataclass(frozen=True, slots=True)
class ImageHole:
    """Where an image is drawn; ``draw`` takes the stream, the address, a fetcher and options."""

    draw: Callable[[Any, str, Any, Mapping[str, object]], None]
    variable: int


@dataclass(frozen=True, slots=True)
class Mark:
    """A marked-content sequence begins; ``number`` counts them from 0, and is -1 for artifacts."""

    tag: bytes
    number: int


Item = bytes | TextHole | ImageHole | Mark


@dataclass(frozen=True, slots=True)
class LinkHole:
    """An active area: the line's texts ``first`` to ``last``, or what ``area`` says."""

    kind: str
    variable: int
    area: tuple[float, float, float, float]
    line: int = -1
    first: int = 0
    last: int = 0
    before: float = 0
    after: float = 0


@dataclass(frozen=True, slots=True)
class Bookmark:
    """``variables`` are the texts of the heading."""

    level: int
    variables: tuple[int, ...]
    label: str
    target: tuple[float, float]
    state: str


Strings = tuple[tuple[str, str, str], ...]
"""Named strings that a box sets: name, the attribute of its tag that says it, or the words."""


@dataclass(frozen=True, slots=True)
class Breaks:
    """Whether a page may end before and after a box, and inside of it."""

    before: bool = True
    after: bool = True
    inside: bool = True


@dataclass(frozen=True, slots=True)
class Container:
    """A box that paints nothing and holds blocks; lengths in CSS pixels."""

    top: float
    """Its margins."""
    bottom: float
    breaks: Breaks
    kind: str
    """Its structure type; empty where it means nothing."""
    strings: Strings
    page: str
    """The name of its pages; empty where they have none."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A block that is set as a whole, as it was drawn once; lengths in CSS pixels."""

    height: float
    """Without its margins; what is in it is as if it stood at the top of the page."""
    tops: tuple[float, ...]
    """Margins that meet at its top, and at its bottom."""
    bottoms: tuple[float, ...]
    breaks: Breaks
    items: tuple[Item, ...]
    lines: tuple[Line, ...]
    links: tuple[LinkHole, ...]
    bookmarks: tuple[Bookmark, ...]
    anchors: tuple[tuple[str, tuple[float, float]], ...]
    strings: tuple[tuple[str, tuple[int, ...], str], ...]
    """Named strings: name, variables that say it, or the words themselves."""
    states: Mapping[str, float]
    """Names of graphics states and their opacity."""
    marks: int
    """How many marked-content sequences it has."""
    nodes: tuple[Any, ...]
    """Its structure: content of page 0, links by their number."""
    alternatives: Mapping[str, int]
    """Descriptions of images, and the variables that say them."""
    fixed: tuple[tuple[int, str], ...]
    """Variables that must have these values: their text wraps, or decides a size."""
    drawn: tuple[tuple[TextStyle, str], ...]
    """Texts that are ink already."""


@dataclass(frozen=True, slots=True)
class Frame:
    """A page without its flow: what is painted before it, and the running heads and feet."""

    width: float
    height: float
    bleed: Mapping[str, float]
    top: float
    """Where the flow begins, and where it ends."""
    bottom: float
    before: tuple[Item, ...]
    after: tuple[Item, ...]
    lines: tuple[Line, ...]
    states: Mapping[str, float]
    drawn: tuple[tuple[TextStyle, str], ...]


@dataclass(frozen=True, slots=True)
class Table:
    """A table without its rows and its head; ``spacing`` is between two rows."""

    margins: tuple[float, float]
    breaks: Breaks
    spacing: float


@dataclass(frozen=True, slots=True)
class RowPart:
    """A marked-content sequence of a row: ``colour`` and then a hole, or ink, or nothing."""

    colour: bytes
    hole: TextHole | None
    ink: bytes


@dataclass(frozen=True, slots=True)
class Cell:
    """How a cell is tagged: its parts, each with its language where it is another one."""

    kind: str
    column_span: int
    parts: tuple[tuple[int, str], ...]


@dataclass(frozen=True, slots=True)
class RowStencil:
    """A row of a long table; variables of its lines are numbers of its texts."""

    height: float
    is_solid: bool
    """Whether no page can end inside of it."""
    may_break_before: bool
    may_break_after: bool
    body_may_break_before: bool
    body_may_break_after: bool
    body_may_break_inside: bool
    """Of the ``<tbody>`` around it."""
    lines: tuple[Line, ...]
    parts: tuple[RowPart, ...]
    cells: tuple[Cell, ...]
    decoration: bytes
    """Backgrounds and borders, where the row was drawn."""
    strings: Strings
    fixed: tuple[tuple[int, str], ...]
    drawn: tuple[tuple[TextStyle, str], ...]
    states: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class SetLine:
    """A line with its texts: shaped, and placed from the left of the page in CSS pixels."""

    texts: tuple[ShapedText, ...]
    places: tuple[float, ...]


def set_line(line: Line, shaped: Sequence[ShapedText]) -> SetLine | None:
    """Put shaped texts into a line; nothing where they do not go in as those before them did."""
    width = line.end
    for atom, text in zip(line.atoms, shaped, strict=True):
        if (text.height, text.baseline) != (atom.height, atom.baseline):
            return None
        width += atom.gap + text.width
    if width > line.available + CLOSE:
        return None
    place = line.left + line.share * (line.available - width)
    places = []
    for atom, text in zip(line.atoms, shaped, strict=True):
        place += atom.gap
        places.append(place)
        place += text.width
    return SetLine(tuple(shaped), tuple(places))


def fill_line(line: Line, texts: Sequence[str], shaper: Shaper) -> SetLine | None:
    """One line with these texts; nothing where they do not go in."""
    shaped = []
    for atom, text in zip(line.atoms, texts, strict=True):
        if not is_one_line(text):
            return None
        shaped.append(shaper.shape(atom.style, f"{atom.before}{text}{atom.after}"))
    return set_line(line, shaped)


def fill(lines: Sequence[Line], say: Callable[[Atom], str], shaper: Shaper) -> list[SetLine] | None:
    """Every line with the texts of another invoice; nothing where one does not go in."""
    filled = []
    for line in lines:
        found = fill_line(line, [say(atom) for atom in line.atoms], shaper)
        if found is None:
            return None
        filled.append(found)
    return filled


def text_operators(x: float, y: float, text: ShapedText) -> bytes:
    """The text object that shows a shaped text at a place in CSS pixels, y downwards."""
    return b"BT\n%b\nET" % placed(x, y, text)


def placed(x: float, y: float, text: ShapedText) -> bytes:
    """What stands in a text object."""
    return b"1 0 0 -1 %b %b Tm\n%b" % (number(x).encode(), number(y).encode(), text.show)
