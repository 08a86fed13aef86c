"""Webhooks that wait are kept together, each with its own answer."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from sqlalchemy import event as sqlalchemy_event
from sqlalchemy import func, select

from bridge.db import Connection, Database
from bridge.errors import DatabaseAway
from bridge.inbox import commit
from bridge.inbox.commit import Committer
from bridge.inbox.store import Kept
from bridge.model import Event
from bridge.settings import Room
from bridge.tables import events, webhooks
from tests.inbox.crowd import Crowd
from tests.words import event, webhook


@pytest.fixture
def committer(database: Database) -> Committer:
    return Committer(database, Room())


def count(database: Database, table: object) -> int:
    with database.reading() as conn:
        return conn.execute(select(func.count()).select_from(table)).scalar_one()  # type: ignore[arg-type]


def one(number: int) -> Event:
    return event(dedup_key=f"evt-{number}")


NEW = Kept(received=1, duplicates=0)
KNOWN = Kept(received=1, duplicates=1)


def test_one_alone_is_kept_at_once(committer: Committer, database: Database) -> None:
    assert committer.keep(webhook(), (event(),)) == NEW
    assert committer.keep(webhook(), (event(),)) == KNOWN
    assert count(database, webhooks) == 1


def test_all_that_wait_are_kept_in_one_transaction(committer: Committer, database: Database) -> None:
    commits: list[object] = []
    sqlalchemy_event.listen(database.engine, "commit", commits.append)
    crowd = Crowd(committer)
    for number in range(6):
        crowd.add(webhook(), one(number))
    assert crowd.go() == [NEW] * 6
    assert len(commits) == 1
    assert count(database, webhooks) == 6


def test_the_same_event_in_all_that_wait_is_new_once(committer: Committer, database: Database) -> None:
    crowd = Crowd(committer)
    for _ in range(4):
        crowd.add(webhook(), event())
    assert crowd.go() == [NEW, KNOWN, KNOWN, KNOWN]
    with database.reading() as conn:
        assert conn.execute(select(events.c.times_seen)).scalars().all() == [4]


@pytest.mark.parametrize("limit", ["MAX_TOGETHER", "MAX_EVENTS_TOGETHER"])
def test_more_than_fit_into_one_transaction_are_kept_by_the_next_that_lead(
    committer: Committer, database: Database, monkeypatch: pytest.MonkeyPatch, limit: str
) -> None:
    monkeypatch.setattr(commit, limit, 2)
    commits: list[object] = []
    sqlalchemy_event.listen(database.engine, "commit", commits.append)
    crowd = Crowd(committer)
    for number in range(7):
        crowd.add(webhook(), one(number))
    assert crowd.go() == [NEW] * 7
    assert len(commits) == 4
    assert count(database, events) == 7
    assert not committer.is_led


def test_what_cannot_be_kept_fails_alone(committer: Committer, database: Database) -> None:
    crowd = Crowd(committer)
    crowd.add(webhook(), one(1))
    crowd.add(webhook(), event(dedup_key="evt-2", record={"poison": object()}))
    crowd.add(webhook(), one(3))
    first, second, third = crowd.go()
    assert (first, third) == (NEW, NEW)
    assert "not JSON serializable" in str(second)
    assert count(database, webhooks) == 2
    assert committer.keep(webhook(), (one(2),)) == NEW


class Broken(Database):
    """A database whose transactions end before they begin."""

    def __init__(self, fault: BaseException) -> None:
        self.fault = fault

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        raise self.fault
        yield


def answers_of_three(committer: Committer, fault: BaseException) -> list[Kept | BaseException]:
    committer.database, whole = Broken(fault), committer.database
    crowd = Crowd(committer)
    for number in range(3):
        crowd.add(webhook(), one(number))
    answers = crowd.go()
    committer.database = whole
    return answers


def test_without_a_database_all_that_wait_hear_of_it(committer: Committer) -> None:
    answers = answers_of_three(committer, DatabaseAway("no space is left"))
    assert [str(answer) for answer in answers] == ["no space is left"] * 3
    assert committer.keep(webhook(), (event(),)) == NEW


@pytest.mark.parametrize("fault", [SystemExit(), ValueError("a fault of ours")])
def test_those_that_wait_are_answered_when_the_one_that_leads_is_cut_off(
    committer: Committer, fault: BaseException
) -> None:
    first, *others = answers_of_three(committer, fault)
    assert first is fault
    assert [type(answer) for answer in others] == [DatabaseAway, DatabaseAway]
    assert committer.keep(webhook(), (event(),)) == NEW
    assert committer.lack() is None


def test_many_threads_at_once_lose_nothing(committer: Committer, database: Database) -> None:
    kept: list[Kept] = []

    def post(writer: int) -> None:
        for number in range(20):
            kept.append(committer.keep(webhook(), (one(number), event(dedup_key=f"{writer}-{number}"))))

    threads = [threading.Thread(target=post, args=(writer,)) for writer in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(each.received for each in kept) == 320
    assert sum(each.received - each.duplicates for each in kept) == count(database, events) == 180
    assert (committer.bytes, committer.unanswered, committer.is_led) == (0, {}, False)


def test_two_committers_of_one_database_keep_the_same_event_once(database: Database) -> None:
    others = [Committer(database, Room()) for _ in range(2)]
    kept: list[Kept] = []

    def post(mine: Committer) -> None:
        for number in range(20):
            kept.append(mine.keep(webhook(), (one(number),)))

    threads = [threading.Thread(target=post, args=(mine,)) for mine in others]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(each.duplicates for each in kept) == 20
    assert count(database, events) == 20
