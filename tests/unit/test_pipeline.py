"""The story of one invoice: fetched, checked for ownership, drawn once, stored, linked."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from invoice_renderer.deadline import Deadline
from invoice_renderer.document import Presentation
from invoice_renderer.errors import (
    BillingUnavailable,
    InvoiceNotFound,
    InvoiceRendererError,
    OptionRefused,
    OutOfTime,
    RenderingError,
    StorageUnavailable,
)
from invoice_renderer.invoice import Notice
from invoice_renderer.pipeline import Delivery, deliver_invoice, digest_of, file_name_of
from invoice_renderer.request import OPERATOR, Caller, RenderOptions, RenderRequest
from tests.builders import a_profile, an_invoice
from tests.fakes import (
    FakeBilling,
    FakeClock,
    FakeProfiles,
    FakeRenderer,
    MemoryStore,
    RecordingMeter,
)

SID = an_invoice().invoice_sid
PARTNER = an_invoice().partner_sid
OWNER = Caller(frozenset({PARTNER, "another"}))
STRANGER = Caller(frozenset({"another"}))


class House:
    """Every collaborator, and :meth:`deliver` over them."""

    def __init__(self, **changes: Any) -> None:
        self.billing = FakeBilling(an_invoice(**changes))
        self.profiles = FakeProfiles()
        self.renderer = FakeRenderer()
        self.store = MemoryStore()
        self.meter = RecordingMeter()
        self.clock = FakeClock()

    def deliver(
        self, caller: Caller = OPERATOR, *, seconds: float = 60, **options: Any
    ) -> Delivery:
        return deliver_invoice(
            RenderRequest(SID, caller, RenderOptions(**options)),
            billing=self.billing,
            profiles=self.profiles,
            renderer=self.renderer,
            store=self.store,
            meter=self.meter,
            deadline=Deadline.after(seconds, clock=self.clock),
            max_lines=1_000,
        )

    def refusal(self, caller: Caller = OPERATOR, **options: Any) -> InvoiceRendererError:
        with pytest.raises(InvoiceRendererError) as error:
            self.deliver(caller, **options)
        return error.value


def test_an_invoice_is_fetched_drawn_stored_and_linked() -> None:
    house = House()

    delivery = house.deliver(OWNER, link_seconds=120)

    assert delivery.is_new
    assert delivery.document.key.startswith(f"invoices/{PARTNER}/{SID}/")
    assert list(house.store.pdfs) == [delivery.document.key]
    assert house.store.signed == [(delivery.document.key, 120, "invoice-004")]
    assert house.meter.stages == ["Fetch", "Render", "Store"]
    assert delivery.template == "v1@1"


def test_a_second_request_for_unchanged_data_draws_nothing() -> None:
    house = House()
    first = house.deliver()

    second = house.deliver()

    assert (first.is_new, second.is_new) == (True, False)
    assert first.document == second.document
    assert first.link.url != second.link.url
    assert house.renderer.renders == 1


def test_the_life_of_the_link_is_not_part_of_the_document() -> None:
    house = House()
    house.deliver(link_seconds=60)

    assert not house.deliver(link_seconds=900).is_new


@pytest.mark.parametrize("is_stored", [False, True])
def test_a_foreign_invoice_is_answered_exactly_like_a_missing_one(*, is_stored: bool) -> None:
    """On the path where the document is stored already, too."""
    house = House()
    if is_stored:
        house.deliver(OWNER)
    house.store.signed.clear()

    foreign = house.refusal(STRANGER)
    missing = House(invoice_sid="i-9").refusal(STRANGER)

    assert isinstance(foreign, InvoiceNotFound)
    assert (foreign.code, foreign.detail) == (missing.code, missing.detail)
    assert len(house.store.documents) == int(is_stored)
    assert house.store.signed == []
    assert house.renderer.renders == int(is_stored)


def test_a_caller_with_no_partners_reads_nothing() -> None:
    assert isinstance(House().refusal(Caller(frozenset())), InvoiceNotFound)


def test_an_option_that_nobody_offers_costs_no_call() -> None:
    house = House()
    house.renderer.refuses = OptionRefused("template", "is not the name of a template")

    house.refusal(template="v9")

    assert house.billing.asked == []


@pytest.mark.parametrize(
    ("status", "expected"), [("open", "preliminary"), ("closed", "final"), ("paid", "final")]
)
def test_an_open_invoice_is_delivered_as_preliminary(status: str, expected: str) -> None:
    assert expected == House(status=status).deliver().fields()["document"]


def test_discrepancies_and_what_the_renderer_noticed_are_warnings() -> None:
    house = House()
    house.renderer = FakeRenderer(notices=(Notice("glyph-missing", "U+1234"),))

    codes = [notice.code for notice in house.deliver().notices]
    again = [notice.code for notice in house.deliver().notices]

    assert codes == again == ["balance-differs", "glyph-missing"]


def test_a_failed_fetch_stores_nothing() -> None:
    house = House()
    house.billing.error = BillingUnavailable("status 503")

    assert house.refusal() is house.billing.error
    assert house.store.documents == {}


def test_a_failed_render_stores_nothing() -> None:
    class BrokenRenderer(FakeRenderer):
        def render(self, *_: object) -> Any:
            raise RenderingError("The page cannot be drawn.")

    house = House()
    house.renderer = BrokenRenderer()

    assert isinstance(house.refusal(), RenderingError)
    assert house.store.documents == {}


def test_a_store_that_is_silent_signs_no_link() -> None:
    class SilentStore(MemoryStore):
        def put(self, *_: Any, **__: Any) -> Any:
            raise StorageUnavailable

    house = House()
    house.store = SilentStore()

    assert isinstance(house.refusal(), StorageUnavailable)
    assert house.store.signed == []


def test_no_call_of_s3_is_begun_that_could_outlast_the_deadline() -> None:
    """The function answers by itself, and is not killed in the middle of a wait."""
    house = House()

    error = house.refusal(seconds=7.9)

    assert isinstance(error, OutOfTime)
    assert error.step == "read the seller profile"
    assert house.renderer.renders == 0


def test_a_put_that_cannot_end_is_not_begun() -> None:
    house = House()

    class SlowRenderer(FakeRenderer):
        def render(self, *arguments: Any) -> Any:
            house.clock.advance(5)
            return super().render(*arguments)

    house.renderer = SlowRenderer()

    error = house.refusal(seconds=12)

    assert isinstance(error, OutOfTime)
    assert error.step == "store the document"
    assert house.store.documents == {}


def test_who_loses_the_race_to_write_is_answered_with_what_is_there() -> None:
    house = House()
    first = house.deliver()

    class BlindStore(MemoryStore):
        def find(self, key: str) -> None:
            return None

    blind = BlindStore()
    blind.documents, blind.pdfs = house.store.documents, house.store.pdfs
    house.store = blind

    assert house.deliver().document == first.document
    assert len(blind.documents) == 1


# ----------------------------------------------------------------------------- the digest

PRESENTATION = Presentation("en-US", "letter", "UTC", "v1")


def digest(**changes: Any) -> str:
    parts = {
        "invoice": an_invoice(),
        "profile": a_profile(),
        "presentation": PRESENTATION,
        "template": "v1@1",
        "engine": "engine 1",
        **changes,
    }
    return digest_of(
        parts["invoice"],
        parts["profile"],
        parts["presentation"],
        template=parts["template"],
        engine=parts["engine"],
    )


@pytest.mark.parametrize(
    "changes",
    [
        {"invoice": an_invoice(amount="0.39")},
        {"profile": a_profile(memo="Hello")},
        {"presentation": replace(PRESENTATION, locale="es-US")},
        {"presentation": replace(PRESENTATION, paper="a4")},
        {"presentation": replace(PRESENTATION, time_zone="America/New_York")},
        {"presentation": replace(PRESENTATION, template="v2")},
        {"presentation": replace(PRESENTATION, theme="mono")},
        {"template": "v1@2"},
        {"engine": "engine 2"},
    ],
    ids=lambda changes: next(iter(changes)),
)
def test_whatever_decides_the_bytes_is_in_the_digest(changes: dict[str, Any]) -> None:
    """So an edited invoice, or a new template, gets a key of its own and replaces nothing."""
    assert digest() == digest()
    assert digest() != digest(**changes)


def test_two_versions_of_a_template_lie_side_by_side() -> None:
    house = House()
    house.deliver()
    house.renderer = FakeRenderer(version="v1@2")

    assert house.deliver().is_new
    assert len(house.store.documents) == 2


def test_a_file_is_named_by_the_invoices_number() -> None:
    assert file_name_of(an_invoice(display_id="2025/004")) == "invoice-2025/004"
