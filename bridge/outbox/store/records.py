"""What is remembered of each CRM record: its customers, and the fields that its source asks to remember."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Executable, RowMapping, bindparam, select, update

from bridge.db import Late, Prepared, insert
from bridge.model import Record, Stamp
from bridge.tables import records
from bridge.tables.columns import plain

AT_ONCE = 500
CHANGES = ("customers", "fields", "forgotten", "joined_to", "updated_at")
THESE = select(records).where(
    records.c.source == bindparam("source"), records.c.record_id.in_(bindparam("ids", expanding=True))
)


def _put(conn: Connection) -> Executable:
    line = insert(conn, records)
    new = {name: line.excluded[name] for name in CHANGES}
    return line.on_conflict_do_update(index_elements=records.primary_key, set_=new)


PUT = Prepared(("source", "record_id", *CHANGES), _put)


class Records:
    """The records of one transaction's events: read together, written together."""

    def __init__(self, late: Late) -> None:
        self._late = late
        self._found: dict[tuple[str, str], tuple[Record | None, str | None]] = {}
        self._changed: dict[tuple[str, str], Record] = {}

    def load(self, source: str, record_ids: Iterable[str]) -> None:
        """Read these at once; whoever is not asked for here is read when somebody asks."""
        ids = [plain(one) for one in dict.fromkeys(record_ids) if (source, plain(one)) not in self._found]
        for start in range(0, len(ids), AT_ONCE):
            part = ids[start : start + AT_ONCE]
            self._found.update({(source, record_id): (None, None) for record_id in part})
            for row in self._late.conn.execute(THESE, {"source": source, "ids": part}).mappings():
                self._found[source, row["record_id"]] = (_record(row), row["joined_to"])

    def remaining(self, source: str, record_id: str) -> str:
        """The id of the record that this one has ended in, if it has; else its own."""
        return self._get(source, record_id)[1] or record_id

    def find(self, source: str, record_id: str) -> Record | None:
        return self._get(source, record_id)[0]

    def _get(self, source: str, record_id: str) -> tuple[Record | None, str | None]:
        self.load(source, [record_id])
        return self._found[source, plain(record_id)]

    def save(self, record: Record) -> None:
        """Remember it; written with the next `flush`."""
        key = (record.source, plain(record.record_id))
        self._found[key] = (record, None)
        self._changed[key] = record

    def join(self, source: str, ended: Sequence[str], remaining: str, *, now: datetime) -> None:
        """From now on these are `remaining`, and so are all that ended in them. What they knew is for it to keep."""
        self.flush(now)
        conn = self._late.write()
        PUT.many(conn, [(source, one, {}, {}, None, remaining, now) for one in ended])
        before = (records.c.source == source) & records.c.joined_to.in_(ended)
        conn.execute(update(records).where(before).values(joined_to=remaining))
        self._found.clear()

    def flush(self, now: datetime) -> None:
        """Write down what has changed."""
        # In one order for all, or two fillers would wait for each other.
        PUT.many(self._late.write(), [_row(record, now) for _, record in sorted(self._changed.items())])
        self._changed.clear()


def remaining(conn: Connection, source: str, record_id: str) -> str:
    """As `Records.remaining`, for one."""
    return Records(Late.of(conn)).remaining(source, record_id)


def find(conn: Connection, source: str, record_id: str) -> Record | None:
    """As `Records.find`, for one."""
    return Records(Late.of(conn)).find(source, record_id)


def _record(row: RowMapping) -> Record:
    return Record(
        source=row["source"],
        record_id=row["record_id"],
        ids={int(place): (name, _stamp(at)) for place, (name, at) in row["customers"].items()},
        fields={name: (value, _stamp(at)) for name, (value, at) in row["fields"].items()},
        forgotten=_stamp(row["forgotten"]) if row["forgotten"] else None,
    )


def _row(record: Record, now: datetime) -> tuple[Any, ...]:
    """In the order of a line of `PUT`."""
    return (
        record.source,
        record.record_id,
        {place: [name, _written(at)] for place, (name, at) in record.ids.items()},
        {name: [value, _written(at)] for name, (value, at) in record.fields.items()},
        _written(record.forgotten) if record.forgotten else None,
        None,
        now,
    )


def _stamp(written: list[Any]) -> Stamp:
    changed_at, sequence, received_at, event_id, translation = written
    return Stamp(
        datetime.fromisoformat(changed_at), sequence, datetime.fromisoformat(received_at), event_id, translation
    )


def _written(at: Stamp) -> list[Any]:
    return [at.changed_at.isoformat(), at.sequence, at.received_at.isoformat(), at.event_id, at.translation]
