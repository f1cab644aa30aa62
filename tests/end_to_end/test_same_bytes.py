"""One engine everywhere: arm64, x86_64 and the developer's machine make the same bytes."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from e2e import DIST, PROJECT
from e2e.roots import LambdaRoot, lambda_root
from e2e.sandbox import LAMBDA_ENVIRONMENT, Function, Sandbox

from invoice_renderer.document import DocumentRenderer
from invoice_renderer.gallery import GALLERY
from invoice_renderer.profile_source import open_profile
from invoice_renderer.request import RenderOptions

TOOLS = "/mnt"  # in the sandbox
SCRIPT = PROJECT / "e2e" / "render_again.py"
QEMU = Path("/usr/bin/qemu-aarch64-static")
ENVIRONMENT = LAMBDA_ENVIRONMENT | {
    "FONTCONFIG_FILE": "/opt/etc/fonts/fonts.conf",
    "LIBTHAI_DICTDIR": "/opt/share/libthai",
}


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The gallery, and the documented invoice by the command line, made by this machine."""
    folder = tmp_path_factory.mktemp("made-here")
    renderer = DocumentRenderer()
    for case in GALLERY.values():
        invoice = case.build()
        profile = open_profile("example.toml").for_partner(invoice.partner_sid)
        presentation = renderer.present(RenderOptions(), profile)
        pdf = renderer.render(invoice, profile, presentation).pdf
        (folder / f"{case.name}.pdf").write_bytes(pdf)
    sample = PROJECT / "local/fake_carrierx/documents/invoice-004.json"
    command = [str(PROJECT / ".venv/bin/invoice-pdf"), "render", str(sample)]
    subprocess.run([*command, "-o", str(folder / "command-line.pdf")], check=True)
    folder.chmod(0o755)
    shutil.copyfile(SCRIPT, folder / SCRIPT.name)
    return folder


def rendered_again(root: LambdaRoot, folder: Path) -> dict[str, Any]:
    """What a sandbox makes of the records of a folder of PDFs."""
    python = ["/usr/bin/python3.13", f"{TOOLS}/{SCRIPT.name}", TOOLS]
    binds = {TOOLS: folder}
    if root.arch == "arm64":
        shutil.copy2(QEMU, folder / QEMU.name)
        python = [f"{TOOLS}/{QEMU.name}", *python]
    command = Sandbox(root, Function("none"), binds=binds).command(python)
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
    root: LambdaRoot, here: Path
) -> None:
    """Every hard invoice of the gallery, from the archives as Lambda unpacks them."""
    assert hashes(here) == rendered_again(root, here)


def test_the_function_on_arm64_makes_the_bytes_of_this_machine(
    root: LambdaRoot, here: Path
) -> None:
    """The other processor's archives, under emulation."""
    if not QEMU.exists() or not (DIST / "function-arm64.zip").exists():
        pytest.skip("needs qemu-user-static, and the archives of arm64 (make build)")
    assert hashes(here) == rendered_again(lambda_root("arm64"), here)
