"""What no template and no module may contain, whoever edits it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from invoice_renderer.lint import lint_template
from invoice_renderer.template import Templates
from tests.unit.test_document import the_example_profile

PROJECT = Path(__file__).resolve().parents[2]
STYLES = sorted((PROJECT / "templates").rglob("*.css"))
MODULES = sorted((PROJECT / "src").rglob("*.py"))


def name_of(path: Path) -> str:
    return str(path.relative_to(PROJECT))


@pytest.mark.parametrize("name", Templates().names)
def test_our_templates_are_without_findings(name: str) -> None:
    """Every rule of the lint, in every theme and language; its own tests show that it bites."""
    assert lint_template(Templates().folder / name, the_example_profile()) == ()


@pytest.mark.parametrize("style", STYLES, ids=name_of)
def test_our_styles_ask_for_nothing(style: Path) -> None:
    """Not even for an asset, which the lint allows."""
    assert re.findall(r"url\(|@import|@font-face", style.read_text("utf-8")) == []


@pytest.mark.parametrize("module", MODULES, ids=name_of)
def test_only_the_pdf_package_draws(module: Path) -> None:
    """One place imports WeasyPrint, one place gives it the fetcher."""
    if "pdf" in module.relative_to(PROJECT / "src" / "invoice_renderer").parts:
        pytest.skip("this is the place")
    assert (
        re.findall(
            r"\bCSS\(|\bHTML\(|write_pdf\(|(?:import|from) weasyprint", module.read_text("utf-8")
        )
        == []
    )


@pytest.mark.parametrize("module", MODULES, ids=name_of)
def test_pages_are_drawn_from_strings_with_the_fetcher(module: Path) -> None:
    """Never from an address or a file name, never without ``url_fetcher``."""
    for call in re.findall(r"\b(?:HTML|CSS)\(([^)]*)\)", module.read_text("utf-8")):
        assert "string=" in call
        assert "url_fetcher=" in call


@pytest.mark.parametrize("module", MODULES, ids=name_of)
def test_templates_come_from_the_bundle_only(module: Path) -> None:
    """No template is made from a string, and escaping is always on."""
    source = module.read_text("utf-8")
    assert re.findall(r"from_string\(|\bTemplate\(\s*[\"f]|autoescape=(?!True)", source) == []
    if re.search(r"(?<!class )\b\w*Environment\(", source):
        assert "autoescape=True" in source
