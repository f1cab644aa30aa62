"""The function's own part: what of the project goes into it, and whose templates."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import build
import function
import pytest


class NoPython:
    """Stands for the pinned Python: compiles nothing."""

    def run(self, *arguments: str, **_options: Any) -> str:
        return ""


@pytest.fixture
def own_templates(tmp_path: Path) -> Path:
    template = tmp_path / "own" / "acme"
    template.mkdir(parents=True)
    (template / "template.toml").write_text("")
    return tmp_path / "own"


@pytest.fixture
def generated(tmp_path: Path) -> Path:
    (tmp_path / "generated").mkdir()
    (tmp_path / "generated" / "weasyprint_bindings.py").write_text("")
    return tmp_path / "generated"


def filled(generated: Path, templates: Path) -> Path:
    into = generated.parent / "tree"
    function.fill_source(NoPython(), [generated], templates, into)  # type: ignore[arg-type]
    return into


def test_our_templates_travel_unless_others_are_named(generated: Path) -> None:
    assert (filled(generated, function.TEMPLATES) / "templates/v1/template.toml").is_file()


def test_the_operators_templates_take_the_place_of_ours(
    generated: Path, own_templates: Path
) -> None:
    """Where the function looks for them, and nothing of ours beside."""
    templates = filled(generated, own_templates) / "templates"
    assert [folder.name for folder in templates.iterdir()] == ["acme"]


def test_catalogues_travel_compiled(generated: Path) -> None:
    """One beside each source, by which the function knows whether it is up to date."""
    templates = filled(generated, function.TEMPLATES) / "templates"
    sources = list(templates.rglob("messages.po"))
    assert sources
    assert all(len(list(source.parent.glob(".messages-*.mo"))) == 1 for source in sources)


def test_tools_of_template_authors_stay_at_home(generated: Path) -> None:
    """The functions need neither a command line nor a gallery, a lint or a preview."""
    package = filled(generated, function.TEMPLATES) / "invoice_renderer"
    assert (package / "document.py").is_file()
    tools = {"cli.py", "gallery", "lint", "preview"}
    assert tools & {path.name for path in package.iterdir()} == set()


def test_another_folder_of_templates_is_another_input(own_templates: Path) -> None:
    """So that the build does not take the archive with the other templates from its cache."""
    files = function.source_files(own_templates)
    assert own_templates / "acme" / "template.toml" in files
    assert not any(file.is_relative_to(function.TEMPLATES) for file in files)


def test_a_folder_without_a_template_is_refused(tmp_path: Path, own_templates: Path) -> None:
    """One level too deep, for example."""
    assert build.folder_of_templates(str(own_templates)) == own_templates
    with pytest.raises(argparse.ArgumentTypeError):
        build.folder_of_templates(str(own_templates / "acme"))
