"""From a page that WeasyPrint laid out to a stencil of it.

Private to WeasyPrint, and read nowhere else but in :mod:`boxes` and :mod:`shaping`: the boxes with
their positions and computed styles, a stream's tags, ``replacedbox_layout`` and the counter styles.
Whatever is not as it is known to be here makes no stencil, and the page is drawn as WeasyPrint
draws it.
"""

from __future__ import annotations

import copy
import io
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import pydyf
from weasyprint.draw import draw_background, draw_border
from weasyprint.formatting_structure import boxes
from weasyprint.html import UA_COUNTER_STYLE
from weasyprint.images import get_image_from_uri
from weasyprint.layout.replaced import replacedbox_layout
from weasyprint.pdf.stream import Stream

from invoice_renderer.pdf.boxes import watch_languages
from invoice_renderer.pdf.shaping import Shaper, TextStyle
from invoice_renderer.pdf.skeleton import Skeleton, Variable, collapsed, is_one_line
from invoice_renderer.pdf.stencil import (
    CLOSE,
    Atom,
    Bookmark,
    Cell,
    ImageHole,
    Item,
    Line,
    LinkHole,
    PageStencil,
    RowPart,
    RowStencil,
    Running,
    SlotHole,
    Stencil,
    TableStencil,
    TextHole,
    set_line,
    text_operators,
)
from invoice_renderer.pdf.structure import Annotation, Content, Node
from invoice_renderer.pdf.tagging import read_tree

_TAGGED = frozenset(
    "a p ul ol li dl dt dd table h1 h2 h3 h4 h5 h6 blockquote section main article".split()
)
INSERTED = frozenset({"html", "head", "body", "tbody", "colgroup"})
METADATA = {
    "author": "authors",
    "description": "description",
    "generator": "generator",
    "dcterms.created": "created",
    "dcterms.modified": "modified",
}
NOISE = 6  # decimals of a CSS pixel; what sums of other texts leave behind is far below
_SHARES = {"start": 0.0, "left": 0.0, "justify": 0.0, "center": 0.5, "end": 1.0, "right": 1.0}
_MIRRORED = {"start": 1.0, "justify": 1.0, "end": 0.0}
_UNKNOWN = re.compile(rb" (?:Do|sh|scn|SCN)\b|\bBI\b")


class NoStencil(Exception):
    """The page has something in it that stencils do not know; the reason is for developers."""


def capture(
    layout: Any, skeleton: Skeleton, html: Any, shaper: Shaper, **options: object
) -> Stencil:
    """The stencil of a document that is laid out; it keeps nothing of WeasyPrint's boxes.

    :raises NoStencil: where something is not as it is known to be.
    """
    source = _Source(html.etree_element, skeleton)
    drawn = _draw(layout, options)
    readers = [_PageReader(page, source, shaper, layout.font_config) for page in layout.pages]
    split = _split_elements(readers)
    pages: list[PageStencil] = []
    for reader, ink, torn in zip(readers, drawn.pages, split, strict=True):
        pages.append(reader.read(ink, drawn.owned[len(pages)], torn))
    _name_annotations(drawn.tree, layout.pages)
    _name_slots(drawn.tree, [reader.slot_of for reader in readers])
    return Stencil(
        pages=tuple(pages),
        tree=drawn.tree,
        fixed=tuple(sorted(source.fixed.items())),
        drawn=tuple(one for reader in readers for one in reader.drawn),
        metadata=_metadata(layout.metadata, source),
        alternatives=source.alternatives,
        kept=tuple(dict(reader.kept) for reader in readers),
    )


# ----------------------------------------------------------------------------- drawing


@dataclass(slots=True)
class _Ink:
    """What was drawn on a page, and the box behind each marked-content sequence."""

    items: list[Any]
    boxes: dict[int, Any]
    states: dict[str, float]


@dataclass(slots=True)
class _Drawn:
    pages: list[_Ink]
    tree: Node
    owned: list[set[int]]


