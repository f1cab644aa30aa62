"""A page of HTML whose long tables are kept as the texts of their rows.

Most of a long invoice is rows that differ in their texts alone. Who draws them row by row needs
the texts, not five thousand times the tags around them; who needs HTML gets it written out.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import chain

from markupsafe import escape

MARK = "\x01"  # cannot come from data, which is cleaned of control characters
_MARKED = re.compile(f"{MARK}([0-9]+){MARK}")

Plan = tuple[str | tuple[str] | tuple[str, "Plan", "Plan"], ...]
"""What a row is written of: markup; the name of a field; or the name of one, and what is written
where it has a text and where it is empty.
"""


@dataclass(frozen=True, slots=True)
class Rows:
    """Rows that are written by one plan; each has the texts of the fields, in the order of
    :func:`fields_of`.
    """

    plan: Plan
    texts: Sequence[tuple[str, ...]]

    def write(self, texts: Sequence[str]) -> str:
        """One row as HTML; its texts are escaped."""
        said = dict(zip(fields_of(self.plan), texts, strict=True))
        return "".join(_write(self.plan, said))

    @property
    def html(self) -> str:
        """All of them."""
        return "".join(map(self.write, self.texts))


class Manuscript:
    """A page: HTML with a mark, ``MARK`` around a number, for each of its ``rows``."""

    def __init__(self, text: str, rows: Sequence[Rows] = ()) -> None:
        self.text, self.rows = text, rows

    @property
    def is_sound(self) -> bool:
        """Whether all rows have one place in it, in their order."""
        marks = [int(number) for number in _MARKED.findall(self.text)]
        return marks == [*range(len(self.rows))] and self.text.count(MARK) == 2 * len(marks)

    @cached_property
    def html(self) -> str:
        """Written out."""
        return self.write(self.text)

    def write(self, part: str) -> str:
        """A part of it, written out."""
        return _MARKED.sub(lambda found: self.rows[int(found[1])].html, part)

    @property
    def characters(self) -> set[str]:
        """Every one that is in it."""
        found = set(self.text)
        for rows in self.rows:
            found.update(*_markup_of(rows.plan), "".join(map("".join, rows.texts)))
        return found


@lru_cache(maxsize=64)
def fields_of(plan: Plan) -> tuple[str, ...]:
    """The names in a plan, each once."""
    names: dict[str, None] = {}
    for item in plan:
        if not isinstance(item, str):
            name, *parts = item
            names[name] = None
            for part in parts:
                names.update(dict.fromkeys(fields_of(part)))
    return tuple(names)


def _markup_of(plan: Plan) -> list[str]:
    found: list[str] = []
    for item in plan:
        if isinstance(item, str):
            found.append(item)
        else:
            found += chain.from_iterable(_markup_of(part) for part in item[1:])
    return found


def _write(plan: Plan, said: Mapping[str, str]) -> list[str]:
    parts: list[str] = []
    for item in plan:
        if isinstance(item, str):
            parts.append(item)
        elif len(item) == 1:
            parts.append(escape(said[item[0]]))
        else:
            name, full, empty = item
            parts += _write(full if said[name] else empty, said)
    return parts
