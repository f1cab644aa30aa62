"""Compiles the pages of templates: ``prepare.py WHEELS SOURCE TEMPLATES OUT``.

Run by the pinned Python 3.13, whose byte code it is. A page is compiled at each start otherwise, a
tenth of a second for ours; and byte code names no architecture.
"""

# ruff: noqa: PLC0415 - our package comes once it is on the path

from __future__ import annotations

import sys
from gettext import NullTranslations
from pathlib import Path


def prepare_templates(templates: Path, into: Path) -> None:
    """``OUT/v1/invoice.html`` for ``TEMPLATES/v1/invoice.html``, and so on."""
    from invoice_renderer.markup import environment_of
    from invoice_renderer.prepared import prepare_pages

    for manifest in sorted(templates.glob("*/template.toml")):
        folder = manifest.parent
        prepare_pages(environment_of(folder, NullTranslations()), folder, into / folder.name)


if __name__ == "__main__":
    sys.path[:0] = sys.argv[1:3]
    prepare_templates(Path(sys.argv[3]), Path(sys.argv[4]))
