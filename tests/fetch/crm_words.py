"""Events that wait for their record, and what the CRM says about it."""

from collections.abc import Iterator
from typing import Any

from bridge import clock
from bridge.db import Database
from bridge.fetch import queries
from bridge.fetch.fetch import Reader, fetch_next
from bridge.inbox import store as inbox
from bridge.model import Event, EventState
from tests.alvaria.scripted import Act, reply
from tests.words import event, webhook


def has(*, record_id: str = "7", **fields: Any) -> Act:
    """The CRM has this record."""
    return reply(200, {"id": record_id, "properties": fields})


def arrive(database: Database, *keys: str, **changes: Any) -> list[int]:
    """One event for each key arrives now, and was made now unless said otherwise; their ids."""
    usual = {"state": EventState.FETCHING, "occurred_at": clock.now(), "received_at": clock.now(), "record": {}}
    found = tuple(event(**{**usual, "dedup_key": key, **changes}) for key in keys)
    with database.transaction() as conn:
        inbox.keep(conn, webhook(received_at=clock.now()), found)
    with database.reading() as conn:
        return [one.id for one in _all(conn) if one.dedup_key in keys]


def _all(conn: Any) -> Iterator[Event]:
    number = 1
    while found := inbox.find(conn, number):
        yield found
        number += 1


def events(database: Database) -> list[Event]:
    with database.reading() as conn:
        return list(_all(conn))


def states(database: Database) -> list[str]:
    """In the order of arrival."""
    return [one.state.value for one in events(database)]


def state_of(database: Database, event_id: int) -> queries.Fetch:
    with database.reading() as conn:
        return queries.of_events(conn, [event_id])[event_id]


def read_all(reader: Reader) -> None:
    """Until there is nothing to do, or not yet."""
    rounds = 0
    while fetch_next(reader):
        rounds += 1
        assert rounds < 50, "the CRM is asked again and again"