def _draw(layout: Any, options: Mapping[str, object]) -> _Drawn:
    """Let WeasyPrint draw and tag the pages, but build no fonts and write no file."""
    seen: list[tuple[Any, dict[int, Any]]] = []
    languages = watch_languages(layout.pages)

    def watched(paint: Callable[..., None]) -> Callable[..., None]:
        def painted(stream: Any, *arguments: Any, **more: Any) -> None:
            paint(stream, *arguments, **more)
            seen.append((stream, {tag["mcid"]: box for box, tag in stream._tags.items()}))
            if len(seen) == len(layout.pages):
                layout.fonts.clear()  # nothing of this file is kept but its ink

        return painted

    for page in layout.pages:
        page.paint = watched(page.paint)
    trees: list[Node] = []

    def read(document: Any, pdf: pydyf.PDF) -> None:
        trees.append(read_tree(document, pdf, languages))
        del pdf.objects[1:]
        pdf.info.clear()

    layout.write_pdf(io.BytesIO(), finisher=read, **options)
    owned: list[set[int]] = [set() for _ in layout.pages]
    for content in _contents(trees[0]):
        owned[content.page].add(content.mcid)
    pages = [_Ink(stream.stream, boxes_of, _states(stream)) for stream, boxes_of in seen]
    return _Drawn(pages, trees[0], owned)


def _contents(node: Node) -> Iterator[Content]:
    for kid in node.kids:
        if isinstance(kid, Content):
            yield kid
        elif isinstance(kid, Node):
            yield from _contents(kid)


def _states(stream: Any) -> dict[str, float]:
    states = stream._resources["ExtGState"]
    if any(set(state) - {"ca", "CA"} for state in states.values()):
        raise NoStencil("a graphics state with more than opacity")
    return {name: value for name, state in states.items() for value in state.values()}


# ----------------------------------------------------------------------------- the source


class _Source:
    """Which variable every text and attribute of the tree is."""

    def __init__(self, root: Any, skeleton: Skeleton) -> None:
        self.values = [variable.value for variable in skeleton.variables]
        self.texts: dict[int, list[int]] = {}
        self.attributes: dict[tuple[int, str], int] = {}
        self.fixed: dict[int, str] = {}
        self.alternatives: dict[str, int] = {}
        self.meta: list[tuple[str, int]] = []
        self._elements: list[Any] = []  # kept alive: their ids are keys
        self._read: dict[int, tuple[int, str]] = {}
        self._match(root, skeleton)

    def _match(self, root: Any, skeleton: Skeleton) -> None:
        """Walk the tree and the source together: texts and start tags come in one order."""
        variables, tags = skeleton.variables, iter(skeleton.tags)
        place, expected = 0, next(tags, "")
        for kind, element, text in _events(root):
            if kind == "text":
                self._match_text(element, text, place, variables)
                place += 1
                continue
            self._elements.append(element)
            if element.tag != expected:
                if element.tag not in INSERTED:
                    raise NoStencil("tags in another order than in the source")
                continue
            expected = next(tags, "")
            for variable in variables[place:]:
                if not variable.name or element.get(variable.name) != variable.value:
                    break
                self._take(element, variable.name, place)
                place += 1
        if place != len(variables) or expected:
            raise NoStencil("more in the source than in the page")

    def _match_text(
        self, element: Any, text: str, place: int, variables: Sequence[Variable]
    ) -> None:
        core = collapsed(text)
        found = variables[place] if place < len(variables) else None
        if found is None or (found.name, found.value) != ("", core):
            raise NoStencil("texts in another order than in the source")
        self.texts.setdefault(id(element), []).append(place)
        if element.tag == "title":
            self.meta.append(("title", place))

    def _take(self, element: Any, name: str, place: int) -> None:
        self.attributes[id(element), name] = place
        if element.tag == "img" and name == "alt":
            self.alternatives.setdefault(self.values[place], place)
        if element.tag == "meta":
            if element.get("name") in METADATA:
                self.meta.append((METADATA[element.get("name")], place))
            else:
                self.fix(place)

    def fix(self, variable: int) -> None:
        self.fixed[variable] = self.values[variable]

    def fix_texts(self, element: Any) -> None:
        """Every text in an element."""
        for each in element.iter():
            for variable in self.texts.get(id(each), ()):
                self.fix(variable)

    def variable_of(self, box: Any) -> tuple[int, bool]:
        """The variable that a box of text shows, and whether it shows the whole of it."""
        key = id(box.element)
        numbers = self.texts.get(key, [])
        at, read = self._read.get(key, (0, ""))
        if not numbers:
            raise NoStencil("a text from nowhere")
        variable = numbers[at % len(numbers)]  # the head of a table comes again on each page
        value = self.values[variable]
        shown = box.text.strip(" ")
        if not read and shown == value:
            self._read[key] = (at + 1, "")
            return variable, True
        read += _squeezed(shown)
        whole = _squeezed(value)
        if not whole.startswith(read):
            raise NoStencil("a text that is not in the source")
        self._read[key] = (at + 1, "") if read == whole else (at, read)
        return variable, False


