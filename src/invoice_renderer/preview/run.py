"""A preview from start to end: the studio, the watch over its files, the server."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from invoice_renderer.document import DocumentRenderer
from invoice_renderer.gallery import GALLERY, Case
from invoice_renderer.invoice import Invoice
from invoice_renderer.preview.problems import Places
from invoice_renderer.preview.server import PreviewServer
from invoice_renderer.preview.studio import Studio
from invoice_renderer.preview.watch import Watch
from invoice_renderer.profile_source import open_profile, path_of_profile

OWN = "yours"
"""The name of the case that is not of the gallery."""


class Preview:
    """Everything that one run of the command holds."""

    def __init__(
        self,
        *,
        profile: str,
        templates: Path | None = None,
        read_invoice: Callable[[], Invoice] | None = None,
        invoice_files: Sequence[Path] = (),
    ) -> None:
        renderer = DocumentRenderer(templates_dir=templates)
        seller = path_of_profile(profile)
        own = [Case(OWN, invoice_files[0].name, read_invoice)] if read_invoice else []
        self._folder = renderer.templates.folder.resolve()
        self._files = [seller, *invoice_files]
        self._studio = Studio(
            renderer=renderer,
            open_seller=lambda: open_profile(profile),
            cases={case.name: case for case in (*own, *GALLERY.values())},
            places=Places(
                templates=renderer.templates.folder,
                profile=seller,
                invoice=next(iter(invoice_files), None),
            ),
        )

    @contextmanager
    def serve(self, *, port: int) -> Iterator[str]:
        """Serve and watch for as long as the block lasts; the address of the page."""
        watch = Watch(self._studio.changed)
        with PreviewServer(self._studio, port=port) as server:
            watch.folder(self._folder)
            watch.files(self._files)
            thread = threading.Thread(target=server.serve_forever, daemon=True)
            thread.start()
            try:
                yield server.url
            finally:
                watch.stop()
                server.shutdown()

    def wait(self) -> None:
        """Until somebody interrupts, which is how a preview ends."""
        with suppress(KeyboardInterrupt):
            threading.Event().wait()
