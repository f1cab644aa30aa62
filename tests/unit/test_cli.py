"""``invoice-pdf render``: offline, one readable line per error, exit codes that scripts can use."""

from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from invoice_renderer.cli import cli
from invoice_renderer.template import Templates
from tests.pdf_reading import words_of

SAMPLES = Path(__file__).parents[1] / "samples"
INVOICE = SAMPLES / "invoice-get-by-sid.json"
PARTNER = SAMPLES / "partner-get-by-sid.json"
RENDERED = sorted((SAMPLES / "invoices").glob("*.json"))


def invoice_pdf(*arguments: object, stdin: str | None = None) -> Result:
    return CliRunner().invoke(cli, [str(each) for each in arguments], input=stdin)


def test_it_renders_the_documented_invoice_and_says_what_it_made(tmp_path: Path) -> None:
    output = tmp_path / "invoice.pdf"
    result = invoice_pdf("render", INVOICE, "-o", output, "--partner", PARTNER, "--json")
    facts = json.loads(result.stdout)
    pdf = output.read_bytes()

    assert result.exit_code == 0
    assert pdf.startswith(b"%PDF-")
    assert facts["sha256"] == hashlib.sha256(pdf).hexdigest()
    assert (facts["pages"], facts["bytes"]) == (1, len(pdf))
    assert facts["document"] == "preliminary"
    assert [each["code"] for each in facts["warnings"]] == ["balance-differs"]


@pytest.mark.parametrize(
    "invoice", sorted((SAMPLES / "invoices").glob("*.json")), ids=lambda p: p.stem
)
def test_it_renders_every_sample(tmp_path: Path, invoice: Path) -> None:
    result = invoice_pdf("render", invoice, "-o", tmp_path / "a.pdf", "--json")
    facts = json.loads(result.stdout)
    assert (result.exit_code, facts["pages"] >= 1) == (0, True)
    assert (tmp_path / "a.pdf").read_bytes().startswith(b"%PDF-")


def test_for_a_person_it_prints_lines_and_warnings_apart(tmp_path: Path) -> None:
    result = invoice_pdf("render", INVOICE, "-o", tmp_path / "a.pdf")
    assert "sha256" in result.stdout
    assert "balance-differs" not in result.stdout
    assert "balance-differs" in result.stderr


def test_it_reads_standard_input(tmp_path: Path) -> None:
    result = invoice_pdf("render", "-", "-o", tmp_path / "a.pdf", stdin=INVOICE.read_text())
    assert result.exit_code == 0


def test_a_folder_of_templates_takes_the_place_of_ours(tmp_path: Path) -> None:
    """The document says which one it was made with, and verifies with that one alone."""
    own, output = tmp_path / "own", tmp_path / "a.pdf"
    shutil.copytree(Templates().folder / "v1", own / "acme")
    (own / "acme" / "_taxes.html").write_text("<p>No taxes on Mondays</p>")
    how = ("-o", output, "--templates", own, "--template", "acme", "--json")
    facts = json.loads(invoice_pdf("render", INVOICE, *how).stdout)

    assert facts["template"].startswith("acme@")
    assert "No taxes on Mondays" in words_of(output.read_bytes())
    assert invoice_pdf("verify", output, "--templates", own).exit_code == 0
    assert invoice_pdf("verify", output).exit_code != 0


def test_a_folder_without_templates_is_a_usage_error(tmp_path: Path) -> None:
    result = invoice_pdf("render", INVOICE, "-o", tmp_path / "a.pdf", "--templates", tmp_path / "x")
    assert (result.exit_code, "settings-error" in result.stderr) == (2, True)


def test_options_change_the_document(tmp_path: Path) -> None:
    digests = set()
    for options in ([], ["--locale", "es-MX"], ["--paper", "A4"], ["--time-zone", "Asia/Tokyo"]):
        result = invoice_pdf("render", INVOICE, "-o", tmp_path / "a.pdf", "--json", *options)
        digests.add(json.loads(result.stdout)["sha256"])
    assert len(digests) >= 3  # a time zone shows only where a date moves


STRANGER = SAMPLES / "partner-create-unverified-postpay.json"
RENDER = ["render", str(INVOICE), "-o", "OUT"]
BAD = [
    ("no such file", ["render", "nowhere.json", "-o", "OUT"], 2, "invoice"),
    ("no output", ["render", str(INVOICE)], 2, "--output"),
    ("an unknown locale", [*RENDER, "--locale", "xx"], 2, "locale"),
    ("an unknown paper", [*RENDER, "--paper", "foolscap"], 2, "paper"),
    ("an unknown theme", [*RENDER, "--theme", "neon"], 2, "theme"),
    ("an unknown profile", [*RENDER, "--profile", "no.toml"], 2, "no.toml"),
    ("not an invoice", ["render", str(PARTNER), "-o", "OUT"], 65, "is missing"),
    ("somebody else's partner", [*RENDER, "--partner", str(STRANGER)], 65, "partner_sid"),
    ("an output that cannot be written", ["render", str(INVOICE), "-o", "OUT/x.pdf"], 2, "output"),
]


@pytest.mark.parametrize(
    ("arguments", "code", "says"), [row[1:] for row in BAD], ids=[row[0] for row in BAD]
)
def test_what_cannot_be_done_is_one_line_and_an_exit_code(
    tmp_path: Path, arguments: list[str], code: int, says: str
) -> None:
    output = str(tmp_path / "out.pdf")
    result = invoice_pdf(*[each.replace("OUT", output) for each in arguments])
    assert result.exit_code == code
    assert says in result.stderr
    assert "Traceback" not in result.output
    assert not (tmp_path / "out.pdf").exists()


@pytest.mark.parametrize("text", ["{", "[]", '{"a": NaN}', "\udcff"])
def test_standard_input_that_is_no_invoice_is_bad_data(tmp_path: Path, text: str) -> None:
    raw = text.encode("utf-8", "surrogateescape")
    result = CliRunner().invoke(cli, ["render", "-", "-o", str(tmp_path / "a.pdf")], input=raw)
    assert result.exit_code == 65


def test_machines_get_errors_as_json() -> None:
    result = invoice_pdf("render", INVOICE, "-o", "/nowhere/a.pdf", "--json")
    assert json.loads(result.stderr)["code"] == "option-refused"
    assert result.stdout == ""


def test_it_says_its_version() -> None:
    assert invoice_pdf("--version").stdout.startswith("invoice-pdf ")


@pytest.mark.parametrize("command", ["fetch", "deliver"])
def test_commands_that_need_a_deployment_name_the_setting_that_is_missing(
    monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    for name in ("CARRIERX_TOKEN_SECRET", "OUTPUT_BUCKET"):
        monkeypatch.delenv(name, raising=False)
    result = invoice_pdf(command, "4169705e-4284-482f-8e72-e962a8aaad9d")
    assert result.exit_code == 2
    assert "CARRIERX_TOKEN_SECRET is missing" in result.stderr