def _squeezed(text: str) -> str:
    return re.sub(r"\s", "", text).casefold()


def _events(element: Any) -> Iterator[tuple[str, Any, str]]:
    """Start tags and texts, in the order of the source."""
    if not isinstance(element.tag, str):
        raise NoStencil("a comment")
    yield "start", element, ""
    if element.text and collapsed(element.text):
        yield "text", element, element.text
    for child in element:
        yield from _events(child)
        if child.tail and collapsed(child.tail):
            yield "text", element, child.tail


def _metadata(found: Any, source: _Source) -> Callable[[Sequence[str]], Any]:
    fields = tuple(source.meta)

    def metadata(values: Sequence[str]) -> Any:
        mine = copy.copy(found)
        for name, variable in fields:
            value = values[variable]
            setattr(mine, name, [value] if name == "authors" else value)
        return mine

    return metadata


# ----------------------------------------------------------------------------- one page


@dataclass(slots=True)
class _Flow:
    """How the place of a text depends on others: not at all, if it ``is_free``."""

    is_free: bool = True
    torn: frozenset[int] = field(default_factory=frozenset)


class _PageReader:
    """Reads the boxes of a page into lines, links, headings and named strings."""

    def __init__(self, page: Any, source: _Source, shaper: Shaper, font_config: Any) -> None:
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
        for box in _all_boxes(page._page_box):
            if _holds_lines(box) and box.element is not None:
                self.blocks.add(id(box.element))

    def read(self, ink: _Ink, owned: set[int], torn: frozenset[int]) -> PageStencil:
        page_box = self._page._page_box
        self._visit(page_box, _Flow(torn=torn))
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

    def _visit(self, box: Any, flow: _Flow) -> None:
        box = getattr(box, "_box", box)
        self._note(box)
        if isinstance(box, boxes.TableRowBox):
            self._note_row(box)
        if _depends_on_content(box):
            flow = _Flow(is_free=False, torn=flow.torn)
        if _holds_lines(box):
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
        (box,) = [each for each in _all_boxes(line) if isinstance(each, boxes.TextBox)]
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

    def _block(self, block: Any, flow: _Flow) -> None:
        is_torn = block.element is not None and id(block.element) in flow.torn
        stands_alone = True
        for line in block.children:
            self._note(line)
            ends = line is block.children[-1] or _ends_with_break(line)
            reader = _LineReader(line)
            for inline in reader.inlines:
                self._note(inline)
            is_free = flow.is_free or isinstance(block, boxes.MarginBox)
            free = is_free and stands_alone and ends and not is_torn and reader.is_plain
            self._take_line(line, block, reader, is_free=free)
            stands_alone = _ends_with_break(line)

    def _take_line(self, line: Any, block: Any, reader: _LineReader, *, is_free: bool) -> None:
        shown = {id(box): self._variable(box, block) for box in reader.in_order}
        atoms = [self._atom(box, place, block, shown[id(box)]) for place, box in reader.placed()]
        share = _share(line, block, reader)
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
        self, line: Any, block: Any, reader: _LineReader, atoms: list[Atom], share: float
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

    # ------------------------------------------------------------------------- rows

    def read_row(self, row: Any, group: Any, own_language: str) -> RowStencil:
        """One row by itself: drawn alone, its texts as holes where they can be."""
        breaks = [
            box.style[name] for box in (row, group) for name in ("break_before", "break_after")
        ]
        if set(breaks) - AVOID - {"auto"}:
            raise NoStencil("a row that asks for a new page")
        known = set(self._source.fixed)
        for cell in row.children:
            self._visit(cell, _Flow())
        texts = self._texts_of(row)
        local = {variable: at for at, variable in enumerate(texts)}
        stream = self._scratch()
        parts, cells = self._parts(row, own_language, stream)
        fixed = {one for one in self._source.fixed if one in local and one not in known}
        lines = tuple(
            replace(line, atoms=tuple(replace(a, variable=local[a.variable]) for a in line.atoms))
            for line in self._lines
        )
        return RowStencil(
            top=row.position_y,
            height=row.height,
            may_break_before=breaks[0] not in AVOID,
            may_break_after=breaks[1] not in AVOID,
            body_may_break_before=breaks[2] not in AVOID,
            body_may_break_after=breaks[3] not in AVOID,
            lines=lines,
            parts=parts,
            cells=cells,
            decoration=self._decoration(row, stream),
            fixed=tuple((local[one], self._source.values[one]) for one in sorted(fixed)),
            drawn=tuple(self.drawn),
            states=_states(stream),
        )

    def _texts_of(self, row: Any) -> list[int]:
        return sorted(
            variable
            for element in row.element.iter()
            for variable in self._source.texts.get(id(element), ())
        )

    def _scratch(self) -> Any:
        resources = {
            name: pydyf.Dictionary()
            for name in ("ExtGState", "XObject", "Pattern", "Shading", "ColorSpace")
        }
        return Stream(
            {}, (0, 0, self._page.width, self._page.height), resources, {}, None, {}, "srgb"
        )

    def _decoration(self, row: Any, stream: Any) -> bytes:
        stream.stream.clear()
        draw_background(stream, row.background)
        for cell in row.children:
            if cell.style["empty_cells"] == "show" or not cell.empty:
                draw_background(stream, cell.background)
        for cell in row.children:
            if cell.style["empty_cells"] == "show" or not cell.empty:
                draw_border(stream, cell)
        return _joined([pydyf._to_bytes(item) for item in stream.stream])

    def _parts(
        self, row: Any, own_language: str, stream: Any
    ) -> tuple[tuple[RowPart, ...], tuple[Cell, ...]]:
        parts: list[RowPart] = []
        cells = []
        for cell in row.children:
            inside = []
            for box in _all_boxes(cell):
                if isinstance(box, boxes.InlineReplacedBox) or box.element_tag in _TAGGED:
                    raise NoStencil("a cell with more in it than text")
                if not isinstance(box, boxes.TextBox):
                    continue
                stream.stream.clear()
                stream._current_color = stream._current_alpha = None
                stream.set_color(box.style["color"])
                colour = b"\n".join(pydyf._to_bytes(item) for item in stream.stream)
                hole = self._holes.get(id(box))
                if hole is None and id(box) not in self._fixed_ink and box.text.strip():
                    raise NoStencil("a text that was not read")
                language = box.style["lang"] or ""
                is_other = language.lower() != own_language.lower()
                inside.append((len(parts), language if is_other else ""))
                parts.append(RowPart(colour, hole, self._fixed_ink.get(id(box), b"")))
            cells.append(Cell(cell.element_tag.upper(), cell.colspan, tuple(inside)))
        if sum(cell.kind == "TH" for cell in cells) > 1 and len(cells) > 1:
            raise NoStencil("a row with several heads")
        return tuple(parts), tuple(cells)

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

    def _items(self, ink: _Ink, owned: set[int]) -> Iterator[Item]:
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
                yield _joined(still[:-1])
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
                yield _joined(still)
                still = []
                yield hole
            at = stop
        yield _joined(still)

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


