"""What the tests of commands share."""

from collections.abc import Callable
from typing import Any

import pytest
from click.testing import CliRunner, Result

from bridge.cli import main
from bridge.inbox import store as inbox
from bridge.model import Delivery, Event
from bridge.outbox import queries
from bridge.outbox.store import queue, workers
from bridge.wiring import Bridge
from tests.words import NOON, event, webhook

Put = Callable[..., list[int]]


def run(*arguments: str, **options: Any) -> Result:
    """A command as a person types it."""
    return CliRunner().invoke(main, list(arguments), **options)


@pytest.fixture
def put(bridge: Bridge) -> Put:
    """A function that puts deliveries of an event of their own into the queue, and returns their ids."""

    def put(*found: Delivery, key: str = "evt-1", **changes: Any) -> list[int]:
        with bridge.database.transaction() as conn:
            inbox.keep(conn, webhook(source=changes.get("source", "generic")), (event(dedup_key=key, **changes),))
            kept = newest(bridge, conn)
            inbox.mark_done(conn, [kept.id])
            queue.add(conn, [(kept, one) for one in found], now=NOON)
            return [line.id for line in queries.of_event(conn, kept.id)]

    return put


def newest(bridge: Bridge, conn: Any) -> Event:
    return inbox.next_new(conn, sorted(bridge.catalogue.mappings), 100)[-1][0]


@pytest.fixture
def a_worker(bridge: Bridge) -> str:
    """One that lives."""
    with bridge.database.transaction() as conn:
        workers.beat(conn, "host/1/a", NOON.replace(year=2027))
    return "host/1/a"
