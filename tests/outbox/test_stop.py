"""What an opt-out stops: all that waits for the customer, and what comes back from its way."""

from datetime import timedelta

import pytest

from bridge.db import Database
from bridge.model import Delivered, Retry, Stop, Unknown
from bridge.outbox.store import stop as stops
from tests.outbox.acts import INSERT, claim, found, given, later, release, retry, settle, state, states
from tests.words import NOON, insert

ASKED = Stop(customer="+12125550123", operations=(INSERT, "campaign.insertStrategyRecord"))


def stop(database: Database, asked: Stop = ASKED, *, event_id: int = 0) -> int:
    with database.transaction() as conn:
        return stops.stop(conn, asked, event_id=event_id, reason="stopped by rule opt-out", now=later(1))


def test_only_what_waits_of_these_operations_for_this_customer(database: Database) -> None:
    both = ("7", "+12125550123")
    [his] = given(database, insert(customers=both, order_key="a"))
    [strategy] = given(database, insert(customers=both, operation="campaign.insertStrategyRecord", order_key="b"))
    [callback] = given(database, insert(customers=both, operation="campaign.upsertCallback", order_key="c"))
    [hers] = given(database, insert(customers=("8", "+12125550199"), order_key="d"))
    assert stop(database) == 2
    assert states(database, [his, strategy, callback, hers]) == ["discarded", "discarded", "waiting", "waiting"]
    assert found(database, his).reason == "stopped by rule opt-out"


def test_what_the_same_event_asks_for_is_not_stopped(database: Database) -> None:
    [number] = given(database, insert(customers=("+12125550123",)))
    assert stop(database, event_id=found(database, number).event_id) == 0
    assert state(database, number) == "waiting"


def test_what_is_in_doubt_is_not_sent_again_by_a_person(database: Database) -> None:
    [number] = given(database, insert(customers=("+12125550123",)))
    settle(database, claim(database, INSERT), Unknown(reason="no answer"))
    assert stop(database) == 1
    assert not retry(database, number)


@pytest.mark.parametrize("way", ["asked to wait", "worker ended"])
def test_what_was_on_its_way_is_not_sent_again_when_it_comes_back(database: Database, way: str) -> None:
    [number] = given(database, insert(customers=("+12125550123",), repeatable=True))
    [next_one] = given(database, insert(customers=("8",)))
    items = claim(database, INSERT)
    assert stop(database) == 0
    assert state(database, number) == "claimed"
    if way == "asked to wait":
        settle(database, items, Retry(at=later(5), reason="status 429", counts=False))
    else:
        release(database, now=later(5))
    assert claim(database, INSERT, now=later(10)) == ()
    assert state(database, number) == "discarded"
    assert found(database, number).reason == "stopped while it was on its way, and not sent again"
    assert [item.delivery.id for item in claim(database, INSERT, now=later(11))] == [next_one]


def test_what_arrived_meanwhile_has_arrived(database: Database) -> None:
    [number] = given(database, insert(customers=("+12125550123",)))
    items = claim(database, INSERT)
    stop(database)
    settle(database, items, Delivered(), now=NOON + timedelta(seconds=2))
    assert state(database, number) == "delivered"
