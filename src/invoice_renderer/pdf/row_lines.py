"""The lines of rows: their texts become text operators, column by column, each text once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from itertools import chain
from operator import itemgetter
from typing import cast

from invoice_renderer.pdf.figure_shaping import Columnar
from invoice_renderer.pdf.shaped_text import Glyphs, ShapedText
from invoice_renderer.pdf.shaping import Shaper
from invoice_renderer.pdf.skeleton import is_one_line
from invoice_renderer.pdf.stencil import Line, fill_line, placed, set_line

MANY = 20  # texts that are new, from which on it pays to look for their forms
MOST_OPERATORS = 4_000  # remembered for each text of a row

Said = str | tuple[str, ...]
"""The only text of a line, or all of them."""
Operators = bytes | tuple[bytes, ...]


class RowLine:
    """One line of a row; the operators of its text, or of its texts together, are remembered."""

    def __init__(self, line: Line, shaper: Shaper) -> None:
        self.atoms = line.atoms
        self.is_single = len(line.atoms) == 1
        self._line = line
        self.pick: Callable[[Sequence[str]], Said] = itemgetter(
            *(atom.variable for atom in self.atoms)
        )
        """Of the texts of a row, those of the line."""
        self._shaper = shaper
        self._operators: dict[Said, Operators | None] = {}
        """Nothing where they do not go in."""
        self._glyphs: dict[Said, Glyphs | Columnar] = {}
        """Or the form that knows them."""
        self._places: dict[float, bytes] = {}
        """For a single text of such a width, the operators before it."""

    def tell(self, column: Sequence[Said]) -> list[Operators | None]:
        """The operators of many such lines."""
        known = self._operators
        if len(known) > MOST_OPERATORS:
            known.clear()
            self._glyphs.clear()
        new = [said for said in dict.fromkeys(column) if said not in known]
        if len(new) > MANY and self.is_single:
            self._tell_figures(cast("list[str]", new))
            new = [said for said in new if said not in known]
        for said in new:
            known[said] = self._tell_new(said)
        return [*map(known.__getitem__, column)]

    def note(self, column: Iterable[Said], used: dict[int, Glyphs]) -> None:
        """The glyphs of lines that were told last."""
        figures: dict[Columnar, list[str]] = {}
        for said in dict.fromkeys(column):
            found = self._glyphs[said]
            if isinstance(found, Columnar):
                figures.setdefault(found, []).append(cast("str", said))
            else:
                used[id(found)] = found
        for form, texts in figures.items():
            glyphs = form.glyphs("".join(texts))
            used[id(glyphs)] = glyphs

    def _tell_figures(self, texts: Sequence[str]) -> None:
        """Those of many texts that have a form, form by form."""
        (atom,) = self.atoms
        if atom.before or atom.after:
            return
        for form, some in self._shaper.columns(atom.style, texts).items():
            is_as_high = (form.height, form.baseline) == (atom.height, atom.baseline)
            place = self._place(form.width) if is_as_high and is_one_line(some[0]) else None
            if place is not None:
                self._operators.update(zip(some, form.shows(some, place), strict=True))
                self._glyphs.update(dict.fromkeys(some, form))

    def _tell_new(self, said: Said) -> Operators | None:
        texts = (said,) if isinstance(said, str) else said
        line = fill_line(self._line, texts, self._shaper)
        if line is None:
            return None
        told = tuple(
            placed(place, atom.top, text)
            for atom, text, place in zip(self.atoms, line.texts, line.places, strict=True)
        )
        glyphs = [text.glyphs for text in line.texts]
        self._glyphs[said] = glyphs[0] if self.is_single else tuple(chain.from_iterable(glyphs))
        return told[0] if self.is_single else told

    def _place(self, width: float) -> bytes | None:
        """The operators before a text of this width; nothing where it does not go in."""
        place = self._places.get(width)
        if place is None:
            (atom,) = self.atoms
            shown = ShapedText(width, atom.height, atom.baseline, b"", ())
            line = set_line(self._line, (shown,))
            if line is None:
                return None
            if len(self._places) > MOST_OPERATORS:
                self._places.clear()
            place = self._places[width] = placed(line.places[0], atom.top, shown)
        return place
