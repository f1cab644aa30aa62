"""One page that was laid out and drawn, read into a stencil.

Private to WeasyPrint: boxes with their positions and computed styles, and ``replacedbox_layout``.
Whatever is not as it is known to be here makes no stencil.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import pydyf
from weasyprint.formatting_structure import boxes
from weasyprint.images import get_image_from_uri
from weasyprint.layout.replaced import replacedbox_layout

from invoice_renderer.pdf.lines import (
    NOISE,
    LineReader,
    all_boxes,
    depends_on_content,
    ends_with_break,
    holds_lines,
    share_of,
)
from invoice_renderer.pdf.shaping import Shaper, TextStyle
from invoice_renderer.pdf.skeleton import is_one_line
from invoice_renderer.pdf.source import Source
from invoice_renderer.pdf.stencil import (
    CLOSE,
    Atom,
    Bookmark,
    ImageHole,
    Item,
    Line,
    LinkHole,
    NoStencil,
    PageStencil,
    Running,
    SlotHole,
    TextHole,
    set_line,
    text_operators,
)

_UNKNOWN = re.compile(rb" (?:Do|sh|scn|SCN)\b|\bBI\b")


@dataclass(slots=True)
class Ink:
    """What was drawn on a page, and the box behind each marked-content sequence."""

    items: list[Any]
    boxes: dict[int, Any]
    states: dict[str, float]


@dataclass(slots=True)
class Flow:
    """How the place of a text depends on others: not at all, if it ``is_free``."""

    is_free: bool = True
    torn: frozenset[int] = field(default_factory=frozenset)


class PageReader:
    """Reads the boxes of a page into lines, links, headings and named strings."""

    def __init__(self, page: Any, source: Source, shaper: Shaper, font_config: Any) -> None:
        self._page = page
        self._source = source
        self._shaper = shaper
        self._font_config = font_config
        self._lines: list[Line] = []
        self._holes: dict[int, TextHole] = {}
        self._fixed_ink: dict[int, bytes] = {}
        self._inline: dict[int, tuple[int, int, int]] = {}
        self._strings: list[tuple[str, tuple[int, ...], str]] = []
        self._labels: list[tuple[str, tuple[int, ...]]] = []
        self.drawn: list[tuple[TextStyle, str]] = []
        self._slots: dict[int, SlotHole] = {}
        self.slot_of: dict[int, int] = {}
        """For each marked-content sequence that is a slot, its number."""
        self.kept: dict[int, float] = {}
        """Where each numbered row begins."""
        self.blocks: set[int] = set()
        """Elements of this page that hold lines."""
        for box in all_boxes(page._page_box):
            if holds_lines(box) and box.element is not None:
                self.blocks.add(id(box.element))

    def read(self, ink: Ink, owned: set[int], torn: frozenset[int]) -> PageStencil:
        page_box = self._page._page_box
        self._visit(page_box, Flow(torn=torn))
        page = self._page
        return PageStencil(
            width=page.width,
            height=page.height,
            bleed=dict(page.bleed),
            items=tuple(self._items(ink, owned)),
            lines=tuple(self._lines),
            links=tuple(self._link(*link) for link in page.links),
            bookmarks=tuple(self._bookmarks()),
            anchors=dict(page.anchors),
            strings=tuple(self._strings),
            states=ink.states,
            mcids=len(ink.boxes),
        )

    # ------------------------------------------------------------------------- boxes

    def _visit(self, box: Any, flow: Flow) -> None:
        box = getattr(box, "_box", box)
        self._note(box)
        if isinstance(box, boxes.TableRowBox):
            self._note_row(box)
        if depends_on_content(box):
            flow = Flow(is_free=False, torn=flow.torn)
        if holds_lines(box):
            self._block(box, flow)
            return
        if isinstance(box, boxes.TableRowBox) and _is_slot(box):
            self._take_slot(box.children[0].children[0], box)
            return
        for child in getattr(box, "children", ()):
            self._visit(child, flow)

    def _note(self, box: Any) -> None:
        """Named strings and bookmarks; generated content that says an attribute."""
        if isinstance(box, boxes.TextBox):
            return
        if box.string_set:
            self._note_strings(box)
        if box.bookmark_label and box.style["bookmark_level"] != "none":
            self._labels.append((box.bookmark_label, self._own_texts(box, box.bookmark_label)))
        if isinstance(box, (boxes.BlockReplacedBox, boxes.InlineReplacedBox)):
            self._note_image(box)
        if box.element is not None and "::" in (box.element_tag or ""):
            for kind, value in _listed(box.style["content"]):
                if kind == "attr()" and (id(box.element), value[0]) in self._source.attributes:
                    self._source.fix(self._source.attributes[id(box.element), value[0]])

    def _note_row(self, row: Any) -> None:
        number = row.element.get("data-row") if row.element is not None else None
        if number is not None:
            self.kept[int(number)] = row.position_y

    def _take_slot(self, line: Any, row: Any) -> None:
        cell = row.children[0]
        painted = [each.background for each in (row, cell) if each.background]
        edges = (cell.border_top_width, cell.border_bottom_width, cell.padding_top)
        is_painted = any(each.color.alpha or len(each.layers) > 1 for each in painted)
        if is_painted or any(edges):
            raise NoStencil("a slot that is not empty")
        (box,) = [each for each in all_boxes(line) if isinstance(each, boxes.TextBox)]
        self._source.variable_of(box)
        number = int(cell.element.get("data-slot"))
        self._slots[id(box)] = SlotHole(number, row.position_y)

    def _note_strings(self, box: Any) -> None:
        contents = dict(box.style["string_set"]) if box.style["string_set"] != "none" else {}
        for name, value in box.string_set:
            listed = _listed(contents.get(name))
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

    # ------------------------------------------------------------------------- lines

    def _block(self, block: Any, flow: Flow) -> None:
        is_torn = block.element is not None and id(block.element) in flow.torn
        stands_alone = True
        for line in block.children:
            self._note(line)
            ends = line is block.children[-1] or ends_with_break(line)
            reader = LineReader(line)
            for inline in reader.inlines:
                self._note(inline)
            is_free = flow.is_free or isinstance(block, boxes.MarginBox)
            free = is_free and stands_alone and ends and not is_torn and reader.is_plain
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
            self._holes[id(box)] = TextHole(number, place)
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

    # ------------------------------------------------------------------------- links

    def _link(
        self, kind: str, target: str, area: tuple[float, float, float, float], box: Any
    ) -> LinkHole:
        variable = self._source.attributes.get((id(box.element), "href"), -1)
        if kind != "external" or variable < 0 or self._source.values[variable] != target:
            raise NoStencil("a link of another kind")
        if id(box) not in self._inline:
            if any(self._source.texts.get(id(each)) for each in box.element.iter()):
                self._source.fix_texts(box.element)
            return LinkHole(kind, variable, area)
        number, first, last = self._inline[id(box)]
        line = self._lines[number]
        shaped = [self._shaper.shape(atom.style, self._shown(atom)) for atom in line.atoms]
        set_here = set_line(line, shaped)
        if set_here is None:
            raise NoStencil("a link that does not go into its own line")
        start = set_here.places[first]
        stop = set_here.places[last] + shaped[last].width
        return LinkHole(kind, variable, area, number, first, last, start - area[0], area[2] - stop)

    def _shown(self, atom: Atom) -> str:
        core = atom.running.shown if atom.running else self._source.values[atom.variable]
        return f"{atom.before}{core}{atom.after}"

    def _bookmarks(self) -> Iterator[Bookmark]:
        labels = [label for label, _ in self._labels]
        if [label for _, label, _, _ in self._page.bookmarks] != labels:
            raise NoStencil("bookmarks that are not headings")
        found = zip(self._page.bookmarks, self._labels, strict=True)
        for (level, label, target, state), (_, variables) in found:
            yield Bookmark(level, variables, label, target, state)

    # ------------------------------------------------------------------------- ink

    def _items(self, ink: Ink, owned: set[int]) -> Iterator[Item]:
        still: list[bytes] = []
        items = [
            pydyf._to_bytes(item) if not isinstance(item, pydyf.Dictionary) else item
            for item in ink.items
        ]
        at = 0
        while at < len(items):
            item = items[at]
            if not isinstance(item, pydyf.Dictionary):
                still.append(item)
                at += 1
                continue
            number = item.get("MCID", -1)
            if id(ink.boxes.get(number)) in self._slots:
                slot = self._slots[id(ink.boxes[number])]
                self.slot_of[number] = slot.number
                yield joined(still[:-1])
                still = []
                yield slot
                at = _end_of(items, at + 2) + 1
                continue
            if number not in owned:
                still[-1] = b"/Artifact"
            still += [item.data if number in owned else b"<</Type/Pagination>>", b"BDC"]
            stop = _end_of(items, at + 2)
            hole = self._hole(ink.boxes.get(number), items[at + 2 : stop], still)
            if hole is not None:
                yield joined(still)
                still = []
                yield hole
            at = stop
        yield joined(still)

    def _hole(self, box: Any, inside: list[Any], still: list[bytes]) -> Item | None:
        """The hole in a marked-content sequence; what stays goes to ``still``."""
        if isinstance(box, (boxes.BlockReplacedBox, boxes.InlineReplacedBox)):
            ink = b"\n".join(
                item.data if isinstance(item, pydyf.Dictionary) else item for item in inside
            )
            if self._is_fixed_image(box) and not _UNKNOWN.search(ink):
                still.append(ink)
                return None
            return self._image(box)
        if not isinstance(box, boxes.TextBox):
            raise NoStencil("marked content that is no text")
        if b"BT" not in inside or id(box) not in self._holes | self._fixed_ink.keys():
            if b"TJ" in b" ".join(inside):
                raise NoStencil("a text that was not read")
            still += inside
            return None
        start, end = inside.index(b"BT"), len(inside) - 1 - inside[::-1].index(b"ET")
        if inside.count(b"BT") != 1 or end != len(inside) - 1:
            raise NoStencil("a text with decoration")
        still += inside[:start]
        if id(box) in self._fixed_ink:
            still.append(self._fixed_ink[id(box)])
            return None
        return self._holes[id(box)]

    def _is_fixed_image(self, box: Any) -> bool:
        return self._source.attributes[id(box.element), "src"] in self._source.fixed

    def _image(self, box: Any) -> ImageHole:
        variable = self._source.attributes[id(box.element), "src"]
        width, height, x, y = replacedbox_layout(box)
        style = {name: box.style[name] for name in ("image_rendering", "font_size", "color")}
        orientation = box.style["image_orientation"]

        images: dict[str, Any] = {}  # the last one: a seller's logo

        def draw(stream: Any, source: str, fetcher: Any, options: Mapping[str, object]) -> None:
            if source not in images:
                images.clear()
            image = get_image_from_uri(images, fetcher, options, source, orientation=orientation)
            with stream.stacked():
                stream.set_alpha(1)
                stream.transform(e=x, f=y)
                with stream.stacked():
                    image.draw(stream, width, height, style)

        return ImageHole(draw, variable)


def _is_slot(row: Any) -> bool:
    cells = row.children
    return (
        len(cells) == 1 and cells[0].element is not None and "data-slot" in cells[0].element.attrib
    )


def _running(block: Any, box: Any) -> Running:
    transform = box.style["text_transform"]
    if transform not in {"none", "uppercase"}:
        raise NoStencil("a running text that is transformed")
    content = block.style["content"]
    return Running(
        tuple(_listed(content)), transform == "uppercase", depends_on_content(block), box.text
    )


def _listed(content: Any) -> list[tuple[str, Any]]:
    return list(content) if isinstance(content, (tuple, list)) else []


def _end_of(items: list[Any], start: int) -> int:
    depth = 1
    for at in range(start, len(items)):
        if items[at] in (b"BDC", b"BMC"):
            depth += 1
        elif items[at] == b"EMC":
            depth -= 1
            if not depth:
                return at
    raise NoStencil("marked content without an end")


def joined(still: list[bytes]) -> bytes:
    ink = b"\n".join(still)
    if _UNKNOWN.search(ink):
        raise NoStencil("a pattern, a shading or a group")
    return ink


def states_of(stream: Any) -> dict[str, float]:
    states = stream._resources["ExtGState"]
    if any(set(state) - {"ca", "CA"} for state in states.values()):
        raise NoStencil("a graphics state with more than opacity")
    return {name: value for name, state in states.items() for value in state.values()}
