"""The studio: draws proofs, keeps the last ones, and draws anew when a file changes."""

from __future__ import annotations

import hashlib
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from invoice_renderer.document import DocumentRenderer, Presentation
from invoice_renderer.errors import InvoiceRendererError
from invoice_renderer.gallery import Case
from invoice_renderer.invoice import Notice, find_notices
from invoice_renderer.preview.browser import font_faces, page_for_browser
from invoice_renderer.preview.choices import Choices, parse_choices
from invoice_renderer.preview.pictures import page_sizes
from invoice_renderer.preview.problems import Places
from invoice_renderer.preview.proof import Problem, Proof
from invoice_renderer.profile_source import ProfileSource
from invoice_renderer.template import language_of, resolve_locale

PROOFS_KEPT = 40
ID_DIGITS = 16


@dataclass(frozen=True, slots=True)
class Change:
    """``number`` goes up with each change; ``files`` are those of the last one."""

    number: int
    files: tuple[Path, ...] = ()


class Studio:
    """One renderer and the last proofs. Proofs are drawn one at a time, from any thread."""

    def __init__(
        self,
        *,
        renderer: DocumentRenderer,
        open_seller: Callable[[], ProfileSource],
        cases: Mapping[str, Case],
        places: Places,
    ) -> None:
        self.renderer = renderer
        self.cases = cases
        self._open_seller = open_seller
        self._places = places
        self._seller = open_seller()
        self._drawing = threading.Lock()
        self._keeping = threading.Lock()
        self._proofs: OrderedDict[tuple[int, Choices], Proof] = OrderedDict()
        self._complained: dict[str, tuple[str, ...]] = {}
        self._news = threading.Condition()
        self._change = Change(time.time_ns() // 1_000_000)  # another number in each run

    @property
    def font_files(self) -> tuple[Path, ...]:
        return self.renderer.pdf.fonts.files

    # ------------------------------------------------------------------------- proofs

    def draw(self, query: str) -> Proof | Problem:
        """The proof that a query asks for, or what keeps it from being drawn."""
        try:
            choices = parse_choices(query, cases=self.cases)
        except InvoiceRendererError as error:
            return self._places.problem(error, None)
        with self._drawing:
            key = (self._change.number, choices)
            if key not in self._proofs:
                drawn = self._draw(choices)
                if isinstance(drawn, Problem):
                    return drawn
                self._keep(key, drawn)
            return self._proofs[key]

    def find(self, proof_id: str) -> Proof | None:
        """One of the last proofs, by the id that it was given."""
        with self._keeping:  # a picture does not wait for another invoice to be drawn
            return next((proof for proof in self._proofs.values() if proof.id == proof_id), None)

    def _draw(self, choices: Choices) -> Proof | Problem:
        draft = None
        try:
            began = time.perf_counter()
            invoice = self.cases[choices.case].build()
            seller = self._seller.for_partner(invoice.partner_sid)
            presentation = self.renderer.present(choices.options, seller)
            draft = self.renderer.draft(invoice, seller, presentation)
            document = self.renderer.finish(draft, invoice, seller, presentation)
            took = time.perf_counter() - began
            notices = (*find_notices(invoice), *document.notices, *self._faults(presentation))
            version = self.renderer.template_version(presentation)
        except InvoiceRendererError as error:
            return self._places.problem(error, draft)
        except OSError as error:  # a file that an editor has just put another one in place of
            return Problem("file-unreadable", f"{error.filename} cannot be read: {error.strerror}.")
        page = page_for_browser(draft, fonts=font_faces(self.font_files))
        return Proof(
            id=hashlib.sha256(document.pdf + page.encode()).hexdigest()[:ID_DIGITS],
            presentation=presentation,
            template=version,
            pdf=document.pdf,
            sha256=document.sha256,
            sizes=page_sizes(document.pdf),
            html=page,
            milliseconds=round(took * 1000),
            notices=notices,
        )

    def _keep(self, key: tuple[int, Choices], proof: Proof) -> None:
        with self._keeping:
            self._proofs[key] = proof
            while len(self._proofs) > PROOFS_KEPT:
                self._proofs.popitem(last=False)

    def _faults(self, presentation: Presentation) -> tuple[Notice, ...]:
        """What of the style is not understood, by file."""
        template = self.renderer.templates.get(presentation.template)
        locale = resolve_locale(presentation.locale, template.languages)
        language = language_of(locale, template.languages) or ""
        files = template.style_files(presentation.theme, language, locale.text_direction)
        return tuple(
            Notice("style-ignored", f"{file.relative_to(template.folder)}: {complaint}")
            for file in files
            for complaint in self._complaints(file.read_text("utf-8"))
        )

    def _complaints(self, css: str) -> tuple[str, ...]:
        if css not in self._complained:
            self._complained[css] = self.renderer.pdf.style_complaints(css)
        return self._complained[css]

    # ------------------------------------------------------------------------- changes

    @property
    def change(self) -> Change:
        return self._change

    def changed(self, files: tuple[Path, ...]) -> None:
        """Forget what proofs were made from, and wake whoever waits. The last proofs stay where a
        page that still shows one can find its pictures.
        """
        with self._drawing:
            self._complained.clear()
            self.renderer.reread_templates()
            self._seller = self._open_seller()
        with self._news:
            self._change = Change(self._change.number + 1, files)
            self._news.notify_all()

    def wait(self, seen: int, *, seconds: float) -> Change:
        """The last change; returns as soon as there is one after ``seen``."""
        with self._news:
            self._news.wait_for(lambda: self._change.number != seen, timeout=seconds)
            return self._change
