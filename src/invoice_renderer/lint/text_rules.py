"""A template's own words: every character must have a glyph in a bundled font."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

from babel.messages.pofile import PoFileError, read_po
from jinja2 import Environment, nodes

from invoice_renderer.lint.findings import Finding
from invoice_renderer.lint.markup_text import DATA, without_jinja
from invoice_renderer.pdf.fonts import BundledFonts, name_of

Text = tuple[int, str]
"""A line, and the words that begin there."""


def glyph_findings(
    folder: Path, environment: Environment, fonts: BundledFonts
) -> Iterator[Finding]:
    """Over pages, wording, catalogues and the texts of the style."""
    readers: dict[str, Callable[[Path], Iterator[Text]]] = {
        "*.html": lambda file: _page_texts(file, environment),
        "*.css": _style_texts,
        "*.toml": _plain_texts,
        "*.po": _catalogue_texts,
    }
    for pattern, read in readers.items():
        for file in sorted(folder.rglob(pattern)):
            yield from _missing(file.relative_to(folder).as_posix(), read(file), fonts)


def _missing(name: str, texts: Iterator[Text], fonts: BundledFonts) -> Iterator[Finding]:
    for line, text in texts:
        for character in fonts.missing(set(text)):
            detail = f"No bundled font has {name_of(character)}."
            yield Finding(name, line, "missing-glyph", detail)


def _page_texts(file: Path, environment: Environment) -> Iterator[Text]:
    source = file.read_text("utf-8")
    yield from _lines(without_jinja(source, environment).replace(DATA, ""))
    for constant in environment.parse(source).find_all(nodes.Const):
        if isinstance(constant.value, str):
            yield constant.lineno, constant.value


def _style_texts(file: Path) -> Iterator[Text]:
    yield from _lines(re.sub(r"/\*.*?\*/", _blank, file.read_text("utf-8"), flags=re.DOTALL))


def _plain_texts(file: Path) -> Iterator[Text]:
    for number, line in _lines(file.read_text("utf-8")):
        if not line.lstrip().startswith("#"):
            yield number, line


def _catalogue_texts(file: Path) -> Iterator[Text]:
    try:
        with file.open("rb") as source:
            catalogue = read_po(source)
    except (PoFileError, ValueError):
        return  # the render says so
    for message in catalogue:
        if message.id:
            forms = (message.string,) if isinstance(message.string, str) else message.string
            yield message.lineno or 0, " ".join(forms)


def _lines(text: str) -> Iterator[Text]:
    yield from enumerate(text.split("\n"), 1)


def _blank(comment: re.Match[str]) -> str:
    return "\n" * comment[0].count("\n")
