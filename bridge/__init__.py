"""Context Bridge: CRM webhooks in, Alvaria Cloud context cookies and FastPath records out."""

__version__ = "0.1.0"
