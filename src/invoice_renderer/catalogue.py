"""The catalogues of a template: gettext's, compiled by the build, else when first needed.

A compiled one lies beside its source as a hidden file, so that it is no part of the template, and
has the source's hash in its name, so that one that is out of date is never read.
"""

from __future__ import annotations

import hashlib
import io
from datetime import UTC, datetime
from gettext import GNUTranslations
from pathlib import Path

SOURCES = "locales/*/LC_MESSAGES/messages.po"
HASH_DIGITS = 16
NO_DATE = datetime(1980, 1, 1, tzinfo=UTC)  # as in the archives


class CatalogueUnsound(ValueError):
    """The source is not a catalogue; the message says where."""


def read_catalogue(source: Path, language: str) -> GNUTranslations:
    """
    :raises OSError: there is no such file.
    :raises CatalogueUnsound: it is not a catalogue.
    """
    content = source.read_bytes()
    compiled = _compiled(source, content)
    ready = compiled.read_bytes() if compiled.is_file() else compile_catalogue(content, language)
    return GNUTranslations(io.BytesIO(ready))


def compile_catalogue(content: bytes, language: str) -> bytes:
    """The bytes of the ``.mo``, the same for the same source."""
    # Not at the top: importing them takes longer than compiling, and a built archive needs neither.
    from babel.messages.mofile import write_mo  # noqa: PLC0415
    from babel.messages.pofile import PoFileError, read_po  # noqa: PLC0415

    compiled = io.BytesIO()
    try:
        locale = language.replace("-", "_")
        catalogue = read_po(io.BytesIO(content), locale=locale, abort_invalid=True)
        catalogue.creation_date = NO_DATE  # else Babel writes when it was compiled
        write_mo(compiled, catalogue)
    except PoFileError as failure:
        where = f"{str(failure).partition(' on ')[0]}, line {failure.lineno + 1}"
        raise CatalogueUnsound(where) from None
    except ValueError:
        raise CatalogueUnsound from None
    return compiled.getvalue()


def compile_beside(template: Path) -> None:
    """Compile every catalogue of the template in this folder: a step of the build."""
    for source in sorted(template.glob(SOURCES)):
        content = source.read_bytes()
        language = source.parents[1].name
        _compiled(source, content).write_bytes(compile_catalogue(content, language))


def _compiled(source: Path, content: bytes) -> Path:
    digest = hashlib.sha256(content).hexdigest()[:HASH_DIGITS]
    return source.with_name(f".{source.stem}-{digest}.mo")
