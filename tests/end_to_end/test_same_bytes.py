"""One engine everywhere: arm64, x86_64 and the developer's machine make the same bytes."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pytest
from e2e import PROJECT
from e2e.roots import LambdaRoot
from e2e.sandbox import LAMBDA_ENVIRONMENT, Function, Sandbox

from invoice_renderer.document import DocumentRenderer
from invoice_renderer.gallery import GALLERY
from invoice_renderer.profile_source import open_profile
from invoice_renderer.request import RenderOptions
from tests.end_to_end.conftest import QEMU

TOOLS = "/mnt"  # in the sandbox
SCRIPT = PROJECT / "e2e" / "render_again.py"
DOCUMENTED = PROJECT / "local/fake_carrierx/documents/invoice-004.json"
ENVIRONMENT = LAMBDA_ENVIRONMENT | {
    "FONTCONFIG_FILE": "/opt/etc/fonts/fonts.conf",
    "LIBTHAI_DICTDIR": "/opt/share/libthai",
}
ANY = RenderOptions()
LOOKS = {
    "in-arabic": ("paid", RenderOptions(locale="ar-EG", paper="a4")),
    "in-japanese-large": ("documented", RenderOptions(locale="ja-JP", theme="large-print")),
    "in-german-mono": ("credit", RenderOptions(locale="de-DE", theme="mono", paper="a4")),
    "in-french-classic": ("40-taxes", RenderOptions(locale="fr-CA", theme="classic")),
    "in-spanish": ("open", RenderOptions(locale="es-MX", time_zone="America/Mexico_City")),
    "in-portuguese": ("30-payments", RenderOptions(locale="pt-BR", paper="a4")),
}
EVERYTHING: Mapping[str, tuple[str, RenderOptions]] = {
    **{name: (name, ANY) for name in GALLERY},
    **LOOKS,
}
FAIR = ("every-script", "60-lines", "longest-names", "in-arabic", "in-japanese-large")
"""Every script, a page break, every text that wraps, both directions, two papers; not 900 lines:
an emulated processor takes minutes over them."""


def made_here(names: Iterable[str], folder: Path, templates: Path | None = None) -> Path:
    """What this machine makes of them, and its command line of the documented invoice."""
    renderer, profiles = DocumentRenderer(templates_dir=templates), open_profile("example.toml")
    for name in names:
        case, options = EVERYTHING[name]
        invoice = GALLERY[case].build()
        profile = profiles.for_partner(invoice.partner_sid)
        pdf = renderer.render(invoice, profile, renderer.present(options, profile)).pdf
        (folder / f"{name}.pdf").write_bytes(pdf)
    command = [str(PROJECT / ".venv/bin/invoice-pdf"), "render", str(DOCUMENTED)]
    command += ["--templates", str(templates)] if templates else []
    subprocess.run([*command, "-o", str(folder / "by-command-line.pdf")], check=True)
    return folder


def rendered_again(
    root: LambdaRoot, folder: Path, binds: Mapping[str, Path] | None = None
) -> dict[str, Any]:
    """What a sandbox makes of the records of a folder of PDFs."""
    folder.chmod(0o755)
    shutil.copyfile(SCRIPT, folder / SCRIPT.name)
    python = ["/usr/bin/python3.13", f"{TOOLS}/{SCRIPT.name}", TOOLS]
    if root.arch == "arm64":
        shutil.copy2(QEMU, folder / QEMU.name)
        python = [f"{TOOLS}/{QEMU.name}", *python]
    command = Sandbox(root, Function("none"), binds={**(binds or {}), TOOLS: folder}).command(
        python
    )
    done = subprocess.run(command, env=ENVIRONMENT, check=True, capture_output=True)
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def hashes(folder: Path) -> dict[str, Any]:
    names = sorted(path.name for path in folder.glob("*.pdf"))
    sums = subprocess.run(
        ["sha256sum", *names], cwd=folder, check=True, capture_output=True, text=True
    )
    return {
        name: {"sha256": digest, "reasons": []}
        for digest, name in (line.split() for line in sums.stdout.splitlines())
    }


def test_the_function_on_x86_64_makes_the_bytes_of_this_machine(
    root: LambdaRoot, tmp_path: Path
) -> None:
    """Every hard invoice and every language, from the archives as Lambda unpacks them."""
    here = made_here(EVERYTHING, tmp_path)
    assert hashes(here) == rendered_again(root, here)


def test_the_function_on_arm64_makes_the_bytes_of_this_machine(
    arm64: LambdaRoot, tmp_path: Path
) -> None:
    """The other processor's archives, emulated: a fair sample."""
    here = made_here(FAIR, tmp_path)
    assert hashes(here) == rendered_again(arm64, here)


@pytest.mark.slow
@pytest.mark.parametrize("half", [0, 1])
def test_the_function_on_arm64_makes_the_bytes_of_this_machine_without_exception(
    arm64: LambdaRoot, tmp_path: Path, half: int
) -> None:
    """The same, of everything: half of it for each of two processors."""
    here = made_here(sorted(EVERYTHING)[half::2], tmp_path)
    assert hashes(here) == rendered_again(arm64, here)
