"""CarrierX telecom invoices, rendered to PDF on AWS Lambda."""

__version__ = "0.1.0"
