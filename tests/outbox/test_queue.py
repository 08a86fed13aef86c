"""The queue: what is put into it, and what people do with a delivery."""

import pytest
from sqlalchemy import select

from bridge.db import Database
from bridge.model import CookieName, Dead, Delivered, Retry, Unknown, Verdict
from bridge.outbox.plan import DELETE, UPSERT, WriteState
from bridge.outbox.store import ledger, queue
from bridge.outbox.store.queue import PutOff
from bridge.tables import attempts, delivery_customers
from tests.outbox.acts import (
    INSERT,
    claim,
    confirm,
    contents,
    deletion,
    discard,
    found,
    given,
    group,
    later,
    line,
    numbers,
    retry,
    settle,
    state,
    states,
    write_states,
)
from tests.words import NOON, insert, upsert


def test_what_is_put_in_comes_out_whole(database: Database) -> None:
    [number] = given(database, insert(hold=True, item=3))
    kept = found(database, number)
    assert (kept.params, kept.body, kept.customers) == (insert().params, insert().body, ("7",))
    assert (kept.item, kept.hold, kept.repeatable, kept.source) == (3, True, False, "generic")
    assert (kept.state, kept.attempts, kept.waiting_since, kept.due_at) == ("waiting", 0, NOON, NOON)


def test_nothing_to_put_in_is_no_trouble(database: Database) -> None:
    with database.transaction() as conn:
        queue.add(conn, [], now=NOON)
        assert queue.unfinished(conn) == 0


def test_whom_it_is_about_is_found_without_reading_it(database: Database) -> None:
    [number] = given(database, insert(customers=("7", "+12125550123", "7")))
    with database.reading() as conn:
        rows = conn.execute(select(delivery_customers)).all()
    assert sorted(rows) == [("+12125550123", number), ("7", number)]


def test_each_cookie_of_it_waits_and_is_asked_for(database: Database) -> None:
    [number] = given(database, group({"crm.a": "1", "crm.b": "2"}))
    assert write_states(database, number) == {"crm.a": "waiting", "crm.b": "waiting"}
    assert [line(database, key)["asked_by"] for key in ("crm.a", "crm.b")] == [number, number]


def test_an_older_change_is_not_asked_for_when_a_newer_one_is(database: Database) -> None:
    [newer] = given(database, group({"crm.a": "new"}, later(10)))
    given(database, group({"crm.a": "old"}, later(5)))
    given(database, deletion("crm.a", at=later(5)))
    assert (line(database, "crm.a")["asked_by"], line(database, "crm.a")["deleted_at"]) == (newer, None)


def test_of_two_changes_at_one_moment_the_later_delivery_counts(database: Database) -> None:
    first, second = given(database, group({"crm.a": "1"}), group({"crm.a": "2"}, item=1))
    assert line(database, "crm.a")["asked_by"] == second
    assert contents(claim(database)) == {"crm.a": "2"}
    assert state(database, first) == "superseded"


def test_the_ledger_knows_a_cookie_from_its_intention_to_its_deletion(database: Database) -> None:
    given(database, upsert())
    name = CookieName(customer="7", key="crm.tier", channel="all", service="")
    with database.reading() as conn:
        assert ledger.written_for(conn, "generic", "7", ()) == (name,)
        assert ledger.written_for(conn, "other", "7", ["7"]) == ()
    settle(database, claim(database), Delivered())
    assert line(database, "crm.tier")["content_sha256"]
    assert line(database, "crm.tier")["delivered_at"] == NOON
    given(database, deletion("crm.tier"))
    with database.reading() as conn:
        assert ledger.written_for(conn, "generic", "7", ()) == (name,), "it is still there until Alvaria has taken it"
    settle(database, claim(database, DELETE), Delivered(), now=later(1))
    with database.reading() as conn:
        assert ledger.written_for(conn, "generic", "7", ()) == ()
    assert line(database, "crm.tier")["content_sha256"] is None
    assert line(database, "crm.tier")["deleted_at"] == later(1)


@pytest.mark.parametrize(
    ("verdict", "action", "after"),
    [
        (Dead(reason="x"), retry, "waiting"),
        (Unknown(reason="x"), retry, "waiting"),
        (Unknown(reason="x"), confirm, "delivered"),
        (Dead(reason="x"), confirm, None),
        (Dead(reason="x"), discard, "discarded"),
        (Unknown(reason="x"), discard, "discarded"),
        (Retry(at=NOON, reason="x"), discard, "discarded"),
        (Retry(at=NOON, reason="x"), retry, None),
        (Retry(at=NOON, reason="x"), confirm, None),
        (Delivered(), retry, None),
        (Delivered(), confirm, None),
        (Delivered(), discard, None),
        (None, confirm, None),
        (None, retry, None),
        (None, discard, None),
    ],
)
def test_what_a_person_may_do_with_a_delivery(
    database: Database, verdict: Verdict | None, action: object, after: str | None
) -> None:
    [number] = given(database, insert())
    items = claim(database, INSERT)
    if verdict:
        settle(database, items, verdict)
    before = state(database, number)
    assert callable(action)
    assert action(database, number) is (after is not None)
    assert state(database, number) == (after or before)


def test_a_number_that_is_no_delivery_is_nobodys(database: Database) -> None:
    assert not any(action(database, 99) for action in (retry, confirm, discard))


