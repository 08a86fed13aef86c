"""What each delivery does to each cookie, row by row, beside what the ledger knows of that cookie."""

from collections.abc import Iterable, Sequence
from functools import cache
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Executable,
    RowMapping,
    and_,
    bindparam,
    func,
    literal_column,
    or_,
    select,
    text,
    true,
    update,
)

from bridge.db import Prepared, among
from bridge.model import CookieName, Delivery, DeliveryState
from bridge.outbox.plan import Line, Write, WriteState, writes_of
from bridge.outbox.store import ledger
from bridge.outbox.store.ledger import IDENTITY, CookieChange
from bridge.tables import cookies, deliveries, writes

_same_cookie = and_(*(writes.c[name] == cookies.c[name] for name in IDENTITY))
_is_it = (writes.c.delivery_id == bindparam("its_delivery")) & (writes.c.place == bindparam("its_place"))
WRITE = ("delivery_id", "place", *IDENTITY, "stamp", "state")
LINE = ("asked_stamp", "asked_by", "stamp", "written_by", "content_sha256", "expires_at", "unsettled_until")
ONE: ColumnElement[int] = literal_column("1")
_out = writes.alias("out")
# With a limit, no database looks through all that is out instead of asking for this cookie.
_is_out = (
    select(_out.c.delivery_id)
    .where(*(_out.c[name] == writes.c[name] for name in IDENTITY), text("out.state = 'claimed'"))
    .correlate(writes)
    .limit(ONE)
    .scalar_subquery()
)


def _of_deliveries(conn: Connection) -> Executable:
    mine = [writes.c[name] for name in WRITE]
    if conn.dialect.name == "postgresql":
        # Until it has counted them, PostgreSQL would read all cookies to find these.
        line = (
            select(*(cookies.c[name] for name in LINE)).where(_same_cookie).correlate(writes).limit(ONE).lateral("line")
        )
        found = select(*mine, *line.c, _is_out).select_from(writes.outerjoin(line, true()))
    else:
        found = select(*mine, *(cookies.c[name] for name in LINE), _is_out).outerjoin(cookies, _same_cookie)
    return found.where(among(writes.c.delivery_id, "ids")).order_by(writes.c.delivery_id, writes.c.place)


# Built once: putting a statement together takes longer than running it.
OF_DELIVERIES = Prepared(("ids",), _of_deliveries)
MARK = Prepared(
    ("its_delivery", "its_place", "its_state"), update(writes).where(_is_it).values(state=bindparam("its_state"))
)
ADD = Prepared(WRITE, writes.insert())
LOST = (WriteState.DEAD, WriteState.DISCARDED, WriteState.ERASED)
GONE = (DeliveryState.DEAD, DeliveryState.DISCARDED, DeliveryState.ERASED)


def add(conn: Connection, changes: Sequence[CookieChange]) -> None:
    """Write down what new deliveries do."""
    ADD.many(conn, [(one.delivery_id, one.place, *one.name, one.stamp, WriteState.WAITING) for one in changes])


def of(conn: Connection, found: Sequence[Delivery]) -> dict[int, list[Write]]:
    """All writes of these deliveries, by the delivery's id."""
    members = {delivery.id: [member for _, member in writes_of(delivery)] for delivery in found}
    result: dict[int, list[Write]] = {number: [] for number in members}
    rows = OF_DELIVERIES.rows(conn, list(members))
    for number, place, customer, key, channel, service, stamp, state, *line in rows:
        write = Write(
            delivery_id=number,
            place=place,
            name=CookieName(customer, key, channel, service),
            stamp=stamp,
            state=WriteState(state),
            member=members[number][place],
            line=_line(line),
        )
        result[number].append(write)
    return result


def _line(columns: Sequence[Any]) -> Line:
    """All None where the ledger has no line."""
    asked_stamp, asked_by, stamp, written_by, content_sha256, expires_at, unsettled_until, is_out = columns
    return Line(
        asked_stamp=asked_stamp or "",
        asked_by=asked_by or 0,
        stamp=stamp or "",
        written_by=written_by or 0,
        content_sha256=content_sha256,
        expires_at=expires_at,
        is_out=is_out is not None,
        is_unsettled=unsettled_until is not None,
    )


