"""Loops of rows say what Jinja says, whether or not somebody writes them out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jinja2 import DictLoader, Environment, StrictUndefined, UndefinedError
from markupsafe import Markup

from invoice_renderer.loops import PageEnvironment
from invoice_renderer.manuscript import MARK, Manuscript
from invoice_renderer.markup import render_markup
from invoice_renderer.pdf.row_source import Row, RowsReader
from invoice_renderer.template import Templates
from tests.unit.test_view import a_view

LOOP = """\
{% for line in lines %}
<tr data-s="{{ line.sum }}"{% if line.more %} data-g="{{ line.more }}"{% endif %}>
<th>{{ line.label }}{% if line.more %} <i>{{ line.more }}</i>{% else %}!{% endif %}</th>
<td>{{ line.amount }}</td></tr>
{% endfor %}"""


@dataclass(frozen=True)
class Line:
    label: object = "Calls"
    amount: object = "$1.00"
    more: object = ""
    before: str = "0"

    @property
    def sum(self) -> str:
        return f"{self.before} and {self.amount}"


def by_jinja(page: str, lines: object) -> str:
    """The page as Jinja's own environment writes it."""
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True)
    return environment.from_string(page).render(lines=lines)


def written(page: str, lines: object) -> tuple[str, int]:
    """The page as ours writes it out, and how many loops were kept as texts."""
    manuscript = manuscript_of(page, lines)
    return manuscript.html, len(manuscript.rows)


def manuscript_of(page: str, lines: object) -> Manuscript:
    environment = PageEnvironment(
        loader=DictLoader({"page": page}),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
    )
    return environment.write("page", lines=lines)


texts = st.text(st.sampled_from("ab<>&\"' é字\t"), max_size=6)
lines_of = st.lists(st.builds(Line, texts, texts, texts, texts), min_size=1, max_size=5)


@given(lines_of)
def test_rows_read_as_jinja_writes_them(lines: Sequence[Line]) -> None:
    """Escapes, conditions and data included; texts with white space around them are Jinja's."""
    assert by_jinja(LOOP, lines) == written(LOOP, lines)[0]


def test_a_loop_of_rows_is_kept_as_texts() -> None:
    """The loop is found, and a late text is not read before it is written."""
    page = f"<table>{LOOP}</table>{LOOP}"
    assert (by_jinja(page, [Line(), Line("x")]), 2) == written(page, [Line(), Line("x")])


class Written(Sequence[Line]):
    """Lines that say a text of all of them at once, and are never asked for themselves."""

    def __init__(self, lines: Sequence[Line]) -> None:
        self._lines = lines

    def __len__(self) -> int:
        return len(self._lines)

    def __getitem__(self, place):
        assert place == 0, "one is enough to see what a line is"
        return self._lines[place]

    def texts_of(self, names: Sequence[str]) -> Iterator[tuple[object, ...]]:
        return ((*(getattr(line, name) for name in names),) for line in self._lines)

    def computed_of(self, place: int) -> Line:
        return self._lines[place]


def test_lines_that_say_their_texts_are_not_made() -> None:
    """They read the same."""
    lines = [Line("a", "$1.00"), Line("b", "$2.00", "more"), Line("c", "$3.00")]
    assert (by_jinja(LOOP, lines), 1) == written(LOOP, Written(lines))


def test_rows_of_nothing_but_late_texts_are_jinjas() -> None:
    """Nothing in them tells one from another before somebody asks."""
    loop = '{% for line in lines %}<tr data-s="{{ line.sum }}"><td>x</td></tr>{% endfor %}'
    assert (by_jinja(loop, [Line(), Line("x")]), 0) == written(loop, [Line(), Line("x")])


