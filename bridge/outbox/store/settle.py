"""How what was claimed ends: with a verdict, or because its worker has ended."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, and_, select, text

from bridge.alvaria.cookies import delete_params
from bridge.inbox import store as inbox
from bridge.model import CookieName, Dead, Delivered, Delivery, DeliveryState, Event, Retry, Unknown, Verdict
from bridge.outbox.plan import DELETE, Item, WriteState
from bridge.outbox.store import ledger, queue, writes
from bridge.outbox.store.queue import FREED, Change, Claimed
from bridge.tables import deliveries

# Written out, as the partial index has it.
IS_CLAIMED = text("deliveries.state = 'claimed'")
CLAIMED = (DeliveryState.CLAIMED,)
OURS = (DeliveryState.CLAIMED, DeliveryState.UNKNOWN)
"""What was taken for lost is ours again when its answer has come after all."""
UNTRIED = -1
"""What was claimed counts as tried; this takes it back."""


@dataclass(frozen=True, kw_only=True)
class Request:
    """One request that has been answered, or has not."""

    worker: str
    claimed_at: datetime
    """When the worker claimed what the request carries."""
    began_at: datetime
    now: datetime
    unsettled_until: datetime
    """Until when it may still be carried out, where nobody knows."""


def settle(conn: Connection, items: Sequence[Item], verdict: Verdict, request: Request) -> list[Item]:
    """Write the verdict down; return those that it is true of.

    Whose claim was lost meanwhile is left out: what became of it since stands.
    """
    ids = queue.move(conn, [item.delivery.id for item in items], _change(verdict, request))
    ours = [item for item in items if item.delivery.id in ids]
    found = [write for item in ours for write in item.writes]
    match verdict:
        case Delivered():
            writes.mark_all(conn, ids, (WriteState.CLAIMED,), WriteState.DELIVERED)
            ledger.accept(conn, found, began_at=request.began_at, now=request.now)
            again = writes.with_waiting(conn, ids)
            queue.wake(conn, again, reason="a part of it is sent again", now=request.now)
        case Dead():
            queue.give_up(conn, ids, WriteState.DEAD, now=request.now)
        case Retry():
            writes.mark_all(conn, ids, (WriteState.CLAIMED,), WriteState.WAITING)
            if verdict.in_doubt:
                ledger.doubt(conn, {write.name for write in found}, request.unsettled_until)
    return ours


def let_go(conn: Connection, worker: str, claimed_at: datetime) -> None:
    """Give a claim up of which nothing was sent."""
    is_it = (deliveries.c.claimed_by == worker) & (deliveries.c.claimed_at == claimed_at)
    found = conn.execute(select(deliveries.c.id).where(IS_CLAIMED, is_it)).scalars().all()
    claimed = Claimed(worker=worker, at=claimed_at)
    ids = queue.move(
        conn,
        found,
        Change(before=CLAIMED, after=DeliveryState.WAITING, values=FREED, tried=UNTRIED, claimed=claimed),
    )
    writes.mark_all(conn, ids, (WriteState.CLAIMED,), WriteState.WAITING)


def _change(verdict: Verdict, request: Request) -> Change:
    after, values, tried = _outcome(verdict, request.now)
    claimed = Claimed(worker=request.worker, at=request.claimed_at)
    return Change(before=OURS, after=after, values=values, tried=tried, claimed=claimed)


def _outcome(verdict: Verdict, now: datetime) -> tuple[DeliveryState, dict[str, Any], int]:
    """The new state, what else is written down, and what it means for the number of attempts."""
    match verdict:
        case Delivered():
            return DeliveryState.DELIVERED, {**FREED, "finished_at": now, "reason": ""}, 0
        case Dead():
            return DeliveryState.DEAD, {**FREED, "finished_at": now, "reason": verdict.reason}, 0
        case Unknown():
            return DeliveryState.UNKNOWN, {**FREED, "reason": verdict.reason}, 0
        case Retry():
            tried = 0 if verdict.counts else UNTRIED
            return DeliveryState.WAITING, {**FREED, "due_at": verdict.at, "reason": verdict.reason}, tried


def claimants(conn: Connection) -> list[str]:
    """The workers that hold a claim."""
    return list(conn.execute(select(deliveries.c.claimed_by).where(IS_CLAIMED).distinct()).scalars())


def release(conn: Connection, gone: Sequence[str], *, now: datetime, unsettled_until: datetime) -> int:
    """Take back what these workers, which are no more, had claimed; return how many.

    What must not be repeated blindly may have been carried out: it becomes `unknown`. A cookie may still be written.
    """
    theirs = and_(IS_CLAIMED, deliveries.c.claimed_by.in_(gone))
    found = conn.execute(select(deliveries.c.id, deliveries.c.repeatable).where(theirs)).all()
    again = [number for number, repeatable in found if repeatable]
    doubt = [number for number, repeatable in found if not repeatable]
    reason = "the worker that sent it ended; it is sent again"
    freed = {**FREED, "due_at": now, "reason": reason}
    queue.move(conn, again, Change(before=CLAIMED, after=DeliveryState.WAITING, values=freed))
    # It keeps its worker's name: should that live after all, it knows what became of it.
    reason = "the worker ended while it may have been on its way"
    queue.move(conn, doubt, Change(before=CLAIMED, after=DeliveryState.UNKNOWN, values={"reason": reason}))
    names = writes.names_of(conn, again, (WriteState.CLAIMED,))
    writes.mark_all(conn, again, (WriteState.CLAIMED,), WriteState.WAITING)
    ledger.doubt(conn, names, unsettled_until)
    return len(found)


def settle_doubts(conn: Connection, *, now: datetime, at_most: int = 200) -> int:
    """Send the current value again of cookies that a late request may have changed back; return how many.

    Where there is to be none any more, an older value may have come back nevertheless: the cookie is deleted.
    """
    again, gone = [], []
    for row in ledger.doubtful(conn, now, at_most):
        name = ledger.name_in(row)
        if not row["written_by"] or (row["expires_at"] and row["expires_at"] <= now):
            ledger.forget_doubt(conn, name)
            gone.append((name, row["stamp"]))
        elif writes.wait_again(conn, name, row["written_by"]):
            again.append(row["written_by"])
        else:
            ledger.forget_doubt(conn, name)
    queue.wake(conn, sorted(set(again)), reason="sent again, since an older request may have come after it", now=now)
    queue.add(conn, [_deletion(conn, name, stamp) for name, stamp in gone], now=now)
    return len(again) + len(gone)


def _deletion(conn: Connection, name: CookieName, stamp: str) -> tuple[Event, Delivery]:
    """Of what nobody wants any more; it counts as the work of the rule that wrote it last."""
    last = queue.find(conn, writes.last_of(conn, name))
    event = inbox.find(conn, last.event_id) if last else None
    if not last or not event:
        raise LookupError(f"nothing has ever written the cookie whose doubt is over: {name.key}")
    return event, Delivery(
        event_id=event.id,
        rule=last.rule,
        mapping_version=last.mapping_version,
        operation=DELETE,
        params=delete_params(name.customer, name.channel, name.service, [name.key]),
        customers=(name.customer,),
        order_key="",
        repeatable=True,
        changed_at=last.changed_at,
        stamp=stamp,
    )
