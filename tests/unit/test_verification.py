"""``verify``: the same bytes again from the record inside, or why not."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from invoice_renderer.cli import cli
from invoice_renderer.document import DocumentRenderer
from invoice_renderer.errors import RecordUnreadable
from invoice_renderer.gallery import GALLERY
from invoice_renderer.gallery.cases import bill
from invoice_renderer.invoice import Invoice
from invoice_renderer.profile import SellerProfile
from invoice_renderer.request import RenderOptions
from invoice_renderer.verification import verify_document
from tests.builders import a_profile, an_invoice
from tests.pdf_reading import words_of


class OneProfile:
    """The same seller for every partner."""

    def __init__(self, profile: SellerProfile | None = None) -> None:
        self._profile = profile or a_profile()

    def for_partner(self, partner_sid: str) -> SellerProfile:
        return self._profile


class OtherEngine(DocumentRenderer):
    """As if another release had rendered."""

    engine = "invoice-renderer 0.0.1"  # type: ignore[assignment]


def drawn(
    renderer: DocumentRenderer,
    invoice: Invoice | None = None,
    *,
    plain: bool = False,
    **options: str,
) -> bytes:
    profile = a_profile()
    presentation = renderer.present(RenderOptions(**options), profile)  # type: ignore[arg-type]
    return renderer.render(invoice or an_invoice(), profile, presentation, plain=plain).pdf


def test_a_document_verifies_by_itself(renderer: DocumentRenderer) -> None:
    pdf = drawn(renderer)
    verdict = verify_document(pdf, renderer=renderer, profiles=OneProfile())
    assert (verdict.same, verdict.reasons) == (True, ())
    assert verdict.sha256 == verdict.rendered_sha256


@pytest.mark.parametrize("name", sorted(set(GALLERY) - {"900-lines"}))
def test_every_hard_invoice_verifies(renderer: DocumentRenderer, name: str) -> None:
    pdf = drawn(renderer, GALLERY[name].build())
    assert verify_document(pdf, renderer=renderer, profiles=OneProfile()).same


def test_the_choices_of_the_caller_are_in_the_record(renderer: DocumentRenderer) -> None:
    """The profile's defaults do not decide."""
    pdf = drawn(renderer, locale="es-MX", paper="a4", time_zone="Asia/Tokyo")
    assert verify_document(pdf, renderer=renderer, profiles=OneProfile()).same


def test_a_document_that_was_laid_out_whole_verifies_too(renderer: DocumentRenderer) -> None:
    """Its bytes are others than those of the stamped one, and the verdict says which they are."""
    stamped, whole = drawn(renderer), drawn(renderer, plain=True)
    assert stamped != whole
    verdicts = [
        verify_document(pdf, renderer=renderer, profiles=OneProfile()) for pdf in (stamped, whole)
    ]
    assert [(each.same, each.plain, each.reasons) for each in verdicts] == [
        (True, False, ()),
        (True, True, ()),
    ]
    assert all(each.sha256 == each.rendered_sha256 for each in verdicts)


def test_a_changed_document_that_is_too_long_for_the_plain_path_is_still_judged() -> None:
    """It is not tried there: the verdict is that of the stamped one."""
    renderer = DocumentRenderer(max_plain_rows=100)
    pdf = bytearray(drawn(renderer, bill(120)))
    pdf[-3] ^= 1
    verdict = verify_document(bytes(pdf), renderer=renderer, profiles=OneProfile())
    assert (verdict.same, verdict.plain) == (False, False)
    assert verdict.reasons == ("the file was changed after it was rendered",)


def test_a_change_of_one_byte_is_seen(renderer: DocumentRenderer) -> None:
    pdf = bytearray(drawn(renderer))
    pdf[-3] ^= 1
    verdict = verify_document(bytes(pdf), renderer=renderer, profiles=OneProfile())
    assert not verdict.same
    assert verdict.reasons == ("the file was changed after it was rendered",)


def test_another_profile_is_named(renderer: DocumentRenderer) -> None:
    other = OneProfile(a_profile(memo="Thank you."))
    verdict = verify_document(drawn(renderer), renderer=renderer, profiles=other)
    assert not verdict.same
    assert verdict.reasons == ("it was rendered with another seller profile",)


def test_another_engine_is_named(renderer: DocumentRenderer) -> None:
    verdict = verify_document(drawn(OtherEngine()), renderer=renderer, profiles=OneProfile())
    assert not verdict.same
    assert verdict.reasons == ("it was rendered by another engine: invoice-renderer 0.0.1",)


def test_a_file_without_a_record_is_unreadable(renderer: DocumentRenderer) -> None:
    with pytest.raises(RecordUnreadable):
        verify_document(b"%PDF-1.7\n", renderer=renderer, profiles=OneProfile())


# ----------------------------------------------------------------------------- the command

INVOICE = Path(__file__).parents[1] / "samples" / "invoice-get-by-sid.json"


def invoice_pdf(*arguments: object) -> Result:
    return CliRunner().invoke(cli, [str(each) for each in arguments])


def test_the_command_says_same_or_differs(tmp_path: Path) -> None:
    """Exit codes 0 and 70, and with ``--json`` the digests."""
    file = tmp_path / "a.pdf"
    assert invoice_pdf("render", INVOICE, "-o", file).exit_code == 0
    same = invoice_pdf("verify", file, "--json")
    facts = json.loads(same.stdout)
    assert (same.exit_code, facts["same"], facts["reasons"]) == (0, True, [])
    file.write_bytes(file.read_bytes() + b"\n")
    differs = invoice_pdf("verify", file)
    assert differs.exit_code == 70
    assert "DIFFERS" in differs.stdout
    assert "changed after" in differs.stdout


def test_the_command_says_that_a_document_was_laid_out_whole(tmp_path: Path) -> None:
    """``render --plain`` makes other bytes of the same page, and ``verify`` knows them."""
    stamped, whole = tmp_path / "a.pdf", tmp_path / "b.pdf"
    assert invoice_pdf("render", INVOICE, "-o", stamped).exit_code == 0
    assert invoice_pdf("render", INVOICE, "-o", whole, "--plain").exit_code == 0
    assert stamped.read_bytes() != whole.read_bytes()
    assert words_of(stamped.read_bytes()) == words_of(whole.read_bytes())
    assert "laid out whole" not in invoice_pdf("verify", stamped).stdout
    verdict = invoice_pdf("verify", whole)
    assert verdict.exit_code == 0
    assert "laid out whole" in verdict.stdout
    assert json.loads(invoice_pdf("verify", whole, "--json").stdout)["plain"] is True


def test_the_command_cannot_read_what_is_not_ours(tmp_path: Path) -> None:
    """65 where there is no record, 2 where there is no file."""
    assert invoice_pdf("verify", INVOICE).exit_code == 65
    assert invoice_pdf("verify", tmp_path / "no.pdf").exit_code == 2
