"""HTTP for this machine's browser alone: it listens on 127.0.0.1, and on no other address.

A page of another site cannot read from it: a request must name this server as its host, which a
name that was rebound to 127.0.0.1 does not. No part of an address becomes the path of a file:
files of the page are named in a table, pages and fonts by number, proofs by their id.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from contextlib import suppress
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar
from urllib.parse import urlsplit

from invoice_renderer.preview.browser import font_faces
from invoice_renderer.preview.pictures import RESOLUTIONS, draw_page
from invoice_renderer.preview.proof import Proof
from invoice_renderer.preview.scene import scene_of
from invoice_renderer.preview.studio import Studio

ADDRESS = "127.0.0.1"
SILENCE_SECONDS = 10.0
"""After so long a waiting page is told that nothing has changed; one that is gone is noticed."""
SITE = Path(__file__).parent / "site"
FILES = {
    "/": ("page.html", "text/html; charset=utf-8"),
    "/page.css": ("page.css", "text/css; charset=utf-8"),
    "/page.js": ("page.js", "text/javascript; charset=utf-8"),
    "/icon.svg": ("icon.svg", "image/svg+xml"),
}
PAGE_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self';"
    " connect-src 'self'; frame-src 'self'; base-uri 'none'; form-action 'none';"
    " frame-ancestors 'none'"
)
DOCUMENT_POLICY = (
    "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:; font-src http://{host};"
    " base-uri 'none'; form-action 'none'; frame-ancestors http://{host}"
)
KEPT = "private, max-age=3600"  # what is named by a proof's id does not change
NOT_KEPT = "no-store"


class PreviewServer(ThreadingHTTPServer):
    """A thread for each connection; ``port`` 0 takes a free one."""

    daemon_threads = True
    block_on_close = False

    def __init__(self, studio: Studio, *, port: int = 0) -> None:
        super().__init__((ADDRESS, port), PreviewHandler)
        self.studio = studio
        number = self.server_address[1]
        self.hosts = frozenset({f"{ADDRESS}:{number}", f"localhost:{number}"})

    @property
    def url(self) -> str:
        return f"http://{ADDRESS}:{self.server_address[1]}/"


class PreviewHandler(BaseHTTPRequestHandler):
    """One request; whatever is not in the table of routes is not found."""

    server: PreviewServer
    protocol_version = "HTTP/1.1"
    server_version = "invoice-pdf"
    sys_version = ""

    def do_GET(self) -> None:
        """Answer, if it is we who are asked."""
        if self.headers.get("Host") not in self.server.hosts:
            self._refuse(HTTPStatus.MISDIRECTED_REQUEST)
            return
        target = urlsplit(self.path)
        for pattern, answer in self.ROUTES:
            if found := re.fullmatch(pattern, target.path):
                # A page that is closed while it is answered is nobody's fault.
                with suppress(BrokenPipeError, ConnectionResetError):
                    answer(self, target.query, *found.groups())
                return
        self._refuse(HTTPStatus.NOT_FOUND)

    # ------------------------------------------------------------------------- routes

    def _file(self, _query: str, path: str) -> None:
        name, kind = FILES[path]
        self._send((SITE / name).read_bytes(), kind, policy=PAGE_POLICY)

    def _scene(self, query: str) -> None:
        scene = scene_of(self.server.studio, self.server.studio.draw(query))
        self._send(json.dumps(scene).encode(), "application/json")

    def _picture(self, _query: str, proof_id: str, number: str, dpi: str) -> None:
        proof = self.server.studio.find(proof_id)
        if proof is None or int(number) >= len(proof.sizes) or int(dpi) not in RESOLUTIONS:
            self._refuse(HTTPStatus.NOT_FOUND)
            return
        self._send(draw_page(proof.pdf, int(number), dpi=int(dpi)), "image/png", cache=KEPT)

    def _pdf(self, _query: str, proof_id: str) -> None:
        self._send_of(proof_id, lambda proof: proof.pdf, "application/pdf")

    def _html(self, _query: str, proof_id: str) -> None:
        policy = DOCUMENT_POLICY.format(host=self.headers["Host"])
        self._send_of(proof_id, lambda proof: proof.html.encode(), FILES["/"][1], policy=policy)

    def _fonts(self, _query: str) -> None:
        faces = font_faces(self.server.studio.font_files)
        self._send(faces.encode(), "text/css; charset=utf-8", cache=KEPT)

    def _font(self, _query: str, number: str) -> None:
        files = self.server.studio.font_files
        if int(number) >= len(files):
            self._refuse(HTTPStatus.NOT_FOUND)
            return
        self._send(files[int(number)].read_bytes(), "font/ttf", cache=KEPT, shared=True)

    def _changes(self, _query: str) -> None:
        """Server-sent events: the files of each change, as long as the page is open."""
        self.send_response(HTTPStatus.OK)
        self._head("text/event-stream", cache=NOT_KEPT)
        self.send_header("Connection", "close")
        self.end_headers()
        studio, seen = self.server.studio, self.server.studio.change.number
        self._say(f"data: {json.dumps({'change': seen, 'files': []})}\n\n")
        while True:
            change = studio.wait(seen, seconds=SILENCE_SECONDS)
            news = {"change": change.number, "files": [file.name for file in change.files]}
            self._say(f"data: {json.dumps(news)}\n\n" if change.number != seen else ": quiet\n\n")
            seen = change.number

    ROUTES: ClassVar[tuple[tuple[str, Callable[..., None]], ...]] = (
        (f"({'|'.join(map(re.escape, FILES))})", _file),
        ("/scene", _scene),
        (r"/pages/([0-9a-f]{1,32})/([0-9]{1,4})-([0-9]{1,3})\.png", _picture),
        (r"/documents/([0-9a-f]{1,32})\.pdf", _pdf),
        (r"/documents/([0-9a-f]{1,32})\.html", _html),
        (r"/fonts\.css", _fonts),
        ("/fonts/([0-9]{1,3})", _font),
        ("/changes", _changes),
    )

    # ------------------------------------------------------------------------- answers

    def _send_of(
        self, proof_id: str, part: Callable[[Proof], bytes], kind: str, *, policy: str = ""
    ) -> None:
        proof = self.server.studio.find(proof_id)
        if proof is None:
            self._refuse(HTTPStatus.NOT_FOUND)
            return
        self._send(part(proof), kind, cache=KEPT, policy=policy)

    def _send(
        self,
        content: bytes,
        kind: str,
        *,
        cache: str = NOT_KEPT,
        policy: str = "",
        shared: bool = False,
    ) -> None:
        self.send_response(HTTPStatus.OK)
        self._head(kind, cache=cache)
        self.send_header("Content-Length", str(len(content)))
        if policy:
            self.send_header("Content-Security-Policy", policy)
        if shared:  # the sandboxed page has no origin of its own
            self.send_header("Access-Control-Allow-Origin", "*")
        else:
            self.send_header("Cross-Origin-Resource-Policy", "same-origin")
        self.end_headers()
        self.wfile.write(content)

    def _head(self, kind: str, *, cache: str) -> None:
        self.send_header("Content-Type", kind)
        self.send_header("Cache-Control", cache)
        self.send_header("X-Content-Type-Options", "nosniff")
        self.send_header("Referrer-Policy", "no-referrer")

    def _say(self, text: str) -> None:
        self.wfile.write(text.encode())
        self.wfile.flush()

    def _refuse(self, status: HTTPStatus) -> None:
        self.send_error(status)

    def log_message(self, *_arguments: object) -> None:
        """The terminal is for the address of the page, not for every picture."""
