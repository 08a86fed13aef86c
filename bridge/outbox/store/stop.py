"""What a later event no longer wants to be sent: whoever has opted out is not dialled by what still waits."""

from datetime import datetime

from sqlalchemy import Connection, select, update

from bridge.model import DeliveryState, Stop
from bridge.outbox.store import queue
from bridge.outbox.store.queue import LEFT
from bridge.tables import deliveries, delivery_customers
from bridge.tables.columns import plain


def stop(conn: Connection, asked: Stop, *, event_id: int, reason: str, now: datetime) -> int:
    """Discard what other events than this one have asked for and is not done; return how many.

    One that is on its way cannot be called back. Should it come back, it has run out by then and is not sent again.
    """
    c = deliveries.c
    of_customer = select(delivery_customers.c.delivery_id).where(delivery_customers.c.customer == plain(asked.customer))
    theirs = c.id.in_(of_customer) & c.operation.in_(asked.operations) & (c.event_id != event_id)
    # All in one statement: a worker may claim one, or give it back, while we look.
    run_out = update(deliveries).where(theirs, c.state.in_((*LEFT, DeliveryState.CLAIMED))).values(expires_at=now)
    found = conn.execute(run_out.returning(c.id)).scalars().all()
    return sum(queue.discard(conn, number, reason=reason, now=now) for number in sorted(found))
