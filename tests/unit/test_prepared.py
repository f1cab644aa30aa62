"""A page is compiled once: by the build, or by the first language that asks for it."""

from __future__ import annotations

from gettext import NullTranslations
from pathlib import Path

import pytest
from jinja2 import Environment, FileSystemLoader

from invoice_renderer.markup import environment_of
from invoice_renderer.prepared import FOLDER, PreparedPages, prepare_pages


class CountingEnvironment(Environment):
    """Knows how often it compiled."""

    compiled = 0

    def compile(self, *arguments: object, **options: object) -> object:  # type: ignore[override]
        self.compiled += 1
        return super().compile(*arguments, **options)  # type: ignore[call-overload]


@pytest.fixture
def task(tmp_path: Path) -> Path:
    """An archive with one page, prepared."""
    template = tmp_path / "templates" / "v1"
    template.mkdir(parents=True)
    (template / "invoice.html").write_text("due: {{ due }}")
    prepare_pages(Environment(), template, tmp_path / FOLDER / "v1", tmp_path)  # noqa: S701
    return tmp_path


def an_environment(task: Path, pages: PreparedPages) -> CountingEnvironment:
    folder = task / "templates" / "v1"
    return CountingEnvironment(loader=FileSystemLoader(folder), bytecode_cache=pages)


def page_of(environment: Environment) -> str:
    return environment.get_template("invoice.html").render(due=7)


def test_a_prepared_page_is_not_compiled(task: Path) -> None:
    environment = an_environment(task, PreparedPages(task))
    assert (page_of(environment), environment.compiled) == ("due: 7", 0)


def test_a_page_that_was_changed_since_is_compiled(task: Path) -> None:
    """It is the page that prints, never what was made of it before."""
    (task / "templates/v1/invoice.html").write_text("to pay: {{ due }}")
    environment = an_environment(task, PreparedPages(task))
    assert (page_of(environment), environment.compiled) == ("to pay: 7", 1)


def test_a_damaged_file_is_compiled_over(task: Path) -> None:
    (task / FOLDER / "v1/invoice.html").write_bytes(b"damage")
    environment = an_environment(task, PreparedPages(task))
    assert (page_of(environment), environment.compiled) == ("due: 7", 1)


def test_nothing_outside_the_archive_is_read(task: Path) -> None:
    """Byte code is a program: it comes from where the programs are, not from beside a template."""
    environment = an_environment(task, PreparedPages(task / "elsewhere"))
    assert (page_of(environment), environment.compiled) == ("due: 7", 1)


def test_a_second_language_compiles_nothing(task: Path) -> None:
    pages = PreparedPages(task / "elsewhere")
    first, second = (an_environment(task, pages) for _ in range(2))
    assert page_of(first) == page_of(second)
    assert (first.compiled, second.compiled) == (1, 0)


def test_the_pages_of_all_languages_are_prepared_together(tmp_path: Path) -> None:
    english, other = (environment_of(tmp_path, NullTranslations()) for _ in range(2))
    assert english is not other
    assert english.bytecode_cache is other.bytecode_cache
