"""A page of HTML whose long tables are kept as the texts of their rows.

Most of a long invoice is rows that differ in their texts alone. Who draws them row by row needs
the texts, not five thousand times the tags around them; who needs HTML gets it written out.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import chain

from markupsafe import escape

MARK = "\x01"  # cannot come from data, which is cleaned of control characters
_ASCII = bytes(range(128))
_MARKED = re.compile(f"{MARK}([0-9]+){MARK}")

Plan = tuple[str | tuple[str] | tuple[str, "Plan", "Plan"], ...]
"""What a row is written of: markup; the name of a field; or the name of one, and what is written
where it has a text and where it is empty.
"""


@dataclass(frozen=True, slots=True)
class Rows:
    """Rows that are written by one plan: for each line the texts of these fields of it.

    Fields that are ``late`` are read from what ``line_of`` its place is when somebody asks for
    them.
    """

    plan: Plan
    fields: tuple[str, ...]
    texts: Sequence[tuple[str, ...]]
    late: tuple[str, ...]
    line_of: Callable[[int], object]

    @property
    def html(self) -> str:
        """All of them; their texts are escaped."""
        return "".join(map(self._write, range(len(self.texts))))

    def late_texts(self, place: int) -> dict[str, str]:
        """The late fields of one line."""
        line = self.line_of(place) if self.late else None
        return {name: getattr(line, name) for name in self.late}

    def _write(self, place: int) -> str:
        said = dict(zip(self.fields, self.texts[place], strict=True))
        return write_by(self.plan, said | self.late_texts(place))

    @property
    def beyond_ascii(self) -> set[str]:
        """The characters in them that every font may not have; of late texts, those of the first
        and of the last row: they differ in their figures.
        """
        ends = (0, len(self.texts) - 1)
        late = chain.from_iterable(self.late_texts(place).values() for place in ends)
        return _beyond_ascii("".join((*_markup_of(self.plan), *late, *map("".join, self.texts))))


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
    def beyond_ascii(self) -> set[str]:
        """The characters in it that every font may not have."""
        return _beyond_ascii(self.text).union(*(rows.beyond_ascii for rows in self.rows))


def _beyond_ascii(text: str) -> set[str]:
    """Ten times as fast as to look at each character."""
    return set(
        text.encode(errors="surrogatepass").translate(None, _ASCII).decode(errors="surrogatepass")
    )


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


def write_by(plan: Plan, said: Mapping[str, str]) -> str:
    """A row as HTML, of what is said for each field."""
    return "".join(_parts(plan, said))


def _parts(plan: Plan, said: Mapping[str, str]) -> Iterator[str]:
    for item in plan:
        if isinstance(item, str):
            yield item
        elif len(item) == 1:
            yield escape(said[item[0]])
        else:
            name, full, empty = item
            yield from _parts(full if said[name] else empty, said)


def _markup_of(plan: Plan) -> list[str]:
    found: list[str] = []
    for item in plan:
        if isinstance(item, str):
            found.append(item)
        else:
            found += chain.from_iterable(_markup_of(part) for part in item[1:])
    return found
