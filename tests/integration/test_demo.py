"""The demo, as a stranger runs it: another process, nothing prepared, nothing left behind."""

from __future__ import annotations

import hashlib
import io
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from local.demo_run import DemoFailed, run_quietly
from rich.console import Console

ROOT = Path(__file__).resolve().parents[2]
COMMAND = [sys.executable, "-m", "local.demo", "--out"]


def a_plain_environment(**extra: str) -> dict[str, str]:
    """Settings of the machine's own AWS account, which the demo must not see."""
    foreign = {"AWS_PROFILE": "production", "AWS_REGION": "eu-central-1", "AWS_SESSION_TOKEN": "x"}
    proxies = {"HTTP_PROXY": "http://127.0.0.1:9", "HTTPS_PROXY": "http://127.0.0.1:9"}
    return {**os.environ, **foreign, **proxies, **extra}


def test_the_demo_leaves_a_pdf_whose_hash_it_tells(tmp_path: Path) -> None:
    out = tmp_path / "out"
    run = subprocess.run(
        [*COMMAND, str(out)],
        cwd=ROOT,
        env=a_plain_environment(TMPDIR=str(tmp_path)),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert (run.returncode, run.stderr) == (0, ""), run.stdout
    pdf = (out / "invoice-004.pdf").read_bytes()
    assert pdf.startswith(b"%PDF-")
    assert re.search(rf"^sha256 +{hashlib.sha256(pdf).hexdigest()}$", run.stdout, re.MULTILINE)
    assert re.search(rf"^bytes +{len(pdf):,}$", run.stdout, re.MULTILINE)
    assert re.search(r"^pages +[1-9]", run.stdout, re.MULTILINE)
    assert str(out / "invoice-004.pdf") in run.stdout
    steps = [line for line in run.stdout.splitlines() if line.startswith("✓")]
    assert len(steps) >= 10
    assert all(re.search(r"\d+\.\d\d s", line) for line in steps)
    assert '"level"' not in run.stdout
    assert '"invoice_delivered"' in (out / "demo.log").read_text()
    assert {path.name for path in tmp_path.iterdir()} == {"out"}
    assert {path.name for path in out.iterdir()} == {"invoice-004.pdf", "demo.log"}


def test_a_demo_stopped_by_ctrl_c_cleans_up_and_says_so(tmp_path: Path) -> None:
    out = tmp_path / "out"
    with subprocess.Popen(
        [*COMMAND, str(out)],
        cwd=ROOT,
        env=a_plain_environment(TMPDIR=str(tmp_path)),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        for line in process.stdout:
            if line.startswith("✓ Load"):  # an import that is interrupted may complain by itself
                break
        time.sleep(0.1)
        process.send_signal(signal.SIGINT)
        process.send_signal(signal.SIGTERM)  # an impatient reader
        said, complained = process.stdout.read(), process.stderr.read()
        code = process.wait(timeout=30)
    assert (code, complained) == (130, "")
    assert "Stopped; everything is cleaned up." in said
    assert "Traceback" not in said
    assert {path.name for path in tmp_path.iterdir()} == {"out"}
    assert {path.name for path in out.iterdir()} == {"demo.log"}


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (DemoFailed("POST answered 500"), "POST answered 500"),
        (OSError("disk full\nsecond line"), "OSError: disk full"),
    ],
    ids=["a step", "a surprise"],
)
def test_a_demo_that_fails_says_why_in_one_line(
    tmp_path: Path, error: Exception, words: str
) -> None:
    def story() -> None:
        sys.stdout.write("a handler's line\n")
        raise error

    screen, log = io.StringIO(), tmp_path / "out" / "demo.log"
    code = run_quietly(story, Console(file=screen), log=log)
    assert code == 1
    assert screen.getvalue() == f"The demo failed: {words} (handlers' log: {log})\n"
    assert log.read_text().startswith("a handler's line\n")
