"""A view to HTML, by a template of the bundle; data never becomes markup or template.

Everything is escaped, a misspelt field is an error (Jinja's default would print nothing), and
so is a missing value: the word ``None`` cannot reach the page.
"""

from __future__ import annotations

import re
import traceback
import unicodedata
from functools import lru_cache
from gettext import NullTranslations
from pathlib import Path

from jinja2 import (
    FileSystemLoader,
    StrictUndefined,
    TemplateNotFound,
    TemplateSyntaxError,
    UndefinedError,
)

from invoice_renderer.errors import TemplateBroken
from invoice_renderer.language import ForeignText
from invoice_renderer.loops import PageEnvironment
from invoice_renderer.manuscript import Manuscript
from invoice_renderer.prepared import PreparedPages
from invoice_renderer.template import Template
from invoice_renderer.view import InvoiceView

PAGE = "invoice.html"
PAGE_VARIABLES = {"invoice": InvoiceView, "template": Template}
"""What a page can print, by name and type."""
_OF_THE_SOURCE = (UndefinedError, TemplateSyntaxError, TemplateNotFound)
"""Failures whose words are the template's own: they quote its source, never an invoice."""
_PAGES = PreparedPages()
_SCRIPTS = {
    "ja": re.compile("[\u3041-\u3096\u30a1-\u30fa\uff66-\uff9d]"),
    "ko": re.compile("[\u1100-\u11ff\u3131-\u318e\uac00-\ud7a3]"),
}


def render_markup(
    template: Template, translations: NullTranslations, view: InvoiceView
) -> Manuscript:
    """The page as HTML; :class:`TemplateBroken` names the template's file and line."""
    environment = environment_of(template.folder, translations)
    try:
        return environment.write(PAGE, invoice=view, template=template)
    except Exception as failure:  # noqa: BLE001  whatever a template does wrong ends here
        raise _broken(failure, template) from None


@lru_cache(maxsize=32)
def environment_of(folder: Path, translations: NullTranslations) -> PageEnvironment:
    """One for each template and language, so that threads share no language."""
    environment = PageEnvironment(
        loader=FileSystemLoader(folder),
        autoescape=True,  # select_autoescape() would not escape invoice.html.j2
        undefined=StrictUndefined,
        finalize=_refuse_none,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
        extensions=["jinja2.ext.i18n"],
        bytecode_cache=_PAGES,
    )
    environment.filters["direction"] = direction_of
    environment.filters["marked"] = marked
    environment.filters["script_language"] = script_language
    environment.filters["bare_url"] = bare_url
    environment.install_gettext_translations(translations, newstyle=True)  # type: ignore[attr-defined]
    return environment


def direction_of(text: str) -> str:
    """``rtl`` if the first letter that has a direction runs from right to left."""
    for character in text:
        kind = unicodedata.bidirectional(character)
        if kind in {"R", "AL"}:
            return "rtl"
        if kind == "L":
            return "ltr"
    return "ltr"


def marked(text: str, surrounding: str) -> str:
    """Between marks of its own direction, where the page runs the other way: a running head has
    no element that could say it, and a full stop would jump to the other end.
    """
    direction = direction_of(text)
    mark = "\N{LEFT-TO-RIGHT MARK}" if direction == "ltr" else "\N{RIGHT-TO-LEFT MARK}"
    return text if direction == surrounding or not text else f"{mark}{text}{mark}"


def script_language(text: str) -> str:
    """The language of a text that is not in the page's, as far as it is known: a seller's words
    say it; else kana are Japanese and Hangul is Korean, which decides the forms of the characters
    that they share with Chinese.
    """
    if isinstance(text, ForeignText):
        return text.language
    return next((language for language, script in _SCRIPTS.items() if script.search(text)), "")


def bare_url(url: str) -> str:
    """An address as one says it: without ``https://`` and a trailing slash."""
    return url.removeprefix("https://").rstrip("/")


def _refuse_none(value: object) -> object:
    if value is None:
        raise ValueError("a template printed a missing value")
    return value


def _broken(failure: Exception, template: Template) -> TemplateBroken:
    """File, line and kind of failure; names of fields, but none of their values."""
    frames = traceback.extract_tb(failure.__traceback__)
    folder = str(template.folder)
    own = [frame for frame in frames if frame.filename.startswith(folder)]
    line = own[-1].lineno if own else getattr(failure, "lineno", None)
    if isinstance(failure, TemplateSyntaxError):  # the frames show who included it
        name, line = failure.name or PAGE, failure.lineno
    elif own:
        name = Path(own[-1].filename).name
    else:
        name = getattr(failure, "name", None) or PAGE
    what = f": {failure.message}" if isinstance(failure, _OF_THE_SOURCE) else ""
    return TemplateBroken(template.name, name, line or 0, f"{type(failure).__name__}{what}")
