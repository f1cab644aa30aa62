"""The lint of templates: what is wrong with a template, before an invoice shows it.

findings                    a rule, where it is broken, what to do
source_rules, variables     read from its Jinja: fields that the view has not, ways around escaping
html_rules, style_rules     read from its HTML and CSS: addresses, alt texts, title, language
text_rules                  its words in every language: characters without a glyph
drawn_rules                 seen on laid-out pages: contrast, text that sticks out

It is a tool for people who make templates; the functions on Lambda do without it.
"""

from __future__ import annotations

from collections.abc import Iterator
from gettext import NullTranslations
from pathlib import Path

from jinja2 import TemplateSyntaxError

from invoice_renderer.document import DocumentRenderer
from invoice_renderer.errors import OptionRefused, SettingsError
from invoice_renderer.lint.drawn_rules import drawn_findings
from invoice_renderer.lint.findings import ADVICE, Finding
from invoice_renderer.lint.html_rules import page_findings
from invoice_renderer.lint.markup_text import without_jinja
from invoice_renderer.lint.source_rules import source_findings
from invoice_renderer.lint.style_rules import style_findings
from invoice_renderer.lint.text_rules import glyph_findings
from invoice_renderer.markup import PAGE, environment_of
from invoice_renderer.profile import Defaults, SellerProfile
from invoice_renderer.template import Template, resolve_locale

__all__ = ["ADVICE", "Finding", "lint_template"]


def lint_template(folder: Path, profile: SellerProfile) -> tuple[Finding, ...]:
    """Everything that is wrong with the template in ``folder``, file by file.

    It is drawn with the seller's profile, but only if it can be read at all.

    :raises OptionRefused: where the folder holds no template.
    """
    folder = folder.resolve()
    if not (folder / "template.toml").is_file():
        raise OptionRefused("template", "is not a folder with a template.toml")
    renderer = DocumentRenderer(templates_dir=folder.parent)
    profile = profile.model_copy(update={"defaults": Defaults()})  # of another template
    try:
        template = renderer.templates.get(folder.name)
        _ = template.wording
    except SettingsError as error:
        return (Finding("template.toml", 0, "does-not-render", error.detail),)
    found = set(_read(template, renderer))
    if not any(finding.rule == "syntax" for finding in found):
        known = {(finding.file, finding.line) for finding in found}
        drawn = drawn_findings(renderer, template, profile)
        found.update(one for one in drawn if not _is_said(one, known))
    return tuple(sorted(found))


def _is_said(finding: Finding, known: set[tuple[str, int]]) -> bool:
    """A page that cannot be drawn for what was found by reading it."""
    return finding.rule == "does-not-render" and (finding.file, finding.line) in known


def _read(template: Template, renderer: DocumentRenderer) -> Iterator[Finding]:
    """What can be said without drawing."""
    folder = template.folder
    environment = environment_of(folder, NullTranslations())
    sources = {_name(file, folder): file.read_text("utf-8") for file in _all(folder, "*.html")}
    yield from source_findings(sources, environment)
    for file in _all(folder, "*.css"):
        css = file.read_text("utf-8")
        yield from style_findings(_name(file, folder), css, assets=template.assets)
    try:
        pages = {name: without_jinja(source, environment) for name, source in sources.items()}
        yield from page_findings(
            pages, assets=template.assets, main=PAGE, has_rtl=_has_rtl(template)
        )
        yield from glyph_findings(folder, environment, renderer.pdf.fonts)
    except TemplateSyntaxError:
        return  # a finding already


def _has_rtl(template: Template) -> bool:
    locales = (resolve_locale(tag, template.languages) for tag in template.languages)
    return any(locale.text_direction == "rtl" for locale in locales)


def _all(folder: Path, pattern: str) -> list[Path]:
    return sorted(folder.rglob(pattern))


def _name(file: Path, folder: Path) -> str:
    return file.relative_to(folder).as_posix()
