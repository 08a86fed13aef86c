"""What is remembered of each CRM record: its customers, and the fields that its source asks to remember."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, select, update

from bridge.db import insert
from bridge.model import Record, Stamp
from bridge.tables import records


def remaining(conn: Connection, source: str, record_id: str) -> str:
    """The id of the record that this one has ended in, if it has; else its own."""
    return conn.execute(select(records.c.joined_to).where(_is(source, record_id))).scalar() or record_id


def find(conn: Connection, source: str, record_id: str) -> Record | None:
    row = conn.execute(select(records).where(_is(source, record_id))).mappings().first()
    if not row:
        return None
    return Record(
        source=source,
        record_id=record_id,
        ids={int(place): (name, _stamp(at)) for place, (name, at) in row["customers"].items()},
        fields={name: (value, _stamp(at)) for name, (value, at) in row["fields"].items()},
        forgotten=_stamp(row["forgotten"]) if row["forgotten"] else None,
    )


def save(conn: Connection, record: Record, *, now: datetime) -> None:
    values = {
        "customers": {place: [name, _written(at)] for place, (name, at) in record.ids.items()},
        "fields": {name: [value, _written(at)] for name, (value, at) in record.fields.items()},
        "forgotten": _written(record.forgotten) if record.forgotten else None,
    }
    _put(conn, record.source, record.record_id, {**values, "updated_at": now})


def join(conn: Connection, source: str, ended: Sequence[str], remaining: str, *, now: datetime) -> None:
    """From now on these are `remaining`, and so are all that had ended in them. What they knew is for it to keep."""
    for record_id in ended:
        nothing_left: dict[str, Any] = {"customers": {}, "fields": {}, "forgotten": None, "joined_to": remaining}
        _put(conn, source, record_id, {**nothing_left, "updated_at": now})
    before = (records.c.source == source) & records.c.joined_to.in_(ended)
    conn.execute(update(records).where(before).values(joined_to=remaining))


def _put(conn: Connection, source: str, record_id: str, values: dict[str, Any]) -> None:
    row = insert(conn, records).values(source=source, record_id=record_id, **values)
    conn.execute(row.on_conflict_do_update(index_elements=records.primary_key, set_=values))


def _is(source: str, record_id: str) -> ColumnElement[bool]:
    return (records.c.source == source) & (records.c.record_id == record_id)


def _stamp(written: list[Any]) -> Stamp:
    changed_at, sequence, received_at, event_id, translation = written
    return Stamp(
        datetime.fromisoformat(changed_at), sequence, datetime.fromisoformat(received_at), event_id, translation
    )


def _written(at: Stamp) -> list[Any]:
    return [at.changed_at.isoformat(), at.sequence, at.received_at.isoformat(), at.event_id, at.translation]
