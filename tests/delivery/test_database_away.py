"""The database goes away between a claim and its end: nothing stays claimed, and no answer is forgotten."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import pytest
from sqlalchemy import Connection, select

from bridge.db import Database
from bridge.delivery.deliver import deliver_next
from bridge.delivery.patience import patiently
from bridge.delivery.threads import Sending, ThreadFailed
from bridge.delivery.turn import Sender
from bridge.demo.play import wait_until
from bridge.errors import DatabaseAway
from bridge.inbox import store as inbox
from bridge.model import Delivery
from bridge.outbox.store import queue
from bridge.tables import attempts, deliveries
from tests.words import NOON, event, insert, upsert, webhook

RECORD = insert(
    body={"fastPathRecords": [{"fastPathRecord": f"{7:<12}2125550123{'':20}", "customFieldsStringCollection": [{}]}]}
)


class Deaf(Database):
    """Each of these transactions, counted from the first, is committed, but nobody hears of it."""

    unheard: tuple[int, ...] = ()
    count = 0

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        with super().transaction() as conn:
            yield conn
        self.count += 1
        if self.count in self.unheard:
            raise DatabaseAway("the connection was lost")


def given(database: Database, delivery: Delivery) -> None:
    with database.transaction() as conn:
        inbox.keep(conn, webhook(), (event(),))
        ((found, _),) = inbox.next_new(conn, ["generic"], 1)
        inbox.mark_done(conn, [found.id])
        queue.add(conn, [(found, delivery)], now=NOON)


def deaf(url: str, *unheard: int) -> Deaf:
    made = Deaf(url)
    made.unheard = unheard
    return made


def states(database: Database) -> list[tuple[str, int]]:
    with database.reading() as conn:
        return [(row.state, row.attempts) for row in conn.execute(select(deliveries.c.state, deliveries.c.attempts))]


@pytest.mark.parametrize("delivery", [upsert(), RECORD], ids=["repeatable", "not repeatable"])
def test_a_claim_that_nobody_heard_of_is_free_again(
    sender: Sender, database: Database, migrated_url: str, delivery: Delivery
) -> None:
    given(database, delivery)
    of_claim = deaf(migrated_url, 1)
    with pytest.raises(DatabaseAway):
        deliver_next(replace(sender, database=of_claim))
    assert states(database) == [("waiting", 0)], "nothing was sent, so nothing is in doubt"
    deliver_next(sender)
    assert states(database) == [("delivered", 1)]
    of_claim.close()


def test_a_verdict_that_nobody_heard_of_is_written_down_once(
    sender: Sender, database: Database, migrated_url: str
) -> None:
    given(database, RECORD)
    of_verdict = deaf(migrated_url, 2)
    assert deliver_next(replace(sender, database=of_verdict)) is None
    assert states(database) == [("delivered", 1)]
    with database.reading() as conn:
        assert set(conn.execute(select(attempts.c.verdict)).scalars()) == {"delivered"}
    of_verdict.close()


def test_what_is_to_be_written_waits_for_the_database_until_the_worker_ends() -> None:
    stop, tried = threading.Event(), []

    def write() -> None:
        tried.append(1)
        if len(tried) == 2:
            stop.set()
        raise DatabaseAway("it is away")

    with pytest.raises(DatabaseAway):
        patiently(stop, write)
    assert len(tried) == 2


def test_a_worker_does_not_go_on_without_one_of_its_threads(sender: Sender) -> None:
    broken = replace(sender, database=None)  # type: ignore[arg-type]  # the fault
    sending = Sending(broken, 1)
    sending.keep_up()
    wait_until(lambda: sending.has_failed, "the thread has ended")
    with pytest.raises(ThreadFailed):
        sending.keep_up()
    sender.stop.set()
    sending.finish()