@pytest.mark.parametrize(
    "loop",
    [
        "{% for line in lines %}<tr><td>{{ loop.index }}{{ line.label }}</td></tr>{% endfor %}",
        "{% for line in lines %}<tr><td>{{ line.label|upper }}</td></tr>{% endfor %}",
        "{% for line in lines %}<tr>{% if line.label == 'b' %}a{% endif %}</tr>{% endfor %}",
        """{% for line in lines %}<tr>{% if line.more %}a{% elif line.label %}b{% endif %}</tr>
        {% endfor %}""",
        "{% for line in lines if line.more %}<tr><td>{{ line.label }}</td></tr>{% endfor %}",
        "{% for line in lines %}<tr><td>{{ line.label }}</td></tr>{% else %}none{% endfor %}",
        "{% for line in lines %}<p>{{ line.label }}</p>{% endfor %}",
        "{% for line in lines %}<tr><td>x</td></tr>{% endfor %}",
        "{% for line in lines %}<tr><td>{{ line['label'] }}</td></tr>{% endfor %}",
        """{% set n = namespace(i=0) %}{% for line in lines %}{% set n.i = n.i + 1 %}
        <tr><td>{{ line.label }}{{ n.i }}</td></tr>{% endfor %}""",
        """{% autoescape false %}{% for line in lines %}<tr><td>{{ line.label }}</td></tr>
        {% endfor %}{% endautoescape %}""",
    ],
)
def test_a_loop_with_more_in_it_is_jinjas(loop: str) -> None:
    """Whatever is not rows of fields is written line by line."""
    lines = [Line("<a>", more="m"), Line("b")]
    assert (by_jinja(loop, lines), 0) == written(loop, lines)


@pytest.mark.parametrize("label", [7, Markup("<b>x</b>"), " around ", True])
def test_a_field_that_is_no_plain_text_is_jinjas(label: object) -> None:
    """Numbers, markup and white space print as ever."""
    lines = [Line(), Line(label)]
    assert (by_jinja(LOOP, lines), 0) == written(LOOP, lines)


@pytest.mark.parametrize("lines", [{"a": Line()}.values(), (Line() for _ in "ab"), []])
def test_what_is_no_sequence_of_lines_is_jinjas(lines: object) -> None:
    """An iterator is read once."""
    assert written(LOOP, lines)[1] == 0


def test_a_misspelt_field_is_an_error() -> None:
    """Of Jinja's, as for any other field."""
    with pytest.raises(UndefinedError, match="lable"):
        written("{% for line in lines %}<tr><td>{{ line.lable }}</td></tr>{% endfor %}", [Line()])


@pytest.mark.parametrize(
    "page",
    [
        "{% set rows %}" + LOOP + "{% endset %}{{ rows }}{{ rows }}",
        "{% set rows %}" + LOOP + "{% endset %}{{ rows|length }}",
        "{% macro rows() %}" + LOOP + "{% endmacro %}{{ rows() }}",
        LOOP + MARK,
    ],
)
def test_rows_that_do_not_stand_where_they_were_made_are_jinjas(page: str) -> None:
    """Printed twice, measured or lost: the page is as Jinja would have it."""
    assert by_jinja(page, [Line(), Line("x")]) == written(page, [Line(), Line("x")])[0]


def rows_of(page: str, lines: Sequence[Line]) -> tuple[list[Row], list[Row]]:
    """The rows of a table from its manuscript, and from its HTML."""
    manuscript = manuscript_of(page, lines)
    found = []
    for html in (manuscript.text, manuscript.html):
        reader = RowsReader(manuscript)
        reader.read(html, "<tbody>", 0, 0, len(html))
        found.append(reader.rows)
    return found[0], found[1]


words = st.text(st.sampled_from("ab<>&\"'é字"), max_size=6)


@given(st.lists(st.builds(Line, words, words, words, words), min_size=1, max_size=5))
def test_texts_make_the_rows_that_reading_would_find(lines: Sequence[Line]) -> None:
    """Kinds, texts and data."""
    kept, read = rows_of(LOOP, lines)
    told = [[(row.kind, row.texts, row.data(), row.body) for row in rows] for rows in (kept, read)]
    assert told[1] == told[0]


@pytest.mark.parametrize(
    "cell", ["<td>for {{ line.label }}</td>", '<td class="{{ line.label }}">{{ line.amount }}</td>']
)
def test_a_field_that_is_no_whole_text_is_looked_for_in_html(cell: str) -> None:
    """Where words stand around it, or where the kind of row depends on it."""
    page = f"{{% for line in lines %}}<tr>{cell}</tr>{{% endfor %}}"
    kept, read = rows_of(page, [Line("a"), Line("b")])
    assert [(row.kind, row.texts) for row in read] == [(row.kind, row.texts) for row in kept]
    assert [row.texts for row in kept] in ([("for a",), ("for b",)], [("$1.00",)] * 2)


def test_the_lines_of_our_templates_are_kept_as_texts() -> None:
    """Those of the charges, which an invoice has most of: no row of them is written."""
    for name in Templates().names:
        template = Templates().get(name)
        page = render_markup(template, template.translations("en"), a_view())
        lines = [group.lines for group in a_view().charges]
        assert [len(each) for each in lines] == [len(rows.texts) for rows in page.rows]
