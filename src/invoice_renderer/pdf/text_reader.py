"""The texts of a block that was laid out: lines with holes where another invoice has other words.

Private to WeasyPrint: boxes with their positions and computed styles. Whatever is not as it is
known to be here makes no stencil.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from weasyprint.formatting_structure import boxes

from invoice_renderer.pdf.edges import listed_content
from invoice_renderer.pdf.lines import (
    NOISE,
    LineReader,
    depends_on_content,
    ends_with_break,
    holds_lines,
    share_of,
)
from invoice_renderer.pdf.shaped_text import TextStyle
from invoice_renderer.pdf.shaping import Shaper
from invoice_renderer.pdf.skeleton import is_one_line
from invoice_renderer.pdf.source import Source
from invoice_renderer.pdf.stencil import (
    CLOSE,
    Atom,
    Line,
    NoStencil,
    Running,
    TextHole,
    text_operators,
)

_SAID_ANYWHERE = frozenset({"string", "attr()", "content()", "url"})


@dataclass(frozen=True, slots=True)
class Around:
    """What the readers of one page share."""

    page: Any
    source: Source
    shaper: Shaper
    font_config: Any
    language: str
    """Of the document."""
    height: float
    """Of the pages that it is read for."""


class TextReader:
    """Reads the boxes of a block into lines, headings and named strings."""

    def __init__(self, around: Around) -> None:
        self._around = around
        self._page = around.page
        self._source = around.source
        self._shaper = around.shaper
        self._font_config = around.font_config
        self._lines: list[Line] = []
        self._holes: dict[int, TextHole] = {}
        self._fixed_ink: dict[int, bytes] = {}
        self._inline: dict[int, tuple[int, int, int]] = {}
        self._strings: list[tuple[str, tuple[int, ...], str]] = []
        self._labels: list[tuple[Any, str, tuple[int, ...]]] = []
        self.drawn: list[tuple[TextStyle, str]] = []
        self._top = 0.0

    def _visit(self, box: Any, *, is_free: bool) -> None:
        box = getattr(box, "_box", box)
        self._note(box)
        is_free = is_free and not depends_on_content(box)
        if holds_lines(box):
            self._block(box, is_free=is_free)
            return
        for child in getattr(box, "children", ()):
            self._visit(child, is_free=is_free)

    def _note(self, box: Any) -> None:
        """Named strings and bookmarks; generated content that says an attribute."""
        if isinstance(box, boxes.TextBox):
            return
        if box.string_set:
            self._note_strings(box)
        if box.bookmark_label and box.style["bookmark_level"] != "none":
            label = box.bookmark_label
            self._labels.append((box, label, self._own_texts(box, label)))
        if isinstance(box, (boxes.BlockReplacedBox, boxes.InlineReplacedBox)):
            self._note_image(box)
        if box.element is not None and "::" in (box.element_tag or ""):
            self._note_generated(box)

    def _note_generated(self, box: Any) -> None:
        """What it says must be the same wherever the block stands."""
        for kind, value in listed_content(box.style["content"]):
            if kind not in _SAID_ANYWHERE:
                raise NoStencil("generated content that counts")
            if kind == "attr()" and (id(box.element), value[0]) in self._source.attributes:
                self._source.fix(self._source.attributes[id(box.element), value[0]])

    def _note_strings(self, box: Any) -> None:
        contents = dict(box.style["string_set"]) if box.style["string_set"] != "none" else {}
        for name, value in box.string_set:
            listed = listed_content(contents.get(name))
            key = (
                (id(box.element), listed[0][1][0]) if listed and listed[0][0] == "attr()" else None
            )
            variables: tuple[int, ...] = ()
            if len(listed) == 1 and key in self._source.attributes:
                variables = (self._source.attributes[key],)
            elif len(listed) == 1 and listed[0][0] == "content()":
                variables = self._own_texts(box, value)
            elif value and any(kind != "string" for kind, _ in listed):
                raise NoStencil("a named string of several parts")
            if variables and "".join(self._source.values[one] for one in variables) != value:
                raise NoStencil("a named string that is not its source")
            self._strings.append((name, variables, value))

    def _own_texts(self, box: Any, value: str) -> tuple[int, ...]:
        """The variable that is the whole text of an element, or its texts are fixed."""
        variables = tuple(self._source.texts.get(id(box.element), ()))
        if len(variables) == 1 and self._source.values[variables[0]] == value:
            return variables
        self._source.fix_texts(box.element)
        return ()

    def _note_image(self, box: Any) -> None:
        """An image's address is free where its size does not come from the image."""
        variable = self._source.attributes.get((id(box.element), "src"))
        if variable is None:
            raise NoStencil("an image that is not an img")
        style = box.style
        if "auto" in (style["width"], style["height"]) or style["object_fit"] != "fill":
            self._source.fix(variable)

    def _block(self, block: Any, *, is_free: bool) -> None:
        stands_alone = True
        for line in block.children:
            self._note(line)
            ends = line is block.children[-1] or ends_with_break(line)
            reader = LineReader(line)
            for inline in reader.inlines:
                self._note(inline)
            is_free = is_free or isinstance(block, boxes.MarginBox)
            free = is_free and stands_alone and ends and reader.is_plain
            self._take_line(line, block, reader, is_free=free)
            stands_alone = ends_with_break(line)

    def _take_line(self, line: Any, block: Any, reader: LineReader, *, is_free: bool) -> None:
        shown = {id(box): self._variable(box, block) for box in reader.in_order}
        atoms = [self._atom(box, place, block, shown[id(box)]) for place, box in reader.placed()]
        share = share_of(line, block, reader)
        if is_free and share is not None and all(atoms):
            self._add_line(line, block, reader, [atom for atom in atoms if atom], share)
            return
        for box, atom in zip(reader.texts, atoms, strict=True):
            if atom and atom.variable >= 0:
                self._source.fix(atom.variable)
            if atom and atom.running:
                raise NoStencil("a running text of several lines")
            self._fix_ink(box)

    def _add_line(
        self, line: Any, block: Any, reader: LineReader, atoms: list[Atom], share: float
    ) -> None:
        number = len(self._lines)
        for place, box in enumerate(reader.texts):
            self._holes[id(box)] = TextHole(number, place, atoms[place].top)
        for inline, first, last in reader.spans:
            self._inline[id(inline)] = (number, first, last)
        end = line.position_x + line.width - reader.end
        self._lines.append(
            Line(block.content_box_x(), block.width, share, tuple(atoms), round(end, NOISE))
        )

    def _variable(self, box: Any, block: Any) -> tuple[int, bool]:
        """What a text shows of the source; -1 for running and generated texts."""
        if isinstance(block, boxes.MarginBox) or "::" in (box.element_tag or ""):
            return -1, True
        return self._source.variable_of(box)

    def _atom(self, box: Any, gap: float, block: Any, source: tuple[int, bool]) -> Atom | None:
        """A text that may be another one, or nothing where it has to stay what it is."""
        running = _running(block, box) if isinstance(block, boxes.MarginBox) else None
        variable, is_whole = source
        if variable < 0 and running is None:
            return None
        shown = box.text
        style = self._shaper.style_of(box.style, self._font_config)
        shaped = self._shaper.shape(style, shown)
        is_shaped = abs(shaped.width - box.width) <= CLOSE
        core = shown.strip(" ")
        can_change = is_whole and is_shaped and box.style["text_decoration_line"] == "none"
        if running is None and not (can_change and is_one_line(core)):
            self._source.fix(variable)
            return None
        if not is_shaped:
            raise NoStencil("a text that is drawn otherwise")
        before, _, after = shown.partition(core)
        return Atom(
            style, variable, before, after, gap, box.position_y + box.baseline,
            shaped.height, shaped.baseline, running,
        )  # fmt: skip

    def _fix_ink(self, box: Any) -> None:
        style = self._shaper.style_of(box.style, self._font_config)
        shaped = self._shaper.shape(style, box.text)
        if abs(shaped.width - box.width) > CLOSE or box.style["text_decoration_line"] != "none":
            raise NoStencil("a text that is drawn otherwise")
        self.drawn.append((style, box.text))
        self._fixed_ink[id(box)] = text_operators(
            box.position_x, box.position_y + box.baseline, shaped
        )

    def _shown(self, atom: Atom) -> str:
        core = atom.running.shown if atom.running else self._source.values[atom.variable]
        return f"{atom.before}{core}{atom.after}"


def _running(block: Any, box: Any) -> Running:
    transform = box.style["text_transform"]
    if transform not in {"none", "uppercase"}:
        raise NoStencil("a running text that is transformed")
    content = tuple(listed_content(block.style["content"]))
    return Running(content, transform == "uppercase", depends_on_content(block), box.text)
