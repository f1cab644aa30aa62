"""What is asked for: one invoice, how it should look, and who asks."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from functools import lru_cache
from importlib.resources import files
from typing import Literal, TypeGuard, get_args

from invoice_renderer.errors import InvoiceSidInvalid, OptionRefused

Paper = Literal["letter", "a4"]
PAPERS: tuple[Paper, ...] = get_args(Paper)
LINK_SECONDS_FLOOR = 60
INTAKE_PREFIX = "requests/"  # of the intake bucket; nothing else in it is a request
UNKNOWN_OPTIONS = 5  # names told of one request
UNKNOWN_OPTION_CHARACTERS = 40

_SID = re.compile(r"[A-Za-z0-9-]{1,64}")
_LOCALE = re.compile(r"[A-Za-z]{2,3}(?:[-_][A-Za-z0-9]{2,8}){0,2}")
_TEMPLATE = re.compile(r"[a-z0-9][a-z0-9-]{0,31}")
THEME = "[a-z0-9][a-z0-9-]{0,31}"


@dataclass(frozen=True, slots=True)
class Caller:
    """Whose invoices may be read; ``partner_sids=None`` is the operator, who may read all.

    Comes only from the trusted part of a trigger, never from a body, header, query or path.
    """

    partner_sids: frozenset[str] | None

    def may_read(self, partner_sid: str) -> bool:
        return self.partner_sids is None or partner_sid in self.partner_sids


OPERATOR = Caller(partner_sids=None)


@dataclass(frozen=True, slots=True)
class RenderOptions:
    """What a caller may choose; ``None`` leaves the choice to the seller profile."""

    locale: str | None = None
    paper: Paper | None = None
    time_zone: str | None = None
    template: str | None = None
    link_seconds: int | None = None
    theme: str | None = None


@dataclass(frozen=True, slots=True)
class RenderRequest:
    """One invoice to render for one caller.

    ``unknown_options`` are names that it came with and that mean nothing to us: to be told, for
    one may be misspelt.
    """

    invoice_sid: str
    caller: Caller
    options: RenderOptions = field(default_factory=RenderOptions)
    unknown_options: tuple[str, ...] = field(default=(), compare=False)


@dataclass(frozen=True, slots=True)
class IntakeObject:
    """An object in the intake bucket that lists invoices to render."""

    key: str
    version_id: str | None = None


@dataclass(frozen=True, slots=True)
class Sweep:
    """Render every invoice issued since the last sweep."""


@dataclass(frozen=True, slots=True)
class Ignored:
    """An event that is ours and asks for nothing, such as S3's test event."""

    reason: str


@dataclass(frozen=True, slots=True)
class HealthRequest:
    """Whether the deployment is well; ``is_deep`` tries everything, and is the operator's."""

    caller: Caller
    is_deep: bool = False


Work = RenderRequest | IntakeObject | Sweep | Ignored


REQUEST_FIELDS = ("invoice_sid", *(each.name for each in fields(RenderOptions)))
LETTER_FIELDS = ("intake_key", "where")  # what a row's dead letter has besides


def parse_request(fields: Mapping[str, object], caller: Caller) -> RenderRequest:
    """``{"invoice_sid": …, options…}``, as messages, events, files and direct calls carry it."""
    sid = parse_sid(fields.get("invoice_sid"))
    return RenderRequest(sid, caller, parse_options(fields), unknown_fields(fields))


def unknown_fields(fields: Mapping[str, object]) -> tuple[str, ...]:
    """The first few names that are no option of ours, in printable ASCII."""
    names = [name for name in fields if name not in REQUEST_FIELDS + LETTER_FIELDS]
    return tuple(
        re.sub(r"[^ -~]", "?", name[:UNKNOWN_OPTION_CHARACTERS]) for name in names[:UNKNOWN_OPTIONS]
    )


def request_fields(request: RenderRequest) -> dict[str, object]:
    """The inverse of :func:`parse_request`, with the options that were given."""
    given = {name: value for name, value in asdict(request.options).items() if value is not None}
    return {"invoice_sid": request.invoice_sid, **given}


def is_sid(raw: object) -> TypeGuard[str]:
    """A SID is a plain token of ``[A-Za-z0-9-]{1,64}``, matched whole, and nothing is trimmed."""
    return isinstance(raw, str) and _SID.fullmatch(raw) is not None


def parse_sid(raw: object) -> str:
    """An invoice's SID, or :class:`InvoiceSidInvalid`."""
    if is_sid(raw):
        return raw
    raise InvoiceSidInvalid


def parse_options(fields: Mapping[str, object]) -> RenderOptions:
    """Check the six options; other fields are not ours, and are left alone.

    :raises OptionRefused: names the option, and what is offered where the set is closed.
    """
    return RenderOptions(
        locale=_parse_locale(fields.get("locale")),
        paper=parse_paper(fields.get("paper")),
        time_zone=parse_time_zone(fields.get("time_zone")),
        template=_parse_template(fields.get("template")),
        link_seconds=_parse_link_seconds(fields.get("link_seconds")),
        theme=_parse_theme(fields.get("theme")),
    )


def parse_paper(raw: object) -> Paper | None:
    if raw is None:
        return None
    wanted = raw.lower() if isinstance(raw, str) else ""
    for paper in PAPERS:
        if wanted == paper:
            return paper
    raise OptionRefused("paper", "is not a paper size we print on", PAPERS)


def parse_time_zone(raw: object) -> str | None:
    """An IANA time zone name, such as ``America/New_York``."""
    if raw is None:
        return None
    if isinstance(raw, str) and raw in _time_zones():
        return raw
    raise OptionRefused("time_zone", "is not an IANA time zone such as America/New_York or UTC")


@lru_cache(maxsize=1)
def _time_zones() -> frozenset[str]:
    """IANA's names, and not what else the machine keeps there (``localtime``, ``right/UTC``)."""
    return frozenset((files("tzdata") / "zones").read_text("utf-8").split())


def _parse_locale(raw: object) -> str | None:
    if raw is None:
        return None
    if isinstance(raw, str) and _LOCALE.fullmatch(raw):
        return raw.replace("_", "-")
    raise OptionRefused("locale", "is not a BCP 47 tag such as en-US")


def _parse_template(raw: object) -> str | None:
    if raw is None:
        return None
    if isinstance(raw, str) and _TEMPLATE.fullmatch(raw):
        return raw
    raise OptionRefused("template", "is not the name of a template")


def _parse_theme(raw: object) -> str | None:
    if raw is None:
        return None
    if isinstance(raw, str) and re.fullmatch(THEME, raw):
        return raw
    raise OptionRefused("theme", "is not the name of a theme")


def _parse_link_seconds(raw: object) -> int | None:
    if raw is None:
        return None
    if isinstance(raw, str) and raw.isascii() and raw.isdigit() and len(raw) < 10:  # query, CSV
        raw = int(raw)
    if isinstance(raw, int) and not isinstance(raw, bool) and raw >= LINK_SECONDS_FLOOR:
        return raw
    raise OptionRefused("link_seconds", f"must be a whole number from {LINK_SECONDS_FLOOR}")
