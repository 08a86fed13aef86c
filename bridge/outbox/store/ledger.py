"""The ledger: one line for each cookie that the bridge has written, or is about to write."""

import hashlib
from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, RowMapping, and_, case, or_, select, update

from bridge.alvaria.cookies import Setting
from bridge.db import insert
from bridge.mappings.move import Kept
from bridge.model import CookieName, Delivery, DeliveryState, Event
from bridge.tables import cookies, deliveries


def intend(conn: Connection, event: Event, delivery: Delivery) -> None:
    """Note what a delivery will write or delete: a later one must know it even before Alvaria has it."""
    for setting in _settings_of(delivery):
        writer = {
            "source": event.source,
            "record_id": event.record_id,
            "rule": delivery.rule,
            "changed_at": delivery.changed_at,
            "deleted_at": None,
            "asked_by": delivery.id,
        }
        line = insert(conn, cookies).values(**asdict(_name_of(setting)), **writer)
        conn.execute(line.on_conflict_do_update(index_elements=cookies.primary_key, set_=writer))
    # What is deleted because its customer has changed keeps the time of its value.
    newest = case((cookies.c.changed_at < delivery.changed_at, delivery.changed_at), else_=cookies.c.changed_at)
    for name in _deleted_by(delivery):
        conn.execute(update(cookies).where(_is(name)).values(asked_by=delivery.id, changed_at=newest))


def note_delivered(conn: Connection, delivery: Delivery, now: datetime) -> None:
    """Note what Alvaria has accepted."""
    for setting in _settings_of(delivery):
        accepted = {
            "content_sha256": hashlib.sha256(setting["content"].encode("utf-8", "surrogatepass")).hexdigest(),
            "expires_at": datetime.fromisoformat(setting["expiresOnTime"]),
            "delivered_at": now,
            "deleted_at": None,
            "written_by": delivery.id,
        }
        conn.execute(update(cookies).where(_is(_name_of(setting))).values(accepted))
    for name in _deleted_by(delivery):
        conn.execute(update(cookies).where(_is(name)).values(deleted_at=now, content_sha256=None))


def written_for(conn: Connection, source: str, record_id: str, customers: Sequence[str]) -> tuple[CookieName, ...]:
    """The cookies that this record wrote for whomever, or this source for these customers, and nobody has deleted."""
    c = cookies.c
    theirs = and_(c.source == source, or_(c.record_id == record_id, c.customer.in_(customers)), c.deleted_at.is_(None))
    rows = conn.execute(select(cookies).where(theirs).order_by(*cookies.primary_key)).mappings()
    return tuple(_name_in(row) for row in rows)


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
    return [Kept(name=_name_in(row), changed_at=row["changed_at"], value=_value(row)) for row in rows]


def _value(row: RowMapping) -> Setting | None:
    """What the newest delivery says that has not failed."""
    has_failed = row["asked_state"] in (None, DeliveryState.DEAD, DeliveryState.DISCARDED)
    body = row["written_body"] if has_failed else row["asked_body"]
    said = {_name_of(setting): setting for setting in body["settings"]} if body else {}
    name = _name_in(row)
    if name not in said:
        return None
    expires_at = datetime.fromisoformat(said[name]["expiresOnTime"])
    return Setting(**asdict(name), content=said[name]["content"], expires_at=expires_at)


def changes_of(conn: Connection, source: str, record_id: str, customers: Sequence[str]) -> dict[CookieName, datetime]:
    """When each cookie of these customers was changed last; of the deleted ones only those that this record wrote."""
    c = cookies.c
    counts = or_(c.deleted_at.is_(None), and_(c.source == source, c.record_id == record_id))
    rows = conn.execute(select(cookies).where(c.customer.in_(customers), counts)).mappings()
    return {_name_in(row): row["changed_at"] for row in rows}


def join(conn: Connection, source: str, ended: Sequence[str], remaining: str) -> None:
    """What these records wrote is the remaining one's now."""
    theirs = (cookies.c.source == source) & cookies.c.record_id.in_(ended)
    conn.execute(update(cookies).where(theirs).values(record_id=remaining))


def _settings_of(delivery: Delivery) -> list[dict[str, str]]:
    return list(delivery.body["settings"]) if delivery.operation == "contextCookies.upsertSettings" else []


def _deleted_by(delivery: Delivery) -> list[CookieName]:
    if delivery.operation != "contextCookies.deleteSettings":
        return []
    asked = delivery.params
    return [
        CookieName(customer=asked["customer"], key=key, channel=asked["channel"], service=asked["service"])
        for key in asked["key"].split(",")
    ]


def _name_of(setting: dict[str, str]) -> CookieName:
    return CookieName(
        customer=setting["customerId"], key=setting["key"], channel=setting["channel"], service=setting["service"]
    )


def _name_in(row: RowMapping) -> CookieName:
    return CookieName(customer=row["customer"], key=row["key"], channel=row["channel"], service=row["service"])


def _is(name: CookieName) -> ColumnElement[bool]:
    return and_(*(cookies.c[column] == value for column, value in asdict(name).items()))
