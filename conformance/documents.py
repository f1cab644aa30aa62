"""The files to be judged."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from invoice_renderer.document import DocumentRenderer
from invoice_renderer.gallery import GALLERY
from invoice_renderer.gallery.builders import an_invoice
from invoice_renderer.gallery.chance import generated_invoices
from invoice_renderer.invoice import Invoice
from invoice_renderer.profile_source import open_profile
from invoice_renderer.request import RenderOptions
from invoice_renderer.template import Templates

BY_CHANCE = 200

Case = tuple[str, Invoice, RenderOptions]


def write_documents(folder: Path, *, by_chance: int = BY_CHANCE) -> int:
    """Render every case into the folder, on two processes where there are two; how many."""
    child = os.fork()
    _write_some(folder, by_chance, 1 if child else 0)
    if not child:
        os._exit(0)  # the parent goes on alone
    _, status = os.waitpid(child, 0)
    if status:
        raise RuntimeError("a document could not be rendered")
    return sum(1 for _ in folder.glob("*.pdf"))


def _write_some(folder: Path, by_chance: int, remainder: int) -> None:
    profile = open_profile("example.toml").for_partner("any")
    renderer = DocumentRenderer()
    for number, (name, invoice, options) in enumerate(cases(by_chance)):
        if number % 2 == remainder:
            presentation = renderer.present(options, profile)
            document = renderer.render(invoice, profile, presentation)
            (folder / f"{name}.pdf").write_bytes(document.pdf)


def cases(by_chance: int) -> Iterator[Case]:
    """Names, invoices, options; the choices are read from the templates."""
    for case in GALLERY.values():
        yield f"gallery-{case.name}", case.build(), RenderOptions()
    choices = list(_choices())
    for options in choices:
        name = f"{options.template}-{options.theme}-{options.locale}-{options.paper}"
        yield f"offered-{name}", an_invoice(), options
    for number, invoice in enumerate(generated_invoices(by_chance)):
        yield f"chance-{number:03}", invoice, choices[number % len(choices)]


def _choices() -> Iterator[RenderOptions]:
    templates = Templates()
    for name in templates.names:
        template = templates.get(name)
        for language in template.languages:
            for paper in template.papers:
                for theme in template.themes:
                    yield RenderOptions(locale=language, paper=paper, theme=theme, template=name)
