"""What no template and no module may contain, whoever edits it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[2]
TEMPLATES = sorted((PROJECT / "templates").rglob("*.html"))
STYLES = sorted((PROJECT / "templates").rglob("*.css"))
MODULES = sorted((PROJECT / "src").rglob("*.py"))

FORBIDDEN_IN_TEMPLATES = {
    "a value that is not escaped": r"\|\s*safe\b|Markup\(|autoescape",
    "a template named by data": r"\{%-?\s*(?:include|extends|import|from)\s+[^\"'\s]",
    "an attribute without quotes": r"<[a-zA-Z][^>]*?\s[\w:-]+=(?![\"'])(?!=)",
    "data inside a style": r"style\s*=\s*[\"'][^\"']*\{\{|<style",
    "an address in the page": r"(?:https?|file|ftp|data):",
    "a script": r"<script|\son\w+\s*=|javascript:",
}


def name_of(path: Path) -> str:
    return str(path.relative_to(PROJECT))


@pytest.mark.parametrize("template", TEMPLATES, ids=name_of)
@pytest.mark.parametrize("what", FORBIDDEN_IN_TEMPLATES)
def test_templates_keep_data_out_of_code(template: Path, what: str) -> None:
    """No way around escaping, no unquoted attribute, no data in CSS, no address, no script."""
    source = re.sub(r"\{#.*?#\}", "", template.read_text("utf-8"), flags=re.DOTALL)
    assert re.findall(FORBIDDEN_IN_TEMPLATES[what], _without_tags(source, what)) == []


@pytest.mark.parametrize("style", STYLES, ids=name_of)
def test_styles_fetch_nothing_and_lay_tables_out_fixed(style: Path) -> None:
    """Fixed layout bounds the time that one hostile cell can take."""
    css = style.read_text("utf-8")
    assert re.findall(r"url\(|@import|@font-face|\{\{|\{%", css) == []
    assert not re.search(r"table-layout: (?!fixed)", css)
    if style.parent.name != "themes":
        assert re.search(r"^table \{[^}]*table-layout: fixed", css, flags=re.MULTILINE)


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
    if "Environment(" in source:
        assert "autoescape=True" in source


@pytest.mark.parametrize(
    ("what", "mistake"),
    [
        ("a value that is not escaped", "<p>{{ name|safe }}</p>"),
        ("a template named by data", "{% include name %}"),
        ("an attribute without quotes", "<p class={{ name }}>"),
        ("data inside a style", '<p style="color: {{ colour }}">'),
        ("an address in the page", '<img src="https://x.example/y.png">'),
        ("a script", "<script>"),
    ],
)
def test_the_lint_bites(what: str, mistake: str) -> None:
    """Each rule finds the mistake that it is for."""
    assert re.findall(FORBIDDEN_IN_TEMPLATES[what], _without_tags(mistake, what))


def _without_tags(source: str, what: str) -> str:
    """Jinja's own syntax has unquoted equal signs and quotes inside attributes."""
    if what == "an attribute without quotes":
        source = re.sub(r"\{%.*?%\}", "", source, flags=re.DOTALL)
        return re.sub(r"\{\{.*?\}\}", "DATA", source, flags=re.DOTALL)
    return source
