"""The queue: claimed once, in order, settled by who holds the claim, released when nobody does."""

import threading
from datetime import timedelta

import pytest
from sqlalchemy import Connection, select

from bridge.db import Database
from bridge.inbox import store as inbox
from bridge.model import CookieName, Dead, Delivered, Delivery, DeliveryState, Event, Priority, Retry, Unknown, Verdict
from bridge.outbox.store import ledger, queue
from bridge.tables import attempts, cookies
from tests.words import NOON, event, insert, upsert, webhook

LEASE = timedelta(seconds=60)


def an_event(conn: Connection, key: str = "evt-1") -> Event:
    inbox.keep(conn, webhook(), (event(dedup_key=key),))
    return next(found for found, _ in inbox.next_new(conn, ["generic"], 100) if found.dedup_key == key)


def given(database: Database, *found: Delivery) -> None:
    with database.transaction() as conn:
        queue.add(conn, an_event(conn), found, now=NOON)


def claim(database: Database, worker: str = "host/1/a", now: object = NOON, **options: object) -> Delivery | None:
    with database.transaction() as conn:
        return queue.claim_next(conn, worker=worker, now=now, lease=LEASE, **options)  # type: ignore[arg-type]


def settle(database: Database, delivery: Delivery, verdict: Verdict, worker: str = "host/1/a") -> bool:
    with database.transaction() as conn:
        return queue.settle(conn, delivery, verdict, worker=worker, now=NOON)


def state(database: Database, delivery_id: int) -> DeliveryState:
    with database.reading() as conn:
        found = queue.find(conn, delivery_id)
    assert found
    return found.state


def test_a_delivery_is_claimed_once(database: Database) -> None:
    given(database, upsert())
    assert claim(database)
    assert claim(database) is None


