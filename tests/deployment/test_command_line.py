"""``invoice-pdf fetch`` and ``deliver`` against a deployment, as separate processes."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from local.fake_carrierx import INVOICE_SID, Forever, Status

from tests.deployment.in_process import Deployment

INVOICE_PDF = Path(sys.executable).with_name("invoice-pdf")


def run(*arguments: str, stdin: str | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(INVOICE_PDF), *arguments],
        capture_output=True,
        text=True,
        input=stdin,
        timeout=60,
        check=False,
    )


def test_deliver_stores_the_document_and_prints_a_link(deployment: Deployment) -> None:
    result = run("deliver", INVOICE_SID, "--paper", "a4", "--json")
    facts = json.loads(result.stdout)
    assert (result.returncode, facts["display_id"]) == (0, "004")
    assert deployment.download(facts["url"]).content.startswith(b"%PDF-")


def test_what_is_fetched_can_be_rendered(deployment: Deployment, tmp_path: Path) -> None:
    """``invoice-pdf fetch SID | invoice-pdf render - -o FILE`` draws what ``deliver`` stores."""
    fetched = run("fetch", INVOICE_SID)
    rendered = run("render", "-", "-o", str(tmp_path / "a.pdf"), "--json", stdin=fetched.stdout)
    delivered = run("deliver", INVOICE_SID, "--json")
    assert json.loads(rendered.stdout)["sha256"] == json.loads(delivered.stdout)["sha256"]


@pytest.mark.parametrize(("status", "code"), [(404, 77), (403, 77), (422, 69), (503, 69)])
def test_each_kind_of_failure_has_its_exit_code(
    deployment: Deployment, status: int, code: int
) -> None:
    deployment.carrierx.script(INVOICE_SID, Forever(Status(status)))
    result = run("fetch", INVOICE_SID)
    assert result.returncode == code
    assert result.stderr.count("\n") == 1
    assert "Traceback" not in result.stderr