def mark(conn: Connection, found: Iterable[tuple[Write, WriteState]]) -> None:
    """Give each write its new state."""
    MARK.many(conn, [(write.delivery_id, write.place, state) for write, state in found])


def mark_all(conn: Connection, delivery_ids: Sequence[int], before: tuple[WriteState, ...], after: WriteState) -> None:
    """As `mark`, for all writes of these deliveries that are in one of the states `before`."""
    _marking(before).once(conn, delivery_ids, after)


@cache
def _marking(before: tuple[WriteState, ...]) -> Prepared:
    theirs = among(writes.c.delivery_id, "ids") & or_(*(writes.c.state == state for state in before))
    return Prepared(("ids", "after"), update(writes).where(theirs).values(state=bindparam("after")))


def names_of(conn: Connection, delivery_ids: Sequence[int], states: Sequence[WriteState]) -> list[CookieName]:
    """The cookies of these deliveries' writes in one of the states: each once, in one order for all."""
    columns = [writes.c[name] for name in IDENTITY]
    theirs = writes.c.delivery_id.in_(delivery_ids) & writes.c.state.in_(states)
    query = select(*columns).where(theirs).distinct().order_by(*columns)
    return [ledger.name_in(row) for row in conn.execute(query).mappings()]


def ask_again(conn: Connection, delivery_id: int) -> None:
    """What is dead of this delivery is wanted after all; nothing newer gives way to it."""
    mark_all(conn, [delivery_id], (WriteState.DEAD,), WriteState.WAITING)
    theirs = (writes.c.delivery_id == delivery_id) & (writes.c.state == WriteState.WAITING)
    for row in conn.execute(select(writes).where(theirs)).mappings():
        ledger.ask_again(conn, ledger.name_in(row), row["stamp"], delivery_id)


def ask_for_newest(conn: Connection, names: Iterable[CookieName]) -> list[int]:
    """Let the ledger ask for the newest change of each cookie that has not failed, as after the end of a newer one.

    Returns the deliveries that take a place again which they had lost; their writes wait.
    """
    revived = []
    for name in names:
        newest = _newest(conn, name)
        stamp, number = (newest["stamp"], newest["delivery_id"]) if newest else ("", None)
        if ledger.stands(conn, name, stamp, number):
            continue
        ledger.ask_for(conn, name, stamp, number)
        if newest and newest["state"] == WriteState.SUPERSEDED:
            _revive(conn, newest)
            revived.append(newest["delivery_id"])
    return revived


def _newest(conn: Connection, name: CookieName) -> RowMapping | None:
    is_it = and_(*(writes.c[column] == value for column, value in zip(name._fields, name, strict=True)))
    query = (
        select(writes)
        .join(deliveries)
        .where(is_it, writes.c.state.not_in(LOST), deliveries.c.state.not_in(GONE))
        .order_by(writes.c.stamp.desc(), writes.c.delivery_id.desc())
        .limit(1)
    )
    return conn.execute(query).mappings().first()


def last_of(conn: Connection, name: CookieName) -> int:
    """The last delivery that was to write or delete this cookie; 0 where there is none."""
    is_it = and_(*(writes.c[column] == value for column, value in zip(name._fields, name, strict=True)))
    return conn.execute(select(func.max(writes.c.delivery_id)).where(is_it)).scalar() or 0


def _revive(conn: Connection, row: Any) -> None:
    MARK.many(conn, [(row["delivery_id"], row["place"], WriteState.WAITING)])


def with_waiting(conn: Connection, delivery_ids: Sequence[int]) -> list[int]:
    """Those of these deliveries of which something is still to be sent."""
    return list(WITH_WAITING.once(conn, delivery_ids).scalars())


WITH_WAITING = Prepared(
    ("ids",),
    select(writes.c.delivery_id)
    .where(among(writes.c.delivery_id, "ids"), writes.c.state == WriteState.WAITING)
    .distinct(),
)


def wait_again(conn: Connection, name: CookieName, delivery_id: int) -> bool:
    """Let the write of this cookie be sent once more; False where it is no more there, or was given up."""
    is_it = and_(*(writes.c[column] == value for column, value in zip(name._fields, name, strict=True)))
    theirs = (writes.c.delivery_id == delivery_id) & writes.c.state.not_in(LOST)
    again = update(writes).where(is_it, theirs).values(state=WriteState.WAITING)
    return conn.execute(again).rowcount > 0
