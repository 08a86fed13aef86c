"""Which of two changes is the newer one: the one place that decides it."""

from datetime import datetime, timedelta

from bridge.model import Event, Stamp

CLOCK_TOLERANCE = timedelta(minutes=5)
"""How far a CRM's clock may run ahead of ours before we stop believing it."""


def stamp(event: Event, translation: int = 1) -> Stamp:
    """By the CRM's time, then by its own count, then by arrival; a later translation renews its event's change."""
    return Stamp(
        changed_at=changed_at(event),
        sequence=-1 if event.sequence is None else event.sequence,
        received_at=event.received_at,
        event_id=event.id,
        translation=translation,
    )


def changed_at(event: Event) -> datetime:
    """The CRM's time of the change; never far ahead of the arrival."""
    return min(event.occurred_at, event.received_at + CLOCK_TOLERANCE)
