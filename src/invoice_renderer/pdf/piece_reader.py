"""Blocks that were laid out, each drawn alone and read into a piece.

Private to WeasyPrint: boxes with their positions and computed styles, how they are drawn and
tagged, and ``replacedbox_layout``. Whatever is not as it is known to be here makes no stencil.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import pydyf
from weasyprint.draw import draw_page, draw_stacking_context
from weasyprint.formatting_structure import boxes
from weasyprint.images import get_image_from_uri
from weasyprint.layout.replaced import replacedbox_layout
from weasyprint.pdf.stream import Stream
from weasyprint.pdf.tags import _build_box_tree
from weasyprint.stacking import StackingContext

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
    Breaks,
    Frame,
    ImageHole,
    Item,
    Line,
    LinkHole,
    Mark,
    NoStencil,
    Piece,
    Running,
    Strings,
    TextHole,
    set_line,
    text_operators,
)
from invoice_renderer.pdf.structure import (
    Annotation,
    Content,
    Kid,
    Node,
    mark_languages,
    read_elements,
)

_PARALLEL = (boxes.BlockLevelBox, boxes.TableRowGroupBox, boxes.TableRowBox)
AVOID = frozenset({"avoid", "avoid-page"})
EXACT = 9  # decimals of a CSS pixel that survive a sum
SCALE = 0.75  # points in a CSS pixel
_POINT = re.compile(rb"(?<=\d)\.(?!\d)")
_LESS_THAN_NOTHING = re.compile(rb"-0(?![\d.])")
_UNKNOWN = re.compile(rb" (?:Do|sh|scn|SCN)\b|\bBI\b")


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


class PieceReader:
    """Reads the boxes of a block into lines, links, headings and named strings."""

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

    def read(self, box: Any) -> Piece:
        """A block that stands alone."""
        return self._read(box, box, list(box.element.iter()), box.border_box_y())

    def read_head(self, wrapper: Any, table: Any) -> Piece:
        """The head of a table, which comes again on each page."""
        head = table.children[0]
        body = {id(each) for part in table.element.iter("tbody") for each in part.iter()}
        elements = [each for each in table.element.iter() if id(each) not in body]
        alone = wrapper.copy_with_children([table.copy_with_children([head])])
        piece = self._read(head, alone, elements, head.position_y)
        spacing = table.style["border_spacing"][1]
        return replace(piece, height=round(head.height + spacing, EXACT))

    def _read(self, box: Any, painted: Any, elements: list[Any], place: float) -> Piece:
        """Moved to the top first: where it was must not show in what is read of it."""
        painted.translate(dy=-place)
        self._top = place
        self._visit(box, is_free=True)
        links = [link for link in self._page.links if _is_in(link[3], box)]
        variables = self._variables_of(elements)
        stream = self._scratch()
        draw_stacking_context(stream, StackingContext.from_box(painted, self._page._page_box))
        marked = {tag["mcid"]: one for one, tag in stream._tags.items()}
        nodes = self._tag(box, stream, links)
        owned = {content.mcid for node in nodes for content in _contents(node)}
        piece = Piece(
            height=round(painted.border_height(), EXACT),
            tops=tuple(margins(painted, "top")),
            bottoms=tuple(margins(painted, "bottom")),
            breaks=edge_breaks(painted),
            items=tuple(self._items(stream.stream, marked, owned)),
            lines=tuple(self._lines),
            links=tuple(self._link(*link) for link in links),
            bookmarks=tuple(self._bookmarks()),
            anchors=tuple(self._anchors(box)),
            strings=tuple(self._strings),
            states=states_of(stream),
            marks=len(marked),
            nodes=tuple(nodes),
            alternatives=self._alternatives(elements),
            fixed=tuple(self._source.fixed.items()),
            drawn=tuple(self.drawn),
        )
        return _localized(piece, variables)

    def read_frame(self) -> Frame:
        """The page without its flow."""
        page = self._page
        page_box = page._page_box
        margin_boxes = [box for box in page_box.children if isinstance(box, boxes.MarginBox)]
        for box in margin_boxes:
            self._visit(box, is_free=True)
        below = [box for box in margin_boxes if _is_below(box)]
        stream = self._scratch()
        draw_page(page_box.copy_with_children(below), stream)
        before = self._all_artifacts(stream)
        stream.stream.clear()
        for box in margin_boxes:
            if box not in below:
                draw_stacking_context(stream, StackingContext.from_box(box, page_box))
        return Frame(
            width=page.width,
            height=page.height,
            bleed=dict(page.bleed),
            top=page_box.content_box_y(),
            bottom=page_box.content_box_y() + page_box.height,
            before=before,
            after=self._all_artifacts(stream),
            lines=tuple(self._lines),
            states=states_of(stream),
            drawn=tuple(self.drawn),
        )

    def _all_artifacts(self, stream: Any) -> tuple[Item, ...]:
        marked = {tag["mcid"]: one for one, tag in stream._tags.items()}
        return tuple(self._items(stream.stream, marked, set()))

    def _scratch(self) -> Any:
        resources = {
            name: pydyf.Dictionary()
            for name in ("ExtGState", "XObject", "Pattern", "Shading", "ColorSpace")
        }
        size = (0, 0, self._page.width, self._page.height)
        return Stream(_NoFonts(), size, resources, {}, {}, {}, "srgb")

    def _tag(self, box: Any, stream: Any, links: Iterable[Any]) -> list[Kid]:
        """The structure that WeasyPrint has for a box; links by their number."""
        pdf = pydyf.PDF()
        height = self._around.height * SCALE
        pdf.add_page(
            pydyf.Dictionary({"Type": "/Page", "MediaBox": pydyf.Array((0, 0, 0, height))})
        )
        numbers = {}
        for number, (_, _, _, linked) in enumerate(links):
            linked.link_annotation = pydyf.Dictionary({"Subtype": "/Link"})
            pdf.add_object(linked.link_annotation)
            numbers[id(linked.link_annotation)] = number
        languages = {tag["mcid"]: one.style["lang"] or "" for one, tag in stream._tags.items()}
        root = pydyf.Dictionary({"S": "/Document", "K": pydyf.Array()})
        pdf.add_object(root)
        for element in _build_box_tree(box, root, pdf, 0, {}, [], stream._tags):
            root["K"].append(element.reference)
        tree = read_elements(pdf, root["K"])
        mark_languages(tree, [languages], self._around.language)
        _name_annotations(tree, numbers)
        return tree.kids

    def _variables_of(self, elements: list[Any]) -> list[int]:
        source = self._source
        texts = (one for each in elements for one in source.texts.get(id(each), ()))
        values = (one for each in elements for one in source.attributes_of(each))
        return sorted({*texts, *values})

    def _alternatives(self, elements: list[Any]) -> dict[str, int]:
        found = (self._source.attributes.get((id(each), "alt")) for each in elements)
        return {self._source.values[at]: at for at in found if at is not None}

    def _anchors(self, box: Any) -> Iterator[tuple[str, tuple[float, float]]]:
        for each in all_boxes(box):
            name = each.style["anchor"]
            if name in self._page.anchors:
                x, y = self._page.anchors[name]
                yield name, (x, round(y - self._top, EXACT))

    # ------------------------------------------------------------------------- boxes

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
            for kind, value in _listed(box.style["content"]):
                if kind == "attr()" and (id(box.element), value[0]) in self._source.attributes:
                    self._source.fix(self._source.attributes[id(box.element), value[0]])

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

    # ------------------------------------------------------------------------- links

    def _link(
        self, kind: str, target: str, area: tuple[float, float, float, float], box: Any
    ) -> LinkHole:
        left, top, right, bottom = area
        area = left, round(top - self._top, EXACT), right, round(bottom - self._top, EXACT)
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
        """Headings with their targets, which WeasyPrint has found in the same order."""
        marks = self._page.bookmarks
        for box, label, variables in self._labels:
            level, state = box.style["bookmark_level"], box.style["bookmark_state"]
            target = box.border_box_x(), round(box.border_box_y(), EXACT)
            if not any(self._is_at(mark, (level, label, target, state)) for mark in marks):
                raise NoStencil("a bookmark that is elsewhere")
            yield Bookmark(level, variables, label, target, state)

    def _is_at(self, mark: Any, read: Any) -> bool:
        (x, y), (own_x, own_y) = mark[2], read[2]
        is_same = (mark[0], mark[1], mark[3]) == (read[0], read[1], read[3])
        return is_same and abs(x - own_x) < CLOSE and abs(y - self._top - own_y) < CLOSE

    # ------------------------------------------------------------------------- ink

    def _items(
        self, drawn: list[Any], marked: Mapping[int, Any], owned: set[int]
    ) -> Iterator[Item]:
        still: list[bytes] = []
        items = [
            pydyf._to_bytes(item) if not isinstance(item, pydyf.Dictionary) else item
            for item in drawn
        ]
        at = 0
        while at < len(items):
            item = items[at]
            if not isinstance(item, pydyf.Dictionary):
                still.append(item)
                at += 1
                continue
            number = item.get("MCID", -1)
            tag = still.pop()
            yield joined(still)
            still = []
            yield Mark(tag, number if number in owned else -1)
            stop = _end_of(items, at + 2)
            hole = self._hole(marked.get(number), items[at + 2 : stop], still)
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


def strings_of(box: Any) -> Strings:
    """The named strings of a box, by the attributes that say them."""
    contents = dict(box.style["string_set"]) if box.style["string_set"] != "none" else {}
    strings = []
    for name, value in box.string_set or ():
        listed = _listed(contents.get(name))
        if len(listed) != 1 or listed[0][0] not in {"attr()", "string"}:
            raise NoStencil("a named string of several parts")
        is_data = listed[0][0] == "attr()"
        if is_data and not listed[0][1][0].startswith("data-"):
            raise NoStencil("a named string from another attribute")
        strings.append((name, listed[0][1][0] if is_data else "", "" if is_data else value))
    return tuple(strings)


def _is_in(box: Any, root: Any) -> bool:
    return any(each is box for each in all_boxes(root))


def _is_below(box: Any) -> bool:
    z_index = box.style["z_index"]
    return bool(z_index != "auto" and z_index < 0)


def _contents(kid: Kid) -> Iterator[Content]:
    if isinstance(kid, Content):
        yield kid
    elif isinstance(kid, Node):
        for each in kid.kids:
            yield from _contents(each)


def _name_annotations(node: Node, numbers: Mapping[int, int]) -> None:
    """Annotations name their link by its number, instead of an object of a file."""
    for at, kid in enumerate(node.kids):
        if isinstance(kid, Annotation):
            node.kids[at] = Annotation(0, numbers[id(kid.target)])
        elif isinstance(kid, Node):
            _name_annotations(kid, numbers)


def breaks_of(box: Any) -> Breaks:
    """:raises NoStencil: where a box asks for a new page."""
    before, after, inside = (box.style[f"break_{where}"] for where in ("before", "after", "inside"))
    if {before, after, inside} - AVOID - {"auto"}:
        raise NoStencil("a block that asks for a new page")
    return Breaks(before not in AVOID, after not in AVOID, inside not in AVOID)


def edge_breaks(box: Any) -> Breaks:
    """The same for a block that is a piece: what it begins and ends with asks, too."""
    own = breaks_of(box)
    blocks = [each for each in getattr(box, "children", ()) if isinstance(each, _PARALLEL)]
    first, last = (edge_breaks(blocks[at]) if blocks else own for at in (0, -1))
    return Breaks(own.before and first.before, own.after and last.after, not is_solid(box))


def is_solid(box: Any) -> bool:
    """Whether no page can end inside: it must not, or there is but one line."""
    if box.style["break_inside"] in AVOID:
        return True
    if holds_lines(box):
        return len(box.children) == 1
    children = [child for child in getattr(box, "children", ()) if child.is_in_normal_flow()]
    if isinstance(box, (boxes.TableRowBox, boxes.TableRowGroupBox)):
        return all(map(is_solid, children))
    return len(children) < 2 and all(map(is_solid, children))


def margins(box: Any, side: str) -> Iterator[float]:
    """The margins that meet at one side of a block (CSS 2.2, 8.3.1)."""
    yield margin(box, side)
    if isinstance(box, boxes.BlockContainerBox) and box.children:
        meets = box.top_margin_collapses if side == "top" else box.bottom_margin_collapses
        child = box.children[0 if side == "top" else -1]
        if meets() and isinstance(child, boxes.BlockLevelBox) and child.is_in_normal_flow():
            yield from margins(child, side)


def margin(box: Any, side: str) -> float:
    """As its style has it: WeasyPrint takes it away where a page begins."""
    value = box.style[f"margin_{side}"]
    if value == "auto":
        return 0.0
    if value.unit != "px":
        raise NoStencil("a margin that depends on the page")
    return float(value.value)


class _NoFonts(dict[Any, Any]):
    """Fonts of a stream that no file is made from."""


def joined(still: list[bytes]) -> bytes:
    """Ink in one piece; a number that is whole but for a rounding error is whole."""
    ink = _LESS_THAN_NOTHING.sub(b"0", _POINT.sub(b"", b"\n".join(still)))
    if _UNKNOWN.search(ink):
        raise NoStencil("a pattern, a shading or a group")
    return ink


def states_of(stream: Any) -> dict[str, float]:
    states = stream._resources["ExtGState"]
    if any(set(state) - {"ca", "CA"} for state in states.values()):
        raise NoStencil("a graphics state with more than opacity")
    return {name: value for name, state in states.items() for value in state.values()}


def _localized(piece: Piece, variables: list[int]) -> Piece:
    """Variables by their numbers in the piece."""
    local = {variable: at for at, variable in enumerate(variables)}

    def one(variable: int) -> int:
        return local[variable] if variable >= 0 else variable

    def several(each: tuple[int, ...]) -> tuple[int, ...]:
        return tuple(map(one, each))

    return replace(
        piece,
        items=tuple(
            replace(item, variable=one(item.variable)) if isinstance(item, ImageHole) else item
            for item in piece.items
        ),
        lines=localized_lines(piece.lines, local),
        links=tuple(replace(link, variable=one(link.variable)) for link in piece.links),
        bookmarks=tuple(
            replace(mark, variables=several(mark.variables)) for mark in piece.bookmarks
        ),
        strings=tuple((name, several(own), words) for name, own, words in piece.strings),
        alternatives={words: local[at] for words, at in piece.alternatives.items() if at in local},
        fixed=tuple(sorted((local[at], value) for at, value in piece.fixed if at in local)),
    )


def localized_lines(lines: Iterable[Line], local: Mapping[int, int]) -> tuple[Line, ...]:
    return tuple(
        replace(
            line,
            atoms=tuple(
                replace(atom, variable=local[atom.variable]) if atom.variable >= 0 else atom
                for atom in line.atoms
            ),
        )
        for line in lines
    )
