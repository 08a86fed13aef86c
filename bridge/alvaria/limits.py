"""What the API bears, as far as its documents leave that open: assumptions, each of them a setting."""

from dataclasses import dataclass
from datetime import timedelta

MAX_CUSTOM_STRINGS = 3
"""Documented: Campaign API v2.0.0, ItemFastPathRecordsInsertRequest."""


@dataclass(frozen=True, kw_only=True)
class Limits:
    """Lengths are counted in characters."""

    max_key_length: int = 64
    max_content_length: int = 4000
    max_settings: int = 100
    """In one request."""
    max_request_bytes: int = 1_000_000
    """Of the settings in one request, as JSON."""
    default_expiry: timedelta = timedelta(days=90)
    max_expiry: timedelta = timedelta(days=365)
    min_expiry: timedelta = timedelta(seconds=60)
    """What runs out sooner is not worth sending: it may have run out when it arrives."""
    channels: tuple[str, ...] = ("all", "voice", "sms", "chat", "email", "web", "mobile")
    key_prefix: str = "crm."
    """What marks a key as ours."""
    max_custom_strings: int = MAX_CUSTOM_STRINGS