def test_many_workers_claim_each_delivery_once(database: Database) -> None:
    given(database, *(upsert(item=number, order_key=f"k{number}") for number in range(20)))
    claimed: list[int] = []

    def work(name: str) -> None:
        while found := claim(database, name):
            claimed.append(found.id)

    threads = [threading.Thread(target=work, args=(f"host/{number}/a",)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    # A worker may find a row just taken and stop early; what is left is claimed once more, and only once.
    work("host/9/a")
    assert sorted(claimed) == sorted(set(claimed))
    assert len(claimed) == 20


def test_the_oldest_of_an_order_key_goes_first_and_alone(database: Database) -> None:
    given(database, upsert(), upsert(item=1), upsert(item=2, order_key="another"))
    first, other = claim(database), claim(database)
    assert first
    assert other
    assert (first.item, other.item) == (0, 2)
    assert claim(database) is None
    settle(database, first, Delivered())
    second = claim(database)
    assert second
    assert second.item == 1


@pytest.mark.parametrize(
    ("verdict", "next_goes"),
    [
        (Delivered(), True),
        (Dead(reason="status 400"), True),
        (Unknown(reason="no answer"), False),
        (Retry(at=NOON + timedelta(seconds=2), reason="status 500"), False),
    ],
)
def test_what_waits_behind_a_delivery(database: Database, verdict: Verdict, next_goes: bool) -> None:
    given(database, insert(), insert(item=1))
    first = claim(database)
    assert first
    settle(database, first, verdict)
    assert (claim(database) is not None) is next_goes


def test_live_goes_before_replay(database: Database) -> None:
    given(database, upsert(priority=Priority.REPLAY, order_key="a"), upsert(item=1, order_key="b"))
    first = claim(database)
    assert first
    assert first.item == 1


def test_operations_on_hold_are_left_alone(database: Database) -> None:
    given(database, upsert(), insert(item=1))
    found = claim(database, held={"contextCookies.upsertSettings"})
    assert found
    assert found.operation == "campaign.insertFastPathRecords"


def test_a_retry_waits_for_its_time_and_counts(database: Database) -> None:
    given(database, upsert())
    first = claim(database)
    assert first
    settle(database, first, Retry(at=NOON + timedelta(seconds=10), reason="status 503"))
    assert claim(database, now=NOON + timedelta(seconds=9)) is None
    again = claim(database, now=NOON + timedelta(seconds=10))
    assert again
    assert (again.attempts, again.reason) == (1, "status 503")


def test_waiting_because_the_api_asked_for_it_costs_no_attempt(database: Database) -> None:
    given(database, upsert())
    first = claim(database)
    assert first
    settle(database, first, Retry(at=NOON, reason="status 429", counts=False))
    again = claim(database)
    assert again
    assert again.attempts == 0


def test_a_worker_that_lost_its_claim_cannot_settle(database: Database) -> None:
    given(database, upsert())
    found = claim(database)
    assert found
    with database.transaction() as conn:
        queue.release_stalled(conn, now=NOON + LEASE)
    assert claim(database, "host/2/b", now=NOON + LEASE)
    assert not settle(database, found, Delivered())
    assert state(database, found.id) is DeliveryState.CLAIMED


@pytest.mark.parametrize(("delivery", "after"), [(upsert(), "waiting"), (insert(), "unknown")])
def test_a_claim_that_ran_out_is_sent_again_only_if_that_does_no_harm(
    database: Database, delivery: Delivery, after: str
) -> None:
    given(database, delivery)
    found = claim(database)
    assert found
    with database.transaction() as conn:
        assert queue.release_stalled(conn, now=NOON + LEASE - timedelta(seconds=1)) == 0
        assert queue.release_stalled(conn, now=NOON + LEASE) == 1
    assert state(database, found.id) == after


def test_the_claims_of_a_worker_that_is_gone_are_released_at_once(database: Database) -> None:
    given(database, upsert())
    assert claim(database)
    with database.transaction() as conn:
        assert queue.claimants(conn) == ["host/1/a"]
        assert queue.release_stalled(conn, now=NOON, gone=["host/1/a"]) == 1
    assert claim(database)


@pytest.mark.parametrize(
    ("verdict", "action", "after"),
    [
        (Dead(reason="x"), "retry", "waiting"),
        (Unknown(reason="x"), "retry", "waiting"),
        (Unknown(reason="x"), "confirm", "delivered"),
        (Dead(reason="x"), "confirm", None),
        (Dead(reason="x"), "discard", "discarded"),
        (Unknown(reason="x"), "discard", "discarded"),
        (Delivered(), "retry", None),
        (Delivered(), "discard", None),
        (None, "confirm", None),
        (None, "retry", None),
        (None, "discard", None),
    ],
)
def test_what_a_person_may_do_with_a_delivery(
    database: Database, verdict: Verdict | None, action: str, after: str | None
) -> None:
    given(database, insert())
    found = claim(database)
    assert found
    if verdict:
        settle(database, found, verdict)
    before = state(database, found.id)
    options = {"reason": "a test"} if action == "discard" else {}
    with database.transaction() as conn:
        done = getattr(queue, action)(conn, found.id, now=NOON, **options)
    assert done is (after is not None)
    assert state(database, found.id) == (after or before)


def test_attempts_are_appended(database: Database) -> None:
    given(database, upsert())
    found = claim(database)
    assert found
    one = queue.Attempt(at=NOON, worker="w", status=None, message="no answer", took_s=0.1, verdict="retry")
    with database.transaction() as conn:
        queue.add_attempt(conn, found, one)
        queue.add_attempt(conn, found, one)
        assert conn.execute(select(attempts.c.delivery_id)).scalars().all() == [found.id, found.id]


def test_the_ledger_knows_a_cookie_from_its_intention_to_its_deletion(database: Database) -> None:
    given(database, upsert())
    name = CookieName(customer="7", key="crm.tier", channel="all", service="")
    with database.reading() as conn:
        assert ledger.written_for(conn, "generic", "7", ()) == (name,)
        assert ledger.written_for(conn, "other", "7", ["7"]) == ()
    found = claim(database)
    assert found
    settle(database, found, Delivered())
    with database.reading() as conn:
        line = conn.execute(select(cookies)).mappings().one()
        assert line["content_sha256"]
        assert line["delivered_at"] == NOON
    params = {"customer": "7", "channel": "all", "service": "", "key": "crm.tier"}
    with database.transaction() as conn:
        gone = upsert(operation="contextCookies.deleteSettings", params=params, body=None, rule="gone")
        queue.add(conn, an_event(conn, "evt-2"), [gone], now=NOON)
    deletion = claim(database)
    assert deletion
    settle(database, deletion, Delivered())
    with database.reading() as conn:
        assert ledger.written_for(conn, "generic", "7", ()) == ()
