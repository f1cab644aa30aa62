"""What a style sheet looks at that stamping does not keep.

Blocks and rows are set by themselves, wherever they stand and whatever data they carry: a style
that asks for the number of a row, or for the value of such an attribute, would not see what it has
to. Its pages are laid out whole.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

_COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
_PRELUDE = re.compile(r"([^{};]+)\{")
_ARGUMENT = re.compile(r"\([^()]*\)")
_OF_ITSELF = re.compile(r":(?:not|is|where|matches)\(")
_PARTS = re.compile(r"\s*([>+~]|\s)\s*")
_PLACE = re.compile(r":(?:nth-|first-(?!line|letter)|last-|only-|empty|has)")
_PAGES = re.compile(r":(?:left|right|nth|blank)")
_TYPE = re.compile(r"[A-Za-z][\w-]*")
_NAMES = re.compile(r"[.#]([\w-]+)")
_VALUES = re.compile(r"\[\s*(?:data-|href|src|alt|content)|\bmargin-break\b|\dv(?:h|b|min|max)\b")
_CLASSES = re.compile(r'\b(?:class|id)="([^"]*)"')


def reads_variables(css: str) -> bool:
    """Whether a selector asks for an attribute whose value differs from page to page."""
    return bool(_VALUES.search(css))


def looks_at_places(css: str, elements: Iterable[tuple[str, Sequence[str]]]) -> bool:
    """Whether a selector could ask for the place of one of the elements, or a page for its own.

    Each element is its start tag, and the tags around it.
    """
    flow = [(_words([tag]), _words(around)) for tag, around in elements]
    for prelude in _PRELUDE.findall(_COMMENT.sub("", css)):
        text = prelude.strip()
        if text.startswith("@"):
            if text.startswith("@page") and _PAGES.search(text):
                return True
            continue
        for selector in _without_arguments(text).split(","):
            if _asks_for_place(selector.strip(), flow):
                return True
    return False


def _asks_for_place(selector: str, flow: Iterable[tuple[frozenset[str], frozenset[str]]]) -> bool:
    parts = _PARTS.split(selector)
    for at in range(0, len(parts), 2):
        after_sibling = at > 0 and parts[at - 1] in {"+", "~"}
        if not (after_sibling or _PLACE.search(parts[at])):
            continue
        around = [parts[one] for one in range(0, at, 2) if parts[one + 1] not in {"+", "~"}]
        own, above = _words_of(parts[at]), set().union(*map(_words_of, around))
        if any(own <= words and above <= words | outer for words, outer in flow):
            return True
    return False


def _words_of(compound: str) -> set[str]:
    kind = _TYPE.match(compound)
    return {*_NAMES.findall(compound), *([kind[0].lower()] if kind else [])}


def _words(tags: Iterable[str]) -> frozenset[str]:
    """Names of elements, classes and identifiers in start tags."""
    found: set[str] = set()
    for tag in tags:
        found.update(name.lower() for name in re.findall(r"<([A-Za-z][\w-]*)", tag))
        for names in _CLASSES.findall(tag):
            found.update(names.split())
    return frozenset(found)


def _without_arguments(selector: str) -> str:
    """What ``:not()`` and the like say counts as said of the element itself."""
    selector = _OF_ITSELF.sub(":", selector)
    while _ARGUMENT.search(selector):
        selector = _ARGUMENT.sub("", selector)
    return selector.replace(")", "")
