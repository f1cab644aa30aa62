"""Data never becomes markup or template, and a template's mistake never becomes a blank."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import replace
from gettext import NullTranslations
from html import unescape
from pathlib import Path

import pytest

from invoice_renderer.document import DocumentRenderer
from invoice_renderer.errors import RenderingError, TemplateBroken
from invoice_renderer.markup import bare_url, direction_of, marked, render_markup, script_language
from invoice_renderer.request import RenderOptions
from invoice_renderer.template import Template, Templates
from invoice_renderer.view import InvoiceView
from invoice_renderer.view.models import Party
from tests.builders import a_profile, an_invoice
from tests.unit.test_view import a_view

TEMPLATE = Templates().get("v1")
ENGLISH = NullTranslations()

Spoil = Callable[[str], Template]


@pytest.fixture
def with_page(tmp_path: Path) -> Spoil:
    """The template with another page."""

    def spoil(page: str) -> Template:
        folder = Path(shutil.copytree(TEMPLATE.folder, tmp_path / "v1"))
        (folder / "invoice.html").write_text(page, "utf-8")
        return Template(folder)

    return spoil


def a_buyer(name: str) -> InvoiceView:
    return replace(a_view(), buyer=Party(name, ()))


@pytest.mark.parametrize(
    ("text", "language"),
    [("株式会社ミライ", "ja"), ("한국통신", "ko"), ("深圳市通讯", ""), ("Acme", ""), ("شركة", "")],
)
def test_a_script_gives_its_language_away(text: str, language: str) -> None:
    """Kana and Hangul do; Chinese characters alone do not."""
    assert language == script_language(text)


def test_a_running_head_keeps_its_direction() -> None:
    """Marks where the page runs the other way, nothing where it does not."""
    assert marked("Acme, Inc.", "rtl") == "\u200eAcme, Inc.\u200e"
    assert marked("شركة", "ltr") == "\u200fشركة\u200f"
    assert marked("Acme, Inc.", "ltr") == "Acme, Inc."
    assert marked("", "rtl") == ""


@pytest.mark.parametrize(
    "hostile",
    [
        "<script>alert(1)</script>",
        "</style><style>*{display:none}",
        "{{ 7*7 }}",
        "{% for x in y %}",
        "{{ ''.__class__.__mro__ }}",
        "${7*7} #{7*7}",
        '" onload="x',
        "&lt;",
        "%(name)s {0} {number}",
    ],
)
def test_hostile_text_is_text(hostile: str) -> None:
    """Markup is escaped, template syntax is not looked at."""
    html = render_markup(TEMPLATE, ENGLISH, a_buyer(hostile)).html
    assert hostile in unescape(html)
    assert "<script" not in html
    assert "<style" not in html


def test_a_misspelt_field_is_an_error_with_its_place(with_page: Spoil) -> None:
    """Jinja's default would print nothing."""
    template = with_page("<p>\n{{ invoice.amuont }}\n</p>")
    with pytest.raises(RenderingError, match=r"invoice\.html, line 2 .*amuont"):
        render_markup(template, ENGLISH, a_view())


@pytest.mark.parametrize(
    "page",
    ["{% if %}", "{{ 1 / 0 }}", "{% include 'nowhere.html' %}", "{{ invoice.title() }}"],
)
def test_whatever_a_template_does_wrong_is_a_rendering_error(with_page: Spoil, page: str) -> None:
    """Bad syntax, a failing expression, a missing partial."""
    with pytest.raises(RenderingError, match="template v1 fails in"):
        render_markup(with_page(page), ENGLISH, a_view())


def test_bad_syntax_in_a_partial_is_told_with_the_partial_s_line(with_page: Spoil) -> None:
    """Where it is, not where it was included, and what the parser misses."""
    template = with_page("<p>\n{% include '_bad.html' %}")
    (template.folder / "_bad.html").write_text("<p>\n\n{% if invoice.buyer %}</p>")
    with pytest.raises(TemplateBroken, match="Unexpected end of template") as failure:
        render_markup(template, ENGLISH, a_view())
    assert (failure.value.file, failure.value.line) == ("_bad.html", 3)


def test_a_missing_partial_is_told_by_its_name(with_page: Spoil) -> None:
    with pytest.raises(TemplateBroken, match=r"line 2 .*nowhere\.html") as failure:
        render_markup(with_page("\n{% include 'nowhere.html' %}"), ENGLISH, a_view())
    assert (failure.value.file, failure.value.line) == ("invoice.html", 2)


def test_a_missing_value_is_not_printed(with_page: Spoil) -> None:
    """The word None cannot reach the page."""
    with pytest.raises(RenderingError, match="template v1 fails in"):
        render_markup(with_page("{{ invoice.buyer }}"), ENGLISH, replace(a_view(), buyer=None))


def test_an_error_quotes_no_value(with_page: Spoil) -> None:
    """It names fields; a buyer's name stays out of logs."""
    template = with_page("{{ invoice.buyer.name + 1 }}")
    with pytest.raises(RenderingError) as failure:
        render_markup(template, ENGLISH, a_buyer("Jane Doe"))
    assert "Jane" not in str(failure.value)
    assert failure.value.__cause__ is None


def test_a_template_cannot_leave_its_folder(with_page: Spoil) -> None:
    """Partials are looked up in the folder, and nowhere above it."""
    with pytest.raises(RenderingError):
        render_markup(with_page("{% include '../secret.html' %}"), ENGLISH, a_view())


@pytest.mark.parametrize(
    ("text", "direction"),
    [("Acme", "ltr"), ("שלום", "rtl"), ("123 شركة", "rtl"), ("(Acme) שלום", "ltr"), ("", "ltr")],
)
def test_a_name_has_its_own_direction(text: str, direction: str) -> None:
    """That of its first letter."""
    assert direction == direction_of(text)


def test_an_address_prints_without_its_scheme() -> None:
    """As one says it."""
    assert bare_url("https://www.northline.example/") == "www.northline.example"


def test_words_that_fall_back_to_another_language_say_so(renderer: DocumentRenderer) -> None:
    """A German reader of a seller who writes English and Spanish: memo, terms, hours, a label."""
    profile = a_profile(
        memo={"en": "Thank you", "es": "Gracias"},
        terms={"text": {"de": "Sofort fällig"}},
        contact={"email": "a@b.example", "hours": {"es-MX": "Días hábiles"}},
        custom_fields=[{"label": {"ar": "عقد"}, "value": "7"}],
    )
    options = RenderOptions(locale="de-AT")
    html = renderer.draft(an_invoice(), profile, renderer.present(options, profile)).html
    assert '<span dir="ltr" lang="en">Thank you</span>' in html
    assert '<span dir="ltr">Sofort fällig</span>' in html
    assert '<span dir="ltr" lang="es-MX">Días hábiles</span>' in html
    assert '<span dir="rtl" lang="ar">عقد</span>' in html
