"""What is remembered of each CRM record: its customers, and the fields that its source asks to remember."""

from datetime import datetime

from sqlalchemy import Connection, select

from bridge.db import insert
from bridge.model import Record
from bridge.tables import records


def find(conn: Connection, source: str, record_id: str) -> Record | None:
    is_it = (records.c.source == source) & (records.c.record_id == record_id)
    row = conn.execute(select(records).where(is_it)).mappings().first()
    if not row:
        return None
    fields = {name: (value, datetime.fromisoformat(at)) for name, (value, at) in row["fields"].items()}
    return Record(source=source, record_id=record_id, customers=tuple(row["customers"]), fields=fields)


def save(conn: Connection, record: Record, *, now: datetime) -> None:
    values = {
        "customers": list(record.customers),
        "fields": {name: [value, at.isoformat()] for name, (value, at) in record.fields.items()},
        "updated_at": now,
    }
    row = insert(conn, records).values(source=record.source, record_id=record.record_id, **values)
    conn.execute(row.on_conflict_do_update(index_elements=records.primary_key, set_=values))
