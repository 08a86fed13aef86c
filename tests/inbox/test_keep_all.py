"""Several webhooks in one transaction: the same as one after another."""

import random
from dataclasses import replace

import pytest
from sqlalchemy import func, select

from bridge.db import Database
from bridge.inbox import store
from bridge.model import Event, WebhookState
from bridge.tables import events, webhooks
from tests.words import event, webhook


def counts(database: Database, source: str) -> list[tuple[str, int]]:
    with database.reading() as conn:
        c = events.c
        rows = conn.execute(select(c.dedup_key, c.times_seen).where(c.source == source).order_by(c.id))
        return [(key, number) for key, number in rows]


def webhook_count(database: Database, source: str) -> int:
    with database.reading() as conn:
        return conn.execute(select(func.count()).where(webhooks.c.source == source)).scalar_one()


@pytest.mark.parametrize("seed", range(12))
def test_together_they_come_to_the_same_as_one_after_another(database: Database, seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311 (cases, no secrets)
    keys = [f"evt-{number}" for number in range(8)]
    groups = [[event(dedup_key=key) for key in chance.choices(keys, k=chance.randint(0, 5))] for _ in range(12)]
    with database.transaction() as conn:
        alone = [store.keep(conn, webhook(source="alone"), _of("alone", group)) for group in groups]
    together: list[store.Kept] = []
    while groups:
        size = chance.randint(1, 5)
        batch, groups = groups[:size], groups[size:]
        with database.transaction() as conn:
            arrivals = [(webhook(source="together"), _of("together", group)) for group in batch]
            together += store.keep_all(conn, arrivals)
    assert together == alone
    assert counts(database, "together") == counts(database, "alone")
    assert webhook_count(database, "together") == webhook_count(database, "alone")


def _of(source: str, group: list[Event]) -> tuple[Event, ...]:
    return tuple(replace(each, source=source) for each in group)


def test_each_event_belongs_to_its_own_webhook(database: Database) -> None:
    arrivals = [
        (webhook(body=str(number).encode()), (event(dedup_key=f"{number}-a"), event(dedup_key=f"{number}-b")))
        for number in range(70)
    ]
    with database.transaction() as conn:
        store.keep_all(conn, arrivals)
    with database.reading() as conn:
        joined = select(events.c.dedup_key, webhooks.c.body).join(webhooks, webhooks.c.id == events.c.webhook_id)
        found = [(key, body.decode()) for key, body in conn.execute(joined.order_by(events.c.id))]
    assert found == [(f"{number}-{letter}", str(number)) for number in range(70) for letter in "ab"]


def test_what_could_not_be_read_is_kept_among_the_others(database: Database) -> None:
    broken = webhook(state=WebhookState.UNREADABLE, problem="not JSON")
    with database.transaction() as conn:
        kept = store.keep_all(conn, [(webhook(), (event(),)), (broken, ()), (webhook(), (event(),))])
        assert store.unreadable(conn) == 1
    assert [(each.received, each.duplicates) for each in kept] == [(1, 0), (0, 0), (1, 1)]
    assert webhook_count(database, "generic") == 2
