"""What the page asks for: a case of the gallery, and how it is to look."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import parse_qsl

from invoice_renderer.request import RenderOptions, parse_options

OPTIONS = ("template", "locale", "paper", "theme", "time_zone")


@dataclass(frozen=True, slots=True)
class Choices:
    """One case by its name; ``options`` that are left out come from the seller profile."""

    case: str
    options: RenderOptions


def parse_choices(query: str, *, cases: Mapping[str, object]) -> Choices:
    """``case=paid&theme=mono``; a case that is not in the gallery becomes its first.

    :raises OptionRefused: an option that no template could have.
    """
    given = {name: value for name, value in parse_qsl(query) if value}
    case = given.get("case", "")
    return Choices(
        case=case if case in cases else next(iter(cases)),
        options=parse_options({name: given.get(name) for name in OPTIONS}),
    )
