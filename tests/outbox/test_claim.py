"""Who may go next: each delivery once, in its order, and of a cookie never two at the same time."""

import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select, update

from bridge.db import Database
from bridge.model import CookieName, Dead, Delivered, Delivery, Priority, Retry, Unknown, Verdict
from bridge.outbox.plan import DELETE, UPSERT, Item, Room
from bridge.outbox.store.claim import MOST, is_any_due, soonest, waiting_operations
from bridge.tables import deliveries
from tests.outbox.acts import (
    INSERT,
    claim,
    contents,
    deletion,
    discard,
    found,
    given,
    group,
    later,
    line,
    numbers,
    settle,
    state,
    states,
    write_states,
)
from tests.words import NOON, insert, upsert

DAY = timedelta(days=1)


def test_a_delivery_is_claimed_once(database: Database) -> None:
    [number] = given(database, upsert())
    assert numbers(claim(database)) == [number]
    assert claim(database) == ()
    assert (state(database, number), found(database, number).attempts) == ("claimed", 1)


def test_another_operation_is_left_alone(database: Database) -> None:
    given(database, upsert(), insert())
    assert [item.delivery.operation for item in claim(database, INSERT)] == [INSERT]


# Many at once


def together(count: int, work: Callable[[str], None]) -> None:
    threads = [threading.Thread(target=work, args=(f"host/{number}/a",)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def test_many_workers_claim_each_delivery_once(database: Database) -> None:
    added = given(database, *(insert(item=number, order_key=f"k{number}") for number in range(20)))
    claimed: list[int] = []

    def work(name: str) -> None:
        while items := claim(database, INSERT, worker=name):
            claimed.extend(numbers(items))

    together(4, work)
    # A worker may find a row just taken and stop early; what is left is claimed once more, and only once.
    work("host/9/a")
    assert sorted(claimed) == added


def test_many_workers_never_have_two_deliveries_out_with_one_cookie(database: Database) -> None:
    keys = ("crm.a", "crm.b", "crm.c")
    added = [
        number
        for at in range(12)
        for number in given(database, group({keys[at % 3]: str(at), keys[(at + 1) % 3]: str(at)}, later(at)))
    ]
    out: list[CookieName] = []
    lock, doubled = threading.Lock(), []

    def work(name: str) -> None:
        while items := claim(database, worker=name, room=Room(settings=2, bytes=100_000)):
            names = [write.name for item in items for write in item.writes]
            with lock:
                doubled.extend(set(out) & set(names))
                out.extend(names)
            # The others may claim these cookies as soon as this is written down.
            with lock:
                for one in names:
                    out.remove(one)
                settle(database, items, Delivered(), worker=name)

    together(4, work)
    work("host/9/a")
    assert doubled == []
    assert set(states(database, added)) <= {"delivered", "superseded"}
    assert [line(database, key)["written_by"] for key in keys] == [added[11], added[10], added[11]]


def test_what_has_a_cookie_that_is_out_waits(database: Database) -> None:
    given(database, group({"crm.a": "1"}, later(1)))
    first = claim(database)
    [second] = given(database, group({"crm.a": "2", "crm.b": "2"}, later(2)))
    other = given(database, group({"crm.c": "2"}, later(2)))
    assert numbers(claim(database)) == other
    [gone] = given(database, deletion("crm.a", at=later(3)))
    assert claim(database, DELETE) == ()
    assert contents(claim(database)) == {"crm.b": "2"}, "its other part is not concerned by the deletion any more"
    assert states(database, [second, gone]) == ["claimed", "waiting"]
    settle(database, first, Delivered())
    assert numbers(claim(database, DELETE)) == [gone]


# In their order


def test_the_oldest_of_an_order_key_goes_first_and_alone(database: Database) -> None:
    first, second, other = given(database, insert(), insert(item=1), insert(item=2, order_key="another"))
    claimed = claim(database, INSERT)
    assert numbers(claimed) == [first]
    assert numbers(claim(database, INSERT)) == [other]
    assert claim(database, INSERT) == ()
    settle(database, claimed, Delivered())
    assert numbers(claim(database, INSERT)) == [second]


@pytest.mark.parametrize("hold", [True, False])
@pytest.mark.parametrize(
    ("verdict", "next_goes"),
    [
        (Delivered(), "always"),
        (Dead(reason="status 400"), "without hold"),
        (Unknown(reason="no answer"), "never"),
        (Retry(at=later(2), reason="status 500"), "never"),
    ],
)
def test_what_waits_behind_a_delivery(database: Database, verdict: Verdict, next_goes: str, hold: bool) -> None:
    given(database, insert(hold=hold), insert(item=1))
    settle(database, claim(database, INSERT), verdict)
    goes = claim(database, INSERT) != ()
    assert goes is {"always": True, "without hold": not hold, "never": False}[next_goes]


def test_a_dead_one_that_holds_the_others_lets_them_go_when_a_person_has_decided(database: Database) -> None:
    first, second = given(database, insert(hold=True), insert(item=1))
    settle(database, claim(database, INSERT), Dead(reason="status 400"))
    assert claim(database, INSERT) == ()
    assert discard(database, first)
    assert numbers(claim(database, INSERT)) == [second]


def test_what_is_not_due_yet_still_goes_before_the_next_of_its_order_key(database: Database) -> None:
    [_] = given(database, insert(), now=later(60))
    [second] = given(database, insert())
    assert claim(database, INSERT) == ()
    assert numbers(claim(database, INSERT, now=later(60))) != [second]


def test_without_an_order_key_any_may_be_out_together(database: Database) -> None:
    both = given(database, insert(order_key=""), insert(order_key="", item=1))
    assert numbers(claim(database, INSERT)) + numbers(claim(database, INSERT)) == both


def test_inserts_never_share_a_request(database: Database) -> None:
    given(database, insert(order_key="a"), insert(order_key="b"))
    assert len(claim(database, INSERT)) == 1


def test_deletions_never_share_a_request(database: Database) -> None:
    given(database, deletion("crm.a"), deletion("crm.b"))
    assert [item.keys for item in claim(database, DELETE)] == [["crm.a"]]


# Who goes first, and when


def test_live_goes_before_replay(database: Database) -> None:
    replay, live = given(database, insert(priority=Priority.REPLAY, order_key="a"), insert(item=1, order_key="b"))
    assert numbers(claim(database, INSERT)) == [live]
    assert numbers(claim(database, INSERT)) == [replay]


def test_the_priorities_that_are_asked_for_go_in_that_order_and_no_others(database: Database) -> None:
    added = given(database, *(insert(priority=one, order_key=one.name) for one in Priority))
    asked = (Priority.CLEAN_OUT, Priority.REPLAY)
    assert [numbers(claim(database, INSERT, priorities=asked)) for _ in range(3)] == [[added[3]], [added[1]], []]


def test_what_goes_first_leaves_room_for_the_others(database: Database) -> None:
    replay, live = given(database, group({"crm.a": "1"}, priority=Priority.REPLAY), group({"crm.b": "2"}))
    assert numbers(claim(database)) == [live, replay]


def test_the_one_that_is_due_first_goes_first(database: Database) -> None:
    [late] = given(database, insert(order_key="a"), now=later(20))
    [soon] = given(database, insert(order_key="b"), now=later(10))
    assert claim(database, INSERT, now=later(9)) == ()
    assert numbers(claim(database, INSERT, now=later(30))) == [soon]
    assert numbers(claim(database, INSERT, now=later(30))) == [late]


def test_a_request_takes_no_more_than_it_has_room_for(database: Database) -> None:
    several = given(database, *(group({f"crm.{name}": "x", f"crm.{name}2": "x"}) for name in "abc"))
    assert numbers(claim(database, room=Room(settings=5, bytes=100_000))) == several[:2]
    assert numbers(claim(database, room=Room(settings=1, bytes=1))) == several[2:], "one goes whatever its size"


def test_those_of_which_something_is_suspected_travel_without_the_others(database: Database) -> None:
    good, bad, other = given(database, *(group({f"crm.{name}": "x"}, rule=name) for name in ("a", "bad", "c")))
    sides = {"set_apart": lambda delivery: delivery.rule == "bad"}
    assert numbers(claim(database, **sides)) == [good, other]
    assert numbers(claim(database, **sides)) == [bad]


# What is paused


def paused(*rules: str) -> dict[str, Any]:
    def put_off(delivery: Delivery) -> tuple[datetime, str] | None:
        return (later(300), f"{delivery.rule} is paused") if delivery.rule in rules else None

    return {"put_off": put_off}


def test_what_is_paused_steps_aside(database: Database) -> None:
    held, goes = given(database, group({"crm.a": "x"}, rule="held"), group({"crm.b": "x"}))
    assert numbers(claim(database, **paused("held"))) == [goes]
    aside = found(database, held)
    assert (aside.state, aside.due_at, aside.reason) == ("waiting", later(300), "held is paused")
    assert aside.attempts == 0


@pytest.mark.parametrize("operation", [UPSERT, INSERT])
def test_however_many_are_paused_the_next_one_goes(database: Database, operation: str) -> None:
    held = [one(operation, number, rule="held") for number in range(MOST + 50)]
    *_, good = given(database, *held, one(operation, 999))
    assert numbers(claim(database, operation, **paused("held"))) == [good]
    with database.reading() as conn:
        query = select(deliveries.c.id).where(deliveries.c.due_at > NOON)
        assert len(conn.execute(query).all()) == len(held)


def one(operation: str, number: int, **more: str) -> Delivery:
    if operation == UPSERT:
        return group({f"crm.k{number}": "x"}, **more)
    return insert(item=number, order_key=f"k{number}", **more)


# What needs no request


def test_of_several_changes_only_the_newest_is_sent(database: Database) -> None:
    changes = [(5, "newest"), (1, "oldest"), (3, "old")]
    added = [number for at, text in changes for number in given(database, group({"crm.a": text}, later(at)))]
    assert contents(claim(database)) == {"crm.a": "newest"}
    assert states(database, added) == ["claimed", "superseded", "superseded"]


def test_the_newest_is_told_for_each_cookie_of_a_group(database: Database) -> None:
    [older] = given(database, group({"crm.a": "old", "crm.b": "old"}, later(1)))
    [newer] = given(database, group({"crm.a": "new", "crm.c": "new"}, later(2)))
    assert contents(claim(database)) == {"crm.b": "old", "crm.a": "new", "crm.c": "new"}
    assert write_states(database, older) == {"crm.a": "superseded", "crm.b": "claimed"}
    assert states(database, [older, newer]) == ["claimed", "claimed"]


def test_what_is_older_than_what_was_delivered_is_superseded(database: Database) -> None:
    given(database, group({"crm.a": "new"}, later(5)))
    settle(database, claim(database), Delivered())
    [older] = given(database, group({"crm.a": "old"}, later(4)))
    [gone] = given(database, deletion("crm.a", at=later(3)))
    assert (claim(database), claim(database, DELETE)) == ((), ())
    assert states(database, [older, gone]) == ["superseded", "superseded"]
    assert found(database, older).reason == "newer changes have taken its place"


def test_a_newer_deletion_replaces_a_write_and_a_newer_write_a_deletion(database: Database) -> None:
    [write] = given(database, group({"crm.a": "1"}, later(1)))
    [gone] = given(database, deletion("crm.a", at=later(2)))
    assert claim(database) == ()
    settle(database, claim(database, DELETE), Delivered())
    assert states(database, [write, gone]) == ["superseded", "delivered"]
    given(database, deletion("crm.a", at=later(3)))
    given(database, group({"crm.a": "1"}, later(4)))
    assert claim(database, DELETE) == ()
    assert contents(claim(database)) == {"crm.a": "1"}


def test_many_superseded_ones_cost_one_look(database: Database) -> None:
    given(database, group({"crm.a": "newest"}, later(2)))
    settle(database, claim(database), Delivered())
    old = given(database, *(group({"crm.a": str(number)}) for number in range(MOST + 20)))
    [good] = given(database, group({"crm.b": "x"}))
    assert numbers(claim(database)) == [good]
    assert set(states(database, old[::50])) == {"superseded"}


def given_a_value(database: Database) -> None:
    """Alvaria has it since NOON, for 100 days."""
    given(database, group({"crm.a": "x"}, expires_at=NOON + 100 * DAY))
    settle(database, claim(database), Delivered())


def ask_again(database: Database, content: str, *, after: int, ends: int) -> tuple[Item, ...]:
    """What is sent when it is asked for so many days later, to live until then."""
    now = NOON + after * DAY
    given(database, group({"crm.a": content}, now, expires_at=NOON + ends * DAY), now=now)
    return claim(database, now=now)


@pytest.mark.parametrize(
    ("content", "after", "ends", "is_sent"),
    [
        ("x", 1, 101, False),
        ("x", 49, 149, False),
        ("x", 50, 150, True),  # half of the life is over
        ("x", 1, 100, False),
        ("x", 1, 99, True),  # it is to end sooner
        ("x", 1, 300, True),  # it would live for less than half of what is asked for
        ("x", 101, 201, True),  # it has run out
        ("y", 1, 101, True),
    ],
)
def test_the_same_value_costs_no_request_in_the_first_half_of_its_life(
    database: Database, content: str, after: int, ends: int, is_sent: bool
) -> None:
    given_a_value(database)
    sent = ask_again(database, content, after=after, ends=ends)
    assert bool(sent) is is_sent
    assert state(database, 2) == ("claimed" if is_sent else "unchanged")


def test_what_is_unchanged_is_as_new_as_its_last_change(database: Database) -> None:
    given_a_value(database)
    assert ask_again(database, "x", after=2, ends=102) == ()
    [older] = given(database, group({"crm.a": "y"}, NOON + DAY))
    assert claim(database, now=NOON + 2 * DAY) == ()
    assert states(database, [2, older]) == ["unchanged", "superseded"]
    assert found(database, 2).reason == "Alvaria has these values already"


def test_a_value_is_written_again_after_a_deletion(database: Database) -> None:
    given_a_value(database)
    given(database, deletion("crm.a", at=later(1)))
    settle(database, claim(database, DELETE, now=later(1)), Delivered(), now=later(1))
    assert contents(ask_again(database, "x", after=1, ends=101)) == {"crm.a": "x"}


def test_a_value_is_written_again_while_an_older_write_may_still_come(database: Database) -> None:
    given_a_value(database)
    given(database, group({"crm.a": "y"}, later(1)))
    settle(database, claim(database), Retry(at=later(2), reason="no answer", in_doubt=True))
    assert contents(ask_again(database, "x", after=1, ends=101)) == {"crm.a": "x"}


def test_of_a_group_only_what_has_changed_is_sent(database: Database) -> None:
    given(database, group({"crm.a": "1", "crm.b": "1"}))
    settle(database, claim(database), Delivered())
    [again] = given(database, group({"crm.a": "1", "crm.b": "2"}, later(1)))
    sent = claim(database)
    assert contents(sent) == {"crm.b": "2"}
    settle(database, sent, Delivered())
    assert write_states(database, again) == {"crm.a": "unchanged", "crm.b": "delivered"}


def test_what_has_run_out_is_dead_as_a_whole_and_revives_what_it_had_replaced(database: Database) -> None:
    [older] = given(database, group({"crm.a": "old"}, later(1)))
    [short] = given(database, group({"crm.a": "new", "crm.b": "new"}, later(2), expires_at=later(60)))
    assert contents(claim(database, now=later(60))) == {"crm.a": "old"}
    assert states(database, [older, short]) == ["claimed", "dead"]
    assert found(database, short).reason == "a setting in it ran out before it could be sent"
    assert write_states(database, short) == {"crm.a": "dead", "crm.b": "dead"}


# When to look


def test_what_waits_is_told_by_operation(database: Database) -> None:
    given(database, upsert(), insert(), insert(item=1))
    given(database, deletion("crm.z"), now=later(60))
    with database.reading() as conn:
        assert waiting_operations(conn) == [INSERT, DELETE, UPSERT]
    settle(database, claim(database, UPSERT), Delivered())
    with database.reading() as conn:
        assert waiting_operations(conn) == [INSERT, DELETE]


def test_whether_anything_is_due_and_when_the_next_is(database: Database) -> None:
    with database.reading() as conn:
        assert waiting_operations(conn) == []
        assert soonest(conn, [UPSERT, INSERT], NOON) is None
    given(database, insert(priority=Priority.BACKFILL), now=later(60))
    given(database, insert(item=1), now=later(90))
    with database.reading() as conn:
        assert not is_any_due(conn, [INSERT], later(59))
        assert not is_any_due(conn, [UPSERT], later(60))
        assert is_any_due(conn, [INSERT], later(60))
        assert soonest(conn, [INSERT], NOON) == later(60)
        assert soonest(conn, [INSERT], later(60)) == later(90)
        assert soonest(conn, [UPSERT], NOON) is None


def test_what_is_over_is_never_looked_at(database: Database) -> None:
    given(database, upsert())
    with database.transaction() as conn:
        conn.execute(update(deliveries).values(state="erased"))
    assert claim(database) == ()
