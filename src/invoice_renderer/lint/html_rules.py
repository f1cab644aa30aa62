"""What no page may contain, and what every page must: read from its HTML, not from a rendering."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from html.parser import HTMLParser

from invoice_renderer.lint.findings import Finding
from invoice_renderer.lint.markup_text import DATA

ADDRESS = re.compile(r"(?:https?|ftp|file|data|blob):(?!\s)|^\s*//", re.IGNORECASE)
FETCHING = frozenset("src href srcset data poster action background xlink:href formaction".split())
ACTIVE = frozenset("script iframe frame object embed applet form input button audio video".split())
ASSET = "asset:"
_QUOTED = re.compile(r"\"[^\"]*\"|'[^']*'")
_UNQUOTED = re.compile(r"[\w:-]+=(?=[^\s>]|$)")


def page_findings(
    pages: Mapping[str, str], *, assets: Collection[str], main: str, has_rtl: bool
) -> Iterator[Finding]:
    """Over all pages of a template; ``pages`` has their HTML with a mark for each value."""
    readers = {name: _read(name, html, assets) for name, html in pages.items()}
    for reader in readers.values():
        yield from reader.findings
    if not any(reader.has_title for reader in readers.values()):
        yield Finding(main, 1, "missing-title", "No page has a <title> with something in it.")
    yield from _language(readers, main, has_rtl=has_rtl)


def _read(name: str, html: str, assets: Collection[str]) -> _Reader:
    reader = _Reader(name, assets)
    reader.feed(html)
    reader.close()
    return reader


def _language(readers: Mapping[str, _Reader], main: str, *, has_rtl: bool) -> Iterator[Finding]:
    roots = [(name, *root) for name, reader in readers.items() for root in reader.roots]
    if not roots:
        yield Finding(main, 1, "missing-language", "No page has an <html> element.")
    for name, line, attributes in roots:
        for attribute in ("lang", "dir") if has_rtl else ("lang",):
            if not attributes.get(attribute):
                yield Finding(name, line, "missing-language", f"<html> has no {attribute}.")


class _Reader(HTMLParser):
    """One file, element by element."""

    def __init__(self, name: str, assets: Collection[str]) -> None:
        super().__init__()
        self._name = name
        self._assets = assets
        self._inside = ""
        self.findings: list[Finding] = []
        self.has_title = False
        self.roots: list[tuple[int, dict[str, str]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = {name: value or "" for name, value in attrs}
        self._inside = tag
        self._check_element(tag, attributes)
        for name, value in attributes.items():
            self._check_attribute(name, value)
        if _UNQUOTED.search(_QUOTED.sub('""', self.get_starttag_text() or "").replace('=""', "")):
            self._find("unquoted-attribute", f"<{tag}> has an attribute without quotes.")

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        self._inside = ""

    def handle_endtag(self, _tag: str) -> None:
        self._inside = ""

    def handle_data(self, data: str) -> None:
        if self._inside == "title" and data.strip():
            self.has_title = True
        if self._inside == "style" and DATA in data:
            self._find("data-in-css", "A value is printed inside <style>.")
        if ADDRESS.search(data) and self._inside != "style":
            self._find("remote-url", "The text has an address in it.")

    def _check_element(self, tag: str, attributes: dict[str, str]) -> None:
        if tag == "html":
            self.roots.append((self.getpos()[0], attributes))
        if tag in ACTIVE:
            self._find("active-content", f"<{tag}> does something.")
        if tag in {"link", "base"}:
            self._find("remote-url", f"<{tag}> leads out of the page.")
        if tag == "style":
            self._find("data-in-css", "<style> is outside the style sheets, where no theme can "
                       "change it.")  # fmt: skip
        if tag == "img" and not attributes.get("alt", "").strip():
            self._find("missing-alt", f"The picture {attributes.get('src', '')[:60]!r} has no alt.")

    def _check_attribute(self, name: str, value: str) -> None:
        if name.startswith("on") or value.strip().lower().startswith("javascript:"):
            self._find("active-content", f"{name} holds a script.")
        if name == "style" and DATA in value:
            self._find("data-in-css", "A value is printed inside style.")
        if not name.startswith("xmlns") and ADDRESS.search(value):
            self._find("remote-url", f"{name} holds an address.")
        if name in FETCHING and value.startswith(ASSET) and DATA not in value:
            asset = value.removeprefix(ASSET)
            if asset not in self._assets:
                self._find("missing-asset", f"assets/{asset} is not there.")

    def _find(self, rule: str, detail: str) -> None:
        self.findings.append(Finding(self._name, self.getpos()[0], rule, detail))