class _LineReader:
    """The texts of a line from left to right."""

    def __init__(self, line: Any) -> None:
        self.texts: list[Any] = []
        self.inlines: list[Any] = []
        self.is_plain = True
        self.spans: list[tuple[Any, int, int]] = []
        self._line = line
        for child in line.children:
            self._read(child)
        self.in_order = self.texts
        """As in the source; ``texts`` are from left to right."""
        self.texts = sorted(self.texts, key=lambda box: box.position_x)
        if self.texts != self.in_order:
            if any(first != last for _, first, last in self.spans):
                self.is_plain = False
            places = [self.texts.index(box) for box in self.in_order]
            self.spans = [(box, places[first], places[first]) for box, first, _ in self.spans]
        self.end = self.texts[-1].position_x + self.texts[-1].width if self.texts else 0.0

    def _read(self, box: Any) -> None:
        if isinstance(box, boxes.TextBox):
            if box.text.strip(" \n"):
                self.texts.append(box)
            return
        if not isinstance(box, boxes.InlineBox):
            self.is_plain = False
            self.texts += [each for each in _all_boxes(box) if isinstance(each, boxes.TextBox)]
            return
        self.inlines.append(box)
        background = getattr(box, "background", None)
        edges = (box.border_top_width, box.border_right_width, box.border_bottom_width)
        if any((*edges, box.border_left_width)) or (background and background.layers):
            self.is_plain = False
        first = len(self.texts)
        for child in box.children:
            self._read(child)
        if len(self.texts) > first:
            self.spans.append((box, first, len(self.texts) - 1))

    def placed(self) -> Iterator[tuple[float, Any]]:
        """Each text with the room before it."""
        place = self._line.position_x
        for box in self.texts:
            yield round(box.position_x - place, NOISE), box
            place = box.position_x + box.width


