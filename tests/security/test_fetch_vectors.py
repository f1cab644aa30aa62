"""Whatever a page asks for, nothing leaves the process and no file gets in."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from invoice_renderer.document import DocumentRenderer
from invoice_renderer.errors import AssetRefused, RenderingError
from invoice_renderer.field_types import NAME_CHARACTERS
from invoice_renderer.pdf.engine import PdfEngine
from invoice_renderer.pdf.fonts import BundledFonts
from invoice_renderer.pdf.stylesheets import Style
from invoice_renderer.request import RenderOptions
from tests.builders import a_partner, a_profile, an_invoice
from tests.pdf_reading import attachments_of, everything_in, links_of, words_of
from tests.security.fetch_vectors import INERT, REFUSED, VECTORS, Vector, page_with

CANARY = "canary-7f3a9"
PLAIN = Style("test", "", "letter", "#000000", "#000000")


class Doorbell:
    """A server on loopback that only counts who rings."""

    def __init__(self) -> None:
        self.rung = 0
        self._socket = socket.create_server(("127.0.0.1", 0))
        self._socket.settimeout(0.05)
        self._open = True
        self.address = f"http://127.0.0.1:{self._socket.getsockname()[1]}/x.png"
        self._thread = threading.Thread(target=self._listen)
        self._thread.start()

    def _listen(self) -> None:
        while self._open:
            try:
                connection, _ = self._socket.accept()
            except TimeoutError:
                continue
            self.rung += 1
            connection.close()

    def close(self) -> None:
        self._open = False
        self._thread.join()
        self._socket.close()


@contextmanager
def a_doorbell() -> Iterator[Doorbell]:
    doorbell = Doorbell()
    try:
        yield doorbell
    finally:
        doorbell.close()


@pytest.fixture(scope="module")
def engine() -> PdfEngine:
    return PdfEngine(BundledFonts(), max_pages=9, max_bytes=1_000_000)


@pytest.fixture
def canary_file(tmp_path: Path) -> str:
    file = tmp_path / "secret.svg"
    file.write_text(f'<svg xmlns="http://www.w3.org/2000/svg"><title>{CANARY}</title></svg>')
    return file.as_uri()


def test_there_are_thirty_seven_vectors() -> None:
    """27 that WeasyPrint tries to fetch, one that only links there, 9 that do nothing."""
    outcomes = [vector.outcome for vector in VECTORS]
    assert (outcomes.count(REFUSED), outcomes.count(INERT)) == (28, 9)
    assert len({vector.name for vector in VECTORS}) == 37


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector.name)
def test_a_page_cannot_reach_the_network(engine: PdfEngine, vector: Vector) -> None:
    """A vector fails the render or does nothing; nobody rings the bell either way."""
    with a_doorbell() as doorbell:
        _render_or_refuse(engine, vector, doorbell.address)
    assert doorbell.rung == 0


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector.name)
def test_a_page_cannot_read_a_file(engine: PdfEngine, vector: Vector, canary_file: str) -> None:
    """A vector fails the render or does nothing; the file's content is nowhere in the PDF."""
    pdf = _render_or_refuse(engine, vector, canary_file)
    if pdf is not None:
        assert CANARY.encode() not in everything_in(pdf)
        assert attachments_of(pdf) == {}


@pytest.mark.parametrize(
    "target",
    [
        "data:image/svg+xml,<svg xmlns='http://www.w3.org/2000/svg'/>",
        "ftp://127.0.0.1/x.png",
        "asset:nothing-of-that-name",
        "asset:../secret.svg",
        "ASSET:logo",
        "x.png",
        "//127.0.0.1/x.png",
        "http://user@[::ffff:127.0.0.1]:9/x.png",
        "http://2130706433/x.png",
    ],
)
def test_every_other_address_is_refused_unresolved(
    engine: PdfEngine, target: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No scheme but ``asset:``, no name that is not bundled, and no question to a resolver."""
    monkeypatch.setattr(socket, "getaddrinfo", pytest.fail)
    with pytest.raises(RenderingError):
        engine.render(f'<html lang="en"><img alt="x" src="{target}">', PLAIN, {})


@pytest.mark.parametrize(
    "rule", ["@font-face {{ font-family: x; src: url({0}) }}", "@media print {{ @import '{0}'; }}"]
)
def test_a_style_sheet_cannot_fetch(engine: PdfEngine, rule: str) -> None:
    """The prepared sheet has the fetcher, too: alone it would follow what it names."""
    with a_doorbell() as doorbell:
        sheet = Style(rule, rule.format(doorbell.address), "letter", "#000000", "#000000")
        with contextlib.suppress(AssetRefused):
            engine.render('<html lang="en"><title>x</title>', sheet, {})
    assert doorbell.rung == 0


def test_a_refusal_tells_how_but_never_what(engine: PdfEngine) -> None:
    """An address can carry a secret; the error names its scheme only."""
    with pytest.raises(AssetRefused) as refused:
        engine.render('<html lang="en"><img alt="x" src="http://x/?token=s3cret">', PLAIN, {})
    assert refused.value.schemes == ("http",)
    assert "s3cret" not in str(refused.value)


@pytest.mark.parametrize("start", range(0, len(VECTORS), 8))
def test_vectors_in_fields_are_printed_literally(renderer: DocumentRenderer, start: int) -> None:
    """As data, a vector is text: every character of it is on the page, and nothing is fetched."""
    with a_doorbell() as doorbell:
        texts = [
            f"{vector.head}{vector.body}".format(target=doorbell.address)[:NAME_CHARACTERS]
            for vector in VECTORS[start : start + 8]
        ]
        names = ("company_name", "name", "address1", "address2")
        pdfs = [
            _document(renderer, dict(zip(names, texts[half : half + 4], strict=False)))
            for half in (0, 4)
            if texts[half : half + 4]
        ]
    assert doorbell.rung == 0
    printed = "".join(words_of(pdf).replace(" ", "") for pdf in pdfs)
    for text in texts:
        for part in text.split():
            assert part[:24] in printed
    assert [link for pdf in pdfs for link in links_of(pdf)] == []


def _document(renderer: DocumentRenderer, fields: dict[str, str]) -> bytes:
    profile = a_profile()
    invoice = an_invoice(partner=a_partner(**fields))
    return renderer.render(invoice, profile, renderer.present(RenderOptions(), profile)).pdf


def _render_or_refuse(engine: PdfEngine, vector: Vector, target: str) -> bytes | None:
    page = page_with(vector, target)
    if vector.outcome == INERT:
        pdf = engine.render(page, PLAIN, {}).content
        assert "still here" in words_of(pdf)
        return pdf
    with pytest.raises(RenderingError):
        engine.render(page, PLAIN, {})
    return None
