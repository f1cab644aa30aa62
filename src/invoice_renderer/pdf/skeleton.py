"""A page of HTML taken apart: its skeleton of tags, and what can differ from invoice to invoice.

Invoices of one shape have one skeleton. What differs are their *variables*, in the order in which
they stand: every text, and the values of attributes that address, describe or carry data and have
no influence on the layout. This reads the strict HTML that our own templates make; anything that
it would have to guess at has no skeleton, and is laid out whole.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from html import unescape

Data = tuple[tuple[str, str], ...]
"""What a start tag carries in ``data-`` attributes."""

SPACE = " \t\n\r\f"
TAGS = re.compile(r"(<[^>]*>)")
DATA = re.compile(r'\s(data-[a-z-]+)="([^"]*)"')
_TAG = re.compile(r"</?([A-Za-z][A-Za-z0-9-]*)")
_ATTRIBUTE = re.compile(r'(\s(data-[a-z-]+|href|src|alt|content)=")([^"]*)"')
_FREE = {"a": {"href"}, "img": {"src", "alt"}, "meta": {"content"}}
"""Attributes that differ without harm, besides data; a ``<link href>`` would fetch."""
_SPACES = re.compile(f"[{SPACE}]+")
_STRANGE = re.compile(
    r"<(?:!--|!\[|script|style|svg|math|pre|textarea|template|noscript)", re.IGNORECASE
)
_UNPRINTED = re.compile("[\x00-\x08\x0b\x0e-\x1f\x7f\u00ad\u200b\u2028\u2029]")
HOLE = "\0"


@dataclass(frozen=True, slots=True)
class Variable:
    """One value, without the white space around it; ``name`` is empty for a text."""

    tag: str
    name: str
    value: str


@dataclass(frozen=True, slots=True)
class Skeleton:
    """``shape`` is the same for pages that differ in their variables alone."""

    shape: str
    variables: tuple[Variable, ...]
    tags: tuple[str, ...]
    """Names of the start tags, in their order."""

    @property
    def values(self) -> tuple[str, ...]:
        """Of its variables."""
        return tuple(variable.value for variable in self.variables)


def take_apart(html: str) -> Skeleton | None:
    """The skeleton, or nothing where the page has markup whose reading is not plain."""
    if HOLE in html or _STRANGE.search(html):
        return None
    shape: list[str] = []
    variables: list[Variable] = []
    tags: list[str] = []
    for at, part in enumerate(TAGS.split(html)):
        if at % 2 == 0:
            shape.append(_take_text(part, variables))
            continue
        if part.count('"') % 2 or "'" in part:
            return None
        found = _TAG.match(part)
        if found and part[1] != "/":
            tags.append(found[1])
        shape.append(_take_tag(part, variables, found[1]) if found and "=" in part else part)
    return Skeleton("".join(shape), tuple(variables), tuple(tags))


def _take_text(part: str, variables: list[Variable]) -> str:
    if not part:
        return ""
    text = _SPACES.sub(" ", part)
    core = text.strip(" ")
    if not core:
        return " "
    variables.append(Variable("", "", unescape(core) if "&" in core else core))
    return text.replace(core, HOLE)


def _take_tag(part: str, variables: list[Variable], tag: str) -> str:
    free = _FREE.get(tag.lower(), set())

    def take(found: re.Match[str]) -> str:
        if found[2] not in free and not found[2].startswith("data-"):
            return found[0]
        variables.append(Variable(tag, found[2], unescape(found[3])))
        return f'{found[1]}{HOLE}"'

    return _ATTRIBUTE.sub(take, part)


def bare(tag: str) -> str:
    """A start tag without its data."""
    return DATA.sub("", tag) if "data-" in tag else tag


def data_of(tag: str) -> Data:
    """The data of a start tag."""
    if "data-" not in tag:
        return ()
    return tuple((name, unescape(value)) for name, value in DATA.findall(tag))


def collapsed(text: str) -> str:
    """White space as HTML has it: one space between words, none around (CSS Text 3, 4.1.1)."""
    return _SPACES.sub(" ", text).strip(" ")


def is_one_line(text: str) -> bool:
    """Whether nothing in the text could break or hide a part of its line."""
    return not _UNPRINTED.search(text)
