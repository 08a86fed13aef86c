"""What CRMs send: how a webhook is verified, read and answered. Pure."""
