"""Debian's wkhtmltopdf: a process for each document. Its Qt has no heads, feet or page numbers."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile

from benchmarks.peers.html import FONTS_CONF, write_html

OPTIONS = ("--quiet", "--page-size", "Letter", "--zoom", "1.3",
           "--margin-top", "17mm", "--margin-bottom", "17mm",
           "--margin-left", "17.6mm", "--margin-right", "17.6mm")  # fmt: skip


class Wkhtmltopdf:
    """Qt's old WebKit, which knows no flex."""

    def __init__(self) -> None:
        program = shutil.which("wkhtmltopdf")
        if program is None:
            raise FileNotFoundError("wkhtmltopdf is not installed; run: scripts/setup.sh bench")
        self._command = (program, *OPTIONS, "-", "-")
        said = subprocess.run([program, "--version"], capture_output=True, text=True, check=True)
        self.versions = said.stdout.strip()
        self._runtime = tempfile.TemporaryDirectory(prefix="bench-qt-")
        self._environment = {
            **os.environ,
            "FONTCONFIG_FILE": str(FONTS_CONF),
            "QT_QPA_PLATFORM": "offscreen",
            "XDG_RUNTIME_DIR": self._runtime.name,
        }

    def render(self, raw: bytes) -> bytes:
        html = write_html("plain.html", raw, frames=False).encode()
        return subprocess.run(
            self._command, input=html, capture_output=True, check=True, env=self._environment
        ).stdout

    def close(self) -> None:
        """No process outlives its document."""
        self._runtime.cleanup()
