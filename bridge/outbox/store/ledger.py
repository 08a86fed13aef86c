"""The ledger: one line for each cookie that the bridge has written, or is about to write."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from operator import itemgetter
from typing import Any, NamedTuple

from sqlalchemy import (
    ColumnElement,
    Connection,
    Executable,
    RowMapping,
    and_,
    bindparam,
    case,
    exists,
    func,
    or_,
    select,
    text,
    update,
)

from bridge.alvaria.cookies import Setting
from bridge.db import Prepared, insert
from bridge.mappings.move import Kept
from bridge.model import CookieName, Delivery, DeliveryState, Event
from bridge.outbox.plan import DELETE, UPSERT, Write, name_of, sha256
from bridge.tables import cookies, deliveries, writes

IDENTITY = ("customer", "key", "channel", "service")
ASKED = ("source", "record_id", "rule", "changed_at", "deleted_at", "asked_by", "asked_stamp")
_is_it = and_(*(cookies.c[name] == bindparam(f"its_{name}") for name in IDENTITY))


def _is_newer(stamp: Any, delivery_id: Any) -> ColumnElement[bool]:
    c = cookies.c
    return or_(c.asked_stamp < stamp, and_(c.asked_stamp == stamp, func.coalesce(c.asked_by, text("0")) <= delivery_id))


# Built once: putting a statement together takes longer than running it.
ITS = tuple(f"its_{name}" for name in IDENTITY)
ACCEPTED = ("stamp", "written_by", "content_sha256", "expires_at", "delivered_at", "deleted_at")
ACCEPT = Prepared(
    (*ITS, *(f"new_{name}" for name in ACCEPTED), "began_at"),
    update(cookies)
    .where(_is_it)
    .values({name: bindparam(f"new_{name}") for name in ACCEPTED})
    .values(
        unsettled_until=case(
            (cookies.c.unsettled_until <= bindparam("began_at"), None), else_=cookies.c.unsettled_until
        ),
    ),
)
KEEP = Prepared(
    (*ITS, "new_stamp", "new_by"),
    update(cookies).where(_is_it).values(stamp=bindparam("new_stamp"), written_by=bindparam("new_by")),
)
DOUBT = Prepared((*ITS, "until"), update(cookies).where(_is_it).values(unsettled_until=bindparam("until")))
LINE = (*IDENTITY, "source", "record_id", "rule", "changed_at", "deleted_at", "asked_by", "asked_stamp", "stamp")


def _intention(*names: str) -> Prepared:
    """A new line; or these of its members, where nothing newer is asked for already."""

    def made(conn: Connection) -> Executable:
        line = insert(conn, cookies)
        newer = {name: line.excluded[name] for name in names}
        is_newer = _is_newer(line.excluded.asked_stamp, line.excluded.asked_by)
        return line.on_conflict_do_update(index_elements=cookies.primary_key, set_=newer, where=is_newer)

    return Prepared(LINE, made)


INTEND = {UPSERT: _intention(*ASKED), DELETE: _intention("changed_at", "asked_by", "asked_stamp")}


class CookieChange(NamedTuple):
    """What a new delivery does to one cookie."""

    delivery_id: int
    place: int
    name: CookieName
    stamp: str
    event: Event
    delivery: Delivery


def intend(conn: Connection, changes: Sequence[CookieChange]) -> None:
    """Note what new deliveries will write or delete, where nothing newer is asked for already."""
    for operation, note in INTEND.items():
        rows = [(*one.name, *_asked(one), one.stamp, "") for one in changes if one.delivery.operation == operation]
        note.many(conn, _in_order(rows))


def _in_order(rows: list[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    """In one order for all, or two who write the same cookies would wait for each other."""
    return sorted(rows, key=_place)


_place = itemgetter(*range(len(IDENTITY)), LINE.index("asked_stamp"), LINE.index("asked_by"))


def _asked(change: CookieChange) -> tuple[object, ...]:
    event, delivery = change.event, change.delivery
    return (
        event.source,
        event.record_id,
        delivery.rule,
        delivery.changed_at,
        # What was never written is as good as deleted.
        delivery.changed_at if delivery.operation == DELETE else None,
        change.delivery_id,
    )


def ask_for(conn: Connection, name: CookieName, stamp: str, delivery_id: int | None) -> None:
    """The newest change that counts is this one, since the one after it has failed."""
    conn.execute(update(cookies).where(_is(name)).values(asked_stamp=stamp, asked_by=delivery_id))


def stands(conn: Connection, name: CookieName, stamp: str, delivery_id: int | None) -> bool:
    """Whether Alvaria has accepted something newer than this change; if so, that is the newest that counts.

    It may have been sent once more, and have failed or been given up then: Alvaria has it nevertheless.
    """
    c = cookies.c
    is_newer = or_(c.stamp > stamp, and_(c.stamp == stamp, c.written_by > (delivery_id or 0)))
    back = update(cookies).where(_is(name), c.written_by.is_not(None), is_newer)
    return conn.execute(back.values(asked_stamp=c.stamp, asked_by=c.written_by)).rowcount > 0


def ask_again(conn: Connection, name: CookieName, stamp: str, delivery_id: int) -> None:
    """A person wants this change after all; nothing newer gives way to it."""
    is_newest = _is(name) & _is_newer(stamp, delivery_id)
    conn.execute(update(cookies).where(is_newest).values(asked_stamp=stamp, asked_by=delivery_id))


def _sorted(found: Iterable[Write]) -> list[Write]:
    return sorted(found, key=lambda write: write.name)


def accept(conn: Connection, found: Sequence[Write], *, began_at: datetime, now: datetime) -> None:
    """Note what Alvaria has accepted; a doubt that was over before the request began is settled by it."""
    ACCEPT.many(conn, [(*write.name, *_accepted(write, now), began_at) for write in _sorted(found)])


def _accepted(write: Write, now: datetime) -> tuple[object, ...]:
    """In the order of `ACCEPTED`."""
    return (
        write.stamp,
        write.delivery_id,
        sha256(write.member["content"]) if write.member else None,
        write.expires_at,
        now,
        None if write.member else now,
    )


def keep(conn: Connection, found: Sequence[Write]) -> None:
    """The same value is asked for by a newer change: what is older than that does not count any more."""
    KEEP.many(conn, [(*write.name, write.stamp, write.delivery_id) for write in _sorted(found)])


def doubt(conn: Connection, names: Iterable[CookieName], until: datetime) -> None:
    """Nobody knows whether these are still written late, after what is sent meanwhile."""
    DOUBT.many(conn, [(*name, until) for name in sorted(names)])


def doubtful(conn: Connection, now: datetime, at_most: int) -> Sequence[RowMapping]:
    """Cookies whose doubt is over in time. Where a newer change waits, that settles it when it is sent."""
    c = cookies.c
    same = [writes.c[name] == c[name] for name in IDENTITY]
    is_out = exists().where(*same, text("writes.state = 'claimed'"))
    is_due = and_(c.unsettled_until <= now, or_(c.asked_by == c.written_by, c.asked_by.is_(None)), ~is_out)
    return conn.execute(select(cookies).where(is_due).limit(at_most)).mappings().all()


def forget_doubt(conn: Connection, name: CookieName) -> None:
    """There is nothing to send that would end it: what Alvaria has is not known for certain."""
    conn.execute(update(cookies).where(_is(name)).values(unsettled_until=None, content_sha256=None))


def is_any_doubt_after(conn: Connection, moment: datetime) -> bool:
    return conn.execute(select(cookies.c.key).where(cookies.c.unsettled_until > moment).limit(1)).first() is not None


def shorten_doubts(conn: Connection, *, after: datetime, to: datetime) -> None:
    """Those that last beyond `after` end then."""
    conn.execute(update(cookies).where(cookies.c.unsettled_until > after).values(unsettled_until=to))


def written_for(conn: Connection, source: str, record_id: str, customers: Sequence[str]) -> tuple[CookieName, ...]:
    """The cookies that this record wrote for whomever, or this source for these customers, and nobody has deleted."""
    c = cookies.c
    theirs = and_(c.source == source, or_(c.record_id == record_id, c.customer.in_(customers)), c.deleted_at.is_(None))
    rows = conn.execute(select(cookies).where(theirs).order_by(*cookies.primary_key)).mappings()
    return tuple(name_in(row) for row in rows)


def kept_under(conn: Connection, source: str, record_id: str, customers: Sequence[str]) -> list[Kept]:
    """The cookies that this record wrote for these customers, each with its newest value."""
    c, asked, written = cookies.c, deliveries.alias("asked"), deliveries.alias("written")
    theirs = and_(c.source == source, c.record_id == record_id, c.customer.in_(customers), c.deleted_at.is_(None))
    last = [asked.c.body.label("asked_body"), asked.c.state.label("asked_state"), written.c.body.label("written_body")]
    query = (
        select(cookies, *last)
        .outerjoin(asked, asked.c.id == c.asked_by)
        .outerjoin(written, written.c.id == c.written_by)
    )
    rows = conn.execute(query.where(theirs).order_by(*cookies.primary_key)).mappings()
    return [Kept(name=name_in(row), stamp=row["asked_stamp"], value=_value(row)) for row in rows]


def _value(row: RowMapping) -> Setting | None:
    """What the newest delivery says that has not failed."""
    has_failed = row["asked_state"] in (None, DeliveryState.DEAD, DeliveryState.DISCARDED)
    body = row["written_body"] if has_failed else row["asked_body"]
    said = {name_of(setting): setting for setting in body["settings"]} if body else {}
    name = name_in(row)
    if name not in said:
        return None
    expires_at = datetime.fromisoformat(said[name]["expiresOnTime"])
    return Setting(**name._asdict(), content=said[name]["content"], expires_at=expires_at)


def changes_of(conn: Connection, source: str, record_id: str, customers: Sequence[str]) -> dict[CookieName, str]:
    """The newest change of each cookie of these customers; of the deleted ones only those that this record wrote."""
    c = cookies.c
    counts = or_(c.deleted_at.is_(None), and_(c.source == source, c.record_id == record_id))
    rows = conn.execute(select(cookies).where(c.customer.in_(customers), counts)).mappings()
    return {name_in(row): row["asked_stamp"] for row in rows}


def join(conn: Connection, source: str, ended: Sequence[str], remaining: str) -> None:
    """What these records wrote is the remaining one's now."""
    theirs = (cookies.c.source == source) & cookies.c.record_id.in_(ended)
    conn.execute(update(cookies).where(theirs).values(record_id=remaining))


def name_in(row: RowMapping) -> CookieName:
    return CookieName(customer=row["customer"], key=row["key"], channel=row["channel"], service=row["service"])


def _is(name: CookieName) -> ColumnElement[bool]:
    return and_(*(cookies.c[column] == value for column, value in zip(name._fields, name, strict=True)))
