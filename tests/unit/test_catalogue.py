"""Catalogues: compiled by the build, and the same words without it."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from invoice_renderer.catalogue import CatalogueUnsound, compile_beside, read_catalogue
from invoice_renderer.template import Templates

OURS = Templates().get("v1")


@pytest.fixture
def template(tmp_path: Path) -> Path:
    return shutil.copytree(OURS.folder, tmp_path / "v1")


def source_of(template: Path, language: str) -> Path:
    return template / "locales" / language / "LC_MESSAGES" / "messages.po"


def test_a_compiled_catalogue_has_the_same_words(template: Path) -> None:
    """In every language, plural forms among them."""
    compile_beside(template)
    for language in set(OURS.languages) - {"en"}:
        compiled = read_catalogue(source_of(template, language), language)
        plain = read_catalogue(source_of(OURS.folder, language), language)
        assert compiled._catalog == plain._catalog  # type: ignore[attr-defined]
        assert compiled.ngettext("{count} number", "{count} numbers", 2) != "{count} numbers"


def test_a_compiled_catalogue_is_read_without_babels_parser(template: Path) -> None:
    """Which takes longer to import than everything else of a catalogue."""
    compile_beside(template)
    says = (
        "import sys; from pathlib import Path;"
        "from invoice_renderer.catalogue import read_catalogue;"
        f"words = read_catalogue(Path({str(source_of(template, 'es'))!r}), 'es');"
        "print(words.gettext('Paid'), 'babel.messages.pofile' in sys.modules)"
    )
    told = subprocess.run([sys.executable, "-c", says], capture_output=True, check=True, text=True)
    assert told.stdout.split() == ["Pagada", "False"]


def test_a_compiled_catalogue_does_not_tell_when_it_was_compiled(template: Path) -> None:
    """The same bytes from the same source, in any minute."""
    compile_beside(template)
    for language in set(OURS.languages) - {"en"}:
        told = read_catalogue(source_of(template, language), language).info()
        assert (language, told["pot-creation-date"]) == (language, "1980-01-01 00:00+0000")


def test_compiled_catalogues_are_no_part_of_the_template(template: Path) -> None:
    """A document has the same bytes where it was drawn with them, and where without."""
    before = Templates(template.parent).get("v1").version
    compile_beside(template)
    assert len(list(template.rglob("*.mo"))) == len(OURS.languages) - 1
    assert before == Templates(template.parent).get("v1").version == OURS.version


def test_a_catalogue_that_was_changed_since_is_read_itself(template: Path) -> None:
    compile_beside(template)
    source = source_of(template, "es")
    source.write_text(source.read_text("utf-8").replace("Pagada", "Abonada"), "utf-8")
    assert read_catalogue(source, "es").gettext("Paid") == "Abonada"


def test_compiling_is_the_same_bytes_again(template: Path) -> None:
    """So that two builds are."""
    compile_beside(template)
    first = {file: file.read_bytes() for file in template.rglob("*.mo")}
    compile_beside(template)
    assert first == {file: file.read_bytes() for file in template.rglob("*.mo")}


def test_what_is_no_catalogue_is_said_with_its_line(template: Path) -> None:
    source_of(template, "es").write_text('msgid "Paid"\nPaid\n')
    with pytest.raises(CatalogueUnsound, match="line 2"):
        compile_beside(template)
