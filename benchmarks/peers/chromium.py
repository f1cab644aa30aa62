"""Debian's Chromium, headless, kept warm: one browser, one page, its debugging protocol."""

from __future__ import annotations

import base64
import itertools
import json
import os
import shutil
import subprocess
import tempfile
import time
import urllib.request
from pathlib import Path
from typing import Any

import websocket

from benchmarks.peers.html import FONTS_CONF, write_html

START_SECONDS = 30
CHUNK_BYTES = 1 << 20
FLAGS = ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
         "--no-first-run", "--font-render-hinting=none", "--disable-extensions",
         "--disable-background-networking",
         "--remote-debugging-port=0")  # fmt: skip


class Chromium:
    """Pages go in as HTML, without a navigation; PDFs come out as a stream."""

    def __init__(self) -> None:
        program = shutil.which("chromium")
        if program is None:
            raise FileNotFoundError("chromium is not installed; run: scripts/setup.sh bench")
        self.versions = (
            subprocess.run([program, "--version"], capture_output=True, text=True, check=True)
            .stdout.split(" built")[0]
            .strip()
        )
        self._folder = tempfile.TemporaryDirectory(prefix="bench-chromium-")
        self._browser = subprocess.Popen(
            [program, *FLAGS, f"--user-data-dir={self._folder.name}", "about:blank"],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env={**os.environ, "FONTCONFIG_FILE": str(FONTS_CONF)},
        )
        self._ids = itertools.count(1)
        self._page = websocket.create_connection(
            _page_address(Path(self._folder.name)), suppress_origin=True, timeout=None
        )
        self._frame = self._call("Page.getFrameTree")["frameTree"]["frame"]["id"]

    def render(self, raw: bytes) -> bytes:
        html = write_html("modern.html", raw)
        self._call("Page.setDocumentContent", frameId=self._frame, html=html)
        printed = self._call(
            "Page.printToPDF",
            printBackground=True,
            preferCSSPageSize=True,
            transferMode="ReturnAsStream",
        )
        return self._read(printed["stream"])

    def close(self) -> None:
        """The browser ends; its folder goes."""
        self._call("Browser.close")
        self._browser.wait(START_SECONDS)
        self._folder.cleanup()

    def _read(self, stream: str) -> bytes:
        parts, ended = [], False
        while not ended:
            chunk = self._call("IO.read", handle=stream, size=CHUNK_BYTES)
            parts.append(base64.b64decode(chunk["data"]))
            ended = chunk["eof"]
        self._call("IO.close", handle=stream)
        return b"".join(parts)

    def _call(self, method: str, **parameters: object) -> Any:
        number = next(self._ids)
        self._page.send(json.dumps({"id": number, "method": method, "params": parameters}))
        while True:
            answer = json.loads(self._page.recv())
            if answer.get("id") != number:
                continue  # an event
            if "error" in answer:
                raise RuntimeError(f"{method}: {answer['error']['message']}")
            return answer["result"]


def _page_address(folder: Path) -> str:
    """The browser writes its port into a file of its folder; the port lists its pages."""
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        try:
            port = int((folder / "DevToolsActivePort").read_text().split()[0])
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/json/list") as answer:
                pages = [each for each in json.load(answer) if each["type"] == "page"]
            return str(pages[0]["webSocketDebuggerUrl"])
        except (OSError, IndexError, ValueError):
            time.sleep(0.05)
    raise TimeoutError("Chromium did not open its debugging port")
