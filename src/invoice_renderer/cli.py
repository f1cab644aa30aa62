"""``invoice-pdf``: the operator's command line over the same pipeline.

Exit codes (sysexits.h where it has one): 0 done, 2 usage, 65 bad invoice data, 69 upstream
unavailable, 70 rendering failed or bytes that differ, 77 not permitted. Errors are one line on
stderr; with ``--json`` both the result and the error are JSON.
"""

from __future__ import annotations

import json
import os
import sys
import webbrowser
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer
from botocore.exceptions import BotoCoreError
from rich.console import Console

from invoice_renderer import __version__, errors
from invoice_renderer.deadline import Deadline
from invoice_renderer.document import DocumentRenderer
from invoice_renderer.errors import InvoiceMalformed, InvoiceRendererError, OptionRefused
from invoice_renderer.invoice import Invoice, find_notices, parse_invoice, parse_partner
from invoice_renderer.profile_source import open_profile
from invoice_renderer.request import OPERATOR, RenderRequest, parse_options, parse_sid
from invoice_renderer.strict_json import JsonRefused, parse_json
from invoice_renderer.verification import verify_document

MAX_LINES = 100_000
DELIVER_SECONDS = 300.0
DEFAULT_PROFILE = "example.toml"

EXIT_OF: dict[type[InvoiceRendererError], int] = {
    errors.RequestError: 2,
    errors.SettingsError: 2,
    errors.ProfileMalformed: 2,
    errors.InvoiceError: 65,
    errors.InvoiceNotFound: 77,
    errors.BillingRefused: 77,
    errors.SecretUnreadable: 77,
    errors.StorageRefused: 77,
    errors.BillingError: 69,
    errors.SecretUnavailable: 69,
    errors.ProfileUnavailable: 69,
    errors.StorageUnavailable: 69,
    errors.QueueRefused: 77,
    errors.QueueUnavailable: 69,
    errors.OutOfTime: 69,
}
"""The nearest class in an error's ancestry decides; anything else is 70."""

