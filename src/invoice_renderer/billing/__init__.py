"""CarrierX's billing API: one invoice by SID, its partner, and the list."""

from invoice_renderer.billing.client import BillingClient
from invoice_renderer.billing.listing import InvoiceSummary

__all__ = ["BillingClient", "InvoiceSummary"]
