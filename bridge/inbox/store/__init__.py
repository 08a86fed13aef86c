"""Webhooks and events in the database."""

from bridge.inbox.store.again import (
    became_read,
    event_became_read,
    event_still_unreadable,
    still_unreadable,
    unreadable_events,
    webhook,
    with_unreadable,
)
from bridge.inbox.store.events import (
    Translation,
    add_outcomes,
    find,
    find_all,
    mark_done,
    next_new,
    replay,
    translated_rules,
    unreadable,
    waiting,
)
from bridge.inbox.store.keep import (
    Arrival,
    Kept,
    keep,
    keep_all,
)

__all__ = [
    "Arrival",
    "Kept",
    "Translation",
    "add_outcomes",
    "became_read",
    "event_became_read",
    "event_still_unreadable",
    "find",
    "find_all",
    "keep",
    "keep_all",
    "mark_done",
    "next_new",
    "replay",
    "still_unreadable",
    "translated_rules",
    "unreadable",
    "unreadable_events",
    "waiting",
    "webhook",
    "with_unreadable",
]
