"""Webhooks and events are kept whole and once."""

import threading

from sqlalchemy import func, select

from bridge.db import Database
from bridge.inbox import store
from bridge.model import EventState, Outcome, OutcomeKind, WebhookState
from bridge.tables import events, webhooks
from tests.words import NOON, event, webhook


def keep(database: Database, *found: object, **changes: object) -> store.Kept:
    with database.transaction() as conn:
        return store.keep(conn, webhook(**changes), found)  # type: ignore[arg-type]


def count(database: Database, table: object) -> int:
    with database.reading() as conn:
        return conn.execute(select(func.count()).select_from(table)).scalar_one()  # type: ignore[arg-type]


def test_a_webhook_and_its_events_are_kept_and_read_back_as_they_were(database: Database) -> None:
    given = event(headers={"content-type": "application/json"}, previous={"a": None}, changed=("a",), body=[1, {}])
    keep(database, given)
    with database.reading() as conn:
        [(found, number)] = store.next_new(conn, ["generic"], 10)
    assert number == 1
    assert found == type(given)(**{**vars(given), "id": found.id, "webhook_id": found.webhook_id})


def test_the_same_webhook_twice_is_kept_once_and_counted(database: Database) -> None:
    first = keep(database, event(), event(dedup_key="evt-2"))
    second = keep(database, event(), event(dedup_key="evt-2"))
    assert (first.received, first.duplicates) == (2, 0)
    assert (second.received, second.duplicates) == (2, 2)
    assert count(database, webhooks) == 1
    with database.reading() as conn:
        assert conn.execute(select(events.c.times_seen)).scalars().all() == [2, 2]


def test_a_batch_that_comes_again_in_other_groups_adds_only_what_is_new(database: Database) -> None:
    keep(database, event(), event(dedup_key="evt-2"))
    kept = keep(database, event(dedup_key="evt-2"), event(dedup_key="evt-3"))
    assert (kept.received, kept.duplicates) == (2, 1)
    assert count(database, events) == 3


def test_an_event_that_stands_twice_in_one_webhook_is_kept_once(database: Database) -> None:
    kept = keep(database, event(), event())
    assert (kept.received, kept.duplicates) == (2, 1)
    assert count(database, events) == 1


def test_two_sources_may_use_the_same_event_ids(database: Database) -> None:
    keep(database, event())
    assert keep(database, event(source="other"), source="other").duplicates == 0


def test_a_webhook_without_events_is_kept_for_its_problem(database: Database) -> None:
    keep(database, state=WebhookState.UNREADABLE, problem="not JSON")
    with database.reading() as conn:
        assert store.unreadable(conn) == 1


def test_the_same_event_at_the_same_moment_over_many_connections_is_kept_once(database: Database) -> None:
    kept: list[store.Kept] = []
    threads = [threading.Thread(target=lambda: kept.append(keep(database, event()))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(one.duplicates for one in kept) == [0, 1, 1, 1, 1, 1, 1, 1]
    assert count(database, events) == 1
    assert count(database, webhooks) == 1


def test_events_of_a_source_without_rules_wait(database: Database) -> None:
    keep(database, event(source="broken"), source="broken")
    keep(database, event())
    with database.reading() as conn:
        assert [found.source for found, _ in store.next_new(conn, ["generic"], 10)] == ["generic"]
        assert store.waiting(conn) == 2


def test_events_wait_for_their_record_as_well(database: Database) -> None:
    keep(database, event(state=EventState.FETCHING))
    keep(database, event(dedup_key="evt-2", state=EventState.UNFETCHED))
    with database.reading() as conn:
        assert store.waiting(conn) == 1


def test_an_event_that_could_not_be_read_is_not_translated(database: Database) -> None:
    keep(database, event(state=EventState.UNREADABLE, problem="no record id"))
    with database.reading() as conn:
        assert store.next_new(conn, ["generic"], 10) == []


def test_a_finished_event_can_be_replayed_and_a_waiting_one_cannot(database: Database) -> None:
    keep(database, event())
    with database.transaction() as conn:
        [(found, _)] = store.next_new(conn, ["generic"], 10)
        assert not store.replay(conn, found.id)
        store.mark_done(conn, [found.id])
        assert store.replay(conn, found.id)
        [(again, number)] = store.next_new(conn, ["generic"], 10)
    assert (again.id, number) == (found.id, 2)


def test_what_rules_made_of_an_event_is_written_down(database: Database) -> None:
    keep(database, event())
    made = (
        Outcome(rule="a", kind=OutcomeKind.TRANSLATED),
        Outcome(rule="b", kind=OutcomeKind.REJECTED, reason="record.x is missing"),
    )
    with database.transaction() as conn:
        [(found, number)] = store.next_new(conn, ["generic"], 10)
        done = store.Translation(event_id=found.id, translation=number, mapping_version="v1", at=NOON)
        store.add_outcomes(conn, [(done, one) for one in made])
        assert store.translated_rules(conn, found.id) == {"a"}