def test_what_is_tried_again_has_all_its_time_anew(database: Database) -> None:
    [number] = given(database, upsert())
    settle(database, claim(database), Dead(reason="status 400"))
    assert write_states(database, number) == {"crm.tier": "dead"}
    assert retry(database, number, now=later(500))
    again = found(database, number)
    assert (again.waiting_since, again.due_at, again.attempts) == (later(500), later(500), 0)
    assert contents(claim(database, now=later(500))) == {"crm.tier": "gold"}


def test_an_older_one_that_is_tried_again_takes_nothing_from_a_newer_value(database: Database) -> None:
    [older] = given(database, group({"crm.a": "old", "crm.b": "old"}, later(1)))
    settle(database, claim(database), Dead(reason="status 400"))
    given(database, group({"crm.a": "new"}, later(2)))
    settle(database, claim(database), Delivered())
    assert retry(database, older)
    assert contents(claim(database)) == {"crm.b": "old"}
    assert write_states(database, older) == {"crm.a": "superseded", "crm.b": "claimed"}


def test_an_older_one_that_is_tried_again_gives_way_to_a_newer_one_that_waits(database: Database) -> None:
    [older] = given(database, group({"crm.a": "old"}, later(1)))
    settle(database, claim(database), Dead(reason="status 400"))
    [newer] = given(database, group({"crm.a": "new"}, later(2)))
    assert retry(database, older)
    assert numbers(claim(database)) == [newer]
    assert state(database, older) == "superseded"


def test_what_replaced_it_is_replaced_again_when_a_newer_one_is_tried_again(database: Database) -> None:
    [older] = given(database, group({"crm.a": "old"}, later(1)))
    [newer] = given(database, group({"crm.a": "new"}, later(2)))
    settle(database, claim(database), Dead(reason="status 400"))
    settle(database, claim(database), Delivered())
    assert states(database, [older, newer]) == ["delivered", "dead"]
    assert retry(database, newer)
    assert contents(claim(database)) == {"crm.a": "new"}


def test_what_a_discarded_one_had_replaced_is_sent_after_all(database: Database) -> None:
    [older] = given(database, group({"crm.a": "old"}, later(1)))
    [newer] = given(database, group({"crm.a": "new"}, later(2)))
    settle(database, claim(database), Retry(at=later(60), reason="status 500"))
    assert state(database, older) == "superseded"
    assert discard(database, newer)
    assert (state(database, older), write_states(database, newer)) == ("waiting", {"crm.a": "discarded"})
    assert contents(claim(database)) == {"crm.a": "old"}


def test_a_discarded_change_does_not_come_back(database: Database) -> None:
    [oldest] = given(database, group({"crm.a": "1"}, later(1)))
    [older] = given(database, group({"crm.a": "2"}, later(2)))
    [newest] = given(database, group({"crm.a": "3"}, later(3)))
    for number in (older, newest):
        assert discard(database, number)
    assert contents(claim(database)) == {"crm.a": "1"}
    assert states(database, [oldest, older, newest]) == ["claimed", "discarded", "discarded"]


def test_giving_up_frees_the_cookies_for_what_was_there_before(database: Database) -> None:
    [older] = given(database, group({"crm.a": "old"}, later(1)))
    [newer] = given(database, group({"crm.a": "new"}, later(2)))
    claim(database, now=later(3))
    with database.transaction() as conn:
        queue.give_up(conn, [newer], WriteState.ERASED, now=NOON)
    assert (state(database, older), line(database, "crm.a")["asked_by"]) == ("waiting", older)
    assert write_states(database, newer) == {"crm.a": "erased"}


@pytest.mark.parametrize(
    ("asked", "count"),
    [({}, 2), ({"source": "generic"}, 2), ({"rule": "hot-lead"}, 1), ({"source": "other"}, 0)],
)
def test_what_was_put_off_is_due_again_when_it_is_hurried(
    database: Database, asked: dict[str, str], count: int
) -> None:
    first, second = given(database, insert(), upsert(), now=later(300))
    with database.transaction() as conn:
        assert queue.hurry(conn, PutOff(**asked), now=NOON, at_most=10) == count
    assert found(database, first).due_at == (NOON if count else later(300))
    assert found(database, second).due_at == (NOON if count == 2 else later(300))


def test_hurrying_leaves_alone_what_is_out_and_what_is_over(database: Database) -> None:
    given(database, insert(), upsert())
    settle(database, claim(database, UPSERT), Delivered())
    claim(database, INSERT)
    with database.transaction() as conn:
        assert queue.hurry(conn, PutOff(), now=later(-60), at_most=10) == 0


def test_attempts_are_appended_to_all_that_shared_the_request(database: Database) -> None:
    both = given(database, upsert(), insert())
    one = queue.Attempt(at=NOON, worker="w", status=None, message="no answer", took_s=0.1, verdict="retry")
    with database.transaction() as conn:
        queue.add_attempts(conn, both, one)
        queue.add_attempts(conn, both, one)
        query = select(attempts.c.delivery_id).order_by(attempts.c.id)
        assert conn.execute(query).scalars().all() == [*both, *both]


def test_what_waits_and_what_is_out_is_unfinished(database: Database) -> None:
    given(database, insert(), upsert())
    claim(database, INSERT)
    with database.reading() as conn:
        assert queue.unfinished(conn) == 2
    settle(database, claim(database), Dead(reason="x"))
    with database.reading() as conn:
        assert queue.unfinished(conn) == 1