# ----------------------------------------------------------------------------- rows


_SIZED_BY_CONTENT = (
    boxes.InlineBlockBox,
    boxes.InlineFlexBox,
    boxes.InlineGridBox,
    boxes.FlexContainerBox,
    boxes.GridContainerBox,
)
AVOID = frozenset({"avoid", "avoid-page"})


def capture_table(layout: Any, skeleton: Skeleton, html: Any, shaper: Shaper) -> TableStencil:
    """What a page with numbered rows says about its long table.

    :raises NoStencil: where something is not as it is known to be.
    """
    source = _Source(html.etree_element, skeleton)
    rows: dict[int, RowStencil] = {}
    tables: list[Any] = []
    start = (-1, 0.0)
    tops = []
    own = layout.metadata.lang or ""
    for number, page in enumerate(layout.pages):
        page_box = page._page_box
        top = page_box.content_box_y()
        for table, is_free in _tables(page_box, is_free=True):
            numbered_rows = [
                (group, row) for group in table.children for row in group.children
                if row.element is not None and "data-row" in row.element.attrib
            ]  # fmt: skip
            if not numbered_rows:
                continue
            _check_table(table, is_free=is_free)
            tables.append(table)
            if start[0] < 0:
                start = (number, numbered_rows[0][1].position_y)
            for group, row in numbered_rows:
                reader = _PageReader(page, source, shaper, layout.font_config)
                place = int(row.element.get("data-row"))
                rows[place] = reader.read_row(row, group, own)
        tops.append(top)
    if not tables:
        raise NoStencil("no table with the rows")
    head = tables[0].children[0]
    spacing = tables[0].style["border_spacing"][1]
    height = head.height + spacing if head.is_header else 0
    bottoms = [page._page_box.content_box_y() + page._page_box.height for page in layout.pages]
    return TableStencil(
        rows=rows,
        columns=len(tables[0].column_widths),
        spacing=spacing,
        start=start,
        tops=tuple(top + height for top in tops),
        bottoms=tuple(bottoms),
    )


def _tables(box: Any, *, is_free: bool) -> Iterator[tuple[Any, bool]]:
    box = getattr(box, "_box", box)
    if not isinstance(box, (boxes.TableBox, boxes.MarginBox)) and _depends_on_content(box):
        is_free = False
    if isinstance(box, boxes.TableBox):
        yield box, is_free
    for child in getattr(box, "children", ()):
        yield from _tables(child, is_free=is_free)


def _check_table(table: Any, *, is_free: bool) -> None:
    """Nothing of the table itself may be drawn, and nothing in it may size it."""
    edges = (
        table.border_top_width,
        table.border_bottom_width,
        table.padding_top,
        table.padding_bottom,
    )
    grounds = [
        table.background,
        *(group.background for group in table.children if not group.is_header),
    ]
    grounds += [column.background for group in table.column_groups for column in group.children]
    grounds += [group.background for group in table.column_groups]
    if not is_free or _depends_on_content(table) or table.style["border_collapse"] == "collapse":
        raise NoStencil("a table whose content decides its columns")
    if any(edges) or any(layer for ground in grounds if ground for layer in ground.layers):
        raise NoStencil("a table with a frame or a ground")


