"""Webhooks and events, kept."""
