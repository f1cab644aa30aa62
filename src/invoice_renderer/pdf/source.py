"""Which text and which attribute of the source every element of the parsed page has.

The tree is the parser's, the order of variables the skeleton's; where the two do not tell the same
story, the page has no stencil.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from invoice_renderer.pdf.skeleton import Skeleton, Variable, collapsed
from invoice_renderer.pdf.stencil import NoStencil

INSERTED = frozenset({"html", "head", "body", "tbody", "colgroup"})

METADATA = {
    "author": "authors",
    "description": "description",
    "generator": "generator",
    "dcterms.created": "created",
    "dcterms.modified": "modified",
}


class Source:
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
                # A second attribute of one name is the next element's, if the value is the same.
                is_taken = (id(element), variable.name) in self.attributes
                if not variable.name or is_taken or element.get(variable.name) != variable.value:
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

    def attributes_of(self, element: Any) -> list[int]:
        """The variables that are attributes of an element."""
        names = element.attrib
        found = (self.attributes.get((id(element), name)) for name in names)
        return [variable for variable in found if variable is not None]

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


def metadata_of(found: Any, source: Source) -> Callable[[Sequence[str]], Any]:
    fields = tuple(source.meta)

    def metadata(values: Sequence[str]) -> Any:
        mine = copy.copy(found)
        for name, variable in fields:
            value = values[variable]
            setattr(mine, name, [value] if name == "authors" else value)
        return mine

    return metadata
