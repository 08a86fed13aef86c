"""Which events are new: by their key, for as long as it means the same event."""

import threading
from datetime import timedelta

import pytest
from sqlalchemy import select

from bridge.db import Database
from bridge.inbox import store
from bridge.model import Event
from bridge.tables import events
from tests.words import NOON, event, webhook

DAY = timedelta(days=1)


def keep(database: Database, *found: Event) -> int:
    """How many of them were new."""
    with database.transaction() as conn:
        kept = store.keep(conn, webhook(), found)
    return kept.received - kept.duplicates


def times_seen(database: Database) -> list[int]:
    with database.reading() as conn:
        return list(conn.execute(select(events.c.times_seen).order_by(events.c.id)).scalars())


@pytest.mark.parametrize(
    ("window", "after", "new"),
    [
        (DAY, timedelta(hours=23, minutes=59), 0),
        (DAY, DAY, 1),
        (DAY, timedelta(days=9), 1),
        (None, timedelta(days=9_000), 0),
    ],
)
def test_a_key_means_the_same_event_until_its_time_is_over(
    database: Database, window: timedelta | None, after: timedelta, new: int
) -> None:
    assert keep(database, event(dedup_window=window)) == 1
    assert keep(database, event(dedup_window=window, received_at=NOON + after)) == new


def test_a_repetition_does_not_make_the_time_longer(database: Database) -> None:
    times = [NOON, NOON + 0.6 * DAY, NOON + 1.2 * DAY]
    assert [keep(database, event(dedup_window=DAY, received_at=time)) for time in times] == [1, 0, 1]


def test_a_repetition_is_counted_at_the_newest_event_of_its_key(database: Database) -> None:
    for after in (timedelta(0), 2 * DAY, 2.5 * DAY):
        keep(database, event(dedup_window=DAY, received_at=NOON + after))
    assert times_seen(database) == [1, 2]


def test_a_change_and_its_taking_back_and_the_change_again_are_three(database: Database) -> None:
    days = [("a", 0), ("b", 1), ("a", 2)]
    changes = [event(dedup_key=key, dedup_window=DAY, received_at=NOON + day * DAY) for key, day in days]
    assert [keep(database, change) for change in changes] == [1, 1, 1]


def test_events_of_one_webhook_keep_their_order_and_stand_once(database: Database) -> None:
    found = [event(dedup_key=key, type=key + number) for key, number in ["b1", "a1", "b2", "c1", "a2"]]
    assert keep(database, *found) == 3
    with database.reading() as conn:
        assert [kept.type for kept, _ in store.next_new(conn, ["generic"], 10)] == ["b1", "a1", "c1"]
    assert times_seen(database) == [1, 1, 1]


def test_a_key_that_no_database_can_hold_is_still_one_event(database: Database) -> None:
    assert keep(database, event(dedup_key="a\0\ud800"), event(dedup_key="a\ufffd\0")) == 1
    assert keep(database, event(dedup_key="a\0\ud800")) == 0


def test_webhooks_with_the_same_events_in_another_order_do_not_block_each_other(database: Database) -> None:
    found = [event(dedup_key=f"evt-{number}", dedup_window=DAY) for number in range(40)]
    new: list[int] = []
    orders = [found, found[::-1]] * 4
    threads = [threading.Thread(target=lambda order=order: new.append(keep(database, *order))) for order in orders]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(new) == [0] * 7 + [40]
    assert times_seen(database) == [8] * 40


def test_what_a_source_says_of_joining_and_counting_is_kept(database: Database) -> None:
    keep(database, event(merged=("5", "6"), sequence=2**60 + 1))
    with database.reading() as conn:
        [(found, _)] = store.next_new(conn, ["generic"], 1)
    assert (found.merged, found.sequence) == (("5", "6"), 2**60 + 1)
