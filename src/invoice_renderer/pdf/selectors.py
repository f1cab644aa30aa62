"""What a style sheet looks at that stamping does not keep.

A page with slots has fewer rows than the whole one, and a stencil serves pages whose data differ:
a style that asks for the number of a row, or for the value of such an attribute, would not see what
it has to. Its pages are laid out whole.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

_COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
_PRELUDE = re.compile(r"([^{};]+)\{")
_ARGUMENT = re.compile(r"\([^()]*\)")
_PARTS = re.compile(r"\s*([>+~]|\s)\s*")
_PLACE = re.compile(r":(?:nth-|first-(?!line|letter)|last-|only-|empty|has)")
_PAGES = re.compile(r":(?:left|right|nth|blank)")
_TYPE = re.compile(r"[A-Za-z][\w-]*")
_NAMES = re.compile(r"[.#]([\w-]+)")
_VALUES = re.compile(r"\[\s*(?:data-|href|src|alt|content)")
_CLASSES = re.compile(r'\b(?:class|id)="([^"]*)"')


def reads_variables(css: str) -> bool:
    """Whether a selector asks for an attribute whose value differs from page to page."""
    return bool(_VALUES.search(css))


def looks_at_rows(css: str, frame: Iterable[str], rows: Iterable[str]) -> bool:
    """Whether a selector could ask for the place of a row, or a page for its own.

    ``frame`` are the tags around the rows, ``rows`` the tags of the rows.
    """
    around, own = _words(frame), _words(rows)
    for prelude in _PRELUDE.findall(_COMMENT.sub("", css)):
        text = prelude.strip()
        if text.startswith("@"):
            if text.startswith("@page") and _PAGES.search(text):
                return True
            continue
        for selector in _without_arguments(text).split(","):
            if _asks_for_place(selector.strip(), around, own):
                return True
    return False


def _asks_for_place(selector: str, around: frozenset[str], own: frozenset[str]) -> bool:
    parts = _PARTS.split(selector)
    for at in range(0, len(parts), 2):
        after_sibling = at > 0 and parts[at - 1] in {"+", "~"}
        if not (after_sibling or _PLACE.search(parts[at])):
            continue
        words = [_words_of(part) for part in parts[:at:2]]
        if _may_be_row(parts[at], own) and all(each <= around | own for each in words):
            return True
    return False


def _may_be_row(compound: str, own: frozenset[str]) -> bool:
    kind = _TYPE.match(compound)
    if kind and kind[0].lower() != "tr":
        return False
    return set(_NAMES.findall(compound)) <= own


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
    while _ARGUMENT.search(selector):
        selector = _ARGUMENT.sub("", selector)
    return selector
