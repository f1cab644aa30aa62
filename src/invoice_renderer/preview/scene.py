"""The scene: everything that the page shows, as JSON."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from babel import Locale

from invoice_renderer.errors import InvoiceRendererError
from invoice_renderer.preview.proof import Problem, Proof
from invoice_renderer.preview.studio import Studio
from invoice_renderer.template import Template

TIME_ZONES = (
    "UTC America/Los_Angeles America/New_York America/Sao_Paulo Europe/London Europe/Berlin"
    " Africa/Cairo Asia/Kolkata Asia/Tokyo Pacific/Auckland Pacific/Kiritimati"
).split()
"""A few that are far apart; the address of the page takes any."""


def scene_of(studio: Studio, drawn: Proof | Problem) -> dict[str, Any]:
    """``proof`` or ``problem``, and what there is to choose from."""
    return {
        "change": studio.change.number,
        "cases": [{"name": case.name, "says": case.says} for case in studio.cases.values()],
        "templates": _templates(studio),
        "time_zones": TIME_ZONES,
        "proof": _proof_fields(drawn) if isinstance(drawn, Proof) else None,
        "problem": asdict(drawn) if isinstance(drawn, Problem) else None,
    }


def _proof_fields(proof: Proof) -> dict[str, Any]:
    return {
        "id": proof.id,
        "presentation": asdict(proof.presentation),
        "template": proof.template,
        "sha256": proof.sha256,
        "bytes": len(proof.pdf),
        "milliseconds": proof.milliseconds,
        "sizes": proof.sizes,
        "notices": [asdict(notice) for notice in proof.notices],
    }


def _templates(studio: Studio) -> list[dict[str, Any]]:
    """Those that can be read; of the others a proof says what is wrong."""
    templates = studio.renderer.templates
    found = []
    for name in templates.names:
        try:
            found.append(_template_fields(templates.get(name)))
        except InvoiceRendererError:
            found.append({"name": name, "locales": [], "papers": [], "themes": []})
    return found


def _template_fields(template: Template) -> dict[str, Any]:
    return {
        "name": template.name,
        "locales": [{"tag": tag, "name": _name(tag)} for tag in template.languages],
        "papers": template.papers,
        "themes": template.themes,
    }


def _name(tag: str) -> str:
    """A language in its own words: ``Deutsch``."""
    locale = Locale.parse(tag, sep="-")
    return str(locale.get_display_name() or tag).capitalize()
