"""CarrierX's billing API: one invoice by SID, its partner, and the list."""

from invoice_renderer.billing.client import BillingClient, InvoiceSummary

__all__ = ["BillingClient", "InvoiceSummary"]
