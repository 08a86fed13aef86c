"""The ledger: one line for each cookie that the bridge has written, or is about to write."""

import hashlib
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, and_, select, update

from bridge.db import insert
from bridge.model import CookieName, Delivery, Event
from bridge.tables import cookies


def intend(conn: Connection, event: Event, delivery: Delivery) -> None:
    """Note what a delivery will write: a later `forget` must know it even before Alvaria has it."""
    for setting in _settings_of(delivery):
        writer = {
            "source": event.source,
            "record_id": event.record_id,
            "rule": delivery.rule,
            "changed_at": delivery.changed_at,
            "deleted_at": None,
        }
        line = insert(conn, cookies).values(**_identity(_name_of(setting)), **writer)
        conn.execute(line.on_conflict_do_update(index_elements=cookies.primary_key, set_=writer))


def note_delivered(conn: Connection, delivery: Delivery, now: datetime) -> None:
    """Note what Alvaria has accepted."""
    for setting in _settings_of(delivery):
        accepted = {
            "content_sha256": hashlib.sha256(setting["content"].encode("utf-8", "surrogatepass")).hexdigest(),
            "expires_at": datetime.fromisoformat(setting["expiresOnTime"]),
            "delivered_at": now,
            "deleted_at": None,
        }
        conn.execute(update(cookies).where(_is(_name_of(setting))).values(accepted))
    for name in _deleted_by(delivery):
        conn.execute(update(cookies).where(_is(name)).values(deleted_at=now, content_sha256=None))


def written_for(conn: Connection, source: str, customers: Sequence[str]) -> tuple[CookieName, ...]:
    """The cookies of these customers that this source wrote and nobody has deleted."""
    ours = and_(cookies.c.source == source, cookies.c.customer.in_(customers), cookies.c.deleted_at.is_(None))
    rows = conn.execute(select(cookies).where(ours).order_by(*cookies.primary_key)).mappings()
    return tuple(
        CookieName(customer=row["customer"], key=row["key"], channel=row["channel"], service=row["service"])
        for row in rows
    )


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


def _identity(name: CookieName) -> dict[str, str]:
    return {"customer": name.customer, "key": name.key, "channel": name.channel, "service": name.service}


def _is(name: CookieName) -> ColumnElement[bool]:
    return and_(*(cookies.c[column] == value for column, value in _identity(name).items()))
