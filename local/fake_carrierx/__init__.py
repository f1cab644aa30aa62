"""The fake CarrierX API: a real HTTP server on loopback, documented answers, scriptable faults.

    with FakeCarrierX() as carrierx:
        carrierx.url                                    # goes into CARRIERX_BASE_URL
        carrierx.token                                  # goes into the secret
        carrierx.script(INVOICE_SID, Status(503), Status(429, retry_after="1"))
        ...
        carrierx.calls                                  # what was asked, when, with which token

By itself: ``python -m local.fake_carrierx --port 0``.
"""

from local.fake_carrierx.bad_bodies import (
    BomBefore,
    DeepNesting,
    Deflated,
    DuplicateKeys,
    GzipBomb,
    Gzipped,
    InvalidUtf8,
    Mislabelled,
    NotANumber,
)
from local.fake_carrierx.behaviours import (
    Behaviour,
    CrossedAnswers,
    Delay,
    EarlyHints,
    Edited,
    Forever,
    HtmlPage,
    Literally,
    Partial,
    Redirect,
    Status,
    Usual,
    WrongPartner,
    WrongSid,
)
from local.fake_carrierx.broken_wires import (
    Drip,
    EndlessChunks,
    EndlessHeaders,
    ManyHeaders,
    Reset,
    Silence,
    StaleAnswerFollows,
    Truncated,
)
from local.fake_carrierx.calls import Call
from local.fake_carrierx.ledger import INVOICE_SID, PARTNER_SID, Ledger, a_partner, an_invoice
from local.fake_carrierx.server import EVERY_CALL, THE_LIST, FakeCarrierX

__all__ = [
    "EVERY_CALL",
    "INVOICE_SID",
    "PARTNER_SID",
    "THE_LIST",
    "Behaviour",
    "BomBefore",
    "Call",
    "CrossedAnswers",
    "DeepNesting",
    "Deflated",
    "Delay",
    "Drip",
    "DuplicateKeys",
    "EarlyHints",
    "Edited",
    "EndlessChunks",
    "EndlessHeaders",
    "FakeCarrierX",
    "Forever",
    "GzipBomb",
    "Gzipped",
    "HtmlPage",
    "InvalidUtf8",
    "Ledger",
    "Literally",
    "ManyHeaders",
    "Mislabelled",
    "NotANumber",
    "Partial",
    "Redirect",
    "Reset",
    "Silence",
    "StaleAnswerFollows",
    "Status",
    "Truncated",
    "Usual",
    "WrongPartner",
    "WrongSid",
    "a_partner",
    "an_invoice",
]