# ----------------------------------------------------------------------------- helpers


def _all_boxes(box: Any) -> Iterator[Any]:
    box = getattr(box, "_box", box)
    yield box
    for child in getattr(box, "children", ()):
        yield from _all_boxes(child)


def _holds_lines(box: Any) -> bool:
    children: Any = getattr(box, "children", ())
    return bool(children) and isinstance(children[0], boxes.LineBox)


def _is_slot(row: Any) -> bool:
    cells = row.children
    return (
        len(cells) == 1 and cells[0].element is not None and "data-slot" in cells[0].element.attrib
    )


def _ends_with_break(line: Any) -> bool:
    """Whether the last thing in a line is a ``<br>``."""
    last = line.children[-1] if line.children else None
    while isinstance(last, boxes.InlineBox):
        if last.element_tag == "br":
            return True
        last = last.children[-1] if last.children else None
    return False


def _depends_on_content(box: Any) -> bool:
    """Whether the text inside decides the width of a box."""
    if isinstance(box, _SIZED_BY_CONTENT):
        return True
    if isinstance(box, boxes.MarginBox):
        return box.style["width"] == "auto" and not box.at_keyword.endswith("corner")
    if isinstance(box, (boxes.TextBox, boxes.LineBox, boxes.PageBox)):
        return False
    if box.is_floated() or box.is_absolutely_positioned():
        return True
    return isinstance(box, boxes.TableBox) and (
        box.style["table_layout"] != "fixed" or box.style["width"] == "auto"
    )


def _share(line: Any, block: Any, reader: _LineReader) -> float | None:
    """How much of the free room is at the left, if that is as its style says."""
    align = line.style["text_align_all"]
    shares = {**_SHARES, **(_MIRRORED if line.style["direction"] == "rtl" else {})}
    share = shares.get(align)
    if share is None or not reader.texts:
        return None
    free = block.width - line.width
    is_there = abs(line.position_x - block.content_box_x() - share * free) <= CLOSE
    return share if is_there and free >= -CLOSE else None


def _running(block: Any, box: Any) -> Running:
    transform = box.style["text_transform"]
    if transform not in {"none", "uppercase"}:
        raise NoStencil("a running text that is transformed")
    content = block.style["content"]
    return Running(
        tuple(_listed(content)), transform == "uppercase", _depends_on_content(block), box.text
    )


def _listed(content: Any) -> list[tuple[str, Any]]:
    return list(content) if isinstance(content, (tuple, list)) else []


def render_counter(value: int, style: Any) -> str:
    """The number of a page as a counter style writes it."""
    return str(UA_COUNTER_STYLE.render_value(value, style))


def _split_elements(readers: Sequence[_PageReader]) -> list[frozenset[int]]:
    """For each page, the elements whose lines go on over its edges."""
    counts: dict[int, int] = {}
    for reader in readers:
        for element in reader.blocks:
            counts[element] = counts.get(element, 0) + 1
    return [
        frozenset(one for one in reader.blocks if counts[one] > 1) for reader in readers
    ]  # fmt: skip


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


def _joined(still: list[bytes]) -> bytes:
    ink = b"\n".join(still)
    if _UNKNOWN.search(ink):
        raise NoStencil("a pattern, a shading or a group")
    return ink


def _name_annotations(tree: Node, pages: Sequence[Any]) -> None:
    """Annotations name their page's link by its number, instead of an object of a file."""
    numbers = {
        id(box.link_annotation): number
        for page in pages
        for number, (_, _, _, box) in enumerate(page.links)
    }
    for node in _nodes(tree):
        node.kids = [
            Annotation(kid.page, numbers[id(kid.target)]) if isinstance(kid, Annotation) else kid
            for kid in node.kids
        ]


def _name_slots(tree: Node, slots: Sequence[Mapping[int, int]]) -> None:
    """A row that is a slot says so."""
    for node in _nodes(tree):
        if node.kind == "TR":
            for content in _contents(node):
                node.slot = slots[content.page].get(content.mcid, -1)
                if node.slot >= 0:
                    break


def _nodes(tree: Node) -> Iterator[Node]:
    yield tree
    for kid in tree.nodes():
        yield from _nodes(kid)
