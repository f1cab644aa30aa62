"""A direct invocation, by somebody whom IAM lets invoke us."""

from __future__ import annotations

import pytest

from invoice_renderer.errors import InvoiceSidInvalid, OptionRefused
from invoice_renderer.request import OPERATOR, RenderOptions, RenderRequest
from invoice_renderer.triggers import Surroundings, direct

HERE = Surroundings("intake")


def test_an_invoice_is_named_with_its_options() -> None:
    event = {"invoice_sid": "i-1", "locale": "en-US", "partner_sids": ["p-1"]}

    assert direct.matches(event)
    assert [RenderRequest("i-1", OPERATOR, RenderOptions(locale="en-US"))] == direct.parse(
        event, HERE
    )


def test_a_bad_sid_or_option_is_refused() -> None:
    with pytest.raises(InvoiceSidInvalid):
        direct.parse({"invoice_sid": None}, HERE)
    with pytest.raises(OptionRefused):
        direct.parse({"invoice_sid": "i-1", "locale": ["en"]}, HERE)


def test_an_event_without_a_sid_is_somebody_elses() -> None:
    assert not direct.matches({"sid": "i-1"})
