"""Dead deliveries made anew: their rules translate their events once more, with today's mapping."""

from collections.abc import Collection, Sequence
from datetime import datetime

from bridge.db import Connection, alone
from bridge.inbox import store as inbox
from bridge.outbox.store import again, queue

REASON = "replayed: its event was translated again with today's mapping"


def replay_dead(
    conn: Connection, delivery_ids: Sequence[int], able: Collection[tuple[str, str]], *, even_made: bool, now: datetime
) -> int:
    """Let the (source, rule) that are `able` make these anew, and give up the dead; return how many those are.

    What has no rule any more, and what is about to be translated for another reason, stays as it is.
    """
    # The filler must not finish an event between our look at it and our wish.
    alone(conn, "fill")
    found = []
    for event_id, source, rule in again.sources_of(conn, delivery_ids):
        if (source, rule) in able and (inbox.replay(conn, event_id) or again.wanted(conn, [event_id])):
            again.want(conn, event_id, rule, even_made=even_made)
            found.append((event_id, rule))
    dead = again.dead_of(conn, found) if found else []
    for delivery_id in dead:
        queue.discard(conn, delivery_id, reason=REASON, now=now)
    return len(dead)
