"""What is read from a template's Jinja: no way around escaping, no partial named by data."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from jinja2 import Environment, TemplateSyntaxError, nodes

from invoice_renderer.lint.findings import Finding
from invoice_renderer.lint.variables import VariableReader
from invoice_renderer.markup import PAGE, PAGE_VARIABLES

CONTACT = ("email", "phone", "url")
_UNESCAPED_FILTERS = frozenset({"safe", "tojson", "xmlattr"})
_NAMING = (nodes.Include, nodes.Import, nodes.FromImport, nodes.Extends)


def source_findings(sources: Mapping[str, str], environment: Environment) -> Iterator[Finding]:
    """Over all pages of a template, by name."""
    is_whole = True
    for name, source in sources.items():
        try:
            tree = environment.parse(source, name)
            environment.compile(source, name)  # unknown filters and tests
        except TemplateSyntaxError as error:
            yield Finding(name, error.lineno, "syntax", f"Jinja says: {error.message}")
            is_whole = False
            continue
        yield from _escaping(name, tree)
        yield from _partials(name, tree)
    reader = VariableReader(environment)
    reader.read(PAGE, PAGE_VARIABLES)
    yield from reader.findings
    if is_whole:
        yield from _contact(reader.printed)


def _escaping(name: str, tree: nodes.Template) -> Iterator[Finding]:
    for each in tree.find_all(nodes.Filter):
        if each.name in _UNESCAPED_FILTERS:
            yield Finding(name, each.lineno, "unescaped", f"|{each.name} goes around escaping.")
    for switch in tree.find_all(nodes.EvalContextModifier):
        yield Finding(name, switch.lineno, "unescaped", "{% autoescape %} switches escaping.")


def _partials(name: str, tree: nodes.Template) -> Iterator[Finding]:
    for each in tree.find_all(_NAMING):
        named = getattr(each, "template", None)
        if not isinstance(named, nodes.Const):
            yield Finding(name, each.lineno, "template-by-data", "A value names the partial.")


def _contact(printed: set[str]) -> Iterator[Finding]:
    missing = [one for one in CONTACT if f"ContactView.{one}" not in printed]
    if missing:
        names = ", ".join(missing)
        yield Finding(PAGE, 0, "no-contact", f"The page never prints the contact's {names}.")