cli = typer.Typer(
    name="invoice-pdf",
    help="CarrierX telecom invoices as PDF.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

Locale = Annotated[str | None, typer.Option(help="BCP 47 tag, such as en-US.")]
PaperSize = Annotated[str | None, typer.Option(help="letter or a4.")]
TimeZone = Annotated[str | None, typer.Option(help="IANA name, such as America/New_York.")]
Template = Annotated[str | None, typer.Option(help="Name of a template.")]
TemplatesFolder = Annotated[
    Path | None, typer.Option("--templates", help="A folder of templates, in place of ours.")
]
Theme = Annotated[str | None, typer.Option(help="Name of one of its themes.")]
Plain = Annotated[
    bool, typer.Option("--plain", help="Lay every page out whole: none of it is stamped.")
]
AsJson = Annotated[bool, typer.Option("--json", help="Results and errors as JSON.")]
Sid = Annotated[str, typer.Argument(metavar="SID", help="The invoice's SID.")]


def main() -> None:
    """The console script."""
    cli()


# ----------------------------------------------------------------------------- errors


@contextmanager
def _reported(*, as_json: bool) -> Iterator[None]:
    """Turn a typed error into one line on stderr and its exit code."""
    try:
        yield
    except InvoiceRendererError as error:
        problem = {"code": error.code, "detail": error.detail}
        line = json.dumps(problem) if as_json else f"invoice-pdf: {error.code}: {error.detail}"
        typer.echo(line, err=True)
        raise typer.Exit(errors.nearest(EXIT_OF, error, otherwise=70)) from None
    except BotoCoreError as error:  # no region, no credentials, no such profile
        typer.echo(f"invoice-pdf: aws-not-configured: {type(error).__name__}", err=True)
        raise typer.Exit(77) from None
    except KeyboardInterrupt:
        raise typer.Exit(130) from None


@contextmanager
def _progress(doing: str, *, as_json: bool) -> Iterator[None]:
    """A spinner on stderr while something long runs, where a person watches."""
    console = Console(stderr=True)
    if as_json or not console.is_terminal:
        yield
        return
    with console.status(doing):
        yield


# ----------------------------------------------------------------------------- commands


@cli.callback(invoke_without_command=True)
def _version(
    *, version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False
) -> None:
    if version:
        typer.echo(f"invoice-pdf {__version__}")
        raise typer.Exit


@cli.command()
def render(
    invoice: Annotated[str, typer.Argument(metavar="INVOICE.json", help="A file, or - for stdin.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="Where the PDF goes.")],
    *,
    profile: Annotated[str, typer.Option(help="Seller profile, TOML or JSON.")] = DEFAULT_PROFILE,
    partner: Annotated[Path | None, typer.Option(help="Partner object, where not nested.")] = None,
    locale: Locale = None,
    paper: PaperSize = None,
    time_zone: TimeZone = None,
    template: Template = None,
    theme: Theme = None,
    templates: TemplatesFolder = None,
    plain: Plain = False,
    as_json: AsJson = False,
) -> None:
    """Render an invoice from a JSON file, offline."""
    with _reported(as_json=as_json):
        parsed = _read_invoice(invoice, partner)
        look = {"locale": locale, "paper": paper, "template": template, "theme": theme}
        options = parse_options({**look, "time_zone": time_zone})
        renderer = DocumentRenderer(templates_dir=templates)
        renderer.check(options)
        seller = open_profile(profile).for_partner(parsed.partner_sid)
        presentation = renderer.present(options, seller)
        with _progress("Rendering", as_json=as_json):
            document = renderer.render(parsed, seller, presentation, plain=plain)
        _write(output, document.pdf)
        notices = find_notices(parsed) + document.notices
        result = {
            "invoice_sid": parsed.invoice_sid,
            "document": "final" if parsed.is_final else "preliminary",
            "path": str(output),
            "pages": document.pages,
            "bytes": len(document.pdf),
            "sha256": document.sha256,
            "template": renderer.template_version(presentation),
            "warnings": [{"code": each.code, "detail": each.detail} for each in notices],
        }
        _tell(result, as_json=as_json)


@cli.command()
def fetch(
    sid: Sid,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Where the JSON goes; else stdout.")
    ] = None,
    *,
    as_json: AsJson = False,
) -> None:
    """Fetch an invoice, with its partner, from the configured CarrierX API, as JSON."""
    from invoice_renderer.application import Application  # noqa: PLC0415  AWS is not needed offline

    with _reported(as_json=as_json):
        application = Application.from_environment(os.environ)
        with _progress("Asking CarrierX", as_json=as_json):
            invoice = application.billing.fetch_invoice(
                parse_sid(sid),
                caller=OPERATOR,
                max_lines=MAX_LINES,
                deadline=Deadline.after(DELIVER_SECONDS),
            )
        text = invoice.model_dump_json(indent=2) + "\n"
        if output is None:
            typer.echo(text, nl=False)
            return
        _write(output, text.encode())


@cli.command()
def deliver(
    sid: Sid,
    *,
    locale: Locale = None,
    paper: PaperSize = None,
    time_zone: TimeZone = None,
    template: Template = None,
    theme: Theme = None,
    link_seconds: Annotated[int | None, typer.Option(help="Life of the link.")] = None,
    as_json: AsJson = False,
) -> None:
    """Fetch, render and store an invoice as the functions do, and print a link to it."""
    from invoice_renderer.application import Application  # noqa: PLC0415

    with _reported(as_json=as_json):
        look = {"locale": locale, "paper": paper, "template": template, "theme": theme}
        options = parse_options({**look, "time_zone": time_zone, "link_seconds": link_seconds})
        request = RenderRequest(parse_sid(sid), OPERATOR, options)
        application = Application.from_environment(os.environ)
        with _progress("Delivering", as_json=as_json):
            delivery = application.deliver(request, Deadline.after(DELIVER_SECONDS))
        _tell(delivery.fields(), as_json=as_json)


@cli.command()
def verify(
    pdf: Annotated[Path, typer.Argument(metavar="FILE.pdf", help="A document rendered here.")],
    *,
    profile: Annotated[str, typer.Option(help="Seller profile, TOML or JSON.")] = DEFAULT_PROFILE,
    templates: TemplatesFolder = None,
    as_json: AsJson = False,
) -> None:
    """Render a PDF again from the record inside it, and say whether the bytes are the same."""
    with _reported(as_json=as_json):
        content = _read(pdf, "pdf")
        with _progress("Rendering", as_json=as_json):
            renderer = DocumentRenderer(templates_dir=templates)
            verdict = verify_document(content, renderer=renderer, profiles=open_profile(profile))
        if as_json:
            typer.echo(json.dumps({"path": str(pdf), **verdict.fields()}))
        else:
            typer.echo(f"{pdf}: {'same' if verdict.same else 'DIFFERS'}  {verdict.sha256}")
            if verdict.plain:
                typer.echo("    laid out whole, as by render --plain; stamped, it has other bytes")
            for reason in verdict.reasons:
                typer.echo(f"    {reason}")
        if not verdict.same:
            raise typer.Exit(70)


@cli.command()
def lint(
    template_dir: Annotated[Path, typer.Argument(metavar="TEMPLATE_DIR", help="A template.")],
    *,
    profile: Annotated[str, typer.Option(help="Seller profile, TOML or JSON.")] = DEFAULT_PROFILE,
    as_json: AsJson = False,
) -> None:
    """Say what is wrong with a template, with file, line and what to do; exit 1 if anything is."""
    from invoice_renderer.lint import lint_template  # noqa: PLC0415  draws some hundred pages

    with _reported(as_json=as_json):
        seller = open_profile(profile).for_partner("")
        with _progress("Reading and drawing the template", as_json=as_json):
            findings = lint_template(template_dir, seller)
        if as_json:
            typer.echo(json.dumps({"findings": [finding.fields() for finding in findings]}))
        else:
            for finding in findings:
                typer.echo(finding)
        if findings:
            raise typer.Exit(1)


@cli.command()
def preview(
    invoice: Annotated[
        str | None, typer.Argument(metavar="[INVOICE.json]", help="One more, before the gallery.")
    ] = None,
    *,
    profile: Annotated[str, typer.Option(help="Seller profile, TOML or JSON.")] = DEFAULT_PROFILE,
    partner: Annotated[Path | None, typer.Option(help="Partner object, where not nested.")] = None,
    templates: TemplatesFolder = None,
    port: Annotated[int, typer.Option(help="Port on 127.0.0.1; 0: a free one.")] = 0,
    browser: Annotated[bool, typer.Option("--open", help="Open the page in a browser.")] = False,
    as_json: AsJson = False,
) -> None:
    """Show the gallery of hard invoices on a local page that follows every change of a file."""
    try:
        from invoice_renderer.preview.run import Preview  # noqa: PLC0415  an extra
    except ModuleNotFoundError as missing:
        if missing.name not in {"pypdfium2", "watchfiles"}:
            raise
        typer.echo(f"invoice-pdf: preview needs {missing.name}: install [preview]", err=True)
        raise typer.Exit(2) from None
    read = None if invoice is None else partial(_read_invoice, invoice, partner)
    with _reported(as_json=as_json):
        if invoice == "-":
            raise OptionRefused("invoice", "must be a file: it is read again when it changes")
        files = [Path(file) for file in (invoice, partner) if file is not None]
        page = Preview(profile=profile, templates=templates, read_invoice=read, invoice_files=files)
        with page.serve(port=port) as url:
            typer.echo(json.dumps({"url": url}) if as_json else f"preview  {url}  (Ctrl-C ends it)")
            if browser:
                webbrowser.open(url)
            page.wait()


# ----------------------------------------------------------------------------- files


def _read_invoice(where: str, partner: Path | None) -> Invoice:
    fields = _read_json(where, "invoice")
    invoice = parse_invoice(fields, max_lines=MAX_LINES)
    if partner is None:
        return invoice
    buyer = parse_partner(_read_json(str(partner), "partner"))
    if buyer.partner_sid != invoice.partner_sid:
        raise InvoiceMalformed("partner.partner_sid", "is not the partner that the invoice names")
    return invoice.model_copy(update={"partner": buyer})


def _read_json(where: str, what: str) -> object:
    raw = sys.stdin.buffer.read() if where == "-" else _read(Path(where), what)
    try:
        return parse_json(raw)
    except JsonRefused as refused:
        raise InvoiceMalformed(what, str(refused)) from None


def _read(file: Path, what: str) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise OptionRefused(what, f"cannot be read ({error.strerror})") from None


def _write(output: Path, content: bytes) -> None:
    try:
        output.write_bytes(content)
    except OSError as error:
        raise OptionRefused("output", f"cannot be written ({error.strerror})") from None


def _tell(result: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps(result))
        return
    for name, value in result.items():
        if name != "warnings":
            typer.echo(f"{name:<15} {value}")
    for warning in result["warnings"]:
        typer.echo(f"warning         {warning['code']}: {warning['detail']}", err=True)
